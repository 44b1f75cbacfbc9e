"""Where a treatment is put together from what is prescribed, the unit and its calibration.

Law: every bound of the current is asked here before anything is connected.
"""

"""The technician's commands: meter, doctor, service, commissioning and calibration.

Law of this room: nothing here is needed for a treatment, and nothing here gives current but through the
controller's own doors.
"""

"""`ionto bench`: what this machine does, measured, each figure beside its limit or rival.

Law: a figure is measured in the run that shows it, or it says why it was not; nothing is estimated or kept.
"""

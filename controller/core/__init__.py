"""The mind, without I/O: phases, regulator, load estimate, dose and guard.

Law of this room: arguments in, values out. No clock, thread, file or log is reachable from here.
"""

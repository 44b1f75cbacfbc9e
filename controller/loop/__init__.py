"""The tick and what it runs on: clock, rig, ports, guard, recorder, result.

Law: nothing here reaches a file, a socket or another process while current may flow.
"""

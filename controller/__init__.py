"""The loop that runs the mind: clock, rig, wiring, recorder.

Law of this room: one tick is sense, step, check, apply, heartbeat, and only `wiring` may import
`drivers` or `sim`.
"""

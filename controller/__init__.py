"""The loop that runs the mind: clock, rig, wiring, recorder, journal.

Law of this room: one tick is sense, step, check, apply, heartbeat, and only `benches` may import
`drivers` or `sim`.
"""

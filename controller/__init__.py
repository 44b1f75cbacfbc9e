"""What runs the mind: loop, backends, journal, session, workshop, appliance, each layer on those below it.

Law of this room: one tick is sense, step, check, apply, heartbeat, and only `backends` may import
`drivers` or `sim`.
"""

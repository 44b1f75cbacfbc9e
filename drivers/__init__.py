"""The hands: one chip or pin group per module, a datasheet in code.

Law of this room: no policy, no unbounded wait, no `assert`; nothing of ours is imported.
"""

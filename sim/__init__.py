"""A unit made of software: chips at register level, pins, electronics, water, skin, people and faults.

Law of this room: it is written from data sheets and published figures and imports nothing of ours, so
that a wrong constant in the controller cannot hide behind the same wrong constant here.
"""

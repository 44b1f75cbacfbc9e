"""What a treatment is: the frozen treatment model, the absolute ceilings and the YAML library.

Law of this room: values only. Nothing here knows a unit, a clock or a wire, and nothing of ours is
imported but the strict YAML reader.
"""

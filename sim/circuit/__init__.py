"""The reference circuit as netlists for ngspice, over the spreads of its parts.

Law of this room: text in, text out. It runs nothing, reads no file and knows nothing of the controller nor of
the rest of the simulator; parts and their spreads are handed in. No op-amp, limiter or timer here is ideal:
each has the speed, the rails, the recovery and the offsets of a part that can be bought.
"""

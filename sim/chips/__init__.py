"""What the computer's wires end at: the bus and the chips on it, register by register, and the pins.

Law of this room: a chip is its data sheet; it knows the clock and what stands at its inputs, never a world.
"""

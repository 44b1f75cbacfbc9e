"""Simulations compiled: what a simulated session spends its time in, as machine code, made once and kept.

Law: an optional copy for simulations alone. The checkout is never touched, a unit and a test's own process
run the source as it stands, and the results of both forms are equal to the bit.
"""

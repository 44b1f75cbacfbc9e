"""The technician's sessions: first power, commissioning, known currents through a known resistor.

Law: no person is in the circuit, and the guard is the one of a treatment all the same.
"""

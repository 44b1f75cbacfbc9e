"""What the machine under the program offers: locks, files, lines, punctuality, what its clock is worth.

Law: knows nothing of treatments; what the machine refuses is told with its true cause, and every wait ends.
"""

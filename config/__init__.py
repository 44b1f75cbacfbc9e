"""What a unit is: pins, addresses, ranges and rates; the strict YAML reader; the calibration record.

Law of this room: files are read at start, whole, strictly, or refused with every error named.
"""

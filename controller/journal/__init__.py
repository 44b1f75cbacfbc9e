"""The record of every session: written by a process of its own, chained by hashes, never changed by reading.

Law: no record, no treatment; what is written is amended by one more record, never edited.
"""

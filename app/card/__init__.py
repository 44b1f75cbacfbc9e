"""The card that a unit starts from: `ionto card` puts a bundle and first-boot instructions onto it.

Law: nothing of the card's system is changed here; what is written is read once, at the first boot.
"""

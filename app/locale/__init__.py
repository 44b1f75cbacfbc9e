"""Languages: what is said to people, in theirs; numbers and dates as they write them.

Law: English is the source and always there; every other language is a folder here, made without code. A text
that a catalogue lacks is said in English, never left out.
"""

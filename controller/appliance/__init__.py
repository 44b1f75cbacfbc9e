"""The unit as people meet it: owned for good, one session after the other, each begun by its Start button.

Law: nothing begins by itself, and what latched waits for a person.
"""

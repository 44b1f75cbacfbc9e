"""The checkout's environment: set up from the locks beside the old one, and exchanged when it is whole.

Law of this room: standard library only; a set-up that fails leaves what was there as it was, and ends with
one sentence that names its own cause. Only `./ionto` calls it; it is no part of what is installed on a unit.
"""

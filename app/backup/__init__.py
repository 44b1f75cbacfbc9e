"""What a unit knows, in one file that outlives its card: `ionto backup` and `ionto restore`.

Law: a backup is whole and checked, or it isn't there; so is what is restored, or nothing was changed.
"""

"""The companion: web pages beside the unit, a process of its own.

Law: nothing starts remotely. A page shows, prepares and stops; Start needs the button on the unit. A device
that is not paired sees nothing and can do nothing but stop. Everything a page needs is on the unit.
"""

"""The faces: command line, live view, plots.

Law of this room: requests go down and snapshots come up through the controller's own doors; a face never
touches a driver.
"""

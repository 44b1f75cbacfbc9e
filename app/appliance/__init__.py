"""The appliance on a Pi's system: what systemd starts, how it is installed, exchanged and switched off.

Law: nothing in here runs while current flows. The files beside this one are shipped as they are, and whoever
installs the package has them.
"""

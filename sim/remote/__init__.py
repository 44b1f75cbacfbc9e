"""The simulated unit as a process of its own: the world behind a socket, the packets, and the other end.

Law of this room: it stands above the whole simulator; nothing else in `sim/` knows of sockets or processes.
"""

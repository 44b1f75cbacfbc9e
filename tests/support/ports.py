"""Ports of this computer for servers that have to be told theirs."""

import socket
from pathlib import Path
from random import SystemRandom

LOWEST = 10_000
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port():
    """A port of the loopback at which nobody listens now, and which the kernel gives to nobody who connects.

    Such a one another test might get before the server has it.
    """
    lowest_given = int(RANGE.read_text().split()[0])
    ports = range(LOWEST, max(lowest_given, LOWEST + 1000))
    for port in SystemRandom().sample(ports, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")

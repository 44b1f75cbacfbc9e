"""Runs a treatment of the library whole; a program, for either form of the simulator.

usage: whole_treatment.py NAME SEED    a line of JSON: its summary, and how long each column of its trace is
"""

import json
import sys

from simulated import simulate

from protocols import treatment as library


def main(name: str, seed: str) -> None:
    summary, trace = simulate(library.find(name), seed=int(seed))
    json.dump([summary, [len(column) for column in trace]], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Answers the installer: whether somebody is treated on this unit, and where its bus is.

Law: it only listens. `python -m app.appliance.idle STATE` ends with 0 when no treatment runs, with 5 and one
sentence when one does; `--bus UNIT.yaml` prints the bus's device.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.live import messages
from app.output import ExitCode, complain, say
from config.reader import BadFile
from config.unit import load_unit
from controller.appliance.live_state import SOCKET


def treating(state: Path) -> bool:
    """Say whether the device whose state is in `state` treats somebody now; takes 3 s at most."""
    for message in messages(state / SOCKET, lambda: False):
        if message is None:  # no device, or one that hangs: then its lock tells
            return False
        if "snapshot" in message:
            return message["snapshot"]["state"] == "treating"
    return False


def main(words: list[str]) -> ExitCode:
    """Answer one question."""
    if words[0] == "--bus":
        try:
            say(f"/dev/i2c-{load_unit(Path(words[1])).i2c.bus}")
        except BadFile as error:
            complain(str(error))
            return ExitCode.BAD_INPUT
        return ExitCode.COMPLETED
    if treating(Path(words[0])):
        complain("ionto: somebody is treated on this unit now: do it when the session is over")
        return ExitCode.REFUSED
    return ExitCode.COMPLETED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

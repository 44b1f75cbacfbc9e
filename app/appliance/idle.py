"""Answers the installer: whether somebody is treated on this unit, where its bus is, and what it has treated.

Law: it only listens and reads. `python -m app.appliance.idle STATE` ends with 0 when no treatment runs, with
5 and one sentence when one does; `--bus UNIT.yaml` prints the bus's device, `--newest STATE` the number of
the newest session, and `--treated-since NUMBER STATE` ends with 0 when one after that gave what counts as a
treatment, with 5 when none did.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app.live import messages
from app.output import ExitCode, complain, say
from config.reader import BadFile
from config.unit import load_unit
from controller.appliance.live_state import SOCKET
from controller.journal.history import MOST, Unreadable, open_history
from controller.journal.tables import FILE
from protocols.frequency import COUNTS_FROM_MA_MIN


def treating(state: Path) -> bool:
    """Say whether the device whose state is in `state` treats somebody now; takes 3 s at most."""
    for message in messages(state / SOCKET, lambda: False):
        if message is None:  # no device, or one that hangs: then its lock tells
            return False
        if "snapshot" in message:
            return message["snapshot"]["state"] == "treating"
    return False


def newest(state: Path) -> int:
    """Return the number of the newest session, 0 where there is none. Raises Unreadable."""
    if not (state / FILE).exists():
        return 0
    with open_history(state) as history:
        return next((row["id"] for row in history.sessions(limit=1)), 0)


def has_treated(state: Path, since: int) -> bool:
    """Say whether a session after number `since` gave what counts as a treatment. Raises Unreadable.

    Where anybody was treated by a real unit, simulated sessions don't count.
    """
    if newest(state) <= since:
        return False
    with open_history(state) as history:
        rows = history.sessions(limit=MOST)
    rows = [row for row in rows if not row["simulated"]] or rows
    return any(
        row["id"] > since
        and (row["forward_ma_min"] or 0.0) + (row["reverse_ma_min"] or 0.0) >= COUNTS_FROM_MA_MIN
        for row in rows
    )


def main(words: list[str]) -> ExitCode:
    """Answer one question."""
    try:
        if words[0] == "--newest":
            say(str(newest(Path(words[1]))))
            return ExitCode.COMPLETED
        if words[0] == "--treated-since":
            treated = has_treated(Path(words[2]), int(words[1]))
            return ExitCode.COMPLETED if treated else ExitCode.REFUSED
    except (Unreadable, ValueError) as error:
        complain(f"ionto: {error}")
        return ExitCode.BAD_INPUT
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

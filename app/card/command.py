"""The command `ionto card`: reads or asks what the card is to know, looks at the partition, writes.

Law: nothing is written before everything was judged.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

from app.appliance.bundle import is_whole
from app.card.wishes import Wishes, ask, unit_text
from app.card.writing import SCRIPT, require_fresh, write
from app.output import ExitCode, UsageError, say
from config.reader import read, read_text
from config.unit import REFERENCE, Unit
from controller.host.disk import told


class Order(NamedTuple):
    """What the command line asks for."""

    boot: Path
    bundle: Path
    source: Path | None


def card(order: Order) -> ExitCode:
    """Prepare a card. Raises UsageError or BadFile."""
    require_fresh(order.boot)
    if not is_whole(order.bundle):
        raise UsageError(f"{order.bundle} is no bundle, or a damaged one: make one with ionto bundle")
    wishes = ask() if order.source is None else read(order.source, Wishes)
    beside = Path() if order.source is None else order.source.parent
    unit = unit_text(wishes, beside, REFERENCE)
    read_text(unit.encode(), wishes.unit or "the reference unit", Unit)
    try:
        with as_file(files("app.card").joinpath(SCRIPT)) as script:
            write(order.boot, order.bundle, unit, wishes, script)
    except OSError as error:
        raise UsageError(f"{order.boot} could not be written: {told(error, order.boot)}") from error
    say(
        "The card is ready. Take it out safely and start the unit's computer with it; the first boot "
        f"installs, which takes some minutes. Then: ssh {wishes.account}@{wishes.hostname}.local, and "
        "docs/install.md, After installing."
    )
    if wishes.wifi is not None:
        say("The Wi-Fi's key lies on the card until the first boot is over: keep it by you until then.")
    return ExitCode.COMPLETED

"""`ionto off`: opens the relays, rests the heart, sets the DAC to zero, and puts light and buzzer out.

Law: it only takes away. What could not be done is said, each in one sentence, and ends in REFUSED.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from app.output import ExitCode, complain, say
from config.unit import load_unit
from controller.appliance.safe_off import switch_off
from controller.host.ownership import InUse


class Order(NamedTuple):
    """What the command line asks for."""

    unit: Path | None
    attach: Path | None
    json: bool


def off(order: Order) -> ExitCode:
    """Switch the unit off. Raises BadFile when the unit's file is refused."""
    unit = load_unit(order.unit, simulated=order.attach is not None)
    try:
        found = switch_off(unit, order.attach)
    except InUse as error:
        complain(f"ionto: {error}")
        return ExitCode.REFUSED
    done = found.pins is None and found.dac is None
    if order.json:
        say(json.dumps({"off": done, "simulated": order.attach is not None, **found._asdict()}))
        return ExitCode.COMPLETED if done else ExitCode.REFUSED
    stamp = "" if order.attach is None else "SIMULATED unit: "
    if done:
        say(f"{stamp}Relays open, heartbeat at rest, DAC at zero, light and buzzer off.")
    if found.pins is not None:
        complain(f"ionto: {stamp}relays and heartbeat are not known to be off: {found.pins}")
    if found.dac is not None:
        complain(f"ionto: {stamp}the DAC is not known to be at zero: {found.dac}")
    return ExitCode.COMPLETED if done else ExitCode.REFUSED

"""`ionto oled`: a small display on a bus of its own shows what the unit does.

Law: a process of its own, an ordinary listener at `live.sock`, on another I2C bus than the unit's: a display
that hangs its bus can't hang a treatment.
"""

from __future__ import annotations

import signal
import threading
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.extras import missing
from app.live import messages
from app.locale.terminal import number, t
from app.output import ExitCode, UsageError, complain
from app.state import state_directory
from app.words import clock, milliampere, named
from config.unit import load_unit
from controller.appliance.live_state import SOCKET, LiveState

LINE_PX: Final = 15
"""Four lines on 64 pixels."""


class Order(NamedTuple):
    """What the command line asks for; `app.device.faces` has the options."""

    state: Path | None
    unit: Path | None
    bus: int
    address: int
    driver: str


def oled(order: Order) -> ExitCode:
    """Show until a signal ends it.

    Raises:
        UsageError: the unit's own bus, or luma.oled missing.

    """
    if order.bus == load_unit(order.unit).i2c.bus:
        raise UsageError(f"--bus {order.bus}: this is the unit's bus, the display needs another one")
    state = state_directory(order.state).absolute()
    try:
        chips = import_module("luma.oled.device")
        serial = import_module("luma.core.interface.serial")
    except ImportError as error:
        raise UsageError(missing("oled")) from error
    try:
        display = getattr(chips, order.driver)(serial.i2c(port=order.bus, address=order.address))
    except Exception as error:  # luma has its own errors for a bus or a chip that is not there
        complain(f"ionto: no display answers at {order.address:#04x} on bus {order.bus}: {error}")
        return ExitCode.REFUSED
    ended = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, lambda _number, _frame: ended.set())
    for message in messages(state / SOCKET, ended.is_set):
        if message is None or "snapshot" in message:
            draw(display, lines(None if message is None else message["snapshot"]))
    return ExitCode.COMPLETED


def lines(seen: LiveState | None) -> list[str]:
    """Return the four lines of a snapshot, at most 21 characters each; None is a device that is gone."""
    if seen is None:
        return ["ionto", t("no device"), "", ""]
    what = seen["treatment"] or ""
    first = t("SIMULATED") if seen["simulated"] else what or t("nothing prepared")
    if seen["code"] is not None:
        return [first, t("code {code}", code=seen["code"]), named(seen["state"]), ""]
    if seen["state"] != "treating":
        return [first, named(seen["state"]), what, ""]
    left = t("{time} left", time=clock(seen["left_s"]))
    target = number(seen["target_ma"], "g")
    current = t("{current} of {target}", current=milliampere(seen["measured_ma"]), target=target)
    return [first, named(seen["phase"]), current, left]


def draw(display: Any, texts: list[str]) -> None:
    """Draw lines on a display of luma's."""
    with import_module("luma.core.render").canvas(display) as picture:
        for index, text in enumerate(texts):
            picture.text((0, LINE_PX * index), text[:21], fill="white")

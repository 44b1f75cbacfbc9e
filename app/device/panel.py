"""The terminal as the panel of a simulated unit: shows what `live.sock` tells, and presses buttons by keys.

Law: a process of its own, an ordinary listener at the socket. It leaves the terminal as it found it, and it
is only for simulated units: a real one has its buttons on it. A terminal that can't be drawn on (TERM=dumb)
takes the same keys and is told the same in lines.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.areas import WORDS
from app.locale.terminal import SOURCE, number, speak, spoken, t
from app.view import draws
from app.web.sentences import CONTACT, LIMITED_BY, POLARITY
from app.words import clock, milliampere, named, resistance
from controller.appliance.live_state import LiveState, read
from controller.core.reasons import NAMES, REASONS
from controller.core.signals import ALARMS, PATTERNS, Signal
from controller.core.wording import by_area
from controller.host.lines import LineSplitter
from controller.loop.advice import SENTENCES
from controller.loop.telemetry import contact_figure
from protocols.treatment import area_of

if TYPE_CHECKING:
    from rich.console import RenderableType

CONNECT_S: Final = 10.0
KEYS: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    "s": (("start", 0.3),),
    "x": (("stop", 0.3),),
    "u": (("up", 0.3),),
    "d": (("down", 0.3),),
    "U": (("up", 6.0),),
    "S": (("down", 4.0), ("start", 4.0)),
}
"""Key -> buttons, and how long each is held (s); `h` takes the hand out, and in again."""
HELP: Final = (
    "s Start   x Stop   u Up   d Down   U hold Up   S hold Start and Down   h hand out or in   Ctrl-C ends"
)
SIDES: Final = {area: words.side for area, words in WORDS.items()}
"""What the simulated person moves, and where it is, by area."""


def picture(seen: LiveState, *, hand_out: bool) -> RenderableType:
    """Draw one snapshot for a terminal."""
    from rich.panel import Panel
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    led, total_s = seen["led"], max(seen["total_s"], 1.0)
    lamp = Text("●" if led["on"] else "○", style=f"bold {led['colour']}")
    lamp.append(f"  {t(PATTERNS[Signal(led['signal'])].meaning)}", style="default")
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(ratio=1)
    table.add_row(t("light"), lamp)
    table.add_row(t("buzzer"), "♪ " + t("sounds") if seen["buzzer"] else t("silent"))
    table.add_row(t("code"), "-" if seen["code"] is None else _code(seen["code"]))
    whose = t(" for {person}", person=seen["person"]) if seen["person"] else ""
    table.add_row(t("treatment"), f"{seen['treatment'] or t('none')}{whose}")
    table.add_row(t("phase"), f"{named(seen['phase'])}, {t(POLARITY[seen['polarity']])}")
    currents = {"setpoint": number(seen["setpoint_ma"], ".2f"), "target": number(seen["target_ma"], ".2f")}
    wanted = t(
        "set {setpoint} of {target} mA, at most {limit} mA", **currents, limit=number(seen["limit_ma"], "g")
    )
    table.add_row(t("current"), f"{milliampere(seen['measured_ma'])}   {wanted}")
    contact = t(CONTACT[seen["contact"]]) if seen["contact"] else "-"
    table.add_row(t("contact"), f"{contact}, {resistance(contact_figure(seen))}")
    table.add_row(t("dose"), _dose(seen))
    left, total = clock(seen["left_s"]), clock(seen["total_s"])
    table.add_row(t("time left"), t("{left} of {total}", left=left, total=total))
    table.add_row("", ProgressBar(total=total_s, completed=total_s - seen["left_s"]))
    area = area_of(seen["treatment"] or "")
    table.add_row(t("next"), Text(t(by_area(SENTENCES[seen["next"]], area)), style="bold yellow"))
    table.add_row("", t(by_area(LIMITED_BY.get(seen["limited_by"] or "", ""), area)))
    side, *places = SIDES[area or "hands"]
    table.add_row(t(side), t(places[hand_out]))
    for few in _key_lines():
        table.add_row("", Text(few, style="dim"))
    return Panel(table, title=t("SIMULATED unit, nobody is treated"), border_style="magenta", width=96)


def _dose(seen: LiveState) -> str:
    """Say what was given each way, with its unit."""
    forward, reverse = (
        number(seen["charge_forward_ma_min"], ".1f"),
        number(seen["charge_reverse_ma_min"], ".1f"),
    )
    return t(
        "{forward} one way, {reverse} the other way", forward=f"{forward} mA min", reverse=f"{reverse} mA min"
    )


def _key_lines() -> Iterator[str]:
    """Give what the keys do, in lines, so that a narrow terminal breaks none in the middle."""
    keys = t(HELP).split("   ")
    yield from ("   ".join(few) for few in (keys[:4], keys[4:6], keys[6:]))


class Lines:
    """What a terminal is told that takes lines only: one for each change, and one a minute."""

    def __init__(self) -> None:
        self._told: tuple[object, ...] = ()

    def news(self, seen: LiveState) -> Iterator[str]:
        """Give what is new in this snapshot."""
        minute = int(seen["left_s"] // 60)
        known = (seen["state"], seen["phase"], seen["polarity"], seen["next"], seen["code"], minute)
        if known == self._told:
            return
        self._told = known
        words = [t("SIMULATED"), named(seen["phase"])]
        if seen["code"] is not None:
            words.append(f"{t('code')} {_code(seen['code'])}")
        if seen["state"] == "treating":
            words += [t(POLARITY[seen["polarity"]]), milliampere(seen["measured_ma"])]
            words.append(t("{time} left", time=clock(seen["left_s"])))
        area = area_of(seen["treatment"] or "")
        yield f"{', '.join(words)}. {t(by_area(SENTENCES[seen['next']], area))}"


def _code(code: int) -> str:
    """Say a code and how urgent it is, which the light and the buzzer say too."""
    return f"{code}: {t(ALARMS[REASONS[NAMES[code]].priority].meaning)}" if code in NAMES else str(code)


def main(path: Path, language: str = SOURCE) -> None:
    """Show the panel until the device ends."""
    speak(language)
    from rich.console import Console
    from rich.live import Live

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the device, which ends this
    line = _connected(path)
    hand_out, lines, console, plain = False, LineSplitter(), Console(), Lines()
    drawn = draws(sys.stdout)
    live = Live(console=console, auto_refresh=False)
    if not drawn:
        for few in _key_lines():
            console.print(few, highlight=False)
    with _keys(), live if drawn else nullcontext():
        while True:
            ready, _, _ = select.select([line.fileno(), 0], [], [], 1.0)
            if 0 in ready:
                for key in os.read(0, 64).decode(errors="replace"):
                    asked: list[dict[str, Any]] = [
                        {"do": "press", "button": button, "held_s": held_s}
                        for button, held_s in KEYS.get(key, ())
                    ]
                    if key == "h":
                        hand_out = not hand_out
                        asked = [{"do": "hand", "out": hand_out}]
                    for one in asked:
                        line.sendall(json.dumps(one).encode() + b"\n")
            if line.fileno() in ready:
                chunk = line.recv(1 << 16)
                if not chunk:
                    return
                told = [read(one) for one in lines.feed(chunk)]
                shown = [one["snapshot"] for one in told if "snapshot" in one]
                if not drawn:
                    for words in (new for seen in shown for new in plain.news(seen)):
                        console.print(words, highlight=False, soft_wrap=True)
                elif shown:
                    live.update(picture(shown[-1], hand_out=hand_out), refresh=True)


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    deadline_s = time.monotonic() + CONNECT_S
    while True:
        try:
            line.connect(str(path))
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
        else:
            return line


@contextmanager
def _keys() -> Iterator[None]:
    """Take keys one by one, unechoed; Ctrl-C stays a signal."""
    before = termios.tcgetattr(0)
    tty.setcbreak(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


@contextmanager
def panel_process(path: Path) -> Iterator[None]:
    """Run the panel on this terminal in a process of its own."""
    command = [sys.executable, "-P", "-m", "app.device.panel", str(path), spoken()]
    child = subprocess.Popen(command)  # noqa: S603 - our own module
    try:
        yield
    finally:
        with suppress(subprocess.TimeoutExpired):
            child.wait(2.0)
        if child.poll() is None:
            child.kill()  # which ends the wait, too
            child.wait()


if __name__ == "__main__":
    with suppress(OSError):  # the terminal or the device is gone: nobody is left to tell
        main(Path(sys.argv[1]), *sys.argv[2:])

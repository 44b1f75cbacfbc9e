"""The live view's far end, a process of its own: draws on a terminal, writes plain lines elsewhere.

Law: it only reads and shows. Ctrl-C is the session's business, so it is ignored here; a terminal that goes
away ends this process and nothing else.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from app.locale.terminal import SOURCE, number, retell, speak, t
from app.output import prepare_streams
from app.view import END, decode
from app.words import PHASE_WORDS, clock, dose, milliampere, named, resistance
from controller.host.lines import LineSplitter
from controller.loop.telemetry import Snapshot, contact_figure

if TYPE_CHECKING:
    from rich.console import RenderableType

_DRAW_EVERY_S: Final = 0.1
LOST: Final = "The session's process ended without a result; a unit's output drops out by itself."


class Feed:
    """The snapshots on standard input, in batches of what has come; `orderly` once the last line was seen."""

    def __init__(self) -> None:
        self.orderly = False

    def batches(self) -> Iterator[list[Snapshot]]:
        """Give what has come since the last batch, often nothing, until the input ends."""
        lines = LineSplitter()
        while True:
            ready, _, _ = select.select([0], [], [], _DRAW_EVERY_S)
            chunk = os.read(0, 1 << 16) if ready else b""
            if ready and not chunk:
                return
            whole = lines.feed(chunk)
            self.orderly = self.orderly or END.strip() in whole
            yield [decode(line) for line in whole if line != END.strip()]


class Lines:
    """Plain lines: one per change of phase or note, and one per treated minute."""

    def __init__(self) -> None:
        self._stage = ("", "")
        self._note = ""
        self._minute = 0

    def news(self, seen: Snapshot) -> Iterator[str]:
        """Give what is new in this snapshot."""
        stage, minute = (seen["phase"], seen["polarity"]), int((seen["total_s"] - seen["left_s"]) // 60)
        if stage != self._stage or minute > self._minute:
            yield _line(seen)
        if seen["note"] and seen["note"] != self._note and seen["trip_cause"] is None:
            yield f"{'':7}{retell(seen['note'])}"
        self._stage, self._note, self._minute = stage, seen["note"], minute


def _line(seen: Snapshot) -> str:
    words = [t(PHASE_WORDS[seen["phase"]])]
    if seen["trip_cause"] is not None:
        words.append(_trip(seen["trip_cause"], seen["trip_evidence"]))
    else:
        words.append(t(seen["polarity"]))
        if seen["setpoint_ma"] > 0:
            setpoint = t("set {ma}", ma=number(seen["setpoint_ma"], ".2f"))
            words.append(f"{milliampere(seen['measured_ma'])} ({setpoint})")
            words.append(resistance(contact_figure(seen)))
        words.append(t("{time} left", time=clock(seen["left_s"])))
    if seen["late_ticks"] or seen["missed_ticks"]:
        counts = {"late": seen["late_ticks"], "missed": seen["missed_ticks"]}
        words.append(t("{late} ticks late, {missed} missed", **counts))
    if seen["simulated"]:
        words.append(t("SIMULATED"))
    return f"{clock(seen['time_s']):>6} {', '.join(words)}"


def _trip(cause: str, evidence: str | None) -> str:
    return f"{named(cause)}: {retell(evidence or '')}"


def picture(seen: Snapshot) -> RenderableType:
    """Draw one snapshot for a terminal."""
    from rich.panel import Panel
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    tripped = seen["trip_cause"] is not None
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(ratio=1)
    phase = f"{t(PHASE_WORDS[seen['phase']])}, {t(seen['polarity'])}"
    table.add_row(t("phase"), Text(phase, style="red" if tripped else ""))
    setpoint, target = number(seen["setpoint_ma"], ".2f"), number(seen["target_ma"], ".2f")
    wanted = t("set {setpoint} mA of {target} mA", setpoint=setpoint, target=target)
    table.add_row(t("current"), f"{milliampere(seen['measured_ma'])}   {wanted}")
    table.add_row(t("resistance"), resistance(contact_figure(seen)))
    table.add_row(t("dose"), dose(seen["charge_forward_ma_min"], seen["charge_reverse_ma_min"]))
    table.add_row(
        t("time left"), t("{left} of {total}", left=clock(seen["left_s"]), total=clock(seen["total_s"]))
    )
    late = t("{late}, {missed} missed", late=seen["late_ticks"], missed=seen["missed_ticks"])
    table.add_row(t("late ticks"), late)
    table.add_row("", ProgressBar(total=seen["total_s"], completed=seen["total_s"] - seen["left_s"]))
    note = (
        retell(seen["note"])
        if seen["trip_cause"] is None
        else _trip(seen["trip_cause"], seen["trip_evidence"])
    )
    table.add_row("", Text(note, style="bold red" if tripped else "yellow"))
    title = t("SIMULATED unit, nobody is treated") if seen["simulated"] else "ionto"
    return Panel(table, title=title, border_style="magenta" if seen["simulated"] else "green", width=78)


def show_lines(feed: Feed) -> None:
    """Write plain lines until the session ends."""
    lines = Lines()
    for batch in feed.batches():
        for seen in batch:
            for line in lines.news(seen):
                sys.stdout.write(line + "\n")
        sys.stdout.flush()
    if not feed.orderly:
        sys.stdout.write(t(LOST) + "\n")
        sys.stdout.flush()


def show_live(feed: Feed) -> None:
    """Draw on the terminal until the session ends; the last picture stays."""
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as live:
        for batch in feed.batches():
            if batch:
                live.update(picture(batch[-1]), refresh=True)
    if not feed.orderly:
        live.console.print(t(LOST))


def main(style: str, language: str = SOURCE) -> None:
    """Show the session on standard input in this style, `live` or `lines`, and language."""
    speak(language)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_streams()
    try:
        (show_live if style == "live" else show_lines)(Feed())
    except OSError:  # the terminal is gone: nobody is left to tell
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])

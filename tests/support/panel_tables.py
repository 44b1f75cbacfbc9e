"""The tables of codes, lights and sounds in the manuals, from what the unit shows.

    python tests/support/panel_tables.py      after a row has changed

Law: a table holds what the code says and nothing of its own; what explains it stands around it in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, TypeAlias

from controller.core.locks import WITHIN
from controller.core.reasons import REASONS, SERVICE
from controller.core.signals import ALARMS, PATTERNS, Rhythm, Signal, Sound

DOCS: Final = Path(__file__).parents[2] / "docs"
Table: TypeAlias = list[str]


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([str(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _flashes(light: Rhythm, unit: str = "") -> str:
    """Write a rhythm in words; flashes that are alike are counted."""
    said = []
    for (on_s, off_s), alike in groupby(light):
        times, dark = len(list(alike)), f" {off_s:g}{unit} off" if off_s else ""
        said.append((f"{times} times " if times > 1 else "") + f"{on_s:g}{unit} on{dark}")
    return ", ".join(said)


def _beeps(sound: Sound) -> str:
    """Write a sound in words."""
    if not sound.beeps:
        return "silent"
    on_s, least_s = sound.beeps[0]
    groups = [1]
    for _, off_s in sound.beeps[:-1]:
        groups = [*groups, 1] if off_s > least_s else [*groups[:-1], groups[-1] + 1]
    again = f", again every {sound.every_s:g} s" if sound.every_s else ", once"
    beeps = "beep" if groups == [1] else "beeps"
    return f"{' + '.join(map(str, groups))} {beeps} of {on_s:g} s{again}"


def _alarms() -> Table:
    """Give how urgent each code is shown to be."""
    rows = (
        (priority, alarm.colour, _flashes(alarm.light), _beeps(alarm.sound), alarm.meaning)
        for priority, alarm in ALARMS.items()
    )
    return _table(("priority", "colour", "light before the digits", "buzzer", "how urgent"), rows)


def _signals() -> Table:
    """Give the signals as other programs and technicians need them."""
    rows = (
        (
            f"`{signal}`",
            pattern.priority or ("its code's" if signal is Signal.CODE else "none"),
            pattern.colour,
            _flashes(pattern.light) or "the alarm's, then the digits",
            "its priority's" if signal is Signal.CODE else _beeps(pattern.sound),
            pattern.meaning,
        )
        for signal, pattern in PATTERNS.items()
    )
    return _table(("signal", "priority", "colour", "light", "buzzer", "means"), rows)


def _seen_at_home() -> Table:
    """Give the signals as a person at home needs them."""
    rows = (
        (pattern.colour, _flashes(pattern.light, " s"), _beeps(pattern.sound), pattern.meaning)
        for signal, pattern in PATTERNS.items()
        if signal is not Signal.CODE
    )
    return _table(("light", "rhythm", "beeps", "means"), rows)


def _heard_at_home() -> Table:
    """Give how urgent a code is as a person at home needs it."""
    rows = (
        (alarm.colour, _flashes(alarm.light, " s"), _beeps(alarm.sound), alarm.meaning)
        for alarm in ALARMS.values()
    )
    return _table(("light first", "rhythm", "beeps", "see to it"), rows)


def _technical() -> Table:
    """Give the codes as other programs and technicians need them."""
    locks = {"": "", "second": f"the second in {WITHIN} sessions", "always": "always"}
    rows = (
        (row.code, f"`{name}`", row.title, row.mender, row.priority, row.why, locks[row.locks])
        for name, row in REASONS.items()
    )
    head = ("code", "name", "what happened", "who mends it", "priority", "why so urgent", "locks")
    return _table(head, rows)


def _for_people() -> Table:
    """Give the codes as a person at home needs them."""
    rows = (
        (row.code, row.title, "Technician." if row.advice == SERVICE else row.to_do(rest=True))
        for row in REASONS.values()
    )
    return _table(("code", "means", "do"), rows)


def tables() -> Iterator[tuple[Path, Table]]:
    """Give each table and the page it stands in."""
    for table in (_signals(), _alarms(), _technical()):
        yield DOCS / "device.md", table
    for table in (_seen_at_home(), _heard_at_home(), _for_people()):
        yield DOCS / "operator.md", table


def put(page: str, table: Table) -> str:
    """Give the page with this table in place of the one that has its head."""
    there = re.compile(re.escape(table[0]) + r"\n(\|.*\n)+")
    if len(there.findall(page)) != 1:
        raise ValueError(f"no such table, or two: {table[0]}")
    return there.sub(lambda _: "\n".join(table) + "\n", page)


def main() -> None:
    """Bring the pages up to date."""
    for path, table in tables():
        path.write_text(put(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()

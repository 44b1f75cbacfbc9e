"""The anchors of the simulated person, worked out by the simulator: source, figure, ours.

    .venv/bin/python tests/support/anchors.py --write      writes the table of docs/simulator.md

Law: each row is worked out anew and holds its own bounds; `tests/sim/body/test_people.py` asks for both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from sim.body.load import Load, LoadParams  # noqa: E402 - the checkout's own
from sim.body.people import ordinary, person  # noqa: E402 - likewise

PAGE = ROOT / "docs/simulator.md"
MARKS = ("<!-- anchors -->\n", "<!-- end -->\n")
PEOPLE = 100
HERKE_MA = {0: 4.1, 5: 4.4, 60: 3.85, 200: 2.85, 600: 2.25}
HERKE_V = 8.5
SALTED = {"water_us_per_cm": 5000.0, "moisture": 0.35}
"""Salted water, and skin as wet as salt makes it (assumption)."""


class Anchor(NamedTuple):
    """What a source says, within which bounds ours has to be, and what it is."""

    source: str
    figure: str
    low: float
    high: float
    ours: float
    unit: str


def carry(load: Load, current_ma: float, for_s: float, step_s: float) -> None:
    for _ in range(round(for_s / step_s)):
        load.advance(step_s, current_ma)


def people(area: str = "hands") -> list[LoadParams]:
    return [ordinary(area, Random(f"anchor {number}")) for number in range(PEOPLE)]


def steady_kohm(params: LoadParams) -> float:
    """Apparent resistance at 12 mA after 10 min, kohm."""
    load = Load(params)
    carry(load, 12.0, 600.0, 1.0)
    return load.voltage_at(12.0) / 12.0


def at_constant_voltage(params: LoadParams) -> list[float]:
    """Current in mA at the moments of `HERKE_MA`."""
    load, now_s, found = Load(params), 0.0, []
    for until_s in HERKE_MA:
        step_s = 0.1 if until_s <= 5 else 0.5
        while now_s < until_s - 1e-9:
            load.advance(step_s, load.current_at(HERKE_V))
            now_s += step_s
        found.append(load.current_at(HERKE_V))
    return found


def falls_v(params: LoadParams) -> tuple[float, float]:
    """By how much V the voltage at 10 mA and 100 cm2 falls in the first and in the last 5 of 20 min."""
    load, seen = Load(replace(params, area_cm2=100.0)), []
    carry(load, 10.0, 5.0, 0.05)
    for _ in range(5):
        seen.append(load.voltage_at(10.0))
        carry(load, 10.0, 300.0, 1.0)
    return seen[0] - seen[1], seen[3] - seen[4]


def springer_v(anode_v: float) -> float:
    """Voltage over both skins of 7 cm2 after 30 s of 0.4 mA, V, with 1.9 V at the cathode."""
    load = Load(LoadParams(area_cm2=7.0, moisture=1.0, conditioned=1.0, anode_v=anode_v))
    carry(load, 0.4, 30.0, 0.01)
    return load.skin_v(0.4)


def let_go(area_cm2: float, body_ohm: float) -> float:
    params = LoadParams(area_cm2=area_cm2, body_ohm=body_ohm, moisture=0.7, water_us_per_cm=1e6)
    return Load(params).voltage_at(9.0) / 9.0


def anchors() -> Iterator[Anchor]:
    """Work out every row."""
    for volts, ohm in ((25, 3250), (50, 2625), (100, 1875)):
        dry = Load(LoadParams(area_cm2=75.0, moisture=1.0, water_us_per_cm=1e6))
        ours = volts / dry.current_at(volts) * 1000.0
        yield Anchor(
            "IEC 479-1, dry, 50 % of people", f"{ohm} ohm at {volts} V", 0.94 * ohm, 1.06 * ohm, ours, "ohm"
        )
    dry, wet = (LoadParams(area_cm2=75.0, moisture=part, water_us_per_cm=1e6) for part in (1.0, 0.82))
    less = 100.0 * (1.0 - Load(dry).current_at(50.0) / Load(wet).current_at(50.0))
    yield Anchor("IEC 479-1, water-wet", "10 to 25 % less at 50 V", 10, 25, less, "%")
    cathode_v = springer_v(anode_v=1.9) / 2.0
    yield Anchor("Springer BF02474422, 7 cm2, 0.4 mA", "1.8 V at the cathode", 1.53, 2.07, cathode_v, "V")
    anode_v = springer_v(anode_v=2.95) - cathode_v
    yield Anchor("the same", "2.8 V at the anode", 2.38, 3.22, anode_v, "V")
    load = Load(person("hands", "typical"))
    carry(load, 12.0, 1200.0, 0.05)
    after_v = load.skin_v(0.05)
    carry(load, 0.0, 1800.0, 1.0)
    times = load.skin_v(0.05) / after_v
    yield Anchor("Curdy, Kalia, Guy 2000", "impedance 3 times higher 30 min after", 2.4, 3.6, times, "times")
    load = Load(person("hands", "typical"))
    carry(load, 12.0, 10.0, 0.05)
    yield Anchor(
        "Altmeyers Encyclopedia", "10 to 20 mA at 1 to 2 kohm", 1, 2, load.voltage_at(12.0) / 12, "kohm"
    )
    yield Anchor(
        "let-go at 60 Hz a.c., not direct current",
        "hand to hand 2.33 kohm at 9 mA, salt-wet",
        2.19,
        2.47,
        let_go(75.0, 700.0),
        "kohm",
    )
    yield Anchor("the same", "hand to feet 1.13 kohm", 1.06, 1.20, let_go(240.0, 300.0), "kohm")
    columns = zip(*(at_constant_voltage(replace(who, **SALTED)) for who in people()), strict=True)
    for (at_s, ma), column in zip(HERKE_MA.items(), columns, strict=True):
        yield Anchor(
            "patrick-herke.com, one person, 8.5 V",
            f"{ma} mA after {at_s} s",
            0.65 * ma,
            1.35 * ma,
            median(column),
            "mA, middle of the people",
        )
    falling = LoadParams(anode_v=0.9, cathode_v=0.6, fall_v=5.0, fall_s=180.0, electrode_v=1.85)
    first_v, last_v = falls_v(falling)
    yield Anchor(
        "Vienna 1986, 16 people (abstract)",
        "4.3 to 4.8 V less in the first 5 min",
        4.3,
        4.8,
        first_v,
        "V, one who falls and does not rise",
    )
    yield Anchor("the same", "0.5 V less in the last 5 of 20 min", -0.5, 0.5, last_v, "V, the same")
    steady = [steady_kohm(who) for who in people()]
    yield Anchor(
        "units are rated at 2 kohm",
        "steady resistance",
        1.6,
        2.6,
        median(steady),
        "kohm, middle of the people",
    )
    yield Anchor(
        "users: 4 to 6 kohm is not unusual", "steady resistance", 4, 6, max(steady), "kohm, the highest"
    )
    yield Anchor("Altmeyers Encyclopedia", "steady resistance", 1, 1.6, min(steady), "kohm, the lowest")


def table(rows: list[Anchor]) -> str:
    lines = ["| source | figure | ours |", "|---|---|---|"]
    lines += [f"| {row.source} | {row.figure} | {row.ours:.4g} {row.unit} |" for row in rows]
    return "\n".join(lines) + "\n"


def main() -> None:
    if sys.argv[1:] != ["--write"]:
        sys.stdout.write(table(list(anchors())))
        return
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(before + MARKS[0] + table(list(anchors())) + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()

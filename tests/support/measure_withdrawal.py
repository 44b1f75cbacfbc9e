"""Measures what heeding a leaving hand is worth; run from the root of the checkout:

    .venv/bin/python tests/support/measure_withdrawal.py

Law: both columns come from the true current of the same persons, hands and moments; only the heeding differs.
Writes the table of `docs/safety/withdrawal.md` between its marks, and `docs/images/withdrawal.svg`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from simulated import simulate, treatment

from app.axes import LEFT, RIGHT, WIDTH, Panel, value_axis
from controller.core.session import Plan
from controller.session import wiring
from sim import world as sim_world

OVER_S = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0)
CURRENT_MA = 15.0
SEEDS = (1, 2, 3, 4, 5)
SMALLEST_CM2 = 1.0
"""A fingertip: on its way to nothing every area gives any density, so it is judged down to here."""
DOCS = Path(__file__).parents[2] / "docs"
PANEL = Panel(50, 300, 16)
HEIGHT = 420


class Watched(sim_world.World):
    """Notes the true current when contact breaks, and the highest density while the hand slides."""

    broke_at_ma: float
    density_ma_per_cm2: float

    def _refresh(self, t_s: float) -> None:
        super()._refresh(t_s)
        wet_cm2 = self.load._params.area_cm2 * min(self.load.wetted)
        if self.person.sliding and wet_cm2 >= SMALLEST_CM2:
            density = self.trace.current_ma(t_s) / wet_cm2
            Watched.density_ma_per_cm2 = max(Watched.density_ma_per_cm2, density)

    def _contact_changed(self, t_s: float, **how: Any) -> None:
        if not self.load.in_contact:
            Watched.broke_at_ma = self.trace.current_ma(t_s)
        super()._contact_changed(t_s, **how)


class Row(NamedTuple):
    over_s: float
    without_ma: float
    without_density: float
    with_ma: float
    with_density: float


def one(over_s: float, seed: int, *, heed: bool) -> tuple[float, float]:
    """True current at the break (mA) and highest density (mA/cm2) of one withdrawal."""
    Watched.broke_at_ma = Watched.density_ma_per_cm2 = 0.0
    wiring.Plan = partial(Plan, heed_withdrawal=heed)  # type: ignore[misc,assignment]
    event = {"at_s": 45.0 + 0.0013 * seed, "fault": "hand_slides_out", "over_s": over_s}
    simulate(treatment(current_ma=CURRENT_MA, total_min=3.0), seed=seed, events=[event])
    return Watched.broke_at_ma, Watched.density_ma_per_cm2


def measure() -> Iterator[Row]:
    sim_world.World = Watched  # type: ignore[misc]
    for over_s in OVER_S:
        runs = {heed: [one(over_s, seed, heed=heed) for seed in SEEDS] for heed in (False, True)}
        worst = {heed: [max(column) for column in zip(*runs[heed], strict=True)] for heed in runs}
        yield Row(over_s, *worst[False], *worst[True])


def x(over_s: float) -> float:
    """Pixel on a logarithmic axis from 0.04 to 4 s."""
    return LEFT + (RIGHT - LEFT) * math.log10(over_s / 0.04) / 2


def draw(rows: list[Row]) -> str:
    def line(values: list[float], style: str) -> str:
        points = " ".join(
            f"{x(row.over_s):.1f},{PANEL.y(v):.1f}" for row, v in zip(rows, values, strict=True)
        )
        return f'<polyline points="{points}" fill="none" {style}/>'

    ticks = [
        f'<text x="{x(s):.1f}" y="{PANEL.bottom + 20}" text-anchor="middle">{s:g}</text>' for s in OVER_S
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="18" font-weight="bold">True current when contact breaks, '
        f"{CURRENT_MA:g} mA set</text>",
        f'<text x="{RIGHT}" y="28" font-size="18" font-weight="bold" fill="#a3195b" '
        'text-anchor="end">SIMULATED</text>',
        *value_axis(PANEL, "current / mA"),
        *ticks,
        f'<text x="{(LEFT + RIGHT) / 2}" y="{PANEL.bottom + 40}" text-anchor="middle">'
        "time in which the hand leaves / s (logarithmic)</text>",
        line([2.0] * len(rows), 'stroke="#777777" stroke-width="1.2" stroke-dasharray="2 4"'),
        line([r.without_ma for r in rows], 'stroke="#D55E00" stroke-width="2" stroke-dasharray="7 4"'),
        line([r.with_ma for r in rows], 'stroke="#0072B2" stroke-width="2.5"'),
        f'<text x="{x(0.075):.1f}" y="{PANEL.y(12.2):.1f}" fill="#D55E00">not heeded (dashed)</text>',
        f'<text x="{x(0.12):.1f}" y="{PANEL.y(1.0):.1f}" fill="#0072B2">heeded (solid)</text>',
        f'<text x="{x(1.6):.1f}" y="{PANEL.y(2.3):.1f}" fill="#555555">bound from 0.2 s on</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    rows = list(measure())
    DOCS.joinpath("images/withdrawal.svg").write_text(draw(rows), encoding="utf-8")
    table = [
        "| hand leaves in / s | not heeded / mA | mA/cm² | heeded / mA | mA/cm² |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        without = f"{row.without_ma:.1f} | {row.without_density:.2f}"
        table += [f"| {row.over_s:g} | {without} | {row.with_ma:.2f} | {row.with_density:.2f} |"]
    page = DOCS / "safety/withdrawal.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    page.write_text(
        before + "<!-- table -->\n" + "\n".join(table) + "\n<!-- end -->\n" + after, encoding="utf-8"
    )


if __name__ == "__main__":
    main()

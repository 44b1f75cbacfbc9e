"""Each fault alone, coming and going with any period, duty and phase; and the map of what is ridden.

Law: pure and repeatable. Periods and duties are spread evenly over their logarithms, so that no part of the
map is left to chance; what is ridden stands in it beside what is cut.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from random import Random
from typing import Any, Final

from app.campaign.cells import EDGE, Spans
from app.campaign.programs import (
    DUTY_RATIO,
    KINDS,
    LASTS_S,
    PERIOD_S,
    PHASES_TRIED,
    Program,
    Range,
    log_at,
    params_of,
    recurs,
)

SORT: Final = "recurring"
BURSTS: Final = 900
"""A cell's fault comes so often at most, so that its scenario can be kept (1,000 events)."""
PERIODS_S: Final = (0.004, 0.01, 0.04, 0.1, 0.3, 1.0, 2.0)
DUTIES: Final = (0.01, 0.05, 0.2, 0.95)
"""Where the map's columns begin and end."""
LEFT, TOP, WIDE, HIGH = 196, 74, 54, 18
FAILED = "#b2182b"
HOW_READ: Final = (
    "Each kind of fault comes and goes alone, with every period from 4 ms to 2 s. A square tells how many of "
    "its sessions were cut, of how many; the others rode it. Point at it for what of the dose was lost there."
)
SHADES: Final = ((0.0, "#e8eef4"), (0.5, "#d9f0d3"), (0.999, "#a6dba0"), (1.0, "#5aae61"))
"""Up to this share of the sessions was cut, and its colour."""


def plan_recurring(
    count: int, spans: Mapping[tuple[str, int], Spans], given_ma_min: Mapping[tuple[str, int], float]
) -> Iterator[Program]:
    """Return `count` cells of each kind of fault for each sound session, given its `spans` and charge."""
    for whom in sorted(spans):
        treatment, seed = whom
        known = [phase for phase in PHASES_TRIED if phase in spans[whom]]
        for kind in range(len(KINDS)):
            rng = Random(f"recurring|{kind}|{treatment}|{seed}|{count}")
            duties = rng.sample(range(count), count)
            for index in range(count):
                phase = rng.choice(known)
                start_s, end_s = spans[whom][phase]
                at_s = start_s + rng.uniform(EDGE, 1.0 - EDGE) * (end_s - start_s)
                period_s = log_at((index + rng.random()) / count, *PERIOD_S)
                ratio = log_at((duties[index] + rng.random()) / count, *DUTY_RATIO)
                lasts_s = log_at(rng.random(), *LASTS_S)
                often = recurs(kind, params_of(rng, KINDS[kind]), at_s, (period_s, ratio, lasts_s), BURSTS)
                number = kind * count + index
                span: Range = (start_s, end_s)
                yield Program(number, phase, treatment, seed, (often,), span, given_ma_min[whom], SORT)


def figures(program: Program, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the map is drawn from: the kind, its period and duty, and what of the dose was lost."""
    (often,) = program.bursts
    truth = summary.get("truth")  # a session that died has none
    lost_ma_min = 0.0
    if truth is not None:
        given_ma_min = sum(truth["charge_ma_min"].values())
        lost_ma_min = program.given_ma_min - given_ma_min + summary["astray_ma_min"]
    return {
        "row": often.fault.name,
        "period_s": often.period_s,
        "duty_ratio": often.for_s / often.period_s,
        "lost_ratio": max(0.0, lost_ma_min / program.given_ma_min),
    }


def ridden_map(results: Sequence[Mapping[str, Any]]) -> str:
    """Draw kinds of fault by period and duty: how many of the sessions were cut, as SVG."""
    grid: dict[tuple[str, int, int], list[Mapping[str, Any]]] = defaultdict(list)
    for result in results:
        if result["kind"] == SORT and "row" in result:
            period, duty = (
                _column(PERIODS_S, result["period_s"]),
                _column(DUTIES, result["duty_ratio"]),
            )
            grid[result["row"], period, duty].append(result)
    rows = [kind.name for kind in KINDS if any(row == kind.name for row, _, _ in grid)]
    duties = len(DUTIES) - 1
    columns = duties * (len(PERIODS_S) - 1)
    width, height = LEFT + WIDE * columns + 8, TOP + HIGH * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="10">',
        "<title>Faults that come and go: how many sessions were cut, by period and duty</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="6" y="16" font-size="13" font-weight="bold">Faults that come and go, simulated: '
        "sessions cut, by period and by the share of it that the fault is there</text>",
    ]
    for column in range(len(PERIODS_S) - 1):
        x = LEFT + WIDE * duties * (column + 0.5)
        text = f"{_time(PERIODS_S[column])} to {_time(PERIODS_S[column + 1])}"
        parts.append(f'<text x="{x:g}" y="40" text-anchor="middle" font-weight="bold">{text}</text>')
        for duty in range(duties):
            x = LEFT + WIDE * (duties * column + duty + 0.5)
            parts.append(f'<text x="{x:g}" y="60" text-anchor="middle">{_share(duty)}</text>')
    for index, row in enumerate(rows):
        y = TOP + HIGH * index
        parts.append(f'<text x="{LEFT - 6}" y="{y + 13}" text-anchor="end">{escape(row)}</text>')
        for column in range(columns):
            found = grid.get((row, column // duties, column % duties), [])
            if found:
                parts.append(_square(LEFT + WIDE * column, y, found))
    legend = [(SHADES[0][1], "all ridden"), (SHADES[1][1], "up to half cut"), (SHADES[2][1], "more cut")]
    legend += [(SHADES[3][1], "all cut"), (FAILED, "failed")]
    for index, (colour, text) in enumerate(legend):
        x, y = LEFT + 130 * index, height - 22
        parts.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 16}" y="{y + 10}">{text}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _square(x: int, y: int, results: Sequence[Mapping[str, Any]]) -> str:
    failed = sum(1 for result in results if result["problems"])
    ridden = [result for result in results if result["outcome"] in {"completed", "completed_short"}]
    cut = len(results) - len(ridden)
    text, ink, colour = f"{cut}/{len(results)}", "#000000", _shade(cut / len(results))
    if failed:
        text, ink, colour = f"FAILED {failed}", "#ffffff", FAILED
    told = f"{cut} of {len(results)} cut, {failed} failed"
    if ridden:
        told += (
            f"; of the dose at most {100 * max(one['lost_ratio'] for one in ridden):.1f} % lost where ridden"
        )
    return (
        f"<g><title>{told}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDE - 1}" height="{HIGH - 1}" fill="{colour}"/>'
        f'<text x="{x + WIDE / 2:g}" y="{y + 13}" text-anchor="middle" fill="{ink}">{text}</text></g>'
    )


def _column(bounds: Sequence[float], value: float) -> int:
    return next((i for i, bound in enumerate(bounds[1:-1]) if value < bound), len(bounds) - 2)


def _shade(share: float) -> str:
    return next(colour for upto, colour in SHADES if share <= upto)


def _time(value_s: float) -> str:
    return f"{value_s:g} s" if value_s >= 1.0 else f"{1000 * value_s:g} ms"


def _share(duty: int) -> str:
    return f"{100 * DUTIES[duty]:g}-{100 * DUTIES[duty + 1]:g} %"

"""The heat map of a campaign as SVG, and the static page around it.

Law: pure text, no resource from elsewhere; a colour never says anything that the words in it don't.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from app.campaign.sessions import Result
from app.reactions import PHASES, ROWS

LEFT, TOP, WIDE, HIGH, LEGEND = 216, 58, 74, 17, 800
FAILED, RODE = "#b2182b", "#e8eef4"
SHADES: Final = ((0.25, "#c7e9c0"), (0.5, "#a1d99b"), (0.75, "#fee391"), (1.0, "#fdae6b"))
"""Share of the bound that the worst latency takes, and its colour."""


def heat_map(results: Sequence[Result]) -> str:
    """Draw rows by phases: what followed each fault, and its worst latency against its bound."""
    grid: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        if result["kind"] == "cell":
            grid[result["row"], result["phase"]].append(result)
    rows = [row for row in ROWS if any((row, phase) in grid for phase in PHASES)]
    phases = [phase for phase in PHASES if any((row, phase) in grid for row in rows)]
    width, height = LEFT + max(WIDE * len(phases), LEGEND) + 8, TOP + HIGH * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="10">',
        "<title>Faults by phases: reaction and worst latency</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="6" y="16" font-size="13" font-weight="bold">Faults by phases, simulated</text>',
    ]
    for column, phase in enumerate(phases):
        x = LEFT + WIDE * column + WIDE / 2
        words = phase.replace("_", " ")
        for line, word in enumerate(words.rsplit(" ", 1) if " " in phase else [words]):
            parts.append(f'<text x="{x:g}" y="{34 + 12 * line}" text-anchor="middle">{escape(word)}</text>')
    for index, row in enumerate(rows):
        y = TOP + HIGH * index
        parts.append(f'<text x="{LEFT - 6}" y="{y + 12}" text-anchor="end">{escape(row)}</text>')
        for column, phase in enumerate(phases):
            if (row, phase) in grid:
                parts.append(_square(LEFT + WIDE * column, y, row, phase, grid[row, phase]))
    parts.append(_legend(height - 22))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _square(x: int, y: int, row: str, phase: str, results: Sequence[Result]) -> str:
    failed = sum(1 for result in results if result["problems"])
    latencies = [result["latency_ms"] for result in results if result["latency_ms"] is not None]
    bound_ms = ROWS[row].expected(phase).bound_ms
    ink, colour, weight = "#000000", RODE, "normal"
    if failed:
        text, colour, ink, weight = f"FAILED {failed}/{len(results)}", FAILED, "#ffffff", "bold"
    elif latencies and bound_ms is not None:
        text, colour = _time(max(latencies)), _shade(max(latencies) / bound_ms)
    else:
        text = "/".join(sorted({result["outcome"] for result in results}))
        text = {"completed": "ridden", "completed_short": "short"}.get(
            text, text if len(text) < 12 else "off or ridden"
        )
    expected = f"{row} in {phase}: {ROWS[row].expected(phase)}; {len(results)} sessions, {failed} failed"
    return (
        f"<g><title>{escape(expected)}</title>"
        f'<rect x="{x}" y="{y}" width="{WIDE - 1}" height="{HIGH - 1}" fill="{colour}"/>'
        f'<text x="{x + WIDE / 2:g}" y="{y + 12}" text-anchor="middle" fill="{ink}" font-weight="{weight}">'
        f"{escape(text)}</text></g>"
    )


def _shade(share: float) -> str:
    return next((colour for upto, colour in SHADES if share <= upto), FAILED)


def _time(latency_ms: float) -> str:
    return f"{latency_ms:.1f} ms" if latency_ms < 1000 else f"{latency_ms / 1000:.1f} s"


def _legend(y: int) -> str:
    words = [(colour, f"to {upto:.0%} of the bound") for upto, colour in SHADES]
    words += [(RODE, "no trip wanted"), (FAILED, "failed")]
    return "".join(
        f'<rect x="{LEFT + 140 * i}" y="{y}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{LEFT + 140 * i + 16}" y="{y + 10}">{escape(text)}</text>'
        for i, (colour, text) in enumerate(words)
    )


LATENCIES: Final = (
    "A cell shows its worst latency over all treatments and seeds, from the moment when the fault begins to "
    "matter to the output off by the true current; the colour is its share of the bound. Point at a cell for "
    "what is expected."
)


def page(picture: str, how_read: str, report: Mapping[str, Any]) -> str:
    """Return the whole page around a picture, which `how_read` explains."""
    rows = "\n".join(
        f"<li><b>{escape(failure['name'])}</b>: {escape('; '.join(failure['problems']))}"
        f"<br><code>{escape(failure['repeat'] or '')}</code></li>"
        for failure in report["failures"]
    )
    bounds = "\n".join(
        f"<tr><td>{bound} ms</td><td>{worst:.1f} ms</td></tr>"
        for bound, worst in report["worst_latency_by_bound_ms"].items()
    )
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>ionto campaign</title>
<style>body{{font:15px/1.5 sans-serif;margin:2em;max-width:75em}}code{{font-size:85%}}
table{{border-collapse:collapse}}td,th{{border:1px solid #ccc;padding:.2em .8em;text-align:right}}</style>
</head><body>
<h1>Fault campaign, ionto {escape(str(report["version"]))}</h1>
<p><b>SIMULATED</b>: no unit was driven and no person treated. {report["cells"]} cells, <b>{report["failed"]}
failed</b>; {report["sessions_without_fault"]} sessions without a fault
({report["hours_without_fault"]:g} h of whole treatments), {report["nuisance"]} not completed;
{report["programs"]} programs and {report["recurring"]} cells of faults that come and go,
{report["programs_failed"] + report["recurring_failed"]} failed; {report["skipped"]} left out.</p>
<p>{escape(how_read)}</p>
{picture}
<h2>Worst latency by bound</h2>
<table><tr><th>bound</th><th>worst</th></tr>
{bounds}
</table>
<h2>Failures</h2>
<ul>
{rows or "<li>none</li>"}
</ul>
</body></html>
"""

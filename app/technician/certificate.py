"""The certificate of a calibration: one printable page, as HTML with an inline picture.

Law: it says what the record and the verifications hold, with limits and uncertainty, and nothing that was
not measured; of a simulated unit it says so in large letters.
"""

from __future__ import annotations

from html import escape
from typing import Any, Final, NamedTuple

from app.axes import tick_step
from app.technician.plan import LIMIT_MA, LIMIT_PART, limit_ma
from config.calibration import Calibration

Errors = tuple[tuple[float, float], ...]
"""[true current, error of the unit] in mA."""

WIDTH: Final = 680
HEIGHT: Final = 270


class Certificate(NamedTuple):
    """What the page says. `found` are the errors before this calibration, `left` those after it.

    `left_verdict` is the verification's word, or "" where none was made after this calibration.
    """

    title: str
    simulated: bool
    facts: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, str, str, str, str], ...]
    found: Errors
    left: Errors
    left_verdict: str
    statement: str
    checksum: str


HEAD: Final = ("channel", "gain", "offset", "worst point off the line", "points")


def certificate_of(record: Calibration, left: dict[str, Any] | None) -> Certificate:
    """Put the certificate together from a record that `ionto calibrate` wrote and a verification of it.

    ValueError for a record without its points' history, as one that was written by hand.
    """
    made = record.made
    if made is None:
        raise ValueError("the record was not made by `ionto calibrate`: it has no history to certify")
    error = made.meter_error
    facts = (
        ("Unit", record.unit_serial),
        ("Date", record.date),
        ("Valid to", str(record.valid_until)),
        ("Technician", record.technician or "-"),
        ("Reference meter", f"{record.meter}, calibrated {made.meter_calibrated}"),
        (
            "Meter's accuracy",
            f"{error.current_percent:g} % + {1000 * error.current_ma:g} uA; "
            f"{error.voltage_percent:g} % + {1000 * error.voltage_v:g} mV",
        ),
        ("Resistor", f"{made.resistor_ohm:g} ohm"),
        ("Range", f"0.5 to {made.reach_ma:g} mA, both polarities"),
        ("Software", f"ionto {made.software}"),
    )
    rows = []
    for name, correction in (
        ("control_current", record.channels.control_current),
        ("guard_current", record.channels.guard_current),
        ("return", record.channels.return_path),
        ("output", record.channels.output),
        ("voltage", record.channels.voltage),
    ):
        if correction.points and name in made.spreads:
            unit, spread = ("V" if name == "voltage" else "mA"), made.spreads[name]
            rows.append(
                (
                    name,
                    f"{correction.gain:.5f} ± {2 * spread.gain_u:.5f}",
                    f"{correction.offset:+.4f} ± {2 * spread.offset_u:.4f} {unit}",
                    f"{spread.worst_residual:.4f} {unit}",
                    str(len(correction.points)),
                )
            )
    return Certificate(
        title=f"Calibration certificate, unit {record.unit_serial}",
        simulated=made.simulated is not None,
        facts=facts,
        rows=tuple(rows),
        found=made.as_found,
        left=() if left is None else _errors_left(left),
        left_verdict="" if left is None else str(left["verdict"]),
        statement=(
            f"From 0.5 to {made.reach_ma:g} mA the current is known within {made.uncertainty_ma:.3f} mA: "
            "twice the standard uncertainty of the line, the worst point off it, and the meter's accuracy, "
            f"added. Up and down differ by at most {made.hysteresis_ma:.4f} mA. Limit of error: "
            f"{100 * LIMIT_PART:g} % or {LIMIT_MA:g} mA, whichever is more."
        ),
        checksum=record.checksum or "",
    )


def _errors_left(verification: dict[str, Any]) -> Errors:
    rows = [point["channels"]["delivered"] for point in verification["points"]]
    return tuple((float(row["at"]), float(row["error"])) for row in rows)


def worst_of(errors: Errors) -> str:
    """Say the worst error and how many lie outside the limit."""
    if not errors:
        return "not measured"
    worst = max((abs(error) for _, error in errors))
    outside = sum(abs(error) > limit_ma(true) for true, error in errors)
    return f"{worst:.3f} mA at worst, {outside} of {len(errors)} points outside the limit"


def html_of(it: Certificate) -> str:
    """Write the page: it prints on one sheet of A4 and needs nothing else."""
    facts = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in it.facts)
    head = "".join(f"<th>{text}</th>" for text in HEAD)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in it.rows)
    banner = '<p class="simulated">SIMULATED: no unit was calibrated</p>' if it.simulated else ""
    verdict = f" (verification {escape(it.left_verdict)})" if it.left_verdict else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(it.title)}</title>
<style>
@page {{ size: A4; margin: 12mm; }}
body {{ font: 10.5pt/1.3 sans-serif; max-width: 180mm; margin: 0 auto; color: #111; }}
h1 {{ font-size: 17pt; margin: 0 0 3mm; }}
table {{ border-collapse: collapse; width: 100%; margin: 3mm 0; }}
th, td {{ text-align: left; padding: 0.7mm 2mm; border-bottom: 0.2mm solid #bbb; vertical-align: top; }}
.fits {{ font-size: 9.5pt; white-space: nowrap; }}
.facts th {{ width: 38mm; font-weight: normal; color: #444; }}
.simulated {{ border: 0.6mm solid #a00; color: #a00; font-size: 15pt; padding: 2mm; text-align: center; }}
.sign {{ display: flex; gap: 10mm; margin-top: 13mm; }}
.sign div {{ flex: 1; border-top: 0.3mm solid #111; padding-top: 1mm; font-size: 9pt; }}
.sum {{ font: 8pt monospace; color: #444; overflow-wrap: anywhere; }}
svg {{ width: 100%; height: auto; }}
</style></head><body>
<h1>{escape(it.title)}</h1>{banner}
<table class="facts">{facts}</table>
<table class="fits"><tr>{head}</tr>{rows}</table>
{error_svg(it)}
<p>As found: {escape(worst_of(it.found))}.<br>As left: {escape(worst_of(it.left))}{verdict}.</p>
<p>{escape(it.statement)}</p>
<div class="sign"><div>Technician, date</div><div>Checked by, date</div></div>
<p class="sum">SHA-256 of the record: {escape(it.checksum)}</p>
</body></html>
"""


def error_svg(it: Certificate) -> str:
    """Draw errors over the current with the limits: as found crosses, as left dots."""
    points = [*it.found, *it.left]
    top_ma = max((true for true, _ in points), default=25.0) * 1.04
    highest = 1.15 * max([limit_ma(top_ma), *(abs(error) for _, error in points)])
    left, right, top, bottom = 62.0, WIDTH - 12.0, 12.0, HEIGHT - 44.0

    def x(true: float) -> float:
        return left + (right - left) * true / top_ma

    def y(error: float) -> float:
        return top + (bottom - top) * (0.5 - error / highest / 2)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12"><title>Errors of the current over the current</title>'
    ]
    step = tick_step(2 * highest, 6)
    for index in range(-int(highest / step), int(highest / step) + 1):
        at = y(index * step)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{index * step:g}</text>')
    step = tick_step(top_ma, 8)
    for index in range(int(top_ma / step) + 1):
        at = x(index * step)
        parts.append(f'<text x="{at:.1f}" y="{bottom + 16}" text-anchor="middle">{index * step:g}</text>')
    for sign in (1, -1):
        line = " ".join(
            f"{x(top_ma * part / 50):.1f},{y(sign * limit_ma(top_ma * part / 50)):.1f}" for part in range(51)
        )
        parts.append(f'<polyline points="{line}" fill="none" stroke="#c0392b" stroke-dasharray="5 3"/>')
    for true, error in it.found:
        at, ay = x(true), y(error)
        parts.append(f'<path d="M{at - 4:.1f} {ay - 4:.1f}l8 8m0 -8l-8 8" stroke="#777777" fill="none"/>')
    parts += [
        f'<circle cx="{x(true):.1f}" cy="{y(error):.1f}" r="3.5" fill="#0b62a4"/>' for true, error in it.left
    ]
    middle = (top + bottom) / 2
    parts.append(
        f'<text x="{(left + right) / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">current / mA; x as '
        "found, dot as left, dashed the limit</text>"
        f'<text transform="translate(14 {middle:.0f}) rotate(-90)" text-anchor="middle">error / mA</text>'
        "</svg>"
    )
    return "\n".join(parts)

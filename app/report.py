"""The end of a session: the summary for people, and the object for programs where no session began.

Law: the outcome comes first and in plain words; what the device believed and what the simulated world knows
are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from app.locale.terminal import number, retell, t
from app.output import ExitCode
from app.words import duration, named
from controller.core.reasons import reason_of
from controller.core.wording import by_area
from controller.loop.pace import TOLD_SHARE
from protocols.treatment import area_of

Summary = Mapping[str, Any]
"""The object of docs/contract.md."""

OUTCOME_CODES = {
    "completed": ExitCode.COMPLETED,
    "completed_short": ExitCode.COMPLETED,
    "aborted": ExitCode.ABORTED,
    "stopped": ExitCode.STOPPED,
    "refused": ExitCode.REFUSED,
}


def refused_summary(treatment: str, reason: str, rate_hz: int) -> dict[str, Any]:
    """Make the summary of a session that never began; `reason` is the sentence why, the rate is in Hz."""
    return {
        "schema": 2,
        "version": version("ionto"),
        "simulated": False,
        "seed": None,
        "treatment": treatment,
        "outcome": "refused",
        "reason": reason,
        "short_because": None,
        "stopped_by": None,
        "duration_s": 0,
        "charge_ma_min": {"forward": 0, "reverse": 0},
        "asked_ma_min": None,
        "peak_ma": 0,
        "overshoot_ma": 0,
        "steady_error_ma": 0,
        "phases": [],
        "trip": None,
        "truth": None,
        "loop": {"rate_hz": rate_hz, "ticks": 0, "late": 0, "missed": 0, "latest_ms": 0.0},
    }


def describe(summary: Summary, evidence: str | None) -> str:
    """Tell a person how the session ended; `evidence` is the guard's sentence where it tripped."""
    dose, loop = summary["charge_ma_min"], summary["loop"]
    missed = t(", {count} missed", count=loop["missed"]) if loop.get("missed") else ""
    lines = [
        _headline(summary),
        *_trip_lines(summary, evidence),
        row(
            t("Dose"),
            t(
                "forward {forward} mA min, reverse {reverse} mA min",
                forward=number(dose["forward"], ".1f"),
                reverse=number(dose["reverse"], ".1f"),
            ),
        ),
        *_asked_lines(summary),
        row(
            t("Current"),
            t(
                "peak {peak} mA, overshoot {overshoot} mA, steady error {error} mA",
                peak=number(summary["peak_ma"], ".2f"),
                overshoot=number(summary["overshoot_ma"], ".2f"),
                error=number(summary["steady_error_ma"], "+.2f"),
            ),
        ),
        row(t("Loop"), _loop(loop) + missed),
    ]
    if max(late := loop.get("late_percent", 0.0), gone := loop.get("missed_percent", 0.0)) > 100 * TOLD_SHARE:
        lines.append(row(t("Pace"), pace(late, gone)))
    lines += [
        row(
            t("Real time"),
            t(
                "{step} was not granted: {why}",
                step=step["step"].replace("_", " "),
                why=retell(step["detail"]),
            ),
        )
        for step in summary.get("real_time", ())
        if not step["done"]
    ]
    if summary["simulated"]:
        seed = summary["seed"]
        said = t("SIMULATED: no unit was driven and no person treated (seed {seed}).", seed=seed)
        lines.append(f"  {said}")
    return "\n".join(lines)


def row(label: str, text: str) -> str:
    """Write one line of a report: what it is about in its column, then the text."""
    return f"  {label:9} {text}"


def pace(late_percent: float, missed_percent: float) -> str:
    """Say how far the computer fell behind."""
    return t(
        "the computer fell behind: of the ticks of 2 s up to {late} % began late, {missed} % not at all; "
        "end other programs on the unit",
        late=number(late_percent, ".0f"),
        missed=number(missed_percent, ".0f"),
    )


def _loop(loop: Mapping[str, Any]) -> str:
    ticks, rate_hz = number(loop["ticks"], ","), number(loop["rate_hz"], "g")
    return t("{ticks} ticks at {rate} Hz, {late} late", ticks=ticks, rate=rate_hz, late=loop["late"])


def _headline(summary: Summary) -> str:
    about = {"name": summary["treatment"], "length": duration(summary["duration_s"])}
    if summary["outcome"] == "completed":
        return t("Completed: {name}, {length}.", **about)
    if summary["outcome"] == "completed_short":
        short = t("Completed, but short: {name}, {length}. Less was given than was asked.", **about)
        return f"{short}\n{row(t('Reason'), retell(summary['reason'] or ''))}"
    if summary["outcome"] == "stopped":
        stopped = t("Stopped: {name}, after {length}. The treatment is not complete.", **about)
        return f"{stopped}\n{row(t('Reason'), retell(summary['reason'] or ''))}"
    if summary["outcome"] == "refused":
        refused = t("Refused to start: {name}.", **about)
        return f"{refused} {retell(summary['reason'] or '')}".rstrip()
    return t("ABORTED by the guard: {name}, after {length}. The treatment is not complete.", **about)


def _asked_lines(summary: Summary) -> list[str]:
    asked = summary["asked_ma_min"]
    if summary["outcome"] != "completed_short" or asked is None:
        return []
    forward, reverse = (number(asked[way], ".1f") for way in ("forward", "reverse"))
    said = t("forward {forward} mA min, reverse {reverse} mA min", forward=forward, reverse=reverse)
    return [row(t("Asked"), said)]


def _trip_lines(summary: Summary, evidence: str | None) -> list[str]:
    trip = summary["trip"]
    if trip is None:
        return []
    lines = [row(t("Cause"), trip_words(trip))]
    if evidence:
        lines.append(row(t("Evidence"), retell(evidence)))
    if trip["latency_ms"] is not None:
        lines.append(row(t("Cut"), t("{ms} ms after it began", ms=number(trip["latency_ms"], ".1f"))))
    to_do = reason_of(trip["cause"]).to_do()
    return [*lines, row(t("To do"), t(by_area(to_do, area_of(summary["treatment"]))))]


def trip_words(trip: Mapping[str, Any]) -> str:
    """Say what cut a session, in which phase and when."""
    phase, when = named(trip["phase"]), duration(trip["detected_s"])
    return t("{cause}, in {phase} at {when}", cause=named(trip["cause"]), phase=phase, when=when)

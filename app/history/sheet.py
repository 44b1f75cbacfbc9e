"""Sessions as files: in a person's own signs for a spreadsheet, in the journal's words for programs.

Law: a spreadsheet that speaks the person's language reads every figure as that figure and every time as that
time, and takes nothing that somebody typed for a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from app.household.feelings import FELT
from app.locale.zero import rounded
from app.web import sentences
from app.words import plain
from protocols.dates import utc

if TYPE_CHECKING:
    from app.locale.language import Language

BEGINS_FORMULA: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
"""The last four are the full-width forms of the first, which Asian input writes."""
MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Tells spreadsheets that a file is UTF-8 (byte order mark)."""
DIGITS: Final = 3
"""Behind the decimal sign: finer than a unit measures."""


def for_programs(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Give lines as ever: the journal's names, points, commas between, ISO 8601 in UTC."""
    for row in (names, *([_harmless(value) for value in row] for row in rows)):
        yield _line(row, ",")


def for_a_spreadsheet(
    heads: Sequence[str], rows: Iterable[Sequence[Any]], language: Language
) -> Iterator[str]:
    """Give lines in the signs of a language: where the comma is the decimal sign, semicolons between."""
    decimal = language.locale.number_symbols["latn"]["decimal"]
    between = ";" if decimal == "," else ","
    yield MARK + _line(heads, between)
    for row in rows:
        yield _line([_cell(value, decimal) for value in row], between)


def sessions(
    rows: Iterable[Mapping[str, Any]], language: Language, names: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Give the journal's sessions for a spreadsheet; with `names` by a person's id also felt and borne."""
    t = language.t
    heads = [t("Session"), t("Begun (local time)"), t("Time zone"), t("Date"), t("Person"), t("Treatment")]
    heads += [t("Result"), t("Simulated"), t("Set current (mA)"), t("Limit (mA)"), t("Planned time (min)")]
    heads += [
        t("Duration (min)"),
        t("Planned dose (mA min)"),
        t("Asked dose (mA min)"),
        t("Dose one way (mA min)"),
    ]
    heads += [
        t("Dose the other way (mA min)"),
        t("First direction"),
        t("Rest of session"),
        t("Code"),
        t("Reason"),
    ]
    heads += [t("Unit")]
    if names is not None:
        heads += [t("Skin"), t("Sweat (0 to 4)"), t("Borne current (mA)")]
    told = (_session(row, language, names) for row in rows)
    return for_a_spreadsheet(heads, told, language)


def chart(columns: Mapping[str, Sequence[Any]], language: Language) -> Iterator[str]:
    """Give the chart of a session for a spreadsheet."""
    t = language.t
    heads = [t("Time (s)"), t("Phase"), t("Direction"), t("Set (mA)"), t("Delivered (mA)"), t("Voltage (V)")]
    heads += [t("Dose one way (mA min)"), t("Dose the other way (mA min)")]
    rows = (
        (at_s, t(plain(phase)), t(sentences.POLARITY.get(polarity, "")), *figures)
        for at_s, phase, polarity, *figures in zip(*columns.values(), strict=True)
    )
    return for_a_spreadsheet(heads, rows, language)


def _session(row: Mapping[str, Any], language: Language, names: Mapping[str, str] | None) -> tuple[Any, ...]:
    t = language.t
    begun = utc(row["latest_utc"] or row["begun_utc"]).astimezone(language.zone)
    person = row["person"] or ""
    felt = () if names is None else (t(FELT.get(row["felt"] or "", "")), row["sweat"], row["borne_ma"])
    return (
        row["id"],
        begun,
        f"UTC{begun.isoformat()[-6:]}",
        _doubt(row, language),
        person if names is None else names.get(person, person),
        t(sentences.TREATMENTS.get(row["treatment"], row["treatment"])),
        t(plain(row["outcome"] or "running")),
        t("SIMULATED") if row["simulated"] else "",
        row["target_ma"],
        row["limit_ma"],
        _min(row["total_s"]),
        _min(row["duration_s"]),
        row["planned_ma_min"],
        row["asked_ma_min"],
        row["forward_ma_min"],
        row["reverse_ma_min"],
        t(sentences.POLARITY.get(row["first_polarity"] or "", "")),
        row["linked_to"],
        row["code"],
        language.retell(row["reason"] or ""),
        row["unit"],
        *felt,
    )


def _doubt(row: Mapping[str, Any], language: Language) -> str:
    """Say of a date that it is not the one that was recorded, or not known."""
    if not row["date_known"]:
        return language.t("at the latest: the date is not known")
    return "" if row["amended_utc"] is None else language.t("amended")


def _min(time_s: float | None) -> float | None:
    return None if time_s is None else time_s / 60


def _cell(value: Any, decimal: str) -> str:
    """Write a value so that a spreadsheet takes it for what it is."""
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")  # a date in every language's spreadsheet
        case float():
            return str(rounded(value, DIGITS)).replace(".", decimal)
    return str(_harmless(value))


def _harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a text for a formula, and a zero from having a sign."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, str) and (
        value[:1] in ("\t", "\r", "\n") or value.lstrip().startswith(BEGINS_FORMULA)
    ):
        return f"'{value}"
    return value


def _line(row: Iterable[Any], between: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=between).writerow(row)
    return text.getvalue()

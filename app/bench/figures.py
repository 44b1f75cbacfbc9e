"""A figure of the bench: a value beside what it is held to, as a row for people and an object for programs.

Law: pure. A figure that was not measured has neither value nor verdict, and says why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

PERCENTILES: Final = (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))


class Figure(NamedTuple):
    """One measured value in `unit`; `limit` is what it is held to, `at` whether it is to stay below or reach.

    `of` says what was counted, or why there is no value.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None = None
    at: Literal["most", "least"] = "most"
    of: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether the value keeps its limit; None without a value or a limit."""
        if self.value is None or self.limit is None:
            return None
        return self.value <= self.limit if self.at == "most" else self.value >= self.limit

    @property
    def ratio(self) -> float | None:
        """Value over limit; None without either."""
        return None if self.value is None or not self.limit else self.value / self.limit

    def as_json(self) -> dict[str, Any]:
        """Return the figure for programs."""
        return {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "limit": self.limit,
            "at": self.at,
            "ratio": rounded(self.ratio),
            "ok": self.ok,
            "of": self.of,
        }


def rounded(value: float | None) -> float | None:
    """Five significant digits; more is noise."""
    return None if value is None else float(f"{value:.5g}")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (0 to 1) of `values` do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.

    """
    if not values:
        raise ValueError("no values, no percentile")
    return sorted(values)[max(math.ceil(share * len(values) - 1e-9), 1) - 1]


def spread(name: str, values: Sequence[float], unit: str, of: str) -> list[Figure]:
    """Return p50, p99, p99.9 and the worst of `values` as figures named `name_p50_unit` and so on."""
    counted = f"{len(values)} {of}"
    figures = [
        Figure(f"{name}_{tag}_{unit}", percentile(values, share), unit, of=counted)
        for tag, share in PERCENTILES
    ]
    return [*figures, Figure(f"{name}_worst_{unit}", max(values), unit, of=counted)]


def held(figures: Sequence[Figure], limits: dict[str, float]) -> list[Figure]:
    """Return the figures with their upper limits."""
    return [figure._replace(limit=limits.get(figure.name, figure.limit)) for figure in figures]


def table(sections: Sequence[tuple[str, Sequence[Figure]]]) -> str:
    """Return the figures as a table for people, with a heading for each section."""
    rows: list[tuple[str, str, str, str, str]] = []
    for title, figures in sections:
        rows.append(("", "", "", "", title))
        rows += [_row(figure) for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines: list[str] = []
    for name, value, limit, verdict, of in rows:
        if not name:
            lines += ["", of]
            continue
        cells = (
            name.ljust(widths[0]),
            value.rjust(widths[1]),
            limit.ljust(widths[2]),
            verdict.ljust(widths[3]),
        )
        lines.append("  ".join((*cells, of)).rstrip())
    return "\n".join(lines).lstrip("\n")


def markdown(sections: Sequence[tuple[str, Sequence[Figure]]]) -> str:
    """Return the figures as Markdown tables, for the documentation."""
    lines: list[str] = []
    for title, figures in sections:
        lines += ["", f"## {title}", "", "| figure | value | limit | | of |", "|---|---|---|---|---|"]
        for name, value, limit, verdict, of in map(_row, figures):
            bold = f"**{verdict}**" if verdict == "MISSED" else verdict
            lines.append(f"| `{name}` | {value} | {limit} | {bold} | {of} |")
    return "\n".join(lines) + "\n"


def _row(figure: Figure) -> tuple[str, str, str, str, str]:
    value = "not measured" if figure.value is None else f"{figure.value:.4g} {figure.unit}".rstrip()
    sign = "<=" if figure.at == "most" else ">="
    limit = "" if figure.limit is None else f"{sign} {figure.limit:g} {figure.unit}".rstrip()
    verdict = {True: "ok", False: "MISSED", None: "" if figure.limit is None else "?"}[figure.ok]
    return figure.name, value, limit, verdict, figure.of

"""Whether what a session that came to its end says of its dose is true.

Law: pure; the charge is the simulated world's, and what was asked is the treatment's, worked out here anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

WHOLE: Final = 0.9
"""Completed means that so much of what was asked was truly given (law 15) ..."""
APART: Final = 0.05
"""... and that the two directions differ by no more than this share of what was asked in each."""
MARGIN: Final = 0.01
"""Nearer to either bound than this both words are right: the device's measure is good to 1 %."""
SHORT: Final = "completed_short"
COMPLETED: Final = frozenset({"completed", SHORT})
"""Outcomes of a session that came to its end."""
RIDDEN: Final = COMPLETED | {"stopped"}
"""Outcomes of a session that no fault ended."""


def dose_problems(
    summary: Mapping[str, Any], asked_ma_min: float, astray_ma_min: float = 0.0
) -> Iterator[str]:
    """Return what is wrong with the word for the dose of a session, as sentences; nothing where it has none.

    `asked_ma_min` is the charge of the whole treatment as asked, `astray_ma_min` what of the true charge
    treated nobody.
    """
    if summary["outcome"] not in COMPLETED:
        return
    first, second = summary["truth"]["charge_ma_min"].values()
    share = (first + second - astray_ma_min) / asked_ma_min
    # A treatment of one direction has no halves.
    apart = 2 * abs(first - second) / asked_ma_min if first and second else 0.0
    told = f"{100 * share:.1f} % of what was asked truly given, and the directions {100 * apart:.1f} % apart"
    if summary["outcome"] == SHORT:
        if share > WHOLE + MARGIN and apart < APART - MARGIN:
            yield f"said to be short with {told}"
    elif share < WHOLE - MARGIN or apart > APART + MARGIN:
        yield f"completed with {told}"

"""What a person may say after a session, and the current to begin the next one with.

Law: a suggestion follows what was borne, not what was set. It never exceeds the person's limit, rises by at
most 1 mA from one session to the next, after one that felt fine, and says why it is this one.

Source: start low, 1 mA more each session (Dermadry's schedule); half the limit as "low" is our own figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from protocols.ceilings import MIN_CURRENT_MA

FELT: Final[Mapping[str, str]] = MappingProxyType(
    {"fine": "Fine", "itchy": "Itchy", "sore": "Sore or red", "blisters": "Bruised or blistered"}
)
SWEAT: Final = ("None", "A little", "Some", "Much", "Very much")
"""How much sweat, 0 to 4."""
STEP_MA: Final = 0.5

HURT: Final = (
    "Your skin was hurt last time. Let it heal first, begin lower, and ask your nurse if it happens again."
)


FIRST_TIME: Final = "The first time: half of your limit."
WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "fine": "Last time {borne} were borne and felt fine: 1 mA more.",
        "itchy": "Last time {borne} were borne and itched: as much again.",
        "sore": "Last time {borne} were borne and left the skin sore: 2 mA less.",
        "blisters": "Last time {borne} were borne and left bruises or blisters: half as much.",
        "": "Last time {borne} were borne: as much again, until you say how it felt.",
    }
)
"""Why a current is suggested, by how the skin felt; "" unsaid."""
AT_LIMIT: Final = "It ends at your limit."


def why_suggested(limit_ma: float, last_ma: float | None, felt: str | None) -> tuple[str, ...]:
    """Say why `suggested_ma` suggests what it does, in sentences where `{borne}` stands for `last_ma`."""
    if last_ma is None:
        return (FIRST_TIME,)
    bound = last_ma > limit_ma or (felt == "fine" and last_ma + 1.0 > limit_ma)
    return (WHY[felt or ""], AT_LIMIT) if bound else (WHY[felt or ""],)


def suggested_ma(limit_ma: float, last_ma: float | None, felt: str | None) -> float:
    """Suggest a current in mA up to `limit_ma`; `last_ma` is what was borne last time, None at the first one.

    A step more after a session that felt fine, as much after one unsaid or itchy, 2 mA less after a sore one
    and half as much after blisters.
    """
    if last_ma is None:
        wanted_ma = limit_ma / 2
    elif felt == "fine":
        wanted_ma = last_ma + 1.0
    elif felt == "sore":
        wanted_ma = last_ma - 2.0
    elif felt == "blisters":
        wanted_ma = last_ma / 2
    else:
        wanted_ma = last_ma
    wanted_ma = max(MIN_CURRENT_MA, min(limit_ma, wanted_ma))
    return int(wanted_ma / STEP_MA) * STEP_MA

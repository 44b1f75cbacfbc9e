"""What people are told of each area that can be treated: one row an area, and every face reads it here.

Law: a row is words, in English; what an area may be given stands in `protocols.ceilings`. What is said of all
areas in the words of trays and hands, and is worded anew for others, is in `controller.core.wording`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from protocols.ceilings import Area

_REACH: Final = "I sit comfortably, can reach Stop, and touch no electrode and no metal."
CHECKLIST: Final = {
    "jewellery": "Rings, bracelets and other jewellery are off.",
    "cuts": "Cuts and sore spots are covered with petroleum jelly.",
    "water": "Both trays hold fresh tap water, 1.5 litres or more each, and stand apart on a dry table.",
    "position": "I sit comfortably and touch no electrode and no metal. A foot, an elbow or somebody beside "
    "me can press Stop; if not, I slide one hand out slowly, in two to three seconds.",
    "unchanged": "Nothing about my health has changed since I answered the questions.",
}
"""Of the hands with tap water, line by line; an area's row holds what differs."""
_PAD: Final = ("pad", "on the skin", "off the skin")
_PADS_SHOWN: Final = (
    "The person has wet the pads, put them on, begun, stopped once and only then taken them off, all by "
    "themselves, with the nurse beside them."
)


class AreaWords(NamedTuple):
    """An area's row.

    `side` is what the simulated person moves, and where it is when it is in and when it is out; `checklist`
    the lines that differ from `CHECKLIST`; `shown` what a nurse records to have shown.
    """

    name: str
    side: tuple[str, str, str]
    checklist: Mapping[str, str]
    shown: str


WORDS: Final[Mapping[Area, AreaWords]] = MappingProxyType(
    {
        "hands": AreaWords(
            name="Hands",
            side=("hand", "in the water", "out of the water"),
            checklist={},
            shown="The person has filled the trays, begun, stopped once and slid a hand out once, all by "
            "themselves, with the nurse beside them.",
        ),
        "feet": AreaWords(
            name="Feet",
            side=("foot", "in the water", "out of the water"),
            checklist={
                "jewellery": "Toe rings, anklets and other jewellery are off.",
                "water": "Both trays hold fresh tap water, 1.5 litres or more each, and stand apart on a dry "
                "floor.",
                "position": _REACH,
            },
            shown="The person has filled the trays, begun, stopped once and slid a foot out once, all by "
            "themselves, with the nurse beside them.",
        ),
        "underarms": AreaWords(
            name="Underarms",
            side=_PAD,
            checklist={
                "jewellery": "Necklaces, piercings and other jewellery are off, and I have not shaved there "
                "today.",
                "water": "Both pads are wet with fresh tap water, 100 ml or more each, lie flat on the skin, "
                "and touch neither each other nor metal.",
                "position": _REACH,
                "warning": "I press Stop at once at pain in the chest, a stumbling heart, or dizziness.",
            },
            shown=_PADS_SHOWN,
        ),
        "face": AreaWords(
            name="Face",
            side=_PAD,
            checklist={
                "jewellery": "Earrings, piercings, glasses and contact lenses are out.",
                "water": "Both halves of the mask are wet with fresh tap water, 40 ml or more each, lie flat "
                "on the skin, and touch neither each other nor metal; eyes and mouth are free.",
                "position": _REACH,
                "warning": "I press Stop at once at flashes of light, a strong taste of metal, or dizziness.",
            },
            shown=_PADS_SHOWN,
        ),
    }
)

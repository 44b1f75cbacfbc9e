"""What is said of trays and water, of hands and feet, said by the area that is treated.

Law: pure. The catalogue of reasons and the next steps have one sentence each; here stands how it is said
where pads lie on the skin, or where feet are treated and not hands. Nobody with a mask on is told of trays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_TOUCH: Final = "Check that the pads and the electrodes don't touch each other, then start again."
_PADS: Final = {
    # reasons
    "Take hands or feet out. Do not use this unit until a technician has found the cause.": (
        "Take the pads off. Do not use this unit until a technician has found the cause."
    ),
    "The circuit opened: a hand or foot left the water, or a lead came off.": (
        "The circuit opened: a pad came off the skin, or a lead came off."
    ),
    "Check water level, leads and contact before you start again.": (
        "Check pads, leads and contact before you start again."
    ),
    "Check water level, leads and contact, then press Start on the unit for the rest of the treatment. "
    "Stop ends it.": (
        "Check pads, leads and contact, then press Start on the unit for the rest of the treatment. "
        "Stop ends it."
    ),
    "The electrodes touched each other, or stood in one tray.": "The pads or electrodes touched each other.",
    "The electrodes touch each other, or stand in one tray.": "The pads or electrodes touch each other.",
    "Check that the electrodes don't touch and stand in separate trays, then start again.": _TOUCH,
    "Dry the table; keep trays, body and metal apart. If it happens again, have the unit checked.": (
        "Dry the skin around the pads; keep leads and body away from metal. "
        "If it happens again, have the unit checked."
    ),
    "Add tap water (not distilled), or choose less current. If it happens again, have the unit checked.": (
        "Wet the pads with tap water (not distilled), or choose less current. "
        "If it happens again, have the unit checked."
    ),
    "Put both sides into the water before or soon after Start, then start again.": (
        "Put both pads on before or soon after Start, then start again."
    ),
    "Put the whole hand or foot into tap water (not distilled), then start again.": (
        "Wet the pads with tap water (not distilled), press them whole onto the skin, then start again."
    ),
    "Only a small part of the skin was in contact, or the water hardly conducts.": (
        "Only a small part of the pads was in contact, or they hardly conduct."
    ),
    # next steps
    "Put both sides into the water and keep still.": "Put both pads on the skin and keep still.",
    "Put the whole hand into the water: only a small part touches it.": (
        "Press the whole pad onto the skin: only a small part touches it."
    ),
    "Keep still; press Stop before you take a hand out.": "Keep still; press Stop before you take a pad off.",
    "A hand seems to leave the water: put it back, or press Stop.": (
        "A pad seems to come off: press it on, or press Stop."
    ),
    "Finished: take your hands or feet out and dry them.": "Finished: take the pads off and dry the skin.",
    "The set current cannot be reached: dry skin, soft water or poor contact.": (
        "The set current cannot be reached: dry skin, dry pads or poor contact."
    ),
    # why a current isn't reached
    "The set current is not reached because the water conducts too little. Use tap water, not distilled or "
    "softened water.": (
        "The set current is not reached because the pads conduct too little. Wet them with tap water, not "
        "distilled or softened water."
    ),
    "The set current is not reached because the contact is poor. Put more of the skin into the water.": (
        "The set current is not reached because the contact is poor. Press the pads flat on the skin."
    ),
    "The current is being lowered because a hand or foot seems to leave the water.": (
        "The current is being lowered because a pad seems to come off."
    ),
    # the simulated person
    "Take a hand out": "Take a pad off",
    "Put both hands in": "Put both pads on",
}
_FEET: Final = {
    "Take hands or feet out. Do not use this unit until a technician has found the cause.": (
        "Take your feet out. Do not use this unit until a technician has found the cause."
    ),
    "Dry the table; keep trays, body and metal apart. If it happens again, have the unit checked.": (
        "Dry the floor; keep trays, body and metal apart. If it happens again, have the unit checked."
    ),
    "Put the whole hand into the water: only a small part touches it.": (
        "Put the whole foot into the water: only a small part touches it."
    ),
    "Keep still; press Stop before you take a hand out.": (
        "Keep still; press Stop before you take a foot out."
    ),
    "A hand seems to leave the water: put it back, or press Stop.": (
        "A foot seems to leave the water: put it back, or press Stop."
    ),
    "Finished: take your hands or feet out and dry them.": "Finished: take your feet out and dry them.",
    "Take a hand out": "Take a foot out",
    "Put both hands in": "Put both feet in",
}
_BY_AREA: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"feet": _FEET, "underarms": _PADS, "face": _PADS}
)


def by_area(text: str, area: str | None) -> str:
    """Return a text as it is said where `area` is treated; unchanged where no area is known."""
    return _BY_AREA.get(area or "", {}).get(text, text)


def variants() -> Iterator[str]:
    """Give every sentence that is said of one area only."""
    for said in (_PADS, _FEET):
        yield from said.values()

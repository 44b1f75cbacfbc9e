"""What is said about the unit: phases, contact, outcomes; causes and refusals have a catalogue of their own.

Law: a treatment that was cut or stopped is never worded as done. English is the source; `app.locale` has the
rest. Ids that a newer unit might send and we don't know are answered by its own English note.
"""

from __future__ import annotations

from typing import Final

from app.areas import WORDS
from controller.core.locks import IDLE, PROOF

OLD: Final = "No word from the unit for 3 seconds: what is grey here is old."
WHERE_STOP: Final = (
    "If current may flow, press Stop on the unit itself. If that does nothing, take the unit's plug out."
)
OLD_TITLE: Final = "No word from the unit"
STOP_LOST: Final = "Stop did not arrive. Press Stop on the unit itself. Still trying."
NOT_YET: Final = (
    "The unit's program does not answer. On a unit that was just installed a technician switches it on: "
    "sudo systemctl enable --now ionto-controller. It may take a minute; what keeps it from starting is "
    "told by systemctl status ionto-controller."
)
HOW_SET_UP: Final = "Each step is told on the page on installing (docs/install.md, After installing)."
ABSENT: Final = "The unit's program is not running. Switch the unit on and wait a minute."

PHASES: Final = {
    "self_test": "Self-test",
    "stop_test": "Testing Stop",
    "ready": "Ready",
    "trial": "Trying the current stage",
    "proof": "Testing the protections",
    "contact": "Waiting for contact",
    "ramp_up": "Current rises",
    "hold": "Treatment",
    "ramp_down": "Current falls",
    "reverse": "Changing direction",
    "stopping": "Stopping softly",
    "done": "Complete",
    "stopped": "Stopped, not complete",
    "refused": "Not started",
    "tripped": "Cut off, not complete",
}
CONTACT: Final = {
    "none": "None yet",
    "small": "Only a small part",
    "poor": "Too little",
    "fair": "Enough",
    "good": "Good",
}
LIMITED_BY: Final = {
    "dry_skin": "The set current is not reached because the skin is still dry. It softens within minutes.",
    "soft_water": "The set current is not reached because the water conducts too little. "
    "Use tap water, not distilled or softened water.",
    "poor_contact": "The set current is not reached because the contact is poor. "
    "Put more of the skin into the water.",
    "hand_leaving": "The current is being lowered because a hand or foot seems to leave the water.",
}
OUTCOMES: Final = {
    "completed": "Complete",
    "completed_short": "Complete, but less than was asked",
    "stopped": "Stopped, not complete",
    "aborted": "Cut off, not complete",
    "refused": "Not started",
    "cut_off": "Interrupted, not complete",
    "": "Running",
}
POLARITY: Final = {"forward": "One way (+)", "reverse": "Other way (\u2212)"}
_PROOF: Final = "Proof of the protections, with nobody there"
_IDLE: Final = "Found by the unit itself, with nobody treated"
AREAS: Final[dict[str, str]] = {
    **{area: words.name for area, words in WORDS.items()},
    PROOF: _PROOF,
    IDLE: _IDLE,
}
TREATMENTS: Final = {
    "hands": "Hands, tap water",
    "hands-glycopyrrolate": "Hands, glycopyrrolate (only when prescribed)",
    "feet": "Feet, tap water",
    "underarms": "Underarms, tap water",
    "face": "Face, tap water",
    PROOF: _PROOF,
    IDLE: _IDLE,
}
OFF: Final = {"glycopyrrolate": "Glycopyrrolate", **AREAS}
"""What may be off until a professional's word."""
SHOWN: Final[dict[str, str]] = {area: words.shown for area, words in WORDS.items()}
"""What a nurse records to have shown, by area."""

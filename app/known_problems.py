"""What is known to be wrong with this software: which hazard, what happens, what to do, until which version.

Law: a row is true of the code that it ships with and says what somebody can do about it. One that was mended
stays, with the version that mended it; ids are never given twice.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Final, NamedTuple


class Problem(NamedTuple):
    """One known problem.

    `hazard` is its id in `docs/safety/hazards.yaml`; `what` happens and what to `do` are a sentence each.
    `until` is the first version without it, None while there is none.
    """

    id: str
    hazard: str
    what: str
    do: str
    until: str | None = None


PROBLEMS: Final = (
    Problem(
        "KP-1",
        "H-06",
        "How long a treatment lasts goes by the clock of the unit's computer, which is compared with no "
        "other: where it runs slow, more is given than was set, where it runs fast, less, and both are told "
        "as complete.",
        "Compare a treatment with a watch now and then; if it takes clearly longer or shorter than the page "
        "says, don't use the unit until its computer has been checked.",
    ),
    Problem(
        "KP-2",
        "H-14",
        "Hum of the mains on the sense wires, from about 0.05 mA on, can keep a treatment from starting or "
        "end it, under the name of another fault; at 50 Hz, in step with the measuring, it can shift the "
        "current by its own size.",
        "Keep the unit and its leads away from mains cables and power supplies; if it happens again, have "
        "the sense wires checked.",
    ),
    Problem(
        "KP-3",
        "H-09",
        "A very small contact, such as a fingertip, is taken for a whole hand: what flows through its few "
        "square centimetres can burn.",
        "Lay the whole palm, sole or pad on before Start, and never leave only fingertips or toes in the "
        "water.",
    ),
    Problem(
        "KP-4",
        "H-01",
        "Where the meter was wrong at calibration, every reading is wrong by the same share, while what was "
        "set is told: on a unit without a dummy load the current can be off by up to a tenth, on one with it "
        "by 3 %.",
        "Have the unit calibrated every year with a meter that is itself calibrated, and verified with "
        "another one (ionto verify).",
    ),
    Problem(
        "KP-5",
        "H-12",
        "After commissioning nothing tries Stop's second contact, which ends the current without software, "
        "and only a unit with a pedal or elbow bar asks for a press of Stop before a treatment.",
        "Now and then press Start, and then Stop while nobody is in contact: the unit must stop waiting for "
        "contact at once; have the second contact tried whenever the unit is calibrated.",
    ),
    Problem(
        "KP-6",
        "H-02",
        "An alarm that calls for the technician, such as a relay that does not open, is cleared by one press "
        "of Stop or by switching off and on, and Start then works again where the tests before it do not "
        "find the fault.",
        'Where the list of codes says "Technician", don\'t use the unit until the cause has been found.',
    ),
    Problem(
        "KP-7",
        "H-06",
        "Where the current was lowered with Down, the second direction is not made longer and may be given "
        "less than the first; only above 5 % is the treatment told as short.",
        "Where the unit says that less was given, press Start within ten minutes: it gives what is lacking.",
    ),
    Problem(
        "KP-8",
        "H-14",
        "Stop's second contact takes the output away 6 to 8 s after any press, a short one too: who presses "
        "Start within some seconds of a press of Stop may be cut in the ramp, as if the output were lost.",
        "After a press of Stop wait ten seconds before Start; if it happened, press Stop and wait as long.",
    ),
)


def known(running: str | None = None) -> tuple[Problem, ...]:
    """Return those of version `running`, by default of the one that runs."""
    release = _release(running or version("ionto"))
    return tuple(one for one in PROBLEMS if one.until is None or release < _release(one.until))


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version; what is made on the way to one counts as it."""
    return tuple(map(int, re.findall(r"\d+", text)[:3]))

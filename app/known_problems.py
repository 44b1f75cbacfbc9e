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
        "On a unit without a battery clock, how long a treatment lasts goes by the clock of its computer "
        "alone, which is held to another time only before each treatment (how soon the output goes off "
        "without a heartbeat: with a one-shot a clock 1.5 times off is found, with a charge pump at best one "
        "more than twice off); where it runs slow by less, or only later, more is given than was set, where "
        "it runs fast, less, and both are told as complete.",
        "Have a battery clock fitted and named in the unit's file (battery_clock), and until then compare a "
        "treatment with a watch now and then; if it takes clearly longer or shorter than the page says, "
        "don't use the unit until its computer has been checked.",
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
        "H-18",
        "A contact of five to twenty square centimetres, such as some fingertips, may be taken for a whole "
        "hand (of ten to twenty about one in three is), and a smaller one with skin unlike what was "
        "simulated: what flows through it can burn.",
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
        "On a unit without a hardware trip Stop's test sees only that the program reads the press: nothing "
        "tries Stop's second contact after commissioning, which ends the current without software.",
        "Have the second contact tried whenever the unit is calibrated.",
    ),
    Problem(
        "KP-6",
        "H-06",
        "Where the current was lowered with Down, the second direction is not made longer and may be given "
        "less than the first; only above 5 % is the treatment told as short.",
        "Where the unit says that less was given, press Start within ten minutes: it gives what is lacking.",
    ),
)


def known(running: str | None = None) -> tuple[Problem, ...]:
    """Return those of version `running`, by default of the one that runs."""
    release = _release(running or version("ionto"))
    return tuple(one for one in PROBLEMS if one.until is None or release < _release(one.until))


def _release(text: str) -> tuple[int, ...]:
    """Return the numbers of a version; what is made on the way to one counts as it."""
    return tuple(map(int, re.findall(r"\d+", text)[:3]))

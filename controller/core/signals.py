"""What the light and the buzzer say: patterns as data, each with one meaning.

Law: every meaning has a rhythm of its own, so that nobody needs to tell colours; the colour only repeats it.
Pure: the caller says since when a signal is shown.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

Colour: TypeAlias = Literal["red", "green", "blue", "yellow", "white"]
Rhythm: TypeAlias = tuple[tuple[float, float], ...]
"""Times on and off in s, in turn."""


class Signal(StrEnum):
    """What there is to say."""

    TESTING = "testing"
    READY = "ready"
    NOTHING = "nothing"
    PAIRING = "pairing"
    CONTACT = "contact"
    CURRENT = "current"
    LEAVING = "leaving"
    STOPPING = "stopping"
    DONE = "done"
    REST = "rest"
    CODE = "code"


class Pattern(NamedTuple):
    """Light, repeated for as long as it is meant; beeps, once or with every turn of the light."""

    colour: Colour
    light: Rhythm
    meaning: str
    beeps: Rhythm = ()
    again: bool = False


class Panel(NamedTuple):
    """Light and buzzer at one moment."""

    colour: Colour
    lit: bool
    buzzes: bool


LONG_S: Final = 0.7
"""A flash of the first digit of a code ..."""
SHORT_S: Final = 0.2
"""... and of the second one: three and a half times shorter, so that both are told apart without a clock."""
_BETWEEN_S: Final = 0.3
_DIGITS_S: Final = 1.0
_PAUSE_S: Final = 2.5
_ONE_LONG: Final[Rhythm] = ((1.0, 0.0),)
_THREE: Final[Rhythm] = ((0.3, 0.3), (0.3, 0.3), (0.3, 0.0))

PATTERNS: Final = MappingProxyType(
    {
        Signal.TESTING: Pattern("white", ((0.1, 0.1),), "the unit tests itself: wait"),
        Signal.READY: Pattern("green", ((0.1, 2.9),), "ready: press Start"),
        Signal.NOTHING: Pattern("blue", ((0.1, 0.2), (0.1, 2.6)), "ready, but no treatment is prepared"),
        Signal.PAIRING: Pattern("white", ((0.4, 0.1), (0.1, 0.1)), "Up is held: a phone may pair"),
        Signal.CONTACT: Pattern("blue", ((0.5, 0.5),), "put both sides into the water and keep still"),
        Signal.CURRENT: Pattern("green", ((1.0, 0.0),), "current flows: keep still"),
        Signal.LEAVING: Pattern(
            "yellow",
            ((0.15, 0.15), (0.15, 0.15), (0.15, 0.55)),
            "a hand seems to leave: the current was reduced, put it back",
            beeps=((0.1, 0.1), (0.1, 0.0)),
            again=True,
        ),
        Signal.STOPPING: Pattern("yellow", ((0.9, 0.15),), "stopping: keep still until it ends"),
        Signal.DONE: Pattern(
            "green",
            ((0.1, 0.2), (0.1, 0.2), (0.1, 2.3)),
            "finished: take your hands or feet out",
            beeps=_THREE,
        ),
        Signal.REST: Pattern(
            "yellow",
            ((1.2, 0.3), (0.2, 1.3)),
            "the circuit opened: Start gives the rest of the treatment, Stop ends it",
            beeps=_ONE_LONG,
        ),
        Signal.CODE: Pattern(
            "red", (), "long flashes, then short ones: the two digits of a code", beeps=_ONE_LONG
        ),
    }
)
"""Signal -> how it is shown; the light of a code is made from its digits."""


def flashes(code: int) -> Rhythm:
    """Return the rhythm of a code of two digits: long flashes for the first, short ones for the second."""
    tens, ones = divmod(code, 10)
    long: Rhythm = ((LONG_S, _BETWEEN_S),) * (tens - 1) + ((LONG_S, _DIGITS_S),)
    short: Rhythm = ((SHORT_S, _BETWEEN_S),) * (ones - 1) + ((SHORT_S, _PAUSE_S),)
    return long + short


def panel(signal: Signal, code: int | None, for_s: float) -> Panel:
    """Return light and buzzer of a signal shown for `for_s` (s); `code` belongs to `Signal.CODE`."""
    pattern = PATTERNS[signal]
    light = flashes(code) if signal is Signal.CODE and code is not None else pattern.light
    turn_s = sum(on_s + off_s for on_s, off_s in light)
    at_s = for_s % turn_s if turn_s else 0.0
    return Panel(pattern.colour, _is_on(light, at_s), _is_on(pattern.beeps, at_s if pattern.again else for_s))


def lights(shown: Panel) -> tuple[bool, bool, bool]:
    """Return which of the red, green and blue lights make this."""
    mixed = {
        "red": (True, False, False),
        "green": (False, True, False),
        "blue": (False, False, True),
        "yellow": (True, True, False),
        "white": (True, True, True),
    }
    return mixed[shown.colour] if shown.lit else (False, False, False)


def _is_on(rhythm: Rhythm, at_s: float) -> bool:
    for on_s, off_s in rhythm:
        if at_s < on_s:
            return True
        at_s -= on_s + off_s
        if at_s < 0.0:
            return False
    return False

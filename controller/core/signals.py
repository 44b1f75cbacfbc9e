"""What the light and the buzzer say: patterns as data, each with one meaning.

Law: every meaning has a rhythm of its own, so that nobody needs to tell colours; the colour only repeats it.
Red and yellow are alarms'. Nothing flashes faster than 2.8 Hz, and three pulses of the buzzer mean an alarm.
Pure: the caller says since when a signal is shown.

Bands and pulses follow IEC 60601-1-8 as far as public sources tell it (decision 16, which has the sources).
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from controller.core.reasons import NAMES, REASONS, Priority

Colour: TypeAlias = Literal["red", "green", "blue", "yellow", "white"]
Rhythm: TypeAlias = tuple[tuple[float, float], ...]
"""Times on and off in s, in turn."""


class Signal(StrEnum):
    """What there is to say."""

    TESTING = "testing"
    HOLD_STOP = "hold_stop"
    READY = "ready"
    NOTHING = "nothing"
    PEDAL = "pedal"
    ASLEEP = "asleep"
    PAIRING = "pairing"
    CONTACT = "contact"
    SMALL = "small"
    CURRENT = "current"
    LEAVING = "leaving"
    STOPPING = "stopping"
    DONE = "done"
    REST = "rest"
    PAUSED = "paused"
    LOCKED = "locked"
    PROVE = "prove"
    CODE = "code"


class Flash(NamedTuple):
    """One flash and the dark after it."""

    colour: Colour
    on_s: float
    off_s: float


class Sound(NamedTuple):
    """A burst of beeps; again every `every_s`, or once where that is 0."""

    beeps: Rhythm = ()
    every_s: float = 0.0

    def at_s(self, for_s: float) -> float:
        """Return the time since the burst began, of a sound that began `for_s` ago."""
        return for_s % self.every_s if self.every_s else for_s

    def buzzes(self, for_s: float) -> bool:
        """Tell whether the buzzer sounds, `for_s` after this began."""
        at_s = self.at_s(for_s)
        for on_s, off_s in self.beeps:
            if at_s < on_s:
                return True
            at_s -= on_s + off_s
            if at_s < 0.0:
                return False
        return False

    def burst_began_s(self, since_s: float, now_s: float) -> float:
        """Return when the newest burst began, of a sound that began at `since_s`."""
        return now_s - self.at_s(now_s - since_s)

    def unfinished(self, for_s: float) -> bool:
        """Tell whether a burst is under way, `for_s` after this began."""
        return self.at_s(for_s) < sum(on_s + off_s for on_s, off_s in self.beeps)


class Alarm(NamedTuple):
    """How urgent a code is: what the light shows before its digits, and the sound."""

    colour: Colour
    light: Rhythm
    sound: Sound
    meaning: str


class Pattern(NamedTuple):
    """A signal's light, repeated as long as it is meant, and its sound; `priority` where it is an alarm."""

    colour: Colour
    light: Rhythm
    meaning: str
    sound: Sound = Sound()
    priority: Priority | None = None


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
BEFORE_S: Final = 1.5
"""Dark before the digits, longer than any within them."""
_PAUSE_S: Final = 2.5

_FIVE: Final[Rhythm] = ((0.12, 0.12), (0.12, 0.12), (0.12, 0.36), (0.12, 0.12), (0.12, 0.8))
_TEN: Final = Sound(_FIVE * 2, every_s=10.0)
_PULSES: Final[Rhythm] = ((0.2, 0.2), (0.2, 0.2), (0.2, 0.0))
_THREE: Final = Sound(_PULSES, every_s=25.0)
_ONE: Final = Sound(((0.2, 0.0),))
_TWO_LONG: Final = Sound(((0.8, 0.4), (0.8, 0.0)))

ALARMS: Final = MappingProxyType(
    {
        Priority.HIGH: Alarm(
            "red",
            ((0.25, 0.25),) * 8,
            _TEN,
            "at once: current may flow that should not; take hands or feet out, or the pads off",
        ),
        Priority.MEDIUM: Alarm(
            "yellow",
            ((2 * LONG_S, 1.0),) * 2,
            _THREE,
            "soon: the treatment was cut and the current is off",
        ),
        Priority.LOW: Alarm(
            "yellow",
            ((4.0, 0.0),),
            _ONE,
            "before the next treatment: something has to be mended or set right",
        ),
        Priority.INFORMATION: Alarm("blue", ((2.0, 0.0),), _ONE, "nothing is wrong with the unit"),
    }
)
"""Priority -> how a code of it is shown and sounds."""

PATTERNS: Final = MappingProxyType(
    {
        Signal.TESTING: Pattern("white", ((0.2, 0.6),), "the unit tests itself: wait"),
        Signal.HOLD_STOP: Pattern(
            "white",
            ((0.8, 0.4), (0.8, 0.4), (0.1, 1.0)),
            "press Stop and hold it until this light changes: so it is known to work",
        ),
        Signal.READY: Pattern("green", ((0.1, 2.9),), "ready: press Start"),
        Signal.NOTHING: Pattern("blue", ((0.1, 0.3), (0.1, 2.5)), "ready, but no treatment is prepared"),
        Signal.PEDAL: Pattern(
            "blue", ((0.1, 0.3), (0.1, 0.3), (0.8, 1.2)), "press the foot pedal or elbow bar once, to try it"
        ),
        Signal.ASLEEP: Pattern(
            "green",
            ((0.1, 0.9), (0.1, 1.9)),
            "ready, but untouched for 10 minutes: hold Start and Down together for three seconds",
        ),
        Signal.PAIRING: Pattern("white", ((0.6, 0.2), (0.2, 0.2)), "Up is held: a phone may pair"),
        Signal.CONTACT: Pattern(
            "blue", ((0.5, 0.5),), "put both sides into the water, or both pads on, and keep still"
        ),
        Signal.SMALL: Pattern(
            "blue",
            ((0.1, 0.4), (0.5, 0.5)),
            "only a small part touches the water or pad: put the whole hand or foot in, or the whole pad on",
        ),
        Signal.CURRENT: Pattern("green", ((1.0, 0.0),), "current flows: keep still"),
        Signal.LEAVING: Pattern(
            "yellow",
            ((0.6, 0.7),),
            "a hand, foot or pad seems to leave: the current was reduced, put it back",
            Sound(_PULSES, every_s=5.0),
            Priority.MEDIUM,
        ),
        Signal.STOPPING: Pattern("green", ((0.9, 0.15),), "stopping: keep still until it ends"),
        Signal.DONE: Pattern(
            "green",
            ((0.1, 0.3), (0.1, 0.3), (0.1, 2.1)),
            "finished: take your hands or feet out, or the pads off",
            _TWO_LONG,
        ),
        Signal.REST: Pattern(
            "yellow",
            ((1.2, 0.8), (0.4, 1.6)),
            "the circuit opened: Start gives the rest of the treatment, Stop ends it",
            _THREE,
            Priority.MEDIUM,
        ),
        Signal.PAUSED: Pattern(
            "blue",
            ((0.7, 0.3), (0.1, 1.4)),
            "paused: Start gives the rest of the treatment, Stop ends it",
        ),
        Signal.LOCKED: Pattern(
            "white",
            ((2.4, 0.3), (0.3, 0.3)),
            "locked: a technician has to find the cause; Start shows its code",
        ),
        Signal.PROVE: Pattern(
            "white",
            ((0.1, 0.3), (0.1, 0.3), (0.1, 0.3), (0.8, 1.2)),
            "a technician said why: take everybody out of the circuit and press Start, for the proof",
        ),
        Signal.CODE: Pattern(
            "white", (), "first how urgent it is, then long and short white flashes: the two digits of a code"
        ),
    }
)
"""Signal -> how it is shown; a code's light and sound are made from its priority and its digits."""


def digits(code: int) -> Rhythm:
    """Return the rhythm of a code of two digits: long flashes for the first, short ones for the second."""
    tens, ones = divmod(code, 10)
    long: Rhythm = ((LONG_S, _BETWEEN_S),) * (tens - 1) + ((LONG_S, _DIGITS_S),)
    short: Rhythm = ((SHORT_S, _BETWEEN_S),) * (ones - 1) + ((SHORT_S, _PAUSE_S),)
    return long + short


def light_of(signal: Signal, code: int | None = None) -> tuple[Flash, ...]:
    """Return one turn of a signal's light; `code` belongs to `Signal.CODE`."""
    if signal is Signal.CODE and code is not None:
        alarm = ALARMS[REASONS[NAMES[code]].priority]
        *first, last = (Flash(alarm.colour, on_s, off_s) for on_s, off_s in alarm.light)
        white = (Flash("white", on_s, off_s) for on_s, off_s in digits(code))
        return (*first, last._replace(off_s=BEFORE_S), *white)
    pattern = PATTERNS[signal]
    return tuple(Flash(pattern.colour, on_s, off_s) for on_s, off_s in pattern.light)


def sound_of(signal: Signal, code: int | None = None) -> Sound:
    """Return a signal's sound; `code` belongs to `Signal.CODE`."""
    if signal is Signal.CODE and code is not None:
        return ALARMS[REASONS[NAMES[code]].priority].sound
    return PATTERNS[signal].sound


def turn_s(signal: Signal, code: int | None = None) -> float:
    """Return how long one turn of a signal's light takes, s."""
    return sum(flash.on_s + flash.off_s for flash in light_of(signal, code))


def panel(signal: Signal, code: int | None, for_s: float, sounds_for_s: float) -> Panel:
    """Return light and buzzer of a signal that is shown for `for_s` and sounds for `sounds_for_s` (s)."""
    whole_s = turn_s(signal, code)
    at_s = for_s % whole_s if whole_s else 0.0
    colour, lit = PATTERNS[signal].colour, False
    for flash in light_of(signal, code):
        colour, lit = flash.colour, at_s < flash.on_s
        at_s -= flash.on_s + flash.off_s
        if at_s < 0.0:
            break
    return Panel(colour, lit, sound_of(signal, code).buzzes(sounds_for_s))


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

"""The words for people: phases, outcomes, durations, figures.

Law: a trip is never worded as completion. What is said of a cause stands in `controller.core.reasons`.
"""

from __future__ import annotations

from typing import Final

from app.locale.terminal import number, t

PHASE_WORDS: Final[dict[str, str]] = {
    "self_test": "self-test",
    "stop_test": "testing Stop",
    "ready": "waiting for Start",
    "trial": "trying the current stage",
    "proof": "testing the protections",
    "contact": "waiting for contact",
    "ramp_up": "ramp up",
    "hold": "hold",
    "ramp_down": "ramp down",
    "reverse": "reversing polarity",
    "stopping": "stopping softly",
    "done": "completed",
    "stopped": "stopped",
    "refused": "refused to start",
    "tripped": "ABORTED",
}
"""`controller.core.types.Phase` -> words on the screen."""

OUTCOMES: Final = ("completed", "completed_short", "stopped", "aborted", "refused", "cut_off", "running")
"""`docs/device.md`: how a session ended; `running` has not."""


def plain(name: str) -> str:
    """Turn a stable name such as `open_circuit` into words."""
    return name.replace("_", " ")


def named(name: str) -> str:
    """Turn a stable name into words of the terminal's language."""
    return t(plain(name))


def clock(seconds: float) -> str:
    """Write a time of `seconds` (s, 0 or more) as minutes and seconds, `5:07`."""
    whole_s = max(0, round(seconds))
    return f"{whole_s // 60}:{whole_s % 60:02d}"


def duration(seconds: float) -> str:
    """Write a duration of `seconds` (s, 0 or more) in words, `20 min 38 s`."""
    whole_s = max(0, round(seconds))
    return f"{whole_s // 60} min {whole_s % 60} s" if whole_s >= 60 else f"{whole_s} s"


def resistance(resistance_ohm: float | None) -> str:
    """Write a resistance given in ohm, absent as a dash, `1.52 kohm`."""
    return "-" if resistance_ohm is None else f"{number(resistance_ohm / 1000, '.2f')} kohm"


def milliampere(current_ma: float | None) -> str:
    """Write a current given in mA, absent as a dash, `11.98 mA`."""
    return "-" if current_ma is None else f"{number(current_ma, '.2f')} mA"


def dose(forward_ma_min: float, reverse_ma_min: float) -> str:
    """Write the charges given in both directions (mA min), `forward 57.1, reverse 0.0 mA min`."""
    forward, reverse = number(forward_ma_min, ".1f"), number(reverse_ma_min, ".1f")
    return t("forward {forward}, reverse {reverse} mA min", forward=forward, reverse=reverse)

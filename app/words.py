"""The words for people: phases, causes and what to do about them, durations.

Law: a trip is never worded as completion, and every cause says what to do next.
"""

from __future__ import annotations

from typing import Final

from app.locale.terminal import number, t

PHASE_WORDS: Final[dict[str, str]] = {
    "self_test": "self-test",
    "ready": "waiting for Start",
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

_SERVICE: Final = "Do not use this unit until a technician has found the cause."
_AGAIN: Final = "If it happens again, have the unit checked."

ADVICE: Final[dict[str, str]] = {
    "guard_blind": f"The guard's converter doesn't see the current. {_SERVICE}",
    "current_spike": f"Take hands or feet out. {_SERVICE}",
    "over_current": f"Take hands or feet out. {_SERVICE}",
    "open_circuit": "Check water level, leads and contact. A new session begins with Start, from zero.",
    "short_circuit": "Check that the electrodes don't touch and stand in separate trays, then start again.",
    "leakage": "Current takes another way: dry the table, keep trays, body and metal apart. " + _AGAIN,
    "deviation": "The set current was not reached: add tap water (not distilled) or choose less current.",
    "wrong_polarity": _SERVICE,
    "adc_silent": f"A converter doesn't answer. {_SERVICE}",
    "adc_frozen": f"A converter repeats itself. {_SERVICE}",
    "adc_stale": f"A converter is too slow. {_SERVICE}",
    "adc_saturated": f"A converter is at the end of its range. {_SERVICE}",
    "adc_reset": f"A converter has lost its settings; look at its supply. {_AGAIN}",
    "adc_disagree": f"The two current readings differ. {_SERVICE}",
    "dac_silent": f"The current's converter doesn't answer. {_SERVICE}",
    "dac_stuck": f"The current doesn't follow its converter. {_SERVICE}",
    "dac_reset": f"The current's converter has lost its setting; look at its supply. {_AGAIN}",
    "bus_hung": f"The I2C bus hangs; look at its wires. {_SERVICE}",
    "supply": f"The output's supply is out of range; look at the power supply. {_AGAIN}",
    "output_lost": f"Current is wanted, but the output is not connected: look at relays and Stop. {_AGAIN}",
    "output_stuck": f"Current flows where none should. Take hands or feet out. {_SERVICE}",
    "late_tick": "The computer was too busy; end other programs on it. " + _AGAIN,
    "time_exceeded": _SERVICE,
    "dose_exceeded": _SERVICE,
}
"""`controller.core.types.Cause` -> what a person should do next."""


OUTCOMES: Final = ("completed", "stopped", "aborted", "refused", "cut_off", "running")
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

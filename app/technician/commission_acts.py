"""What the unit does in the steps of commissioning, and what of it is kept.

Law: the unit is off before anybody hears of it; what is out of its bound ends the step with a sentence.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from app.technician.bounds import judged_times, transfer
from app.technician.engine import Step, Values
from app.technician.walk import WAIT_S, Failed, Poll
from controller.workshop.commissioning import NotRight, Workbench


def performer(bench: Workbench, tell: Any, scope: dict[str, float]) -> Any:
    """Give what does the unit's part of each step; a simulated one leaves its pulses on `scope`."""

    def perform(step: Step, results: Any, poll: Poll) -> Values:
        scope.update(results.get("timing", {}).get("simulated_oscilloscope", {}))
        try:
            return _do(bench, step, results, poll, tell)
        except NotRight as error:
            raise Failed(str(error)) from error

    return perform


def _do(bench: Workbench, step: Step, results: Any, poll: Poll, tell: Any) -> Values:
    match step.action:
        case "untouched":
            bench.untouched()
        case "start" | "stop" | "up" | "down" as button:
            bench.pressed(button)
        case "chips":
            found: dict[str, Any] = {chip.key: f"0x{chip.address:02x}" for chip in bench.chips()}
            return found | _transfers(bench)
        case "powered_up":
            entered = _answer(poll)
            bench.powered_up()
            return entered
        case "eeprom":
            before, now = bench.zero_eeprom()
            if before:
                tell(f"The DAC would have powered up at code {before} of 4095; now it is {now}.")
            return {"found_code": before, "stored_code": now}
        case "first_power":
            report = bench.first_power(results["resistor"]["resistor_ohm"], tell)
            seen = {f"{name}_ma": round(each.current_ma, 4) for name, each in report.seen.items()}
            return {"load_ohm": round(report.load_ohm, 1), "stop_s": round(report.stop_s, 3), **seen}
        case "timing":
            return _times(bench, tell)
        case "hand_in":
            return _answer(poll)
        case "buzzer":
            with bench.shown("", sound=True):
                return _answer(poll)
        case _:
            with bench.shown(str(step.action).removeprefix("light ")):
                return _answer(poll)
    return {}


def _transfers(bench: Workbench) -> dict[str, float]:
    """Give the middle and the longest of many transfers, ms. Raises NotRight."""
    found = {}
    for name, times_ms in bench.transfers().items():
        found[f"{name}_middle_ms"], found[f"{name}_longest_ms"] = (
            round(median(times_ms), 3),
            round(max(times_ms), 3),
        )
        if not (bound := transfer(bench.unit)).holds(max(times_ms), max(times_ms)):
            raise NotRight(
                f"a transfer on the bus took {max(times_ms):.1f} ms, allowed is {bound}: look at SDA, SCL "
                "and their resistors, and at i2c.timeout_ms in the unit's file"
            )
    return found


def _times(bench: Workbench, tell: Any) -> dict[str, Any]:
    """Give the times of relays, heartbeat and trip in ms and the current at code 0 in uA. Raises NotRight."""
    timing = bench.timing(tell)
    found: dict[str, Any] = {}
    for name, took in timing.took.items():
        found[f"{name}_least_ms"], found[f"{name}_most_ms"] = round(took.least_ms, 1), round(took.most_ms, 1)
    found["code_zero_ua"] = round(1000.0 * (timing.code_zero_ma or 0.0), 2)
    found["code_zero_step_ua"] = round(1000.0 * bench.smallest_ma, 2)
    if wrong := judged_times(bench.unit, found):
        raise NotRight(wrong)
    truth = bench.bench.truth()
    if bench.bench.simulated and truth is not None and truth.pulses is not None:
        pulses = truth.pulses
        found["simulated_oscilloscope"] = {
            "hand_in_peak_ma": round(truth.peak_ma, 1),
            "hand_in_above_2ma_ms": round(pulses["longest_ms"], 4),
            "hand_in_charge_uc": round(pulses["charge_uc"], 2),
        }
    return found


def _answer(poll: Poll) -> Values:
    entered = None
    while entered is None:
        entered = poll(WAIT_S)
    return dict(entered)

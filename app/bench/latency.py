"""Trip latency in virtual time: faults at random moments of the hold, on many simulated units.

Law: the bus takes its time at 400 kHz; from the moment when the fault begins to matter to the moment when the
true current is below 0.01 mA, as the simulated world knows it and the controller does not.

Run as a module it does one share of the onsets and prints them, so that shares run side by side.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from random import Random
from typing import Any, Final, NamedTuple

from app.bench.figures import Figure, held, percentile, spread
from app.campaign.cells import short
from app.forks import Summary, run_branches
from config.calibration import Calibration
from config.unit import Unit, reference_unit
from controller.loop.result import Truth
from controller.session.wiring import SessionRequest
from sim.scenario import Event, Scenario

KINDS: Final[dict[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "spike": (("current_spike", {"to_ma": 30.0}),),
    "over_current": (("over_current", {"by_ma": 5.0}),),
    "open_circuit": (("hand_out", {}),),
    "adc_silent": tuple(("adc_silent", {"which": which}) for which in ("guard", "control", "both")),
    "dac_silent": (("dac_silent", {}),),
}
"""What is tried, and the faults of `ionto faults` that stand for it."""
HOLD_S: Final = (30.0, 42.0)
"""The hold of the shortened treatment of the hands, 12 mA, on every unit."""
ONSETS_PER_UNIT: Final = 50
P999_MS: Final = 10.0
WORST_MS: Final = 20.0
OVER_BOUND: Final = 1.5
"""Limits (docs/laws.md: over-current, spike, DAC or ADC failure, open circuit)."""
RELEASE_S: Final = 0.005
"""The slowest release of the simulated relays (docs/simulator.md: 3 to 5 ms)."""
SLOWEST_OSCILLATOR: Final = 1.1
"""A conversion may take 10 % longer than its rate says (ADS1115 data sheet, data rate variation)."""
READ_BITS, WRITE_BITS = 9 * 5 + 3, 9 * 4 + 2
"""A register read and a DAC write on the wire, with start and stop (NXP UM10204, section 3.1)."""


class Onset(NamedTuple):
    """One fault at one moment: how long until the DAC was at zero, and until the output was off; ms."""

    kind: str
    unit: int
    off_ms: float | None
    dac_zero_ms: float | None


class Bound(NamedTuple):
    """What no controller that samples this often could beat, in ms, and what it is made of."""

    wait_ms: float
    conversion_ms: float
    transfers_ms: float
    release_ms: float

    def to_zero_ms(self) -> float:
        """Until the DAC is at zero."""
        return self.wait_ms + self.conversion_ms + self.transfers_ms

    def to_off_ms(self) -> float:
        """Until the relay has opened, for what the DAC can't end."""
        return self.to_zero_ms() + self.release_ms


def bound(unit: Unit) -> Bound:
    """Return the worst case of physics: the fault comes just after a sample, and is seen in the next."""
    bit_ms = 1000.0 / unit.i2c.frequency_hz
    return Bound(
        wait_ms=1000.0 / unit.loop.rate_hz,
        conversion_ms=1000.0 * SLOWEST_OSCILLATOR / unit.control_adc.data_rate_sps,
        transfers_ms=(READ_BITS + WRITE_BITS) * bit_ms,
        release_ms=1000.0 * RELEASE_S,
    )


def onsets(units: Sequence[int], per_unit: int) -> list[Onset]:
    """Try `per_unit` random onsets, the kinds in turn, on each of the simulated units."""
    found: list[Onset] = []
    for number in units:
        rng = Random(f"bench|{number}")
        faults = [fault(index, round(rng.uniform(*HOLD_S), 6)) for index in range(per_unit)]
        answers = run_branches(hold_request(number), [[event] for _, event in faults], _answer)
        found += [
            Onset(kind, number, answer["off_ms"], answer["dac_zero_ms"])
            for (kind, _), answer in zip(faults, answers, strict=True)
        ]
    return found


def fault(index: int, at_s: float) -> tuple[str, Event]:
    """Return the `index`th fault at `at_s` (s), and its kind: the kinds come in turn."""
    names = list(KINDS)
    kind = names[index % len(names)]
    variants = KINDS[kind]
    name, params = variants[index // len(names) % len(variants)]
    return kind, Event.model_validate({"at_s": at_s, "fault": name, **params})


def figures(found: Sequence[Onset], unit: Unit) -> list[Figure]:
    """Return the distributions beside the limits and the bound; an onset without a trip misses them all."""
    physics = bound(unit)
    missed = sum(1 for onset in found if onset.off_ms is None)
    rows = [Figure("trip_missed", float(missed), "", 0.0, of=f"of {len(found)} onsets without a trip")]
    off_ms = [onset.off_ms for onset in found if onset.off_ms is not None]
    zero_ms = [onset.dac_zero_ms for onset in found if onset.dac_zero_ms is not None]
    limits = {"trip_latency_p999_ms": P999_MS, "trip_latency_worst_ms": WORST_MS}
    rows += held(spread("trip_latency", off_ms, "ms", "onsets, to current off"), limits)
    rows.append(
        Figure(
            "trip_latency_over_bound",
            max(off_ms) / physics.to_off_ms(),
            "",
            OVER_BOUND,
            of=f"worst over {_words(physics)} + relay release {physics.release_ms:g} ms",
        )
    )
    rows += held(
        spread("trip_to_zero", zero_ms, "ms", "onsets, to DAC at zero"),
        {"trip_to_zero_p999_ms": P999_MS, "trip_to_zero_worst_ms": WORST_MS},
    )
    rows.append(
        Figure(
            "trip_to_zero_over_bound",
            max(zero_ms) / physics.to_zero_ms(),
            "",
            OVER_BOUND,
            of=f"worst over {_words(physics)}",
        )
    )
    for kind in KINDS:
        own = [onset.off_ms for onset in found if onset.kind == kind and onset.off_ms is not None]
        if own:
            counted = f"{len(own)} onsets, p99 {percentile(own, 0.99):.1f} ms"
            rows.append(Figure(f"trip_latency_{kind}_worst_ms", max(own), "ms", WORST_MS, of=counted))
    return rows


def _words(physics: Bound) -> str:
    return (
        f"sample wait {physics.wait_ms:g} ms + conversion {physics.conversion_ms:.2f} ms "
        f"+ transfers {physics.transfers_ms:.2f} ms"
    )


def hold_request(number: int) -> SessionRequest:
    """Ask for the shortened treatment of the hands on the simulated unit `number`."""
    return SessionRequest(
        treatment=short("hands"),
        unit=reference_unit(),
        calibration=Calibration.nominal(),
        calibration_notice="",
        simulate=Scenario(),
        seed=number,
        speed=None,
        rehearsed_name="hands",
    )


def _answer(summary: Summary, truth: Truth | None) -> Summary:
    trip = summary["trip"]
    if trip is None or trip["onset_s"] is None or truth is None:
        return {"off_ms": None, "dac_zero_ms": None}
    zero_s = truth.dac_zero_since_s(trip["onset_s"])
    return {
        "off_ms": trip["latency_ms"],
        "dac_zero_ms": None if zero_s is None else 1000.0 * (zero_s - trip["onset_s"]),
    }


def main(arguments: Sequence[str]) -> None:
    """Print, a line each, the onsets of `per_unit` faults on each unit named: per_unit unit..."""
    per_unit, *units = (int(argument) for argument in arguments)
    for number in units:
        for onset in onsets([number], per_unit):
            print(json.dumps(onset), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

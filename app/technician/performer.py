"""Does a step's part on the unit: zero, or one current, with the corrections that are known by then.

Law: what flows is what the step's data says, through the resistor that was stated; on a simulated unit each
step is another visit to the same unit, so that what was interrupted can be resumed to the same readings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.technician.engine import Step, Value, Values
from app.technician.plan import Point, Results, Zero
from app.technician.solve import provisional
from app.technician.walk import Failed, Poll
from config.calibration import Calibration
from config.unit import Unit
from controller.backends.bench import Bench
from controller.backends.meter import Meter
from controller.workshop.bench_power import BenchRequest, Nominal, PowerFailed, hold_levels, read_zero
from sim.scenario import LoadSpec, Scenario


def bench_scenario(given: Scenario | None, *, bare: bool) -> Scenario:
    """Give the circumstances on the simulated bench; the scenario may say of which parts the unit is."""
    scenario = given or Scenario()
    if "unit" not in scenario.model_fields_set:
        scenario = scenario.model_copy(update={"unit": "bare" if bare else "trimmed"})
    return scenario


class Performer:
    """One unit on the bench.

    `meter` is the reference that can be read now, or None; `guard_cut` says that the
    last failure was a trip of the guard.

    `corrections(results)` gives the calibration to drive with; `top_ma(results)` the highest current.
    """

    def __init__(
        self,
        unit: Unit,
        *,
        corrections: Callable[[Results], Calibration],
        top_ma: Callable[[Results], float],
        scenario: Scenario | None = None,
        stated_load: bool = False,
        seed: int = 1,
        speed: float | None = None,
        meter: Meter | None = None,
        procedure: str = "",
    ) -> None:
        """`stated_load` keeps the scenario's own load instead of the resistor of the step."""
        self._unit, self._corrections, self._top_ma = unit, corrections, top_ma
        self._scenario, self._stated_load, self._seed, self._speed = scenario, stated_load, seed, speed
        self._procedure = procedure
        self.meter = meter
        self.guard_cut = False

    def __call__(self, step: Step, results: Mapping[str, Values], poll: Poll) -> Values:
        """Perform a step's action. Raises Failed, NotReady, Back and Abort."""
        entered: dict[str, Value] = {}

        def read(bench: Bench, _held: Any = None) -> bool:
            if bench.meter is not None:
                self.meter = bench.meter
            found = poll(0.0)
            entered.update(found or {})
            return found is not None

        request = self.request(results, f"{self._procedure} {step.name}")
        action = step.action
        try:
            if isinstance(action, Zero):
                measured = read_zero(request, read)
            elif isinstance(action, Point):
                level_ma = action.level(self._top_ma(results))
                ohm = results["resistor"]["ohm"]
                (measured,) = hold_levels(request, action.polarity, (level_ma,), ohm, read)
            else:
                raise TypeError(f"step {step.name} has an action that this bench does not know")
        except PowerFailed as error:
            self.guard_cut = error.guard_cut
            raise Failed(str(error)) from error
        return {**entered, **as_values(measured)}

    def calibrated_with(self, calibration: Calibration) -> Performer:
        """Give the same unit on the same bench with these corrections."""
        return Performer(
            self._unit,
            corrections=lambda _results: calibration,
            top_ma=self._top_ma,
            scenario=self._scenario,
            stated_load=self._stated_load,
            seed=self._seed,
            procedure=self._procedure,
        )

    def request(self, results: Results, visit: str) -> BenchRequest:
        """Describe the unit with what is known of it."""
        scenario = self._scenario
        if scenario is not None and not self._stated_load:
            ohm = results["resistor"]["ohm"] if "resistor" in results else 2000.0
            scenario = scenario.model_copy(update={"load": LoadSpec(skin=ohm)})
        return BenchRequest(self._unit, self._corrections(results), scenario, self._seed, visit, self._speed)


def as_values(measured: Nominal) -> dict[str, Any]:
    """Give what was measured as plain values, to a nanoampere, so that kept and resumed are the same."""
    values = measured._asdict()
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in values.items()}


def provisional_of(unit: Unit) -> Callable[[Results], Calibration]:
    """Give the corrections of a calibration in progress."""
    return lambda results: provisional(results, unit, unit.serial or "-", "1970-01-01")

"""`ionto calibrate`: from a bare unit on the bench to its calibration record.

Law: a record is written only of a calibration that is complete and plausible; whatever else happens, the one
before stands.
"""

from __future__ import annotations

from datetime import date, timedelta
from importlib.metadata import version
from typing import Any, Final

from app.technician.engine import Procedure, Progress, Step, Values
from app.technician.performer import Performer
from app.technician.plan import (
    CALIBRATION_SHARES,
    COARSE_MA,
    LOWEST_MA,
    Point,
    Results,
    bench_step,
    limit_ma,
    point_step,
    raw_points,
    resistor_step,
    sweep,
    voltage_steps,
    zero_step,
)
from app.technician.solve import (
    Channel,
    accuracy_of,
    channels_of,
    coarse_fault,
    highest_ma,
    hysteresis_ma,
    levels,
    misfit,
    worst_uncertainty_ma,
)
from config.calibration import SCALING, Calibration
from config.unit import Unit
from controller.workshop.bench_power import hold_levels

SMALL_MA: Final = 5.0
"""Below this 0.05 mA is the limit of error, from here on 1 %."""


def procedure_of(unit: Unit, today: date, meter_name: str | None, ohm: float | None) -> Procedure:
    """Give the steps of a calibration. `ohm` is the simulated resistor, `meter_name` a meter on the line."""
    coarse = [
        point_step(
            f"coarse-{index}",
            Point("forward", 0.0, level_ma),
            coarse_fault,
            drops=("coarse-1",) if index > 1 else (),
        )
        for index, level_ma in enumerate(COARSE_MA, 1)
    ]
    steps = [
        bench_step(today, meter_name),
        resistor_step(unit, ohm),
        zero_step(),
        *coarse,
        *(point_step(name, point) for name, point in sweep(CALIBRATION_SHARES)),
        *voltage_steps(),
        _fit_step(unit),
    ]
    return Procedure("calibrate", "Calibration", tuple(steps))


def _fit_step(unit: Unit) -> Step:
    def accept(_values: Values, results: Results) -> str:
        found = misfit(channels_of(results), accuracy_of(results), highest_ma(unit, results))
        return "" if found is None else found.why

    def drops(_values: Values, results: Results) -> tuple[str, ...]:
        found = misfit(channels_of(results), accuracy_of(results), highest_ma(unit, results))
        if found is None or found.step:
            return () if found is None else (found.step,)
        entered = {"resistor"} if found.meter else {"bench", "resistor"}
        return tuple(name for name in results if name not in entered)

    return Step("fit", "the straight lines", "The points are fitted and judged.", accept=accept, drops=drops)


def record_of(
    progress: Progress, unit: Unit, today: date, before: Calibration, valid_days: int
) -> dict[str, Any]:
    """Give the record of a finished calibration as plain values; `before` is what the unit had until now."""
    results, facts = progress.results, progress.facts
    channels, top_ma, accuracy = channels_of(results), highest_ma(unit, results), accuracy_of(results)
    bench = results["bench"]
    made: dict[str, Any] = {
        "software": version("ionto"),
        "meter_calibrated": bench["meter_calibrated"],
        "meter_error": accuracy._asdict(),
        "resistor_ohm": results["resistor"]["ohm"],
        "reach_ma": round(top_ma, 3),
        "uncertainty_ma": round(
            worst_uncertainty_ma(channels["control_current"].fit, top_ma, accuracy.of_ma), 6
        ),
        "hysteresis_ma": round(hysteresis_ma(results), 6),
        "as_found": [list(point) for point in as_found(results, before)],
        "spreads": {name: _spread(channel) for name, channel in channels.items()},
        "raw": raw_points(results) | {SCALING: unit.scaling()},
    }
    if facts["seed"] is not None:
        made["simulated"] = {"seed": facts["seed"], "unit": facts["simulated_unit"]}
    return {
        "record": 2,
        "unit_serial": facts["serial"],
        "date": today.isoformat(),
        "expires": (today + timedelta(days=valid_days)).isoformat(),
        "technician": bench["technician"],
        "meter": bench["meter"],
        "channels": {name: _correction(channel) for name, channel in channels.items()},
        "made": made,
    }


def _correction(channel: Channel) -> dict[str, Any]:
    points = [[round(meter, 6), round(nominal, 6)] for _, meter, nominal in channel.points]
    return {"gain": round(channel.fit.gain, 8), "offset": round(channel.fit.offset, 6), "points": points}


def _spread(channel: Channel) -> dict[str, float]:
    fit = channel.fit
    figures = {"gain_u": fit.gain_u, "offset_u": fit.offset_u, "scatter": fit.scatter}
    figures["worst_residual"] = fit.worst_residual
    return {name: round(value, 8) for name, value in figures.items()}


def as_found(results: Results, before: Calibration) -> list[tuple[float, float]]:
    """Give [meter, error] in mA at each point, as the unit read its own current under the old corrections."""
    old = before.channels.control_current
    found = []
    for name, values in results.items():
        if "-up-" in name or "-down-" in name:
            meter_ma = abs(values["meter_ma"])
            error_ma = old.gain * values["control_ma"] + old.offset - meter_ma
            found.append((round(meter_ma, 6), round(error_ma, 6)))
    return found


def true_errors(performer: Performer, results: Results, top_ma: float) -> list[tuple[float, float]]:
    """Let the calibrated simulated unit give currents over its range; [set, true less set] in mA.

    The truth is the simulated world's; nothing of the calibration is used to know it.
    """
    wanted = [LOWEST_MA, 0.75, *levels(top_ma)[1:]]
    found: list[tuple[float, float]] = []

    def read(bench: Any, held: Any) -> bool:
        found.append((held.level_ma, bench.true_ma() - held.level_ma))
        return True

    request = performer.request(results, "truth")
    hold_levels(request, "forward", tuple(sorted(wanted)), results["resistor"]["ohm"], read)
    return found


def worst_true(errors: list[tuple[float, float]]) -> dict[str, Any]:
    """Give the worst true errors, each where its limit holds: mA below 5 mA, percent from there on."""
    small = [abs(error) for level, error in errors if level < SMALL_MA]
    large = [100.0 * abs(error) / level for level, error in errors if level >= SMALL_MA]
    return {
        "true_worst_error_ma": round(max(small, default=0.0), 6),
        "true_worst_error_percent": round(max(large, default=0.0), 6),
        "true_within_limits": all(abs(error) <= limit_ma(level) for level, error in errors),
        "true_errors": [[round(level, 6), round(error, 6)] for level, error in errors],
    }

"""The mathematics of calibration: lines, their uncertainty, and what is refused by name."""

import math
from datetime import date
from typing import Any

import pytest

from app.technician.calibrate import procedure_of
from app.technician.fit import fit_line
from app.technician.plan import CALIBRATION_SHARES, sweep
from app.technician.solve import (
    channels_of,
    coarse_fault,
    highest_ma,
    hysteresis_ma,
    limit_ma,
    misfit,
    provisional,
)
from config.unit import Unit
from controller.backends.meter import Accuracy

METER = Accuracy(0.05, 0.005, 0.0045, 0.0006)


def results(gain: float = 1.03, offset: float = -0.2, **changes: float) -> dict[str, Any]:
    """A unit that reads (true - offset) / gain on every channel; `changes` shift a step's meter, in mA."""

    def reads(true: float) -> dict[str, float]:
        value = (true - offset) / gain
        return {
            "control_ma": value,
            "guard_ma": value,
            "return_ma": value,
            "voltage_v": (2 * true - 0.1) / 1.01,
            "output_ma": value,
        }

    found: dict[str, Any] = {
        "bench": METER._asdict(),
        "zero": {"meter_ma": 0.0, **reads(0.0), "voltage_v": -0.1 / 1.01},
    }
    for index, true in enumerate((1.0, 3.0), 1):
        found[f"coarse-{index}"] = {"meter_ma": true, **reads(true)}
    for name, point in sweep(CALIBRATION_SHARES):
        true = point.level(24.0)
        sign = -1.0 if point.polarity == "reverse" else 1.0
        values = {**reads(true), "return_ma": (sign * true - offset) / gain}
        shift = changes.get(name.replace("-", "_"), 0.0)
        found[name] = {"meter_ma": sign * (true + shift), **values}
    for true in (1.0, 8.0, 16.0, 24.0):
        found[f"voltage-{true:.0f}"] = {"meter_v": 2 * true, **reads(true)}
    return found


def test_a_line_and_its_uncertainty_are_those_of_the_textbook() -> None:
    points = [(1.0, 0.0), (3.1, 1.0), (4.9, 2.0), (7.0, 3.0)]
    fit = fit_line(points)
    # by hand: slope 1.98, intercept 1.03; residuals -0.03, 0.09, -0.09, 0.03; sum of squares 0.018
    assert (fit.gain, fit.offset) == (pytest.approx(1.98), pytest.approx(1.03))
    assert fit.scatter == pytest.approx(math.sqrt(0.018 / 2))
    assert fit.gain_u == pytest.approx(fit.scatter / math.sqrt(5.0))
    assert fit.offset_u == pytest.approx(fit.scatter * math.sqrt(1 / 4 + 1.5**2 / 5.0))
    assert fit.worst_residual == pytest.approx(0.09)
    stated = fit.uncertainty(fit.true(1.5), lambda _true: 0.2)  # at the mean the band is the narrowest
    assert stated == pytest.approx(2 * fit.scatter / 2 + 0.09 + 0.2)


@pytest.mark.parametrize("points", [[(1.0, 1.0), (2.0, 2.0)], [(1.0, 2.0)] * 4])
def test_points_that_make_no_line_are_refused(points: Any) -> None:
    with pytest.raises(ValueError, match="line"):
        fit_line(points)


def test_a_straight_unit_is_found_out_exactly() -> None:
    found = channels_of(results())
    for name in ("control_current", "guard_current", "return", "output"):
        assert found[name].fit.gain == pytest.approx(1.03)
        assert found[name].fit.offset == pytest.approx(-0.2)
    assert found["voltage"].fit.gain == pytest.approx(1.01)
    assert misfit(found, METER, 24.0) is None


def test_a_slip_of_the_pen_is_named_with_its_step() -> None:
    found = misfit(channels_of(results(forward_down_50=0.5)), METER, 24.0)
    assert found is not None
    assert found.step == "forward-down-50"
    assert "take that point again" in found.why


@pytest.mark.parametrize(("gain", "offset"), [(1.12, 0.0), (0.88, 0.0), (1.0, 1.2)])
def test_an_implausible_unit_is_refused(gain: float, offset: float) -> None:
    found = misfit(channels_of(results(gain, offset)), METER, 24.0)
    assert found is not None
    assert found.step == ""
    assert "a fault of the unit" in found.why


@pytest.mark.parametrize(
    ("gain", "meter", "kept"),
    [(1.12, METER, {"bench", "resistor"}), (1.03, METER._replace(current_ma=0.06), {"resistor"})],
)
def test_a_refusal_that_blames_no_point_takes_every_point_again(
    gain: float, meter: Accuracy, kept: set[str]
) -> None:
    """The same command measures again after a repair; it does not repeat what it found before."""
    fit = procedure_of(Unit(), date(2026, 11, 28), None, None).steps[-1]
    found = results(gain) | {"resistor": {"ohm": 2000.0}, "bench": meter._asdict()}
    assert "taken again" in fit.accept({}, found) or "point taken" in fit.accept({}, found)
    assert set(found) - set(fit.drops({}, found)) == kept


def test_a_meter_that_is_not_good_enough_is_refused() -> None:
    found = misfit(channels_of(results()), METER._replace(current_ma=0.06), 24.0)
    assert found is not None
    assert "use a better meter" in found.why


def test_the_coarse_points_find_a_wrong_range_of_the_meter() -> None:
    coarse = results()
    wrong = {**coarse["coarse-2"], "meter_ma": 0.003}
    assert "look at the meter's range" in coarse_fault(wrong, coarse)
    assert coarse_fault(coarse["coarse-2"], coarse) == ""


def test_what_is_known_of_a_unit_grows_with_its_steps() -> None:
    found = results()
    only_zero = {name: found[name] for name in ("bench", "zero")}
    control = provisional(only_zero, Unit(), "1", "2026-01-01").channels.control_current
    assert (control.gain, control.offset) == (1.0, pytest.approx(-0.2 / 1.03))
    control = provisional(found, Unit(), "1", "2026-01-01").channels.control_current
    assert (control.gain, control.offset) == (pytest.approx(1.03), pytest.approx(-0.2))
    assert highest_ma(Unit(), results(0.97)) == pytest.approx(0.98 * (0.97 * 25.0 - 0.2))
    assert highest_ma(Unit(), results(1.06, 0.3)) == 25.0


def test_a_difference_between_up_and_down_shows() -> None:
    assert hysteresis_ma(results(reverse_down_25=0.02)) == pytest.approx(0.02)
    assert hysteresis_ma(results()) == pytest.approx(0.0)


def test_the_limit_of_error_is_the_designs() -> None:
    assert [limit_ma(true) for true in (0.5, 5.0, 20.0)] == [0.05, 0.05, 0.2]

"""The plant alone gives every session the result that the whole simulated unit gives it, to the bit."""

import pytest
import simulated

from config.unit import Unit
from controller.backends.bench import NotReady
from controller.loop.tick import Loop

ONE_ADC = Unit.model_validate({"guard_adc": None})
ELECTRODES = {"electrode_v": 2.0, "back_emf_v": 1.2}
FAST_BUS = Unit.model_validate({"i2c": {"frequency_hz": 100_000}, "loop": {"rate_hz": 100}})
TRIPPING = Unit.model_validate({"trip": {}, "pins": {"alert": 23, "rearm": 18}})


def ticks_of(monkeypatch, **what):
    """Every measurement, setpoint and moment of one session, and its summary."""
    seen = []
    whole_tick = Loop.tick

    def tick(loop):
        measurement = whole_tick(loop)
        seen.append((measurement, loop.session.setpoint_ma, loop.session.phase, loop.clock.now()))
        return measurement

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "tick", tick)
        summary, _ = simulated.simulate(**what)
    return seen, summary


@pytest.mark.parametrize(
    "what",
    [
        {"seed": 1, "load": {"skin": "ordinary"}, "person": {"moves": True}},
        {"seed": 2, "what": simulated.treatment(area="feet"), "load": {"skin": "dry"} | ELECTRODES},
        {"seed": 3, "unit": ONE_ADC, "person": {"hands_in_at_s": 4.0, "start_at_s": 2.2}},
        {"seed": 4, "unit": FAST_BUS},
        {"seed": 5, "unit": TRIPPING},
    ],
    ids=["reference unit", "dry feet", "one converter", "slow bus and loop", "hardware trip"],
)
def test_every_tick_is_that_of_the_whole_unit(what, monkeypatch):
    whole, summary = ticks_of(monkeypatch, **what)
    alone, summary_alone = ticks_of(monkeypatch, **what, plant_alone=True)
    assert len(whole) > 10_000
    assert alone == whole
    assert summary_alone == summary
    assert summary["outcome"] == "completed"


def test_a_scenario_with_a_fault_is_refused():
    with pytest.raises(NotReady, match="knows no faults"):
        simulated.simulate(events=[{"at_s": 3, "fault": "hand_out"}], plant_alone=True)

"""A unit that was put together wrongly, and Stop's second contact."""

import pytest
from pydantic import ValidationError

from sim.clock import VirtualClock
from sim.scenario import Scenario
from sim.spec import UnitSpec
from sim.world import STOP_DELAY_S, STOP_HOLDS_S, STOP_PART, World

SOONEST_S, LATEST_S = (1 - STOP_PART) * STOP_DELAY_S, (1 + STOP_PART) * STOP_DELAY_S


def world(**build):
    scenario = {"build": build, "load": {"skin": 2000.0}, "person": {"start_at_s": None, "fidgets": False}}
    return World(UnitSpec(), Scenario.model_validate(scenario), 1, VirtualClock())


def beat(unit, for_s, every_s=0.005):
    pin = unit.pin_factory.pin(17)
    if pin.function != "output":
        pin.output_with_state(False)
    until_s = unit.clock.now_s + for_s
    while unit.clock.now_s < until_s:
        pin.state = not pin.state
        unit.clock.sleep_until(unit.clock.now_s + every_s)


def test_stop_held_opens_the_enable_relay_after_its_time_until_it_is_let_go():
    unit = world()
    beat(unit, 0.1)
    assert unit.relay("enable").state == 1
    let_go = unit.press("stop")
    beat(unit, SOONEST_S - 0.1)
    assert unit.relay("enable").state == 1
    beat(unit, LATEST_S - SOONEST_S + 0.2)
    assert unit.relay("enable").state == 0
    beat(unit, 2.0)
    assert unit.relay("enable").state == 0
    unit.clock.sleep_until(unit.clock.now_s + 0.1)  # the pump runs dry, and is charged again
    beat(unit, 0.1)
    assert unit.relay("enable").state == 0
    let_go(unit.clock.now_s)
    beat(unit, 0.1)
    assert unit.relay("enable").state == 1


def test_a_short_press_opens_it_as_long_after_for_a_time():
    """As `ionto circuit` has it: nothing resets the timer, and the output is given back by itself."""
    unit = world()
    beat(unit, 0.1)
    for _ in range(3):
        let_go = unit.press("stop")
        beat(unit, 0.2)
        let_go(unit.clock.now_s)
        beat(unit, 1.3)
    beat(unit, SOONEST_S - 4.5 - 0.1)
    assert unit.relay("enable").state == 1
    beat(unit, LATEST_S - SOONEST_S + 0.2)
    assert unit.relay("enable").state == 0
    beat(unit, STOP_HOLDS_S)
    assert unit.relay("enable").state == 1
    beat(unit, LATEST_S + 1.0)
    assert unit.relay("enable").state == 1, "the later presses ran into the first one's time"


@pytest.mark.parametrize(("to_s", "opens"), [(0.0, None), (3.0, 3.0), (12.0, 12.0)])
def test_its_time_may_be_wrong(to_s, opens):
    unit = world()
    beat(unit, 0.1)
    unit.inject(unit.clock.now_s, "stop_delay", {"to_s": to_s})
    unit.press("stop")
    beat(unit, (opens or 20.0) - 0.1)
    assert unit.relay("enable").state == 1
    beat(unit, 0.2)
    assert unit.relay("enable").state == (0 if opens else 1)


def test_a_dead_wire_of_stop_reads_as_let_go_and_the_second_contact_still_opens():
    unit = world()
    unit.inject(0.0, "stop_dead", {})
    beat(unit, 0.1)
    unit.press("stop")
    assert unit.pressed() == (False, False, False, False)
    assert unit.pin_level(UnitSpec().stop_pin) is False, "closed, as when nobody presses"
    beat(unit, LATEST_S + 0.1)
    assert unit.relay("enable").state == 0


def test_a_contact_that_is_not_in_the_circuit_opens_nothing():
    unit = world(stop="not_in_enable")
    unit.press("stop")
    beat(unit, LATEST_S + 1.0)
    assert unit.relay("enable").state == 1


def test_a_new_dac_powers_up_at_half_scale():
    assert world(eeprom_code=2048).dac.output_code == 2048


@pytest.mark.parametrize("swapped", [["up"], ["up", "up"], ["up", "down", "start"], ["up", "left"]])
def test_two_different_buttons_are_exchanged(swapped):
    with pytest.raises(ValidationError):
        world(swapped=swapped)

"""A unit that was put together wrongly, and Stop's second contact."""

import pytest
from pydantic import ValidationError

from sim.clock import VirtualClock
from sim.scenario import Scenario
from sim.spec import UnitSpec
from sim.world import STOP_DELAY_S, World


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


def test_stop_held_for_six_seconds_opens_the_enable_relay_until_it_is_let_go():
    unit = world()
    beat(unit, 0.1)
    assert unit.relay("enable").state == 1
    let_go = unit.press("stop")
    beat(unit, STOP_DELAY_S - 0.2)
    assert unit.relay("enable").state == 1
    beat(unit, 0.3)
    assert unit.relay("enable").state == 0
    unit.clock.sleep_until(unit.clock.now_s + 0.1)  # the pump runs dry, and is charged again
    beat(unit, 0.1)
    assert unit.relay("enable").state == 0
    let_go(unit.clock.now_s)
    beat(unit, 0.1)
    assert unit.relay("enable").state == 1


def test_a_shorter_press_opens_nothing_later():
    unit = world()
    let_go = unit.press("stop")
    beat(unit, 1.0)
    let_go(unit.clock.now_s)
    beat(unit, STOP_DELAY_S)
    assert unit.relay("enable").state == 1


def test_a_contact_that_is_not_in_the_circuit_opens_nothing():
    unit = world(stop="not_in_enable")
    unit.press("stop")
    beat(unit, STOP_DELAY_S + 1.0)
    assert unit.relay("enable").state == 1


def test_a_new_dac_powers_up_at_half_scale():
    assert world(eeprom_code=2048).dac.output_code == 2048


@pytest.mark.parametrize("swapped", [["up"], ["up", "up"], ["up", "down", "start"], ["up", "left"]])
def test_two_different_buttons_are_exchanged(swapped):
    with pytest.raises(ValidationError):
        world(swapped=swapped)

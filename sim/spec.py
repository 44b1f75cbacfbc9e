"""What the simulated unit is built of, and who sits in front of it, in numbers.

Law of this module: values only. The controller's configuration is copied into a `UnitSpec` by its wiring;
nothing here reads it, so a unit can also be built differently from what the controller believes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from random import Random
from typing import Literal

from sim.body.load import LoadParams
from sim.body.people import ordinary, person
from sim.output import OutputParts
from sim.scenario import Scenario, SkinNumbers


@dataclass(frozen=True, slots=True)
class UnitSpec:
    """What the unit is built of; the defaults are the reference unit. Pins are BCM numbers.

    The stage stays below its rail by what `compliance_v` does, at any current; where `headroom_v` is given,
    by that and `headroom_ohm` times the current, and `compliance_v` is its clamp.
    `output` is what the stage's loop and its terminals are made of, None for one that is always in control.
    `one_shot_ms` puts a one-shot of that hold time, within 2.5 %, in place of the charge pump. `divider_kohm`
    is the load of the stage beside the person, and `code_zero_ma` what code 0 asks for beside its tolerance:
    below zero the output is hard off there. `code_zero_spread_ma` is how much more that is where the DAC's
    offset is at its most. `lamp_v` (at 1 mA) and `lamp_ohm` lie between the person and 0 V, from which the
    voltage is read.
    `rearm_pin` gives it a hardware trip, whose latch is then what `alert_pin` shows, high for tripped;
    without one that shows ALERT itself.
    `dummy_ohm` gives it a dummy load, by whose relay the stage is raised to `dummy_gain` times its current.
    `battery_clock` gives it a clock chip.
    `bare` is a unit of untrimmed parts, as it comes to its first calibration. `visit` names the occasion: the
    same unit with other noise.
    """

    control_address: int = 0x48
    guard_address: int | None = 0x49
    dac_address: int = 0x62
    frequency_hz: int = 400_000
    timeout_ms: float = 10.0
    overhead_us: float = 0.0
    full_scale_ma: float = 25.0
    compliance_v: float = 60.0
    supply_v: float = 64.0
    headroom_v: float | None = None
    headroom_ohm: float = 0.0
    control_current_channel: int = 0
    control_current_ohm: float = 47.0
    voltage_channel: int = 1
    voltage_ratio: float = 33.0
    supply_channel: int = 2
    supply_ratio: float = 36.0
    return_channel: int = 3
    return_ohm: float = 30.0
    return_bias_v: float = 1.024
    guard_current_channel: int = 0
    guard_current_ohm: float = 47.0
    one_shot_ms: float | None = None
    one_shot_shortest_ms: float = 0.0
    divider_kohm: float | None = None
    code_zero_ma: float = 0.0
    code_zero_spread_ma: float = 0.0
    lamp_v: float = 0.0
    lamp_ohm: float = 0.0
    polarity_relay: Literal["changeover", "h_bridge"] = "changeover"
    heartbeat_pin: int = 17
    series_relay_pin: int = 27
    polarity_relay_pin: int = 22
    start_pin: int = 5
    stop_pin: int = 6
    up_pin: int = 13
    down_pin: int = 19
    alert_pin: int | None = None
    rearm_pin: int | None = None
    dummy_ohm: float | None = None
    dummy_gain: float = 1.0
    dummy_pin: int | None = None
    area: str = "hands"
    eeprom_code: int = 0
    output: OutputParts | None = None
    battery_clock: bool = False
    bare: bool = False
    visit: str = ""


def load_params(area: str, scenario: Scenario, rng: Random | None = None) -> LoadParams:
    """Return the person of a scenario in numbers, for one treated area; `rng` draws an ordinary one."""
    skin = scenario.load.skin
    if skin == "ordinary":
        params = ordinary(area, rng)
    else:
        params = person(area, skin if isinstance(skin, str) else "typical")
    if isinstance(skin, SkinNumbers):
        given = {field.name: getattr(skin, field.name, None) for field in fields(params)}
        params = replace(params, **{name: value for name, value in given.items() if value is not None})
    elif isinstance(skin, float):
        params = replace(params, resistor_ohm=skin)
    load = scenario.load
    given = {"electrode_v": load.electrode_v, "back_emf_v": load.back_emf_v}
    params = replace(params, **{name: value for name, value in given.items() if value is not None})
    return replace(params, water_us_per_cm=load.water_us_per_cm)

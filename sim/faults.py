"""Every fault that the simulator can inject, and the few things a person can be told to do.

Law of this module: one table is the only list; a fault changes the physical world, never the controller,
and says in its row what it does, in which units and within which range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from sim.world import World

Value: TypeAlias = float | bool | str
Undo: TypeAlias = Callable[[float], None]
Start: TypeAlias = "Callable[[World, Mapping[str, Value], float], Undo | None]"
AT_ONCE_S = 1e-6
FLIPPED_BITS = 0x2000
"""Bits that a corrupt sample flips: a quarter of the range, too much to pass, too little to saturate."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `default` None means that it must be given; `choices` are the words allowed."""

    name: str
    unit: str
    default: Value | None
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if isinstance(self.default, bool):
            return "true or false"
        return f"a number from {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def check(self, value: object) -> Value:
        """`value` as this parameter takes it; ValueError says what is wrong and what is allowed."""
        if self.choices:
            if isinstance(value, str) and value in self.choices:
                return value
        elif isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number) and self.low <= number <= self.high:
                return number
        raise ValueError(f"{self.name}: {value!r} is not {self.allowed}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One row: `does` is the physical effect, `onset` when it can first explain a trip.

    `onset` is "event" (the moment it is injected), "want" (the same, or when the stage is next asked for
    current), "drive" (as "want", with the output closed), "move" (as "want", after the part should have
    moved), "contact" (when the contact breaks under drive) or "never" (a person's ordinary action).
    `start` applies it and gives back how to remove it, or None.
    """

    name: str
    does: str
    params: tuple[Param, ...]
    start: Start
    onset: Literal["event", "want", "drive", "move", "contact", "never"] = "event"


FOR_GOOD = Param("for_s", "s", 0.0, 0.0, 7200.0)
"""How long it lasts; 0 is for good."""


def _which(*choices: str, default: str | None = None) -> Param:
    return Param("which", "", default or choices[-1], choices=choices)


ADC_WHICH = _which("control", "guard", "both")


def _number(params: Mapping[str, Value], name: str) -> float:
    return float(params[name])


def _hand_out(world: World, _params: Mapping[str, Value], _t_s: float) -> None:
    world.person.take_out()


def _hand_in(world: World, _params: Mapping[str, Value], _t_s: float) -> None:
    world.person.put_in()


def _hand_slides_out(world: World, params: Mapping[str, Value], t_s: float) -> None:
    world.person.slide_out(t_s, _number(params, "over_s"))


def _hand_flutters(world: World, params: Mapping[str, Value], t_s: float) -> None:
    half_s = 0.5 / _number(params, "hz")
    ends_s = t_s + _number(params, "for_s")

    def out(t_s: float) -> None:
        world.person.take_out()
        world.at(t_s + half_s, back)

    def back(t_s: float) -> None:
        world.person.put_in()
        if t_s + half_s < ends_s:
            world.at(t_s + half_s, out)

    out(t_s)


def _current_spike(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    stage = world.stage
    stage.forced_ma = _number(params, "to_ma")
    stage.forced_latched = bool(params["latched"])

    def undo(_t_s: float) -> None:
        stage.forced_ma = None

    return undo


def _over_current(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.stage.extra_ma = _number(params, "by_ma")

    def undo(_t_s: float) -> None:
        world.stage.extra_ma = 0.0

    return undo


def _stage_drift(world: World, params: Mapping[str, Value], t_s: float) -> Undo:
    stage = world.stage

    def drift(factor: float) -> None:
        stage.drift = factor

    world.glide(t_s, _number(params, "over_s"), stage.drift, 1.0 + _number(params, "percent") / 100.0, drift)

    def undo(_t_s: float) -> None:
        stage.drift = 1.0

    return undo


def _short_circuit(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.short_ohm = _number(params, "ohm")

    def undo(_t_s: float) -> None:
        world.short_ohm = None

    return undo


def _adc(attribute: str) -> Start:
    """Make a fault that is an attribute of one or both converters."""

    def start(world: World, params: Mapping[str, Value], t_s: float) -> Undo:
        adcs = world.adcs(str(params["which"]))
        for adc in adcs:
            adc.inject(t_s, attribute, on=True)

        def undo(t_s: float) -> None:
            for adc in adcs:
                adc.inject(t_s, attribute, on=False)

        return undo

    return start


def _adc_reset(world: World, params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs(str(params["which"])):
        adc.reset()


def _adc_wrong(world: World, params: Mapping[str, Value], t_s: float, over_s: float) -> Undo:
    adcs = world.adcs(str(params["which"]))
    gain = 1.0 + float(params.get("percent", 0.0)) / 100.0
    for adc in adcs:
        adc.go_wrong(t_s, over_s, gain=gain, offset_v=float(params.get("by_mv", 0.0)) / 1000.0)

    def undo(t_s: float) -> None:
        for adc in adcs:
            adc.go_right(t_s)

    return undo


def _adc_drift(world: World, params: Mapping[str, Value], t_s: float) -> Undo:
    return _adc_wrong(world, params, t_s, _number(params, "over_s"))


def _adc_disagree(world: World, params: Mapping[str, Value], t_s: float) -> Undo:
    return _adc_wrong(world, params, t_s, AT_ONCE_S)


def _corrupt_sample(world: World, params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs(str(params["which"])):
        adc.corrupt_mask = FLIPPED_BITS


def _dac_silent(world: World, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.dac.silent = True

    def undo(_t_s: float) -> None:
        world.dac.silent = False

    return undo


def _dac_stuck(world: World, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.dac.stuck = True

    def undo(_t_s: float) -> None:
        world.dac.stuck = False

    return undo


def _dac_reset(world: World, params: Mapping[str, Value], t_s: float) -> None:
    before_ma = world.current_ma(t_s)
    world.dac.power_on_reset(int(_number(params, "to_code")))
    world.truth.note_upset(t_s, before_ma)


def _dac_busy(world: World, params: Mapping[str, Value], t_s: float) -> None:
    world.dac.keep_busy(t_s + _number(params, "for_s"))


def _bus_hung(world: World, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.bus.hung = True

    def undo(_t_s: float) -> None:
        world.bus.hung = False

    return undo


def _leakage(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.leak_ma = _number(params, "ma")

    def undo(_t_s: float) -> None:
        world.leak_ma = 0.0

    return undo


def _supply_sag(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    healthy_v = world.supply_v
    world.supply_v = _number(params, "to_v")

    def undo(_t_s: float) -> None:
        world.supply_v = healthy_v

    return undo


def _brown_out(world: World, params: Mapping[str, Value], t_s: float) -> Undo | None:
    for adc in world.adcs("both"):
        adc.reset()
    world.dac.power_on_reset()
    return _supply_sag(world, params, t_s)


def _relay_welded(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.set_welded(on=True, state=relay.worked)

    def undo(_t_s: float) -> None:
        relay.set_welded(on=False)

    return undo


def _relay_open(world: World, params: Mapping[str, Value], t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.set_dead(on=True, t_s=t_s)

    def undo(t_s: float) -> None:
        relay.set_dead(on=False, t_s=t_s)

    return undo


def _relay_slow(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.slow, relay.ails = True, "relay_slow"

    def undo(_t_s: float) -> None:
        relay.slow, relay.ails = False, ""

    return undo


def _relay_bouncing(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.chatter_s, relay.ails = _number(params, "bounce_s"), "relay_bouncing"

    def undo(_t_s: float) -> None:
        relay.chatter_s, relay.ails = 0.0, ""

    return undo


def _polarity_moves(world: World, _params: Mapping[str, Value], t_s: float) -> Undo:
    world.relay("polarity").wander(t_s)
    return world.relay("polarity").follow


def _polarity_stuck(world: World, _params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay("polarity")
    relay.set_welded(on=True)
    relay.ails = "polarity_stuck"

    def undo(_t_s: float) -> None:
        relay.set_welded(on=False)

    return undo


def _load_drying(world: World, params: Mapping[str, Value], t_s: float) -> None:
    load = world.load

    def dry(ohm: float) -> None:
        load.drying_ohm = ohm

    world.glide(t_s, _number(params, "over_s"), load.drying_ohm, _number(params, "to_ohm"), dry)


def _start_stuck(world: World, _params: Mapping[str, Value], _t_s: float) -> Undo:
    return world.press("start")


def _press(world: World, params: Mapping[str, Value], _t_s: float) -> Undo:
    return world.press(str(params["button"]))


def _stall(world: World, params: Mapping[str, Value], _t_s: float) -> None:
    world.clock.overshoot_s = _number(params, "for_s")


_TABLE = (
    Fault("hand_out", "the right hand leaves the water at once", (), _hand_out, "contact"),
    Fault("hand_in", "both hands are whole in the water again", (), _hand_in, "never"),
    Fault(
        "hand_slides_out",
        "the right hand is pulled out: its area shrinks, then the contact breaks",
        (Param("over_s", "s", None, 0.02, 60.0),),
        _hand_slides_out,
        "contact",
    ),
    Fault(
        "one_tray_only",
        "both hands are in one tray, the other tray stays empty",
        (),
        _hand_out,
        "contact",
    ),
    Fault(
        "hand_flutters",
        "the right hand leaves the water and comes back, again and again; at the end it is in",
        (Param("hz", "Hz", 5.0, 0.5, 20.0), Param("for_s", "s", 2.0, 0.05, 600.0)),
        _hand_flutters,
        "contact",
    ),
    Fault(
        "current_spike",
        "the stage forces a current, past its limiter, while its code is above 0 (latched: at any code)",
        (
            Param("to_ma", "mA", 30.0, 0.0, 60.0),
            Param("for_s", "s", 1.0, 0.0, 7200.0),
            Param("latched", "", default=False),
        ),
        _current_spike,
        "drive",
    ),
    Fault(
        "over_current",
        "the stage drives so much more than its code asks for, while its code is above 0",
        (Param("by_ma", "mA", 5.0, 0.0, 25.0), FOR_GOOD),
        _over_current,
        "drive",
    ),
    Fault(
        "stage_drift",
        "the stage's gain drifts away by so many percent over over_s",
        (
            Param("percent", "%", -30.0, -90.0, 100.0),
            Param("over_s", "s", 5.0, 0.01, 3600.0),
            FOR_GOOD,
        ),
        _stage_drift,
        "drive",
    ),
    Fault(
        "short_circuit",
        "the electrodes touch: a small resistance replaces the person",
        (Param("ohm", "ohm", 20.0, 1.0, 500.0), FOR_GOOD),
        _short_circuit,
        "drive",
    ),
    Fault("adc_silent", "the converter does not acknowledge", (ADC_WHICH, FOR_GOOD), _adc("silent")),
    Fault(
        "adc_frozen", "conversions end but the result never changes", (ADC_WHICH, FOR_GOOD), _adc("frozen")
    ),
    Fault(
        "adc_stale",
        "the converter's conversions never end: not ready, and no new result",
        (ADC_WHICH, FOR_GOOD),
        _adc("stale"),
    ),
    Fault(
        "adc_drift",
        "the converter's gain drifts away by so many percent over over_s",
        (
            _which("control", "guard", "both", default="control"),
            Param("percent", "%", 20.0, -90.0, 100.0),
            Param("over_s", "s", 5.0, 0.01, 3600.0),
            FOR_GOOD,
        ),
        _adc_drift,
    ),
    Fault(
        "adc_disagree",
        "the converter reads by_mv more than there is at every input",
        (
            _which("control", "guard", "both", default="guard"),
            Param("by_mv", "mV", -100.0, -1000.0, 1000.0),
            FOR_GOOD,
        ),
        _adc_disagree,
    ),
    Fault("adc_saturated", "every result is positive full scale", (ADC_WHICH, FOR_GOOD), _adc("saturated")),
    Fault(
        "adc_reset", "a brown-out: the converter's registers are at their defaults", (ADC_WHICH,), _adc_reset
    ),
    Fault("corrupt_sample", "one result is read with flipped bits, once", (ADC_WHICH,), _corrupt_sample),
    Fault("dac_silent", "the converter does not acknowledge and holds its output", (FOR_GOOD,), _dac_silent),
    Fault("dac_stuck", "the output keeps its value while the registers follow", (FOR_GOOD,), _dac_stuck),
    Fault(
        "dac_reset",
        "a brown-out: the converter loads its EEPROM, which holds to_code",
        (Param("to_code", "", 0.0, 0.0, 4095.0),),
        _dac_reset,
    ),
    Fault(
        "dac_busy",
        "an EEPROM write that nobody asked for: the converter ignores writes for so long",
        (Param("for_s", "s", 0.05, 0.001, 60.0),),
        _dac_busy,
    ),
    Fault(
        "bus_hung", "the bus is held low: every transfer ends in the host's timeout", (FOR_GOOD,), _bus_hung
    ),
    Fault(
        "leakage",
        "part of the current comes back another way than the return path",
        (Param("ma", "mA", 2.0, 0.0, 25.0), FOR_GOOD),
        _leakage,
        "drive",
    ),
    Fault(
        "supply_sag",
        "the high-voltage rail falls, and the compliance with it",
        (Param("to_v", "V", 40.0, 0.0, 64.0), FOR_GOOD),
        _supply_sag,
    ),
    Fault(
        "brown_out",
        "the rail falls and the converters reset: ADC registers at their defaults, the DAC at its EEPROM",
        (Param("to_v", "V", 20.0, 0.0, 64.0), Param("for_s", "s", 0.05, 0.001, 7200.0)),
        _brown_out,
    ),
    Fault(
        "relay_welded",
        "the contact is closed for good",
        (_which("series", "enable"), FOR_GOOD),
        _relay_welded,
    ),
    Fault(
        "relay_open",
        "the coil is dead: the contact falls open",
        (_which("enable", "series"), FOR_GOOD),
        _relay_open,
        "want",
    ),
    Fault(
        "relay_slow",
        "the contact takes ten times as long to close and to open",
        (_which("series", "enable", "polarity", default="series"), FOR_GOOD),
        _relay_slow,
        "move",
    ),
    Fault(
        "relay_bouncing",
        "the contact bounces for so long whenever it closes",
        (
            _which("series", "enable", "polarity", default="series"),
            Param("bounce_s", "s", 0.02, 0.002, 1.0),
            FOR_GOOD,
        ),
        _relay_bouncing,
        "move",
    ),
    Fault(
        "polarity_stuck",
        "the change-over contacts stay where they are",
        (FOR_GOOD,),
        _polarity_stuck,
        "move",
    ),
    Fault(
        "polarity_moves",
        "the change-over contacts go to the other side by themselves, under load if there is any",
        (FOR_GOOD,),
        _polarity_moves,
        "drive",
    ),
    Fault(
        "load_drying",
        "a series resistance grows to to_ohm over over_s",
        (Param("to_ohm", "ohm", 3000.0, 0.0, 100_000.0), Param("over_s", "s", 60.0, 0.1, 7200.0)),
        _load_drying,
    ),
    Fault("start_stuck", "the Start button's contact stays closed", (FOR_GOOD,), _start_stuck),
    Fault(
        "press",
        "a person presses a button",
        (
            Param("button", "", None, choices=("start", "stop", "up", "down")),
            Param("for_s", "s", 0.3, 0.01, 600.0),
        ),
        _press,
        "never",
    ),
    Fault(
        "stall",
        "the loop's next sleep lasts this much longer",
        (Param("for_s", "s", 0.1, 0.0, 10.0),),
        _stall,
    ),
)

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _TABLE}
"""Every fault by name, in the order in which they are shown."""


def check_params(name: str, given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of fault `name` with defaults filled in; ValueError names what is allowed."""
    if name not in FAULTS:
        raise ValueError(f"fault {name!r} is unknown; allowed are {', '.join(FAULTS)}")
    params = {param.name: param for param in FAULTS[name].params}
    for key in given:
        if key not in params:
            allowed = ", ".join(params) or "none"
            raise ValueError(f"{key}: fault {name} has no such parameter; allowed are: {allowed}")
    checked: dict[str, Value] = {}
    for key, param in params.items():
        if key in given:
            checked[key] = param.check(given[key])
        elif param.default is None:
            raise ValueError(f"{key}: fault {name} needs it: {param.allowed}")
        else:
            checked[key] = param.default
    return checked

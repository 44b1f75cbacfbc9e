"""How each fault of the table acts: on parts and people, as far as a fault can reach them.

Law of this module: an effect changes the physical world, never the controller, and of a world it touches
what `Reachable` names and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from sim.body.load import Load
from sim.body.person import Person
from sim.chips.ads1115 import HI_THRESH, RESET_HI, Ads1115
from sim.chips.battery_clock import BatteryClock
from sim.chips.bus import SimBus
from sim.chips.mcp4725 import Mcp4725
from sim.clock import MachineClock, VirtualClock
from sim.dummy import Dummy
from sim.electronics import Latch, Relay, Stage
from sim.faults import Value
from sim.truth import Truth

AT_ONCE_S: Final = 1e-6
FLIPPED_BITS: Final = 0x2000
"""Bits that a corrupt sample flips: a quarter of the range, too much to pass, too little to saturate."""

Undo: TypeAlias = Callable[[float], None]
"""Removes a fault at a time in s."""


class Reachable(Protocol):
    """What a fault can reach of a world."""

    clock: VirtualClock
    machine: MachineClock
    battery_clock: BatteryClock | None
    truth: Truth
    bus: SimBus
    dac: Mcp4725
    stage: Stage
    load: Load
    person: Person
    supply_v: float
    short_ohm: float | None
    leak_ma: float
    latch: Latch | None
    dummy: Dummy | None
    stop_dead: bool
    stop_delay_s: float

    def watch_trip(self, t_s: float) -> None:
        """Let the latch of the hardware trip take what ALERT says at `t_s`, and the switch what it says."""

    def adcs(self, which: str) -> list[Ads1115]:
        """Return the converters called `control`, `guard` or `both`, as far as the unit has them."""

    def relay(self, which: str) -> Relay:
        """Return the relay called `enable`, `series` or `polarity`, or the hardware trip's `switch`."""

    def current_ma(self, at_s: float) -> float:
        """Size of the true current through the person in mA at `at_s` (s)."""

    def wind_up(self, tau_s: float, top_ma: float, t_s: float) -> None:
        """Let the stage's loop, with this time constant, wind up to `top_ma` from `t_s` (s) on."""

    def oscillate(self, hz: float, top_ma: float, t_s: float) -> None:
        """Let the stage swing between nothing and `top_ma` from `t_s` (s) on."""

    def mend_output(self, t_s: float) -> None:
        """Let the output be as the unit was built again, from `t_s` (s) on."""

    def press(self, button: str) -> Undo:
        """Press a button of the panel; calling the result lets it go."""

    def at(self, t_s: float, action: Callable[[float], None]) -> None:
        """Let `action` happen at `t_s` (s)."""

    def glide(self, t_s: float, over_s: float, old: float, new: float, put: Callable[[float], None]) -> None:
        """Let a value go evenly from `old` to `new`, from `t_s` over `over_s` seconds; `put` sets it."""


Effect: TypeAlias = Callable[[Reachable, Mapping[str, Value], float], Undo | None]
"""Applies a fault with all its parameters at a time in s; gives back how to remove it, or None."""


def _number(params: Mapping[str, Value], name: str) -> float:
    return float(params[name])


def _hand_out(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> None:
    world.person.take_out()


def _hand_in(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> None:
    world.person.put_in()


def _hand_slides_out(world: Reachable, params: Mapping[str, Value], t_s: float) -> None:
    world.person.slide_out(t_s, _number(params, "over_s"))


def _hand_flutters(world: Reachable, params: Mapping[str, Value], t_s: float) -> None:
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


def _current_spike(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    stage = world.stage
    stage.forced_ma = _number(params, "to_ma")
    stage.forced_latched = bool(params["latched"])

    def undo(_t_s: float) -> None:
        stage.forced_ma = None

    return undo


def _over_current(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.stage.extra_ma = _number(params, "by_ma")

    def undo(_t_s: float) -> None:
        world.stage.extra_ma = 0.0

    return undo


def _stage_drift(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    stage = world.stage

    def drift(factor: float) -> None:
        stage.drift = factor

    world.glide(t_s, _number(params, "over_s"), stage.drift, 1.0 + _number(params, "percent") / 100.0, drift)

    def undo(_t_s: float) -> None:
        stage.drift = 1.0

    return undo


def _stage_winds_up(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    world.wind_up(_number(params, "tau_ms") / 1000.0, _number(params, "top_ma"), t_s)
    return world.mend_output


def _stage_oscillates(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    world.oscillate(_number(params, "hz"), _number(params, "top_ma"), t_s)
    return world.mend_output


def _short_circuit(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.short_ohm = _number(params, "ohm")

    def undo(_t_s: float) -> None:
        world.short_ohm = None

    return undo


def _adc(attribute: str) -> Effect:
    """Make a fault that is an attribute of one or both converters."""

    def start(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
        adcs = world.adcs(str(params["which"]))
        for adc in adcs:
            adc.inject(t_s, attribute, on=True)

        def undo(t_s: float) -> None:
            for adc in adcs:
                adc.inject(t_s, attribute, on=False)

        return undo

    return start


def _adc_reset(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs(str(params["which"])):
        adc.reset()


def _adc_wrong(world: Reachable, params: Mapping[str, Value], t_s: float, over_s: float) -> Undo:
    adcs = world.adcs(str(params["which"]))
    gain = 1.0 + float(params.get("percent", 0.0)) / 100.0
    for adc in adcs:
        adc.go_wrong(t_s, over_s, gain=gain, offset_v=float(params.get("by_mv", 0.0)) / 1000.0)

    def undo(t_s: float) -> None:
        for adc in adcs:
            adc.go_right(t_s)

    return undo


def _adc_drift(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    return _adc_wrong(world, params, t_s, _number(params, "over_s"))


def _adc_disagree(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    return _adc_wrong(world, params, t_s, AT_ONCE_S)


def _corrupt_sample(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs(str(params["which"])):
        adc.corrupt_mask = FLIPPED_BITS


def _dac_silent(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.dac.silent = True

    def undo(_t_s: float) -> None:
        world.dac.silent = False

    return undo


def _dac_stuck(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.dac.stuck = True

    def undo(_t_s: float) -> None:
        world.dac.stuck = False

    return undo


def _dac_reset(world: Reachable, params: Mapping[str, Value], t_s: float) -> None:
    before_ma = world.current_ma(t_s)
    world.dac.power_on_reset(int(_number(params, "to_code")))
    world.truth.note_upset(t_s, before_ma)


def _dac_flipped(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    world.dac.corrupt_mask = 1 << int(_number(params, "bit"))


def _dac_busy(world: Reachable, params: Mapping[str, Value], t_s: float) -> None:
    world.dac.keep_busy(t_s + _number(params, "for_s"))


def _trip_shorted(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    switch = world.relay("switch")
    switch.set_welded(on=True, state=switch.worked)

    def undo(_t_s: float) -> None:
        switch.set_welded(on=False)

    return undo


def _latch(attribute: str) -> Effect:
    """Make a fault that is an attribute of the hardware trip's latch."""

    def start(world: Reachable, _params: Mapping[str, Value], t_s: float) -> Undo | None:
        latch = world.latch
        if latch is None:
            return None
        setattr(latch, attribute, True)
        world.watch_trip(t_s)

        def undo(_t_s: float) -> None:
            setattr(latch, attribute, False)

        return undo

    return start


def _threshold_flipped(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs("guard"):
        adc.put_threshold(HI_THRESH, adc.threshold(HI_THRESH) ^ 1 << int(_number(params, "bit")))


def _threshold_lost(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> None:
    for adc in world.adcs("guard"):
        adc.put_threshold(HI_THRESH, RESET_HI)


def _dummy(attribute: str) -> Effect:
    """Make a fault that is an attribute of the dummy load."""

    def start(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo | None:
        dummy = world.dummy
        if dummy is None:
            return None
        setattr(dummy, attribute, True)

        def undo(_t_s: float) -> None:
            setattr(dummy, attribute, False)

        return undo

    return start


def _dummy_off(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo | None:
    dummy = world.dummy
    if dummy is None:
        return None
    dummy.off = 1.0 + _number(params, "percent") / 100.0

    def undo(_t_s: float) -> None:
        dummy.off = 1.0

    return undo


def _dummy_hangs(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo | None:
    if world.dummy is None:
        return None
    relay = world.dummy.relay
    relay.set_welded(on=True, state=relay.worked)

    def undo(_t_s: float) -> None:
        relay.set_welded(on=False)

    return undo


def _dummy_dead(world: Reachable, _params: Mapping[str, Value], t_s: float) -> Undo | None:
    if world.dummy is None:
        return None
    relay = world.dummy.relay
    relay.set_dead(on=True, t_s=t_s)

    def undo(t_s: float) -> None:
        relay.set_dead(on=False, t_s=t_s)

    return undo


def _limiter_off(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    stage = world.stage
    sound_ma = stage.limit_ma
    stage.limit_ma = _number(params, "to_ma")

    def undo(_t_s: float) -> None:
        stage.limit_ma = sound_ma

    return undo


def _bus_hung(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.bus.hung = True

    def undo(_t_s: float) -> None:
        world.bus.hung = False

    return undo


def _leakage(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.leak_ma = _number(params, "ma")

    def undo(_t_s: float) -> None:
        world.leak_ma = 0.0

    return undo


def _supply_sag(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    healthy_v = world.supply_v
    world.supply_v = _number(params, "to_v")

    def undo(_t_s: float) -> None:
        world.supply_v = healthy_v

    return undo


def _brown_out(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo | None:
    for adc in world.adcs("both"):
        adc.reset()
    world.dac.power_on_reset()
    return _supply_sag(world, params, t_s)


def _relay_welded(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.set_welded(on=True, state=relay.worked)

    def undo(_t_s: float) -> None:
        relay.set_welded(on=False)

    return undo


def _relay_open(world: Reachable, params: Mapping[str, Value], t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.set_dead(on=True, t_s=t_s)

    def undo(t_s: float) -> None:
        relay.set_dead(on=False, t_s=t_s)

    return undo


def _relay_slow(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.slow, relay.ails = True, "relay_slow"

    def undo(_t_s: float) -> None:
        relay.slow, relay.ails = False, ""

    return undo


def _relay_bouncing(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay(str(params["which"]))
    relay.chatter_s, relay.ails = _number(params, "bounce_s"), "relay_bouncing"

    def undo(_t_s: float) -> None:
        relay.chatter_s, relay.ails = 0.0, ""

    return undo


def _polarity_moves(world: Reachable, _params: Mapping[str, Value], t_s: float) -> Undo:
    world.relay("polarity").wander(t_s)
    return world.relay("polarity").follow


def _polarity_stuck(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    relay = world.relay("polarity")
    relay.set_welded(on=True)
    relay.ails = "polarity_stuck"

    def undo(_t_s: float) -> None:
        relay.set_welded(on=False)

    return undo


def _load_drying(world: Reachable, params: Mapping[str, Value], t_s: float) -> None:
    load = world.load

    def dry(ohm: float) -> None:
        load.drying_ohm = ohm

    world.glide(t_s, _number(params, "over_s"), load.drying_ohm, _number(params, "to_ohm"), dry)


def _start_stuck(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    return world.press("start")


def _stop_dead(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    world.stop_dead = True

    def undo(_t_s: float) -> None:
        world.stop_dead = False

    return undo


def _stop_delay(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    before_s, world.stop_delay_s = world.stop_delay_s, _number(params, "to_s")

    def undo(_t_s: float) -> None:
        world.stop_delay_s = before_s

    return undo


def _press(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    return world.press(str(params["button"]))


def _clock_rate(world: Reachable, params: Mapping[str, Value], _t_s: float) -> Undo:
    world.machine.run_at(_number(params, "factor"))
    return lambda _t_s: world.machine.run_at(1.0)


def _battery_clock_set(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    if world.battery_clock is not None:
        world.battery_clock.put(_number(params, "by_s"))


def _battery_clock_stopped(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    clock = world.battery_clock
    if clock is not None:
        clock.stop(on=True)

    def undo(_t_s: float) -> None:
        if clock is not None:
            clock.stop(on=False)

    return undo


def _battery_clock_silent(world: Reachable, _params: Mapping[str, Value], _t_s: float) -> Undo:
    clock = world.battery_clock
    if clock is not None:
        clock.silent = True

    def undo(_t_s: float) -> None:
        if clock is not None:
            clock.silent = False

    return undo


def _stall(world: Reachable, params: Mapping[str, Value], _t_s: float) -> None:
    world.clock.overshoot_s = _number(params, "for_s")


EFFECTS: Final[dict[str, Effect]] = {
    "hand_out": _hand_out,
    "hand_in": _hand_in,
    "hand_slides_out": _hand_slides_out,
    "one_tray_only": _hand_out,
    "hand_flutters": _hand_flutters,
    "current_spike": _current_spike,
    "over_current": _over_current,
    "stage_drift": _stage_drift,
    "stage_winds_up": _stage_winds_up,
    "stage_oscillates": _stage_oscillates,
    "short_circuit": _short_circuit,
    "adc_silent": _adc("silent"),
    "adc_frozen": _adc("frozen"),
    "adc_stale": _adc("stale"),
    "adc_drift": _adc_drift,
    "adc_disagree": _adc_disagree,
    "adc_saturated": _adc("saturated"),
    "adc_reset": _adc_reset,
    "corrupt_sample": _corrupt_sample,
    "dac_silent": _dac_silent,
    "dac_stuck": _dac_stuck,
    "dac_reset": _dac_reset,
    "dac_busy": _dac_busy,
    "dac_flipped": _dac_flipped,
    "trip_shorted": _trip_shorted,
    "trip_stuck": _latch("stuck"),
    "trip_wire_broken": _latch("wire_broken"),
    "trip_threshold_flipped": _threshold_flipped,
    "trip_threshold_lost": _threshold_lost,
    "dummy_open": _dummy("open"),
    "dummy_shorted": _dummy("shorted"),
    "dummy_off": _dummy_off,
    "dummy_hangs": _dummy_hangs,
    "dummy_dead": _dummy_dead,
    "limiter_off": _limiter_off,
    "bus_hung": _bus_hung,
    "leakage": _leakage,
    "supply_sag": _supply_sag,
    "brown_out": _brown_out,
    "relay_welded": _relay_welded,
    "relay_open": _relay_open,
    "relay_slow": _relay_slow,
    "relay_bouncing": _relay_bouncing,
    "polarity_stuck": _polarity_stuck,
    "polarity_moves": _polarity_moves,
    "load_drying": _load_drying,
    "start_stuck": _start_stuck,
    "stop_dead": _stop_dead,
    "stop_delay": _stop_delay,
    "press": _press,
    "clock_rate": _clock_rate,
    "battery_clock_set": _battery_clock_set,
    "battery_clock_stopped": _battery_clock_stopped,
    "battery_clock_silent": _battery_clock_silent,
    "stall": _stall,
}
"""The effect of every fault, by the name of its row in `sim.faults.FAULTS`."""

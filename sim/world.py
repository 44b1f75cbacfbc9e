"""The unit and the person in it, wired together on one clock.

Law of this module: whatever is due happens at its own time and in order, and the true current is exact
between two such moments. Nothing here knows the controller; it meets only the bus and the pins.

The output stage feeds the dummy load, where that is on, then the enable and series relays in series, then
what is called the line (where the voltage is sensed), the polarity relay, the person, and in the return the
hardware trip's switch and two shunts; what comes back is sensed signed.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Final, TypeAlias

from sim.body.load import Load
from sim.body.person import SECOND_HAND_S, SPLASH_S, SPLASHES, SPLASHING_S, Person
from sim.chips.ads1115 import Ads1115
from sim.chips.battery_clock import BatteryClock
from sim.chips.bus import SimBus
from sim.chips.mcp4725 import Mcp4725
from sim.chips.pins import SimFactory
from sim.clock import MachineClock, VirtualClock
from sim.dummy import SETTLES_S, Dummy
from sim.effects import EFFECTS
from sim.electronics import (
    BARE_CURVE,
    BARE_MA,
    BARE_PART,
    BARE_V,
    STAGE_TAU_S,
    ChargePump,
    Lamp,
    Latch,
    NoiseTable,
    OneShot,
    Relay,
    Sensor,
    Stage,
    tolerance,
)
from sim.faults import FAULTS, Value
from sim.lead import Lead
from sim.output import Circuit, Output, OutputParts
from sim.scenario import Event, Scenario
from sim.spec import UnitSpec, load_params
from sim.trace import Trace
from sim.truth import Truth

__all__ = ["UnitSpec", "World"]

Glide: TypeAlias = tuple[float, float, float, float, Callable[[float], None]]
"""A value on its way: begin s, end s, old value, new value, and what sets it."""

STEP_S: Final = 0.006
BRISK_STEP_S: Final = 0.002
IDLE_STEP_S: Final = 0.25
"""How often the load's slow state is carried on: with current, while something moves, and otherwise."""
EDGE_STEP_S: Final = 0.004
"""A heartbeat edge carries it on when it is this old, so that the step falls where a tick ends."""
IDLE_SWING_S: Final = 0.001
"""At code 0 nothing swings, and it is looked at this often whether the code has come."""
DRIVEN_MA: Final = 0.1
"""A stage that asks for less than this has no current to lose: a twentieth of what DC perception takes."""
STOP_DELAY_S: Final = 7.0
"""Stop's second contact breaks the enable circuit so long after the first press, which nothing resets ..."""
STOP_HOLDS_S: Final = 0.7
"""... for so long, and until Stop is let go (reference circuit: 6.8 to 7.2 s, 0.69 to 0.73 s) ..."""
STOP_PART: Final = 0.025
"""... over parts and temperature."""
WOUND_DOWN_MA: Final = -13.6
"""So far a loop winds down at code 0: its gate 2 V below where current begins (tests: `wound_stage.py`)."""
ONE_SHOT_PART: Final = 0.025
"""A timer's hold time over parts and temperature (LTC6993: 2.3 %)."""
HEADROOM_PART: Final = 0.05
"""Headroom over parts and temperature (reference circuit: 54.5 to 57.8 V at 15 mA, mostly the rail)."""
DIVIDER_PART: Final = 0.002
CAPACITANCE_PARTS: Final = (0.75, 1.5)
"""What lies across the terminals, mostly over the leads (reference circuit: 1.05 to 2.1 nF about 1.4)."""
BLEEDER_KOHM: Final = 470.0
"""Load of the open output terminals: a stage that drives nothing at all still shows no full voltage."""
CURRENT_NOISE_MA: Final = 0.001
"""Noise of the stage and its shunts as a converter sees it, rms (reference design)."""


class World:
    """One unit, one person, one session's faults. Same `spec`, `scenario`, `seed` and calls: same bits.

    For the controller: `bus` and `pin_factory`. For its judge: `truth`. The rest is for faults and tests.
    """

    def __init__(self, spec: UnitSpec, scenario: Scenario, seed: int, clock: VirtualClock) -> None:
        self.spec, self.clock = spec, clock
        self.machine = MachineClock(clock)
        """The clock of the computer that the controller runs on."""
        self.battery_clock: BatteryClock | None = None
        self._seed = seed
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._agenda_count = 0
        self._stepped_s = clock.now_s
        self._step_due_s = math.inf
        self._happening_s: float | None = None
        self._glides: list[Glide] = []
        self._pressed = dict.fromkeys(("start", "stop", "up", "down"), 0)
        self._build = scenario.build
        self._buttons = self._wire_buttons()
        self._stop_open = False
        self.stop_dead = False
        self.stop_delay_s = tolerance(self._rng("stop"), STOP_DELAY_S, STOP_PART)
        self._stop_began_s: float | None = None
        """When the press began that the timer of Stop's second contact runs from, s."""
        self._stop_holds = False
        self._lost_by = "hand_out"
        self.levels: dict[int, bool] = {}
        self.short_ohm: float | None = None
        self.leak_ma = 0.0
        self._swings = False
        self.trace = Trace(self._before_forgetting)
        self.lead: Lead | None = None
        self.truth = Truth(clock, self.trace)
        self._calm_ma, self._tense_until_s = -math.inf, math.inf
        self._draw_electronics()
        self._draw_chips()
        # Ordinary people differ enough by what they are drawn from; the others are drawn around their kind.
        ordinary = scenario.load.skin == "ordinary"
        params = load_params(spec.area, scenario, self._rng("ordinary"))
        self.load = Load(params, None if ordinary else self._rng("person"))
        moves = self._rng("moves") if scenario.person.moves else None
        self.person = Person(self.load, self._rng("fidgets"), fidgets=scenario.person.fidgets, moves=moves)
        self._contact = self.load.in_contact
        self.pin_factory = SimFactory(self)
        self.mend_output(clock.now_s)
        self._plan(scenario)
        clock.on_alarm = self._ring
        self._refresh(clock.now_s)
        self._ring(clock.now_s)

    def _rng(self, part: str) -> Random:
        return Random(f"{self._seed}:{part}")

    def _wire_buttons(self) -> dict[int, str]:
        spec = self.spec
        pins = {"start": spec.start_pin, "up": spec.up_pin, "down": spec.down_pin, "stop": spec.stop_pin}
        if self._build.swapped:
            one, other = self._build.swapped
            pins[one], pins[other] = pins[other], pins[one]
        return {pin: button for button, pin in pins.items()}

    def _draw_electronics(self) -> None:
        spec, rng = self.spec, self._rng("electronics")
        self._draw_output()
        self.supply_v = tolerance(rng, spec.supply_v, 0.02)
        if spec.bare:
            self.stage = Stage(
                spec.full_scale_ma,
                rng,
                gain_part=BARE_PART,
                offset_ma=BARE_MA,
                code_zero_ma=spec.code_zero_ma,
            )
        else:
            self.stage = Stage(spec.full_scale_ma, rng, code_zero_ma=spec.code_zero_ma)
            self.stage.shift(spec.code_zero_spread_ma * self._dac_offset())
        self.pump: ChargePump | OneShot = ChargePump()
        if spec.one_shot_ms is not None:
            hold_s = tolerance(self._rng("one-shot"), spec.one_shot_ms, ONE_SHOT_PART) / 1000.0
            self.pump = OneShot(hold_s, spec.one_shot_shortest_ms / 1000.0)
        self._enable = Relay(rng)
        self._series = Relay(rng)
        self._polarity = Relay(rng, rest=1, worked=-1, solid_state=spec.polarity_relay == "h_bridge")
        self._relays = (self._enable, self._series, self._polarity)
        self.latch: Latch | None = None if spec.rearm_pin is None else Latch()
        self._switch = Relay(self._rng("switch"), solid_state=True)
        self.dummy: Dummy | None = None
        if spec.dummy_ohm is not None:
            self.dummy = Dummy(spec.dummy_ohm, spec.dummy_gain, self._rng("dummy"), self._before_forgetting)
        self._control = Sensor(tolerance(rng, spec.control_current_ohm, 0.001) / 1000.0, spec.full_scale_ma)
        self._guard = Sensor(tolerance(rng, spec.guard_current_ohm, 0.001) / 1000.0, spec.full_scale_ma)
        self._return = Sensor(tolerance(rng, spec.return_ohm, 0.001) / 1000.0, spec.full_scale_ma)
        self._bias_v = tolerance(rng, spec.return_bias_v, 0.001)
        self._voltage = Sensor(1.0 / tolerance(rng, spec.voltage_ratio, 0.005), spec.compliance_v)
        self._supply_ratio = tolerance(rng, spec.supply_ratio, 0.005)
        self._lamp = Lamp(spec.lamp_v, spec.lamp_ohm, self._rng("lamp")) if spec.lamp_v else None
        if spec.bare:
            self._untrim()
        self._noise = NoiseTable(self._rng(f"noise{spec.visit}"), CURRENT_NOISE_MA)

    def _dac_offset(self) -> float:
        """Draw the DAC's offset, as a share of its most: as the circuit does, whose middle is near none."""
        rng = self._rng("dac offset")
        return rng.random() if rng.random() < 0.5 else 0.0

    def _draw_output(self) -> None:
        """Draw what lies between the stage and the person, where the unit says that there is such a thing."""
        spec, rng = self.spec, self._rng("output")
        self._headroom_v, self._clamp_v = spec.supply_v - spec.compliance_v, math.inf
        self._headroom_kohm = spec.headroom_ohm / 1000.0
        if spec.headroom_v is not None:
            part = 1.0 + rng.uniform(-HEADROOM_PART, HEADROOM_PART)
            self._headroom_v, self._clamp_v = part * spec.headroom_v, spec.compliance_v
            self._headroom_kohm *= part
        self._divider_kohm, self._open_kohm = None, BLEEDER_KOHM
        if spec.divider_kohm is not None:
            self._divider_kohm = self._open_kohm = tolerance(rng, spec.divider_kohm, DIVIDER_PART)
        self._output_parts = spec.output
        if spec.output is not None:
            nf = spec.output.capacitance_nf * rng.uniform(*CAPACITANCE_PARTS)
            self._output_parts = replace(spec.output, capacitance_nf=nf)

    def _untrim(self) -> None:
        spec, rng = self.spec, self._rng("bare")

        def bare(sensor: Sensor, zero: float, full_scale: float) -> Sensor:
            return Sensor(
                tolerance(rng, sensor.factor, BARE_PART),
                full_scale,
                zero=rng.uniform(-zero, zero),
                curve=rng.uniform(-BARE_CURVE, BARE_CURVE) * full_scale,
            )

        self._control = bare(self._control, BARE_MA, spec.full_scale_ma)
        self._guard = bare(self._guard, BARE_MA, spec.full_scale_ma)
        self._return = bare(self._return, BARE_MA, spec.full_scale_ma)
        self._voltage = bare(self._voltage, BARE_V, spec.compliance_v)

    def _draw_chips(self) -> None:
        spec, clock, build = self.spec, self.clock, self._build
        self.bus = SimBus(clock, spec.frequency_hz, spec.timeout_ms / 1000.0, spec.overhead_us * 1e-6)
        self.control_adc = Ads1115(clock, self._control_volts, self._rng("control"))
        if "control_adc" not in build.missing:
            self.bus.attach(build.control_address or spec.control_address, self.control_adc)
        self.guard_adc: Ads1115 | None = None
        if spec.guard_address is not None:
            self.guard_adc = Ads1115(clock, self._guard_volts, self._rng("guard"))
            if "guard_adc" not in build.missing:
                self.bus.attach(build.guard_address or spec.guard_address, self.guard_adc)
        self.dac = Mcp4725(clock, self._dac_output, self._rng("dac"), build.eeprom_code or spec.eeprom_code)
        if "dac" not in build.missing:
            self.bus.attach(build.dac_address or spec.dac_address, self.dac)
        self.stage.code = self.dac.output_code
        if spec.battery_clock:
            self.battery_clock = BatteryClock(clock, self._rng("battery clock"))
        if self.latch is not None and self.guard_adc is not None:
            self.guard_adc.changed = self._trip_changed

    def _plan(self, scenario: Scenario) -> None:
        habits = scenario.person
        if habits.skin_cm2 is not None:
            whole_cm2 = self.load.area_cm2
            left, right = (None if cm2 is None else cm2 / whole_cm2 for cm2 in habits.skin_cm2)
            self.at(habits.hands_in_at_s, lambda _t_s: self.person.dip_in((left, right)))
        elif habits.moves:
            self._put_in_one_by_one(habits.hands_in_at_s)
        else:
            self.at(habits.hands_in_at_s, lambda _t_s: self.person.put_in())
        if habits.stop_at_s is not None:
            holds: dict[str, Value] = {"button": "stop", "for_s": habits.stop_for_s}
            self.at(habits.stop_at_s, lambda t_s: self.inject(t_s, "press", holds))
        if habits.start_at_s is not None:
            params: dict[str, Value] = {"button": "start", "for_s": habits.start_for_s}
            self.at(habits.start_at_s, lambda t_s: self.inject(t_s, "press", params))
        for event in scenario.events:
            self.at(event.at_s, partial(self._inject_event, event))

    def _put_in_one_by_one(self, t_s: float) -> None:
        """Plan the left hand, the right one, and the splashes until that one rests."""
        rng = self._rng("settling")
        self.at(t_s, lambda _t_s: self.person.put_in_first())
        t_s += rng.uniform(*SECOND_HAND_S)
        self.at(t_s, lambda _t_s: self.person.put_in())
        for _ in range(rng.randint(0, SPLASHES)):
            out_s = t_s + rng.uniform(0.0, SPLASHING_S)
            self.at(out_s, lambda _t_s: self.person.take_out())
            self.at(out_s + rng.uniform(*SPLASH_S), lambda _t_s: self.person.put_in())

    def _inject_event(self, event: Event, t_s: float) -> None:
        self.inject(t_s, event.fault, event.params)

    # What faults and persons do.

    def at(self, t_s: float, action: Callable[[float], None]) -> None:
        """Put `action(t_s)` on the agenda; equal times keep their order."""
        heapq.heappush(self._agenda, (t_s, self._agenda_count, action))
        self._agenda_count += 1
        self.clock.alarm_s = min(self.clock.alarm_s, t_s)

    def inject(self, t_s: float, name: str, params: dict[str, Value]) -> None:
        """Start a fault of `sim.faults.FAULTS` at `t_s`, and plan its end."""
        fault = FAULTS[name]
        if fault.onset == "event":
            self.truth.note_fault(name, t_s)
        elif fault.onset in ("drive", "want"):
            self.truth.note_dormant(name, closed=fault.onset == "drive")
        elif fault.onset == "contact":
            self._lost_by = name
        undo = EFFECTS[name](self, params, t_s)
        lasts_s = float(params.get("for_s", 0.0))
        if undo is not None and lasts_s > 0.0:
            self.at(t_s + lasts_s, undo)

    def wind_up(self, tau_s: float, top_ma: float, t_s: float) -> None:
        """Let the stage's loop, with this time constant, wind up to `top_ma` from `t_s` (s) on."""
        parts = replace(
            self._output_parts or OutputParts(), tau_s=tau_s, top_ma=top_ma, bottom_ma=WOUND_DOWN_MA
        )
        self.lead = Lead(Output(parts), self.trace, t_s)

    def oscillate(self, hz: float, top_ma: float, t_s: float) -> None:
        """Let the stage swing from end to end at once, between nothing and `top_ma`, from `t_s` (s) on."""
        self.lead, self._swings = None, True
        half_s = 0.5 / hz

        def swing(t_s: float) -> None:
            if not self._swings:
                return
            stage = self.stage
            stage.forced_ma = 0.0 if stage.forced_ma else top_ma
            self.at(t_s + (half_s if stage.code else IDLE_SWING_S), swing)

        swing(t_s)

    def mend_output(self, t_s: float) -> None:
        """Let the output be as the unit was built again, from `t_s` (s) on."""
        parts = self._output_parts
        if self._swings:
            self.stage.forced_ma, self._swings = None, False
        self.lead = None if parts is None else Lead(Output(parts), self.trace, t_s)

    def adcs(self, which: str) -> list[Ads1115]:
        """Return the converters called `control`, `guard` or `both`, as far as the unit has them."""
        guard = [] if self.guard_adc is None else [self.guard_adc]
        return {"control": [self.control_adc], "guard": guard, "both": [self.control_adc, *guard]}[which]

    def relay(self, which: str) -> Relay:
        """Return the relay called `enable`, `series` or `polarity`, or the hardware trip's `switch`."""
        return {
            "enable": self._enable,
            "series": self._series,
            "polarity": self._polarity,
            "switch": self._switch,
        }[which]

    def press(self, button: str) -> Callable[[float], None]:
        """Press a button of the panel; calling the result lets it go."""
        self._pressed[button] += 1
        if button == "stop" and self._build.stop == "right" and self._stop_began_s is None:
            self._stop_began_s = self._moment_s()
            self.at(self._stop_began_s + self.stop_delay_s, self._stop_runs_out)

        def let_go(t_s: float) -> None:
            self._pressed[button] -= 1
            self._give_back(t_s)

        return let_go

    def _stop_runs_out(self, t_s: float) -> None:
        """End the time of Stop's second contact, where that has not become longer meanwhile."""
        due_s = (self._stop_began_s or 0.0) + self.stop_delay_s
        if self.stop_delay_s and t_s < due_s:
            self.at(due_s, self._stop_runs_out)
            return
        self._stop_holds = bool(self.stop_delay_s)
        self._break_enable(t_s, on=self._stop_holds)
        self.at(t_s + STOP_HOLDS_S, self._stop_held)

    def _stop_held(self, t_s: float) -> None:
        self._stop_holds, self._stop_began_s = False, None
        self._give_back(t_s)

    def _give_back(self, t_s: float) -> None:
        """Let go of the enable circuit once the time is over and Stop is let go."""
        if self._stop_open and not self._stop_holds and not self._pressed["stop"]:
            self._break_enable(t_s, on=False)

    def _break_enable(self, t_s: float, *, on: bool) -> None:
        """Let Stop's second contact break the enable circuit, or close it again."""
        if on != self._stop_open:
            self._stop_open = on
            self._energise(self._enable, t_s, on=not on and self.pump.charged)
            self._set_alarm()

    def glide(self, t_s: float, over_s: float, old: float, new: float, put: Callable[[float], None]) -> None:
        """Let a value go evenly from `old` to `new`, from `t_s` over `over_s` seconds; `put` sets it."""
        self._glides.append((t_s, t_s + over_s, old, new, put))

    # What the pins do.

    def pin_driven(self, number: int, level: bool | None) -> None:  # noqa: FBT001  # a level is a boolean
        """Take the `level` that a pin of the computer drives, or None when it has let go (pulled down)."""
        high = bool(level)
        if self.levels.get(number, False) == high:
            self.levels[number] = high
            return
        self.levels[number] = high
        spec, now_s = self.spec, self.clock.now_s
        if number == spec.heartbeat_pin:
            if self.pump.edge(now_s) and not self._stop_open:
                self._energise(self._enable, now_s, on=True)
            elif now_s - self._stepped_s < EDGE_STEP_S:
                return
        elif number == spec.series_relay_pin:
            self._energise(self._series, now_s, on=high)
        elif number == spec.polarity_relay_pin:
            self._energise(self._polarity, now_s, on=high)
        elif number == spec.dummy_pin and self.dummy is not None:
            self.dummy.relay.energise(now_s, on=high)
        elif number == spec.rearm_pin and self.latch is not None and high:
            self.latch.arm(asserted=self._asserts(now_s))
            self._switch.energise(now_s, on=not self.latch.tripped)
        else:
            return
        self._refresh(now_s)
        self._set_alarm()

    def _energise(self, relay: Relay, t_s: float, *, on: bool) -> None:
        relay.energise(t_s, on=on)
        if relay.ails:
            self.truth.note_dormant(relay.ails, closed=False)

    def pin_level(self, number: int) -> bool | None:
        """Return what drives an input pin: buttons close to ground, Stop opens; None when nothing does."""
        button = self._buttons.get(number)
        if button is not None:
            opens = button == "stop" and self._build.stop != "normally_open"  # Stop opens when pressed
            if button == "stop" and self.stop_dead:
                return False
            open_contact = bool(self._pressed[button]) == opens
            return None if open_contact else False
        if number == self.spec.alert_pin and self.latch is not None:
            return self.latch.tripped
        if number == self.spec.alert_pin:
            return None if self.guard_adc is None else self.guard_adc.alert_level()
        return None

    def pressed(self) -> tuple[bool, bool, bool, bool]:
        """Return Start, Stop, Up, Down; True is pressed."""
        pressed = self._pressed
        stop = pressed["stop"] > 0 and not self.stop_dead
        return pressed["start"] > 0, stop, pressed["up"] > 0, pressed["down"] > 0

    def pin_time_s(self) -> float:
        """Virtual time in s."""
        return self.clock.now_s

    # What the converters see and do.

    def _control_volts(self, ain: int, from_s: float, to_s: float) -> float:
        spec, trace = self.spec, self.trace
        if ain == spec.control_current_channel:
            return self._control.volts(self._shunts_ma(from_s, to_s) + self._noise.next())
        if ain == spec.voltage_channel:
            if self.dummy is not None and self.dummy.on:
                trace = self.dummy.trace
            return self._voltage.volts(trace.average_v(from_s, to_s) + self._lamp_v(from_s, to_s))
        if ain == spec.supply_channel:
            return self.supply_v / self._supply_ratio
        if ain == spec.return_channel:
            back_ma = trace.average_return_ma(from_s, to_s) + self._noise.next()
            return self._bias_v + self._return.volts(back_ma)
        return 0.0

    def _lamp_v(self, from_s: float, to_s: float) -> float:
        """Return what of the output's voltage is not at the terminals, but in the return."""
        lamp = self._lamp
        return 0.0 if lamp is None else lamp.volts(self._shunts_ma(from_s, to_s))

    # The hardware trip.

    def _asserts(self, t_s: float) -> bool:
        return self.guard_adc is None or self.guard_adc.alert_at(t_s)

    def watch_trip(self, t_s: float) -> None:
        """Let the latch take what ALERT says at `t_s`, and the switch what the latch says."""
        if self.latch is not None:
            self.latch.take(asserted=self._asserts(t_s))
            self._switch.energise(t_s, on=not self.latch.tripped)

    def _trip_changed(self) -> None:
        """Look at ALERT at once when its chip was written to, was reset, or failed."""
        t_s = self._moment_s()
        self.watch_trip(t_s)
        self._tense_until_s = t_s
        self._weigh_comparator(t_s)
        self._set_alarm()

    def _weigh_comparator(self, t_s: float) -> None:
        """Work out anew below which current the comparator has nothing to see."""
        if self.guard_adc is not None:
            calm_v = self.guard_adc.calm_below_v()
            self._calm_ma = self._guard.size_below(calm_v) - self._noise.peak
            self._mind_comparator(t_s)

    def _mind_comparator(self, t_s: float) -> None:
        """Have the comparator's conversions passed over as long as none of them can change ALERT.

        One that began before the current was low enough, or before the threshold was changed, is still
        looked at.
        """
        adc = self.guard_adc
        if adc is None or self.latch is None:
            return
        top_ma = self.trace.top_ma()
        if self.dummy is not None:
            top_ma += self.dummy.trace.top_ma()
        if top_ma >= self._calm_ma:
            if adc.passed_over:
                adc.catch_up(t_s)
                adc.passed_over = False
            self._tense_until_s = math.inf
            return
        if self._tense_until_s == math.inf:
            self._tense_until_s = t_s
        adc.passed_over = adc.begun_s >= self._tense_until_s

    def _guard_volts(self, ain: int, from_s: float, to_s: float) -> float:
        if ain != self.spec.guard_current_channel:
            return 0.0
        return self._guard.volts(self._shunts_ma(from_s, to_s) + self._noise.next())

    def _shunts_ma(self, from_s: float, to_s: float) -> float:
        """Return what flows through both shunts: a person's current, and what the dummy load takes."""
        current_ma = self.trace.average_ma(from_s, to_s)
        return current_ma if self.dummy is None else current_ma + self.dummy.trace.average_ma(from_s, to_s)

    def _dac_output(self, code: int) -> None:
        now_s = self._moment_s()
        self.stage.code = code
        self.truth.note_code(now_s, code)
        self._refresh(now_s)
        self._set_alarm()

    def current_ma(self, at_s: float) -> float:
        """Size of the true current through the person in mA at `at_s` (s)."""
        return self.trace.current_ma(at_s)

    def average_ma(self, from_s: float, to_s: float) -> float:
        """Mean size of the true current in mA over a window (s)."""
        return self.trace.average_ma(from_s, to_s)

    # How time passes.

    def _ring(self, now_s: float) -> None:
        """Let everything happen that is due by `now_s`."""
        due_s = self._next_due_s()
        while due_s <= now_s:
            self._happen(due_s)
            due_s = self._next_due_s()
        self.clock.alarm_s = due_s

    def _next_due_s(self) -> float:
        enable, series, polarity = self._relays
        due_s = self._agenda[0][0] if self._agenda else math.inf
        # One by one: `min` of so many takes twice as long, and this is asked at every edge of every pin.
        due_s = self._step_due_s if self._step_due_s < due_s else due_s
        due_s = self.pump.due_s if self.pump.due_s < due_s else due_s
        due_s = enable.due_s if enable.due_s < due_s else due_s
        due_s = series.due_s if series.due_s < due_s else due_s
        due_s = polarity.due_s if polarity.due_s < due_s else due_s
        if self.latch is not None and self.guard_adc is not None:
            due_s = self._switch.due_s if self._switch.due_s < due_s else due_s
            compares_at_s = self.guard_adc.compares_at_s
            due_s = compares_at_s if compares_at_s < due_s else due_s
        if self.dummy is not None and self.dummy.relay.due_s < due_s:
            due_s = self.dummy.relay.due_s
        return self.person.due_s if self.person.due_s < due_s else due_s

    def _set_alarm(self) -> None:
        self.clock.alarm_s = self._next_due_s()

    def _moment_s(self) -> float:
        """Return the time of what happens now: an event's own, which the clock may have passed already."""
        return self.clock.now_s if self._happening_s is None else self._happening_s

    def _happen(self, t_s: float) -> None:
        if self.latch is not None and self._only_compares(t_s):
            return
        self._happening_s = t_s
        if self._agenda and self._agenda[0][0] <= t_s:
            heapq.heappop(self._agenda)[2](t_s)
        if self.pump.due_s <= t_s and self.pump.run_down():
            self._enable.energise(t_s, on=False)
        for relay in self._relays:
            if relay.due_s <= t_s:
                if relay is self._polarity:
                    self.truth.note_switch(t_s)
                relay.move()
        if self._switch.due_s <= t_s:
            self._switch.move()
        if self.dummy is not None and self.dummy.relay.due_s <= t_s:
            self.dummy.relay.move()
        if self.person.due_s <= t_s:
            self.person.begin(t_s)
        self._refresh(t_s)
        self._happening_s = None

    def _only_compares(self, t_s: float) -> bool:
        """Let the comparator look at a conversion that has ended; tell whether that was all that happened."""
        adc = self.guard_adc
        if adc is None or adc.compares_at_s > t_s:
            return False
        self.watch_trip(t_s)
        self._weigh_comparator(t_s)
        return True  # what else is due at the same moment is still due

    def _refresh(self, t_s: float) -> None:
        """Carry the load on to `t_s` and begin a new piece of the true current."""
        load = self.load
        brisk = self.person.moving or bool(self._glides)
        if brisk or self.person.drifts:
            self._move_load(t_s)
        if self.lead is not None:
            self.lead.pass_time(t_s)
        load.advance(t_s - self._stepped_s, self.trace.signed_ma(t_s))
        self._stepped_s = t_s
        line = bool(self._enable.state and self._series.state)
        closed = bool(line and self._polarity.state and (self.latch is None or self._switch.state))
        load.direction = self._polarity.state or load.direction
        dummy = self.dummy
        if dummy is not None:
            self.stage.raised = dummy.gain if dummy.on else 1.0
        demand_ma = self.stage.demand_ma()
        if self._divider_kohm is not None and closed and load.in_contact:
            # What the divider takes is the stage's and not the person's.
            demand_ma = max(0.0, demand_ma - load.voltage_at(demand_ma) / self._divider_kohm)
        wanted = demand_ma >= DRIVEN_MA
        drives = closed and wanted
        if wanted and self.truth.dormant:
            # An output that is being opened already can't be cut any sooner: the fault waits for the next.
            cut = self._enable.letting_go or self._series.letting_go
            self.truth.note_wanted(t_s, closed=closed and not cut)
        if load.in_contact != self._contact:
            self._contact_changed(t_s, driven=drives)
        if drives:
            self.truth.note_drive(t_s)
        whole = self._contact and not (brisk and self.person.sliding)
        alone = False
        if dummy is not None and (dummy.on or not dummy.quiet):
            alone, demand_ma = self._load_dummy(dummy, t_s, demand_ma, closed=closed)
        led = not alone and self.lead is not None
        led = led and self._leads(t_s, demand_ma, line=line, closed=closed, whole=whole)
        closed = closed and not alone
        if not led:
            self._begin_piece(t_s, demand_ma, line=line and not alone, closed=closed, whole=whole)
        self.trace.bypassed = self.short_ohm is not None
        led = led or (alone and self.lead is not None and self.lead.until_s > t_s)
        idle = not closed or demand_ma == 0.0
        pause_s = BRISK_STEP_S if brisk else IDLE_STEP_S if idle else STEP_S
        self._step_due_s = t_s + pause_s
        if self.lead is not None and led:
            self._step_due_s = self.lead.until_s
        elif brisk:
            self._step_due_s = min(self._step_due_s, max(self.person.slide_ends_s(), t_s))
        self._mind_comparator(t_s)

    def _load_dummy(self, dummy: Dummy, t_s: float, demand_ma: float, *, closed: bool) -> tuple[bool, float]:
        """Let the dummy load take its current; tell whether it is the only load, and what is left."""
        switched = self.latch is None or bool(self._switch.state)
        limit_v = self._reach_v(demand_ma)
        lead = self.lead
        dummy.quiet = not dummy.on
        if lead is not None:
            lead.turn(self.trace)
        if not (dummy.conducts and switched):
            stands_v = min(limit_v, demand_ma * self._open_kohm)
            dummy.begin(t_s, 0.0, stands_v=stands_v, flows=False)
            return False, demand_ma
        if closed and self._contact:
            person_ma = self._beside_dummy_ma(dummy, demand_ma)
            dummy.begin(t_s, demand_ma - person_ma, stands_v=0.0, flows=True)
            return False, person_ma
        steady_ma = min(demand_ma, limit_v / dummy.kohm)
        if lead is None:
            dummy.begin(t_s, steady_ma, stands_v=0.0, flows=True)
            return True, 0.0
        lead.turn(dummy.trace)
        circuit = Circuit(
            wanted_ma=demand_ma if demand_ma > 0.0 else min(self.stage.wanted_ma, 0.0),
            limiter_ma=max(self.stage.limit_ma, demand_ma),
            limit_v=limit_v,
            series_kohm=dummy.kohm,
            skin_kohm=dummy.kohm / 1000.0,
            skin_tau_s=SETTLES_S,
        )
        if lead.leads(t_s, circuit, steady_ma):
            lead.go_on(t_s, sign=1, leak_ma=0.0, asked_ma=0.0, whole=False)
        else:
            lead.until_s = t_s
            dummy.begin(t_s, steady_ma, stands_v=0.0, flows=True)
        return True, 0.0

    def _beside_dummy_ma(self, dummy: Dummy, demand_ma: float) -> float:
        """Return what a person gets while the dummy load is on beside them: both have one voltage."""
        low_ma, high_ma = 0.0, demand_ma
        for _ in range(30):
            middle_ma = (low_ma + high_ma) / 2.0
            if middle_ma + self.load.voltage_at(middle_ma) / dummy.kohm > demand_ma:
                high_ma = middle_ma
            else:
                low_ma = middle_ma
        return low_ma

    def _reach_v(self, current_ma: float) -> float:
        """Highest voltage of the output in V at a current in mA."""
        reach_v = self.supply_v - self._headroom_v - self._headroom_kohm * current_ma
        if reach_v > self._clamp_v:
            return self._clamp_v
        return reach_v if reach_v > 0.0 else 0.0

    def _held_ma(self) -> float:
        """Return the current in mA that the highest voltage of the output drives through the load."""
        load = self.load
        current_ma = load.current_at(max(self.supply_v - self._headroom_v, 0.0), self._headroom_kohm)
        if load.voltage_at(current_ma) > self._clamp_v:
            current_ma = load.current_at(self._clamp_v)
        return current_ma

    def _leads(self, t_s: float, demand_ma: float, *, line: bool, closed: bool, whole: bool) -> bool:
        """Tell whether the stage is out of control, and then begin the next step of the way back.

        The line takes the divider's current; with a relay open nothing but the clamp takes the stage's.
        """
        lead, load, stage = self.lead, self.load, self.stage
        if lead is None or self.short_ohm is not None:
            return False
        limit_v = self._reach_v(demand_ma)
        if not (closed and self._contact):
            clamped_v = limit_v if demand_ma > 0.0 else 0.0
            lead.open(stage.wanted_ma, min(limit_v, demand_ma * self._open_kohm) if line else clamped_v)
            return False
        typical_ma = max(demand_ma, DRIVEN_MA)
        skin_v = load.skin_v(typical_ma)
        steady_ma = demand_ma
        if load.voltage_at(demand_ma) > limit_v:
            steady_ma = self._held_ma()
            limit_v = self._reach_v(steady_ma)
        circuit = Circuit(
            wanted_ma=demand_ma if demand_ma > 0.0 else min(stage.wanted_ma, 0.0),
            limiter_ma=max(stage.limit_ma, demand_ma),  # a forced current goes past it
            limit_v=limit_v - load.against_v(),
            series_kohm=load.series_kohm,
            emf_v=load.against_v(),
            skin_kohm=skin_v / typical_ma,
            skin_tau_s=load.tau_s(typical_ma, skin_v),
        )
        if not lead.leads(t_s, circuit, steady_ma):
            return False
        lead.go_on(
            t_s,
            sign=self._polarity.state or 1,
            leak_ma=self.leak_ma,
            asked_ma=stage.asked_ma,
            whole=whole,
        )
        return True

    def _begin_piece(self, t_s: float, demand_ma: float, *, line: bool, closed: bool, whole: bool) -> None:
        load, limit_v = self.load, self._reach_v(demand_ma)
        skin_v, tau_s, series_kohm, jump = 0.0, 1.0, 0.0, True
        emf_v = 0.0
        if self._contact and self._polarity.state and self.short_ohm is None:
            emf_v = load.against_v()
        if closed and (self._contact or self.short_ohm is not None):
            jump = False
            if self.short_ohm is not None:
                series_kohm, tau_s = self.short_ohm / 1000.0, 1e-5
                demand_ma = min(demand_ma, limit_v / series_kohm)
            else:
                series_kohm = load.series_kohm
                skin_v = load.skin_v(demand_ma)
                if demand_ma * series_kohm + skin_v + emf_v > limit_v:
                    if self.person.lost_drive():
                        self.truth.note_fault(self._lost_by, t_s)
                    demand_ma = self._held_ma()
                    limit_v = self._reach_v(demand_ma)
                    skin_v = limit_v - demand_ma * series_kohm - emf_v
                tau_s = load.tau_s(demand_ma, skin_v)
        else:
            if line:  # the line shows what the stage's current makes over the divider, or the electrodes
                skin_v = max(0.0, min(limit_v, demand_ma * self._open_kohm) - emf_v)
            demand_ma = 0.0
        self.trace.begin(
            t_s,
            target_ma=demand_ma,
            tau_s=STAGE_TAU_S if self.lead is None else self.lead.output.parts.tau_s,
            jump=jump or self._swings,
            skin_v=skin_v,
            emf_v=emf_v,
            skin_tau_s=tau_s,
            series_kohm=series_kohm,
            sign=self._polarity.state or 1,
            leak_ma=self.leak_ma,
            limit_v=limit_v,
            asked_ma=self.stage.asked_ma,
            whole=whole,
        )

    def _move_load(self, t_s: float) -> None:
        if self.person.sliding:
            self.truth.note_contact_not_whole()
        self.person.step(t_s)
        for glide in tuple(self._glides):
            begin_s, end_s, old, new, put = glide
            share = 1.0 if t_s >= end_s else max(0.0, (t_s - begin_s) / (end_s - begin_s))
            put(old + (new - old) * share)
            if share >= 1.0:
                self._glides.remove(glide)

    def _contact_changed(self, t_s: float, *, driven: bool) -> None:
        self._contact = self.load.in_contact
        self.truth.note_contact_not_whole()
        if self._contact:
            self.truth.note_contact_made(t_s)
        else:
            self.truth.note_contact_lost(self._lost_by, t_s, driven=driven)

    def _before_forgetting(self) -> None:
        """Let the converters finish what they measured before its past is cut."""
        for adc in self.adcs("both"):
            adc.catch_up(self._moment_s())

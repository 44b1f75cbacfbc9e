"""The parts of a unit: bus, chips and their channels, current stage, pins, relays, loop, limits.

Law: every value is bounded where it is written down; the defaults are the reference unit. What one part
demands of another is checked in `config/unit.py`.
"""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from protocols.ceilings import ABSOLUTE_MAX_MA

LIMITER: Final = 1.1
"""The hardware limit lies at most this far above the ceiling (reference unit: 10 %)."""

SHORTEST_REACH_V: Final = 10.0
"""The least that a stage must reach at full scale: what the compliance must be at least."""

Address: TypeAlias = Annotated[int, Field(ge=0x48, le=0x4B, json_schema_extra={"format": "hex"})]
Channel: TypeAlias = Annotated[int, Field(ge=0, le=3)]
Gain: TypeAlias = Literal[1, 2, 4, 8, 16]
DataRate: TypeAlias = Literal[475, 860]
Ohm: TypeAlias = Annotated[float, Field(ge=1.0, le=1000.0)]
Ratio: TypeAlias = Annotated[float, Field(ge=1.0, le=200.0)]
Pin: TypeAlias = Annotated[int, Field(ge=0, le=27)]


class Part(BaseModel):
    """What all parts of a unit share: frozen, strict, finite, no unknown keys, defaults checked too."""

    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


SLOWEST_HZ: Final = 50
"""The fewest ticks a second that a unit's file may ask for."""


class I2c(Part):
    """The bus: its number on the Pi, clock in Hz, and the longest a transfer may take, in ms.

    The kernel counts that time in steps of 10 ms (Linux, ioctl I2C_TIMEOUT).
    """

    bus: int = Field(default=1, ge=0, le=20)
    frequency_hz: Literal[100_000, 400_000] = 400_000
    timeout_ms: int = Field(default=10, ge=10, le=50, multiple_of=10)


class Dac(Part):
    """The DAC that sets the current (MCP4725 data sheet, device addressing: 0x60 to 0x67)."""

    address: int = Field(default=0x62, ge=0x60, le=0x67, json_schema_extra={"format": "hex"})


class Shunt(Part):
    """A current channel: current_ma = volts / ohm * 1000."""

    channel: Channel = 0
    ohm: Ohm = 47.0


class Divider(Part):
    """A voltage channel: voltage_v = volts * ratio."""

    channel: Channel
    ratio: Ratio


class ReturnPath(Part):
    """The signed current of the return path: current_ma = (volts - bias_v) / ohm * 1000, forward positive."""

    channel: Channel = 3
    ohm: Ohm = 30.0
    bias_v: float = Field(default=1.024, ge=0.0, le=4.0)


class ControlAdc(Part):
    """The converter that regulates: output current and voltage, supply rail, return path."""

    address: Address = 0x48
    gain: Gain = 2
    data_rate_sps: DataRate = 860
    current: Shunt = Shunt(channel=0, ohm=47.0)
    voltage: Divider = Divider(channel=1, ratio=33.0)
    supply: Divider = Divider(channel=2, ratio=36.0)
    return_path: ReturnPath = Field(default=ReturnPath(), alias="return")

    @model_validator(mode="after")
    def _channels_differ(self) -> ControlAdc:
        parts = (self.current, self.voltage, self.supply, self.return_path)
        if len({part.channel for part in parts}) < len(parts):
            raise ValueError(
                "a channel is used twice, current, voltage, supply and return need one each, 0 to 3"
            )
        return self


class GuardAdc(Part):
    """The guard's own converter, on its own shunt, never multiplexed."""

    address: Address = 0x49
    gain: Gain = 2
    data_rate_sps: DataRate = 860
    current: Shunt = Shunt(channel=0, ohm=47.0)


class Trip(Part):
    """The hardware trip: the guard ADC's ALERT sets a latch that opens a switch in the output, by itself.

    Its threshold follows the setpoint + 0.5 mA + 10 % and never lies below `least_ma`, which a hand that is
    put in must not reach (its charge reads as 0.9 mA in one conversion).
    """

    least_ma: float = Field(default=2.0, ge=1.5, le=5.0)


class Dummy(Part):
    """The dummy load before both output switches, and what the stage is held to on it.

    While its relay is on the stage gives `gain` times what its code asks for, so that full code reaches the
    limiter, which must hold the current at `limiter_ma`, within 6 %.
    """

    ohm: float = Field(default=1500.0, ge=100.0, le=10_000.0)
    gain: float = Field(default=1.25, ge=1.0, le=1.5)
    limiter_ma: float = Field(default=27.5, ge=1.0, le=ABSOLUTE_MAX_MA * LIMITER)


class Stage(Part):
    """The voltage-to-current stage: DAC full scale in mA, compliance and supply rail in V.

    What it keeps of its rail grows with the current: `headroom_v` and `headroom_ohm` times the current.
    Without them it reaches `compliance_v` at any current.
    """

    full_scale_ma: float = Field(default=25.0, ge=1.0, le=ABSOLUTE_MAX_MA * LIMITER)
    compliance_v: float = Field(default=60.0, ge=10.0, le=60.0)
    supply_v: float = Field(default=64.0, ge=10.0, le=80.0)
    supply_min_v: float = Field(default=58.0, ge=10.0, le=80.0)
    supply_max_v: float = Field(default=70.0, ge=10.0, le=80.0)
    headroom_v: float | None = Field(default=None, ge=0.0, le=40.0)
    headroom_ohm: float = Field(default=0.0, ge=0.0, le=1000.0)

    @property
    def reach_from_v(self) -> float:
        """What the output reaches at the nominal rail without current, V; infinity where nothing is said."""
        return math.inf if self.headroom_v is None else self.supply_v - self.headroom_v

    def reach_v(self, current_ma: float) -> float:
        """Highest output voltage in V at a current in mA and the nominal rail."""
        return min(self.compliance_v, self.reach_from_v - self.headroom_ohm / 1000 * current_ma)

    @model_validator(mode="after")
    def _reaches(self) -> Stage:
        if self.headroom_ohm and self.headroom_v is None:
            raise ValueError("headroom_ohm needs headroom_v beside it")
        if self.reach_v(self.full_scale_ma) < SHORTEST_REACH_V:
            raise ValueError(
                f"headroom_v and headroom_ohm leave {self.reach_v(self.full_scale_ma):.1f} V at full scale, "
                f"at least {SHORTEST_REACH_V:g} V is allowed"
            )
        return self

    @model_validator(mode="after")
    def _ordered(self) -> Stage:
        if not self.supply_min_v < self.supply_v < self.supply_max_v:
            raise ValueError(
                "supply voltages are out of order, supply_min_v < supply_v < supply_max_v is allowed"
            )
        if self.compliance_v >= self.supply_v:
            raise ValueError(
                f"compliance_v is {self.compliance_v:g}, less than supply_v {self.supply_v:g} is allowed"
            )
        return self


class Output(Part):
    """What lies between a stage that recovers by itself and the person.

    `loop_ms` is the time the stage takes to follow its DAC, `capacitance_nf` what lies across the terminals
    past the limiter, `divider_kohm` what the stage feeds beside the person, `code_zero_ma` what code 0 asks
    for (below zero: the output is hard off there), `code_zero_spread_ma` how much more that may be on one
    unit than on another, until a calibration record says. `lamp_v` is what the lamp takes at 1 mA and
    `lamp_ohm` what else stands between the person and 0 V: the voltage channel reads both too.
    """

    loop_ms: float = Field(default=0.1, ge=0.001, le=10.0)
    capacitance_nf: float = Field(default=1.3, ge=0.0, le=100.0)
    divider_kohm: float | None = Field(default=None, ge=50.0, le=10_000.0)
    code_zero_ma: float = Field(default=0.0, ge=-1.0, le=0.2)
    code_zero_spread_ma: float = Field(default=0.0, ge=0.0, le=0.5)
    lamp_v: float = Field(default=0.0, ge=0.0, le=5.0)
    lamp_ohm: float = Field(default=0.0, ge=0.0, le=500.0)


class OneShot(Part):
    """A retriggerable one-shot in place of the charge pump: how long an edge holds, and which edges count."""

    hold_ms: float = Field(default=51.5, ge=45.0, le=60.0)
    shortest_ms: float = Field(default=2.5, ge=0.0, le=4.0)


RESTLESS: Final = frozenset((*range(9), 14))
"""Pins that go high without our software: 0 to 8 are pulled up from power-on (BCM2835 ARM Peripherals, table
6-31), and 14 is the serial console's transmit line, whose characters are edges."""


class Pins(Part):
    """Pins of the Pi by BCM number, each used once; 2 and 3 are the I2C bus.

    `alert` reads the latch of the hardware trip (high: tripped), and an edge on `rearm` arms it again.
    `dummy` puts the dummy load on while it is high.

    What can close the output (heartbeat and relays) keeps off the pins that go high by themselves.
    """

    heartbeat: Pin = 17
    series_relay: Pin = 27
    polarity_relay: Pin = 22
    start: Pin = 5
    stop: Pin = 6
    up: Pin = 13
    down: Pin = 19
    led_red: Pin = 16
    led_green: Pin = 20
    led_blue: Pin = 21
    buzzer: Pin = 26
    alert: Pin | None = None
    rearm: Pin | None = None
    dummy: Pin | None = None

    @model_validator(mode="after")
    def _used_once(self) -> Pins:
        users: dict[int, list[str]] = {2: ["I2C"], 3: ["I2C"]}
        for name, pin in self:
            if pin is not None:
                users.setdefault(pin, []).append(name)
        shared = [f"pin {pin} by {' and '.join(names)}" for pin, names in users.items() if len(names) > 1]
        if shared:
            raise ValueError(
                f"used twice: {'; '.join(shared)}; each pin is allowed once, 0 to 27 without 2 and 3"
            )
        return self

    @model_validator(mode="after")
    def _closers_are_quiet(self) -> Pins:
        closers = {
            "heartbeat": self.heartbeat,
            "series_relay": self.series_relay,
            "polarity_relay": self.polarity_relay,
            "rearm": self.rearm,
            "dummy": self.dummy,
        }
        restless = [f"{name} on {pin}" for name, pin in closers.items() if pin in RESTLESS]
        if restless:
            raise ValueError(
                f"{' and '.join(restless)} would go high without the controller and must not move a relay; "
                "9 to 27 without 14 are allowed"
            )
        return self


class PolaritySwitch(Part):
    """How polarity is switched, and the waits in ms with the output open before and after the switch."""

    relay: Literal["changeover", "h_bridge"] = "changeover"
    dead_time_ms: int = Field(default=50, ge=10, le=1000)
    settle_ms: int = Field(default=50, ge=10, le=1000)


class Relays(Part):
    """The longest times in ms that the relays of the output take, and how many operations they are rated for.

    100,000 at rated load is typical of signal relays; a unit's file has what the data sheet of its own says.
    """

    release_ms: int = Field(default=10, ge=1, le=50)
    operate_ms: int = Field(default=20, ge=1, le=100)
    series_rated_operations: int = Field(default=100_000, ge=1000, le=100_000_000)
    polarity_rated_operations: int = Field(default=100_000, ge=1000, le=100_000_000)


class Loop(Part):
    """Ticks a second. A Zero 2 W runs 100; 200 is the reference."""

    rate_hz: int = Field(default=200, ge=SLOWEST_HZ, le=200)


class Limits(Part):
    """What this unit may deliver at most, in mA, under the ceilings of every treatment."""

    max_current_ma: float = Field(default=ABSOLUTE_MAX_MA, gt=0.0, le=ABSOLUTE_MAX_MA)

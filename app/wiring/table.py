"""Every wire between the Pi, the converters and the unit's blocks, worked out from the unit's file.

Law: numbers come from the file that the software runs by, so the table and the software can't differ. Names
in brackets are parts of the reference circuit (`config/circuit.yaml`), which a test holds them to.
Header: the 40 pins of every Pi since the B+ (Raspberry Pi documentation, "GPIO and the 40-pin header").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from config.unit import Unit

HEADER: Final = {
    # BCM number: pin of the header
    **{
        2: 3,
        3: 5,
        4: 7,
        14: 8,
        15: 10,
        17: 11,
        18: 12,
        27: 13,
        22: 15,
        23: 16,
        24: 18,
        10: 19,
        9: 21,
        25: 22,
    },
    **{11: 23, 8: 24, 7: 26, 0: 27, 1: 28, 5: 29, 6: 31, 12: 32, 13: 33, 19: 35, 16: 36, 26: 37, 20: 38},
    21: 40,
}
ADDRESS_PIN: Final = {0x48: "GND", 0x49: "VDD", 0x4A: "SDA", 0x4B: "SCL"}
"""What an ADS1115's ADDR pin is tied to (ADS1115 data sheet, address pin connections)."""

_ROLES: Final = {
    # pin of the unit's file: (block it goes to, what it does there and what to mind)
    "heartbeat": (
        "enable circuit (U10)",
        "edges hold the enable relay; none for 50 ms and it drops; pull-down (R60)",
    ),
    "series_relay": (
        "series relay's driver (Q6)",
        "high closes; pull-down (R60), so that it is open at power-up",
    ),
    "polarity_relay": (
        "polarity relay's driver (Q6)",
        "high is reverse; pull-down (R60); moved only at zero current",
    ),
    "start": ("Start, to GND", "normally open; closes when pressed; the Pi's pull-up"),
    "stop": ("Stop, to GND", "normally closed; opens when pressed, as does a broken wire; the Pi's pull-up"),
    "up": ("Up, to GND", "normally open; the Pi's pull-up"),
    "down": ("Down, to GND", "normally open; the Pi's pull-up"),
    "led_red": ("red light", "high lights; series resistor"),
    "led_green": ("green light", "high lights; series resistor"),
    "led_blue": ("blue light", "high lights; series resistor"),
    "buzzer": ("buzzer's driver", "high sounds; pull-down"),
    "alert": (
        "the hardware trip's latch (U33), through U41",
        "high is tripped, as is a broken wire; the Pi's pull-up",
    ),
    "dummy": (
        "the dummy load's driver (Q6)",
        "high puts R42 on (K4, K5); pull-down (R60), so that it is off without software",
    ),
    "rearm": ("the hardware trip's latch (U33), through U41", "a rising edge arms it; pull-down (R60)"),
}

_PEDAL: Final = {
    "stop": (
        "Stop and the pedal's (S1, X2, S3) in series, to GND",
        "normally closed; X2 bridges S3 while it is unplugged; the Pi's pull-up",
    ),
    "down": ("Down and the pedal's (S2, X2, S3) side by side, to GND", "normally open; the Pi's pull-up"),
}
"""The same of a unit with a foot pedal or elbow bar; Start and Up never have one."""


class Wire(NamedTuple):
    """One wire: its near end, its far end, and what it carries or has to guarantee."""

    near: str
    far: str
    note: str


_DUMMY_LOAD: Final = Wire(
    "clamp",
    "dummy load (K4, R42)",
    "to the return; the divider reads it while it is on, and K5 raises the stage (R39)",
)


class Group(NamedTuple):
    """The wires of one part."""

    title: str
    wires: tuple[Wire, ...]


def groups(unit: Unit) -> tuple[Group, ...]:
    """Give every wire of `unit`, part by part."""
    control, guard = unit.control_adc, unit.guard_adc
    parts = [
        Group("Pi, 40-pin header", (*_supply(), *_bus(unit), *_pins(unit))),
        Group(f"DAC, MCP4725 at 0x{unit.dac.address:02X}", _dac(unit)),
        Group(
            f"Control ADC, ADS1115 at 0x{control.address:02X}",
            (
                *_converter(control.address),
                Wire(
                    f"AIN{control.current.channel}",
                    f"output shunt, {control.current.ohm:g} ohm (R47, U7)",
                    f"output current: {control.current.ohm / 1000:g} V per mA",
                ),
                Wire(
                    f"AIN{control.voltage.channel}",
                    f"divider {control.voltage.ratio:g} : 1 behind the series relay (R40)",
                    f"output voltage: {unit.stage.compliance_v / control.voltage.ratio:.3f} V at "
                    f"{unit.stage.compliance_v:g} V",
                ),
                Wire(
                    f"AIN{control.supply.channel}",
                    f"divider {control.supply.ratio:g} : 1 at the supply rail (R41)",
                    f"supply: {unit.stage.supply_v / control.supply.ratio:.3f} V at "
                    f"{unit.stage.supply_v:g} V",
                ),
                Wire(
                    f"AIN{control.return_path.channel}",
                    f"return, {control.return_path.ohm:g} ohm on {control.return_path.bias_v:g} V (R49, U8)",
                    f"return current, signed: {control.return_path.ohm / 1000:g} V per mA, forward upwards",
                ),
            ),
        ),
    ]
    if guard is not None:
        alert: tuple[Wire, ...] = ()
        if unit.trip is not None:
            alert = (
                Wire("ALERT", "the hardware trip (Q7)", "high cuts; pulled up there (R65), so a break cuts"),
            )
        parts.append(
            Group(
                f"Guard ADC, ADS1115 at 0x{guard.address:02X}",
                (
                    *_converter(guard.address),
                    Wire(
                        f"AIN{guard.current.channel}",
                        f"a shunt of its own, {guard.current.ohm:g} ohm (R46, U6)",
                        f"output current: {guard.current.ohm / 1000:g} V per mA; shares no part",
                    ),
                    *alert,
                ),
            )
        )
    return (*parts, Group("Output, in the order of the current", _output(unit)))


def _supply() -> tuple[Wire, ...]:
    return (
        Wire(
            "pin 1, 3.3 V", "Pi's side of the barrier (U40, U41)", "100 nF at each chip; converters have U23"
        ),
        Wire(
            "pin 6, GND",
            "ground of the Pi's side alone",
            "isolated from mains and person",
        ),
    )


def _bus(unit: Unit) -> tuple[Wire, ...]:
    number, speed = unit.i2c.bus, f"{unit.i2c.frequency_hz // 1000} kHz"
    if number != 1:
        far = "SDA and SCL of every converter (U40)"
        return (Wire(f"I2C bus {number}", far, f"{speed}; its pins are those of the overlay that makes it"),)
    return (
        Wire("pin 3, GPIO2 (SDA)", "SDA of every converter (U40)", f"I2C bus 1, {speed}; 1.8 kohm on the Pi"),
        Wire("pin 5, GPIO3 (SCL)", "SCL of every converter (U40)", f"I2C bus 1, {speed}; 1.8 kohm on the Pi"),
    )


def _pins(unit: Unit) -> tuple[Wire, ...]:
    roles = _ROLES | _PEDAL if unit.pedal else _ROLES
    return tuple(
        Wire(f"pin {HEADER[pin]}, GPIO{pin}", *roles[name]) for name, pin in unit.pins if pin is not None
    )


def _dac(unit: Unit) -> tuple[Wire, ...]:
    level = "VDD" if unit.dac.address & 1 else "GND"
    return (
        Wire("A0", level, "the address's last bit; its other bits are in the part number, A0 to A3"),
        Wire(
            "VOUT",
            "current stage's input",
            f"code 4095 is {unit.stage.full_scale_ma:g} mA; 0 V is no current; EEPROM 0 before first use",
        ),
    )


def _converter(address: int) -> tuple[Wire, ...]:
    return (Wire("ADDR", ADDRESS_PIN[address], f"this is what makes the address 0x{address:02X}"),)


def _output(unit: Unit) -> tuple[Wire, ...]:
    stage = unit.stage
    changeover = "H-bridge" if unit.polarity.relay == "h_bridge" else "change-over relay"
    shunts = "both shunts (R46, R47)" if unit.guard_adc is not None else "shunt (R47)"
    supply = f"{stage.supply_v:g} V, trip below {stage.supply_min_v:g}, above {stage.supply_max_v:g} V"
    dummy = () if unit.dummy is None else (_DUMMY_LOAD,)
    held = "normally open; held by heartbeats alone (U12); Stop takes it away 6 to 8 s later"
    return (
        Wire("supply (PS1, U20)", "current stage (U1, U2, Q2)", f"{supply}; medical, isolated"),
        Wire(
            "current stage",
            "clamp (D1, Q3)",
            f"at most {stage.full_scale_ma:g} mA, {stage.compliance_v:g} V",
        ),
        *dummy,
        Wire("clamp", "enable relay (K1)", held),
        Wire("enable relay", "series relay (K2)", "normally open; a second one, should the first weld"),
        Wire("series relay", "divider (R40)", "the voltage is sensed here; an open output shows none"),
        Wire("series relay", "polarity switch (K3)", changeover),
        Wire("polarity switch", "output terminals (X1)", "to both trays; covered sockets, no bare metal"),
        Wire(
            "one terminal",
            "return shunt (R49)",
            "behind the polarity switch, so that its sign is the polarity",
        ),
        Wire("polarity switch", "yellow lamp (H1)", "the output current itself lights it"),
        Wire("yellow lamp", "trip's switch, limiter (Q4, Q5)", "limiter of its own, 10 % above full scale"),
        Wire("limiter", shunts, "then 0 V of the supply"),
    )

"""How currents and voltages come to the converters."""

from __future__ import annotations

from app.circuit.sheet import Sheet
from config.circuit import Circuit


def amplifiers(circuit: Circuit) -> Sheet:
    """Draw the amplifiers of the two shunts and of the signed one."""
    s = Sheet(
        circuit, "amplifiers", "Sensing: the guard's, the control's and the return's own amplifier", 560
    )
    for ref, pieces, down, upper, lower, out in (
        ("U6", "abcd", 0, "SHUNT TOP", "SHUNT MIDDLE", "GUARD"),
        ("U7", "efgh", 250, "SHUNT MIDDLE", "", "CONTROL"),
    ):
        a, b, c, d = (f"R48{piece}" for piece in pieces)
        y = 150 + down
        s.amplifier(ref, (360, y), "bottom")
        s.power("3.3 V", (360, y - 30))
        s.wire((360, y + 30), (360, y + 50))
        s.flag("-0.23 V", (360, y + 50), "r")
        if lower:
            s.flag(lower, (150, y - 10), "l")
        else:
            s.wire((150, y - 10), (140, y - 10), (140, y))
            s.ground((140, y))
        s.two("resistor", c, (150, y - 10), (220, y - 10), "10.0 kohm")
        s.wire((220, y - 10), (330, y - 10))
        s.wire((270, y - 10), (270, y - 75), (310, y - 75))
        s.two("resistor", d, (310, y - 75), (410, y - 75), "100 kohm", "t")
        s.wire((410, y - 75), (475, y - 75), (475, y))
        s.wire((390, y), (490, y))
        s.flag(out, (490, y), "r")
        s.flag(upper, (150, y + 50), "l")
        s.two("resistor", a, (150, y + 50), (220, y + 50), "10.0 kohm")
        s.wire((220, y + 50), (300, y + 50), (300, y + 10), (330, y + 10))
        s.two("resistor", b, (260, y + 50), (260, y + 110), "100 kohm")
        s.ground((260, y + 110))
    _bias(s)
    return s


def _bias(s: Sheet) -> None:
    """Draw U34, and U8 with its zero."""
    s.box(
        "U34",
        (620, 90),
        (720, 160),
        "LM7705",
        left={"in": 125},
        right={"out": 125},
        bottom={"": 670},
    )
    s.power("3.3 V", (600, 125))
    s.wire((600, 125), (610, 125))
    s.ground((670, 170))
    s.wire((730, 125), (760, 125))
    s.flag("-0.23 V", (760, 125), "r")
    s.note((620, 210), "one each for U6 and U7")
    s.box(
        "U8",
        (650, 300),
        (800, 400),
        "INA240A1D",
        left={"IN+": 330, "IN-": 370},
        right={"OUT": 350},
        top={"": 725},
        bottom={"REF1, 2": 725},
    )
    s.flag("SIGN+", (640, 330), "l")
    s.flag("SIGN-", (640, 370), "l")
    s.power("3.3 V", (725, 290))
    s.wire((810, 350), (820, 350))
    s.flag("BACK", (820, 350), "r")
    s.box(
        "U9", (650, 460), (800, 520), "LM4140ACM-1.0", left={"in": 490}, right={"out": 490}, bottom={"": 725}
    )
    s.power("3.3 V", (620, 490))
    s.wire((620, 490), (640, 490))
    s.ground((725, 530))
    s.wire((810, 490), (830, 490), (830, 435), (725, 435), (725, 410))
    s.note((838, 465), "1.024 V")


def converters(circuit: Circuit) -> Sheet:
    """Draw the dividers, what bounds their voltage, and the two converters."""
    s = Sheet(circuit, "converters", "Sensing: dividers and converters", 470)
    s.power("64 V", (70, 80))
    s.two("resistor", "R41a", (70, 80), (70, 150), "357 kohm")
    s.two("resistor", "R41b", (70, 150), (70, 220), "10.2 kohm")
    s.ground((70, 220))
    s.wire((70, 150), (170, 150))
    s.flag("DIV OUT", (130, 330), "l")
    s.wire((130, 330), (170, 330))
    for pieces, y, out in (("abc", 150, "RAIL"), ("def", 330, "OUTPUT")):
        one, upper, lower = (f"D41{piece}" for piece in pieces)
        s.two("resistor", one, (170, y), (240, y), "1 kohm")
        s.wire((240, y), (370, y))
        s.two("diode", upper, (290, y), (290, y - 60), "BAT54S")
        s.power("3.3 V", (290, y - 60))
        s.two("diode", lower, (290, y + 60), (290, y), "BAT54S")
        s.ground((290, y + 60))
        s.flag(out, (370, y), "r")
    _chips(s)
    return s


def _chips(s: Sheet) -> None:
    """Draw the two converters."""
    s.box(
        "U31",
        (560, 80),
        (690, 220),
        "ADS1115",
        left={"AIN0": 100, "AIN1": 130, "AIN2": 160, "AIN3": 190},
        right={"SDA": 120, "SCL": 150, "ADDR": 190},
        top={"": 625},
        bottom={" ": 625},
    )
    for name, y in (("CONTROL", 100), ("OUTPUT", 130), ("RAIL", 160), ("BACK", 190)):
        s.flag(name, (550, y), "l")
    s.wire((700, 190), (720, 190), (720, 200))
    s.ground((625, 230), (720, 200))
    s.box(
        "U32",
        (560, 300),
        (690, 400),
        "ADS1115",
        left={"AIN0": 340},
        right={"SDA": 320, "SCL": 345, "ALERT": 370, "ADDR": 390},
        top={"": 625},
        bottom={" ": 625},
    )
    s.flag("GUARD", (550, 340), "l")
    s.flag("ALERT", (700, 370), "r")
    s.wire((700, 390), (790, 390))
    s.power("3.3 V", (790, 390))
    s.ground((625, 410))
    for y in (120, 320):
        s.flag("SDA", (700, y), "r")
    s.flag("SCL", (700, 150), "r")
    s.flag("SCL", (700, 345), "r")
    s.power("3.3 V", (625, 70))
    s.power("3.3 V", (625, 290))
    s.note((730, 90), "control, 0x48")
    s.note((730, 300), "guard, 0x49")

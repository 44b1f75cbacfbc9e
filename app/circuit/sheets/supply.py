"""Where 64 V come from, and what makes a current of them: supply and stage."""

from __future__ import annotations

from app.circuit.sheet import Sheet
from config.circuit import Circuit


def supply(circuit: Circuit) -> Sheet:
    """Draw the adapters, the boost to the rail, and the small supplies."""
    s = Sheet(circuit, "supply", "Supply: 24 V to the rail of 64 V, and the small supplies", 470)
    s.box("PS1", (30, 65), (120, 135), "GSM25B24-P1J", right={"+": 80, "-": 120})
    s.note((30, 55), "mains")
    s.wire((130, 120), (140, 120), (140, 140))
    s.ground((140, 140))
    s.two("fuse", "F1", (130, 80), (200, 80), "500 mA slow")
    s.wire((200, 80), (300, 80))
    s.power("24 V", (225, 80))
    s.two("inductor", "L20", (300, 80), (380, 80), "100 uH")
    s.wire((380, 80), (430, 80))
    s.two("diode", "D20", (430, 80), (490, 80))
    s.wire((490, 80), (730, 80))
    s.two("capacitor", "C20", (510, 80), (510, 150), "2 x 4.7 uF")
    s.two("resistor", "R22", (600, 80), (600, 150), "10 kohm")
    s.two("resistor", "R20", (690, 80), (690, 160), "493 kohm")
    s.two("resistor", "R21", (690, 160), (690, 240), "10.0 kohm")
    s.ground((510, 150), (600, 150), (690, 240))
    s.two("fuse", "F2", (730, 80), (800, 80), "63 mA fast")
    s.wire((800, 80), (840, 80))
    s.power("64 V", (840, 80))
    _boost(s)
    s.note((425, 285), "Besides, for U20: frequency", "and input as in its data sheet.")
    _small(s)
    return s


def _boost(s: Sheet) -> None:
    """Draw U20 and its switch."""
    s.box(
        "U20",
        (190, 140),
        (300, 270),
        "LM3481MM",
        left={"COMP": 225},
        right={"DR": 160, "ISEN": 185, "FB": 250},
        top={"VIN": 245},
        bottom={"GND": 245},
    )
    s.wire((245, 130), (245, 80))
    s.ground((245, 280))
    s.more("nmos", "Q20", (390, 160))
    s.wire((310, 160), (370, 160))
    s.wire((400, 140), (400, 80))
    s.wire((400, 180), (400, 215))
    s.wire((310, 185), (400, 185))
    s.two("resistor", "R23", (400, 215), (400, 275), "0.2 ohm")
    s.ground((400, 275))
    s.wire((310, 250), (330, 250), (330, 310), (650, 310), (650, 160), (690, 160))
    s.wire((180, 225), (120, 225), (120, 235))
    s.two("resistor", "R24", (120, 235), (120, 280))
    s.two("capacitor", "C21", (120, 280), (120, 320), "22 nF")
    s.ground((120, 320))


def _small(s: Sheet) -> None:
    """Draw the regulators, and the Pi's own supply."""
    s.box("U21", (80, 370), (200, 420), left={"in": 395}, right={"out": 395}, bottom={"": 140})
    s.power("24 V", (50, 395))
    s.wire((50, 395), (70, 395))
    s.wire((210, 395), (230, 395))
    s.power("12 V", (230, 395))
    s.box("U22", (310, 370), (430, 420), left={"in": 395}, right={"out": 395}, bottom={"": 370})
    s.power("24 V", (280, 395))
    s.wire((280, 395), (300, 395))
    s.wire((440, 395), (500, 395))
    s.power("5 V", (470, 395))
    s.box("U23", (510, 370), (660, 420), left={"in": 395}, right={"out": 395}, bottom={"": 585})
    s.wire((670, 395), (690, 395))
    s.power("3.3 V", (690, 395))
    s.ground((140, 430), (370, 430), (585, 430))
    s.box("PS2", (740, 360), (840, 430), "GSM25B05-P1J", right={"+": 380, "-": 415})
    s.note((740, 350), "mains")
    s.wire((850, 380), (866, 380))
    s.power("5 V Pi", (866, 380))
    s.wire((850, 415), (866, 415), (866, 430))
    s.earth((866, 430))


def stage(circuit: Circuit) -> Sheet:
    """Draw the converter from a number to a current: U30, U1 with Q1, U2 with Q2."""
    s = Sheet(circuit, "stage", "Stage: code 0 to 4095 to a current of 0 to 25 mA from the rail", 500)
    _first(s)
    _second(s)
    _raised(s)
    s.note((40, 420), "VF is the supply of U2, 12 V below the rail.")
    s.note((40, 434), "R32 and R34 pull zero below zero:", "code 0 is off.")
    s.note((40, 475), "R39 with K5: 1.25 times the current while the dummy load is on.")
    return s


def _first(s: Sheet) -> None:
    """Draw what makes a current of the DAC's voltage, up to R2."""
    s.box(
        "U30",
        (70, 185),
        (150, 275),
        "MCP4725A1",
        left={"SDA": 205, "SCL": 260},
        right={"OUT": 205},
        top={"": 110},
        bottom={" ": 110},
    )
    s.power("3.3 V", (110, 175))
    s.ground((110, 285))
    s.flag("SDA", (60, 205), "l")
    s.flag("SCL", (60, 260), "l")
    s.wire((160, 205), (200, 205))
    s.two("resistor", "R30", (175, 205), (175, 280), "10 kohm")
    s.two("resistor", "R31", (200, 205), (265, 205), "10 kohm", "t")
    s.wire((265, 205), (320, 205))
    s.two("capacitor", "C31", (280, 205), (280, 265), "10 nF", "l")
    s.ground((175, 280), (280, 265))
    s.amplifier("U1", (350, 215), "top", "OPA192ID")
    s.power("12 V", (350, 185))
    s.ground((350, 245))
    s.wire((320, 225), (310, 225), (310, 345))
    s.wire((380, 215), (400, 215))
    s.two("resistor", "R37b", (400, 215), (460, 215), "1 kohm", "b")
    s.wire((390, 215), (390, 295))
    s.two("capacitor", "C32a", (310, 295), (390, 295), "100 pF", "b")
    s.more("nmos", "Q1", (480, 215), "BSS123")
    s.wire((490, 235), (490, 275))
    s.two("resistor", "R1", (490, 275), (490, 335), "3.24 kohm")
    s.ground((490, 335))
    s.wire((490, 265), (430, 265), (430, 345))
    s.two("resistor", "R33", (310, 345), (430, 345), "10.0 kohm", "b")
    s.two("resistor", "R32", (220, 345), (290, 345), "1.65 Mohm", "b")
    s.wire((290, 345), (310, 345))
    s.flag("3.3 V", (220, 345), "l")
    s.wire((490, 195), (490, 170), (530, 170))
    s.two("resistor", "R2", (520, 60), (520, 130), "1.00 kohm", "l")
    s.wire((520, 130), (520, 170))


def _raised(s: Sheet) -> None:
    """Draw what raises the stage while the dummy load is on."""
    s.power("64 V", (380, 440))
    s.wire((380, 440), (400, 440))
    s.two("resistor", "R39", (400, 440), (460, 440), "160 ohm", "t")
    s.two("contact", "K5a", (460, 440), (520, 440), "Finder 40.52", "b")
    s.flag("SOURCE", (520, 440), "r")


def _second(s: Sheet) -> None:
    """Draw what makes 25 times that current, and its supply."""
    s.two("resistor", "R35b", (530, 170), (600, 170), "1.00 kohm", "b")
    s.wire((520, 60), (810, 60))
    s.power("64 V", (570, 60))
    s.amplifier("U2", (670, 160), "bottom", "OPA192ID")
    s.wire((600, 170), (640, 170))
    s.wire((670, 130), (670, 60))
    s.flag("VF", (670, 190), "r")
    s.wire((640, 150), (615, 150), (615, 290))
    s.wire((700, 160), (720, 160))
    s.two("resistor", "R37a", (720, 160), (780, 160), "100 ohm", "b")
    s.wire((712, 160), (712, 240))
    s.two("capacitor", "C32b", (615, 240), (712, 240), "22 pF", "b")
    s.more("pmos", "Q2", (800, 160), "FQD8P10TM")
    s.two("resistor", "R36", (780, 60), (780, 130), "100 kohm", "l")
    s.wire((780, 130), (780, 160))
    s.two("resistor", "R3", (810, 60), (810, 120), "40.2 ohm")
    s.wire((810, 120), (810, 140))
    s.wire((810, 130), (890, 130), (890, 290), (720, 290))
    s.wire((760, 290), (760, 310))
    s.flag("SOURCE", (760, 310), "r")
    s.two("resistor", "R35a", (720, 290), (650, 290), "1.00 kohm", "b")
    s.wire((650, 290), (615, 290))
    s.wire((810, 180), (810, 220), (820, 220))
    s.flag("OUT", (820, 220), "r")
    s.wire((615, 290), (615, 340))
    s.two("resistor", "R34", (615, 340), (615, 400))
    s.flag("VF", (615, 400), "l")
    s.power("64 V", (730, 350))
    s.wire((730, 350), (830, 350))
    s.two("zener", "D30", (730, 420), (730, 350), "BZX84-C12")
    s.two("capacitor", "C33", (830, 350), (830, 420), "100 nF")
    s.wire((730, 420), (840, 420))
    s.flag("VF", (840, 420), "r")
    s.two("resistor", "R38", (730, 420), (730, 475), "15 kohm")
    s.ground((730, 475))

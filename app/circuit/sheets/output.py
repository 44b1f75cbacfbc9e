"""The way of the current from the stage through the person to 0 V: clamp, output, return."""

from __future__ import annotations

from app.circuit.sheet import Sheet
from config.circuit import Circuit


def clamp(circuit: Circuit) -> Sheet:
    """Draw what holds the terminals below 60 V."""
    s = Sheet(circuit, "clamp", "Clamp: takes what no person takes, at 58 V", 460)
    s.flag("OUT", (90, 110), "l")
    s.two("diode", "D1", (90, 110), (170, 110))
    s.wire((170, 110), (430, 110), (430, 180))
    s.two("capacitor", "C50", (220, 110), (220, 190), "100 nF")
    s.ground((220, 190))
    s.two("resistor", "R53", (320, 60), (320, 110), "100 kohm")
    s.power("64 V", (320, 60))
    s.more("pnp", "Q3", (440, 200), "MJE350", side="l", flip=True)
    s.wire((430, 220), (430, 250))
    s.ground((430, 250))
    s.wire((460, 200), (530, 200), (680, 200))
    s.two("resistor", "R52", (530, 110), (530, 180), "15 kohm")
    s.power("64 V", (530, 110))
    s.wire((530, 180), (530, 240))
    s.more("shunt", "U3a", (530, 260), "ATL431B", side="l", flip=True)
    s.two("resistor", "R50a", (680, 200), (680, 260), "210 kohm")
    s.two("resistor", "R51a", (680, 260), (680, 320), "20.0 kohm")
    s.wire((550, 260), (680, 260))
    s.wire((530, 280), (530, 340))
    s.wire((530, 320), (680, 320))
    s.more("shunt", "U3b", (530, 370), "ATL431B", side="l", flip=True)
    s.wire((530, 340), (530, 350))
    s.two("resistor", "R50b", (680, 320), (680, 370), "210 kohm")
    s.two("resistor", "R51b", (680, 370), (680, 420), "20.0 kohm")
    s.wire((550, 370), (680, 370))
    s.wire((530, 390), (530, 420), (680, 420))
    s.wire((605, 420), (605, 430))
    s.ground((605, 430))
    s.note(
        (40, 330), "The two U3, one upon the other, hold the", "base of Q3 at 57.5 V; Q3 takes the current."
    )
    return s


def output(circuit: Circuit) -> Sheet:
    """Draw what lies between stage and person: dummy load, relays, divider, terminals."""
    s = Sheet(circuit, "output", "Output: dummy load, relays, divider, terminals (relays drawn at rest)", 500)
    s.flag("OUT", (80, 110), "l")
    s.wire((80, 110), (310, 110))
    s.two("capacitor", "C1", (100, 110), (100, 180), "1 nF")
    s.two("resistor", "R54", (160, 110), (160, 180), "4.7 Mohm")
    s.ground((100, 180), (160, 180))
    s.wire((270, 110), (270, 150))
    s.two("contact", "K4a", (270, 150), (270, 200), "Finder 40.52", "l")
    s.wire((270, 200), (270, 260))
    s.two("resistor", "R42", (270, 260), (270, 330), "1.5 kohm, 1 %, 2 W", "l")
    s.wire((270, 330), (270, 420))
    s.two("contact", "K1a", (310, 110), (380, 110), "Finder 40.52")
    s.wire((380, 110), (400, 110))
    s.two("contact", "K2a", (400, 110), (470, 110), "Schrack RT2")
    s.wire((470, 110), (610, 110))
    s.wire((560, 110), (560, 260), (610, 260))
    _divider(s)
    _polarity(s)
    s.note(
        (40, 462),
        "K1 enable, K2 series, K3 polarity, K4 dummy load: coils on their own sheet. R49: its sign is the",
        "polarity. The divider reads what lies behind K2, and R42 while K4 is on.",
    )
    return s


def _divider(s: Sheet) -> None:
    """Draw the divider, which K4's second contact leads to the dummy load."""
    s.more("change_over", "K4b", (380, 240), "Finder 40.52", side="")
    s.note((362, 272), "K4b")
    s.wire((490, 110), (490, 180), (340, 180), (340, 230), (360, 230))
    s.wire((270, 250), (360, 250))
    s.wire((400, 240), (430, 240))
    s.two("resistor", "R40a", (430, 240), (430, 310), "330 kohm")
    s.two("resistor", "R40b", (430, 310), (430, 380), "10.31 kohm")
    s.ground((430, 380))
    s.wire((430, 310), (455, 310))
    s.flag("DIV OUT", (455, 310), "r")


def _polarity(s: Sheet) -> None:
    """Draw the polarity relay and what lies behind it."""
    s.more("change_over", "K3a", (630, 120), "Finder 40.52", side="")
    s.more("change_over", "K3b", (630, 250), "Finder 40.52", side="")
    s.note((618, 97), "K3a " + s.value("K3", "Finder 40.52"))
    s.note((618, 222), "K3b, second contact")
    s.wire((610, 130), (590, 130), (590, 240), (610, 240))
    s.wire((590, 240), (590, 420), (80, 420))
    s.flag("RETURN", (80, 420), "l")
    s.wire((650, 120), (760, 120))
    s.two("socket", "X1a", (760, 120), (800, 120), "2 sockets")
    s.two("resistor", "R49", (670, 250), (730, 250), "1.50 ohm")
    s.wire((650, 250), (670, 250))
    s.two("socket", "X1b", (760, 250), (800, 250), "2 sockets")
    s.wire((730, 250), (760, 250))
    s.wire((665, 250), (665, 320), (675, 320))
    s.flag("SIGN-", (675, 320), "r")
    s.wire((735, 250), (735, 385), (745, 385))
    s.flag("SIGN+", (745, 385), "r")
    s.box("B2", (790, 150), (885, 220), "2 trays", top={"": 840}, bottom={" ": 840})
    s.wire((800, 120), (840, 120), (840, 140))
    s.wire((800, 250), (840, 250), (840, 230))


def returned(circuit: Circuit) -> Sheet:
    """Draw what the current goes through last: lamp, trip's switch, limiter, the two shunts."""
    s = Sheet(circuit, "return", "Return: yellow lamp, the trip's switch, limiter, shunts", 590)
    s.flag("RETURN", (100, 100), "l")
    s.wire((100, 100), (130, 100))
    s.wire((120, 100), (120, 240), (150, 240))
    s.wire((120, 170), (130, 170))
    for piece, line in (("a", 100), ("b", 170)):
        s.two("resistor", f"R43{piece}", (130, line), (200, line), "10 ohm")
        s.two("light", f"H1{piece}", (200, line), (280, line), "yellow")
        s.wire((280, line), (300, line))
    s.two("zener", "D40", (270, 240), (150, 240), "BZX84-C5V1", "b")
    s.wire((270, 240), (300, 240), (300, 100))
    s.wire((300, 100), (400, 100), (400, 140))
    s.more("nmos", "Q4", (410, 160), "FQD13N10L", side="l", flip=True)
    s.wire((400, 180), (400, 270))
    s.wire((430, 160), (560, 160))
    s.two("resistor", "R45c", (480, 160), (480, 230), "100 kohm")
    s.ground((480, 230))
    s.flag("Q4 GATE", (560, 160), "r")
    _limiter(s)
    return s


def trip(circuit: Circuit) -> Sheet:
    """Draw what holds the trip's switch Q4, and what lets go of it."""
    s = Sheet(circuit, "trip", "Trip: ALERT, what watches 5 V, the latch", 420)
    s.flag("ALERT", (90, 200), "l")
    s.wire((90, 200), (230, 200))
    s.two("resistor", "R65a", (150, 110), (150, 180), "10 kohm")
    s.power("5 V", (150, 110))
    s.wire((150, 180), (150, 200))
    s.more("nmos", "Q7", (250, 200), "2N7002", side="")
    s.note((280, 215), "Q7", s.value("Q7"))
    s.wire((260, 220), (260, 240))
    s.ground((260, 240))
    s.two("resistor", "R65b", (260, 60), (260, 130), "10 kohm")
    s.power("5 V", (260, 60))
    s.wire((260, 130), (260, 180))
    s.wire((260, 150), (510, 150))
    s.box("U35", (350, 200), (450, 260), "MCP121T", right={"": 230}, top={"": 400}, bottom={" ": 400})
    s.power("5 V", (400, 190))
    s.ground((400, 270))
    s.wire((460, 230), (470, 230), (470, 150))
    _flip_flop(s)
    s.wire((760, 220), (760, 340), (330, 340), (330, 150))
    s.note(
        (40, 380),
        "ALERT high, its wire broken, or 5 V too low: the clear is low, D65 opens Q4, U33 keeps it open.",
        "Only a rising edge at CP, while the clear is high, lets Q4 conduct again.",
    )
    return s


def _flip_flop(s: Sheet) -> None:
    """Draw U33 with what it drives."""
    s.box(
        "U33",
        (560, 120),
        (680, 290),
        "74HCT74",
        left={"CLR": 150, "CP": 190, "D": 230, "PRE": 260},
        right={"Q": 150, "Q̄": 230},
        top={"": 620},
        bottom={" ": 620},
    )
    s.wire((510, 150), (550, 150))
    s.power("5 V", (620, 110))
    s.ground((620, 300))
    s.flag("REARM", (550, 190), "l")
    s.wire((550, 230), (530, 230), (530, 260), (550, 260))
    s.power("5 V", (530, 230))
    s.flag("STATE", (690, 230), "r")
    s.two("resistor", "R66", (690, 150), (750, 150))
    s.wire((750, 150), (800, 150))
    s.flag("Q4 GATE", (800, 150), "r")
    s.two("diode", "D65", (760, 150), (760, 220), side="r")


def _limiter(s: Sheet) -> None:
    """Draw the limiter and the shunts below it."""
    s.more("nmos", "Q5", (390, 290), "FQD13N10L")
    s.flag("5 V", (100, 290), "l")
    s.two("resistor", "R45a", (100, 290), (180, 290), "10 kohm")
    s.wire((180, 290), (370, 290))
    s.more("shunt", "U5", (220, 350), "TLVH431B", side="l", flip=True)
    s.wire((220, 290), (220, 330))
    s.two("capacitor", "C44", (275, 290), (275, 350), "1 nF")
    s.wire((240, 350), (310, 350))
    s.two("resistor", "R45b", (310, 350), (390, 350), "1 kohm", "b")
    s.wire((390, 350), (400, 350))
    s.wire((400, 310), (400, 360))
    s.two("resistor", "R44", (400, 360), (400, 420), "45.3 ohm")
    s.wire((220, 370), (220, 430), (400, 430))
    s.wire((400, 420), (400, 440))
    s.two("resistor", "R46", (400, 440), (400, 490), "4.70 ohm")
    s.two("resistor", "R47", (400, 500), (400, 550), "4.70 ohm")
    s.wire((400, 490), (400, 500))
    s.ground((400, 550))
    s.wire((400, 430), (520, 430))
    s.flag("SHUNT TOP", (520, 430), "r")
    s.wire((400, 495), (520, 495))
    s.flag("SHUNT MIDDLE", (520, 495), "r")
    s.note((650, 430), "guard's shunt R46, control's", "shunt R47: four wires each")

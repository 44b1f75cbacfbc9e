"""The Pi's side: the controller with its barrier, what holds the enable relay, and the coils."""

from __future__ import annotations

from app.circuit.sheet import Sheet
from config.circuit import Circuit

SIGNALS = ("HEARTBEAT", "SERIES", "POLARITY", "DUMMY", "BUZZER")
PANEL = {"Start": 110, "Up": 155, "Down": 200, "Stop": 295, "red": 390, "green": 445, "blue": 500}


def barrier(circuit: Circuit) -> Sheet:
    """Draw the Pi, its panel and the two chips that alone join it to the person's side."""
    s = Sheet(circuit, "barrier", "Pi, panel and barrier", 650)
    s.frame("M655 60V350")
    s.listed("B1", (590, 368), "insulating case")
    s.note(
        (590, 382),
        "The broken line is the barrier, 5 kV",
        "and 8 mm: left of it is the Pi's side,",
        "right of it the person's.",
    )
    pins = {"SDA": 130, "SCL": 155, "REARM": 257, "STATE": 287}
    pins |= {name.capitalize(): 325 + 60 * number for number, name in enumerate(SIGNALS)}
    s.box(
        "A1",
        (290, 90),
        (400, 600),
        "Raspberry Pi",
        left=PANEL,
        right=pins,
        top={"5 V": 315, "3.3 V": 370},
        bottom={"": 345},
    )
    s.power("5 V Pi", (315, 80))
    s.power("3.3 V Pi", (370, 80))
    s.earth((345, 610))
    _panel(s)
    _isolators(s)
    for number, (piece, name) in enumerate(zip("abcde", SIGNALS, strict=True)):
        y = 325 + 60 * number
        s.wire((410, y), (510, y))
        s.flag(name, (510, y), "r")
        s.two("resistor", f"R60{piece}", (440, y), (440, y + 40), "10 kohm")
        s.earth((440, y + 40))
    return s


def _isolators(s: Sheet) -> None:
    """Draw the two chips that join the sides, with pull-ups on both."""
    s.box(
        "U40",
        (590, 95),
        (720, 180),
        "ISO1640BDW",
        left={"1": 130, "2": 155},
        right={"3": 130, "4": 155},
        top={"+": 615, "+ ": 695},
        bottom={"-": 615, "- ": 695},
    )
    for pieces, x, supply in (("ab", 450, "3.3 V Pi"), ("cd", 750, "3.3 V")):
        for piece, place, line in zip(pieces, (x, x + 70), (130, 155), strict=True):
            s.power(supply, (place, 70))
            s.two("resistor", f"U40{piece}", (place, 70), (place, 115), "2.2 kohm")
            s.wire((place, 115), (place, line))
    for name, line in (("SDA", 130), ("SCL", 155)):
        s.wire((410, line), (580, line))
        s.wire((730, line), (845, line))
        s.flag(name, (845, line), "r")
    s.box(
        "U41",
        (590, 232),
        (720, 312),
        "ISO7721FDW",
        left={"in": 257, "out": 287},
        right={"out ": 257, "in ": 287},
        top={"+": 615, "+ ": 695},
        bottom={"-": 615, "- ": 695},
    )
    for name, line in (("REARM", 257), ("STATE", 287)):
        s.wire((410, line), (580, line))
        s.wire((730, line), (760, line))
        s.flag(name, (760, line), "r")
    s.flag("3.3 V Pi", (615, 222), "l")
    for y in (190, 322):
        s.earth((615, y))
        s.ground((695, y))
    s.power("3.3 V Pi", (615, 85))
    s.power("3.3 V", (695, 85))
    s.flag("5 V", (695, 222), "r")


def _panel(s: Sheet) -> None:
    """Draw buttons and light, which lie on the Pi's side."""
    for piece, name in zip("abc", ("Start", "Up", "Down"), strict=True):
        s.two("open", f"S2{piece}", (150, PANEL[name]), (220, PANEL[name]), name, "b")
        s.wire((220, PANEL[name]), (280, PANEL[name]))
        s.wire((130, PANEL[name]), (150, PANEL[name]))
    s.two("open", "S3c", (150, 245), (220, 245), "Down", "b")
    s.wire((220, 245), (250, 245), (250, 200))
    s.wire((150, 245), (130, 245))
    s.wire((130, 110), (130, 250))
    s.earth((130, 250))
    s.two("closed", "S1a", (150, 295), (220, 295), "Stop", "b")
    s.wire((220, 295), (280, 295))
    s.wire((150, 295), (125, 295), (125, 340))
    s.two("closed", "X2a", (55, 295), (125, 295), "break", "t")
    s.two("closed", "S3a", (55, 340), (125, 340), "Stop", "t")
    s.wire((55, 295), (55, 340))
    s.earth((55, 340))
    for piece, light, name in zip("abc", "def", ("red", "green", "blue"), strict=True):
        y = PANEL[name]
        s.two("light", f"H2{light}", (160, y), (90, y), "RGB light", "b")
        s.two("resistor", f"H2{piece}", (240, y), (160, y), "330 ohm", "t")
        s.wire((240, y), (280, y))
        s.wire((90, y), (60, y))
    s.wire((60, 390), (60, 520))
    s.earth((60, 520))


def enable(circuit: Circuit) -> Sheet:
    """Draw what holds the enable relay: the heartbeat's one-shots with their window, and Stop's."""
    s = Sheet(circuit, "enable", "Enable: heartbeat and Stop without software", 560)
    s.flag("HEARTBEAT", (110, 100), "l")
    s.two("resistor", "U10a", (110, 100), (180, 100), "1 kohm")
    s.wire((180, 100), (380, 100))
    s.two("capacitor", "U10b", (200, 100), (200, 170), "1 nF")
    s.wire((250, 100), (250, 140), (260, 140))
    s.two("resistor", "U10c", (260, 140), (330, 140), "10 kohm", "b")
    s.wire((330, 140), (380, 140))
    s.two("capacitor", "U10d", (350, 140), (350, 210), "33 nF")
    s.earth((200, 170), (350, 210))
    s.box("U10", (390, 80), (470, 160), "74HCT86", left={"=1": 100, " ": 140}, right={"": 120})
    s.wire((480, 120), (520, 120))
    s.box("U11", (530, 90), (630, 150), left={"": 120}, right={"": 120})
    s.note((545, 166), s.value("U11", "2.5 ms"))
    s.wire((640, 120), (680, 120))
    s.box("U12", (690, 90), (790, 150), left={"": 120}, right={"": 120})
    s.note((705, 166), s.value("U12", "49 ms"))
    s.wire((800, 120), (830, 120), (830, 180), (640, 180), (640, 215), (660, 215))
    s.box("U15c", (670, 200), (750, 260), "74HC08", left={"&": 215, "& ": 245}, right={"": 230})
    s.wire((760, 230), (790, 230))
    s.flag("ENABLE", (790, 230), "r")
    _stop(s)
    return s


def _stop(s: Sheet) -> None:
    """Draw what a press of Stop starts, and what it blocks with."""
    s.power("5 V Pi", (110, 280))
    s.two("resistor", "R61", (110, 280), (110, 340))
    s.wire((110, 340), (110, 380))
    s.two("closed", "S1b", (110, 380), (110, 430), "Stop")
    s.two("closed", "S3b", (110, 430), (110, 480), "Stop")
    s.two("closed", "X2b", (60, 430), (60, 480), "break", "l")
    s.wire((60, 430), (110, 430))
    s.wire((60, 480), (110, 480))
    s.earth((110, 480))
    s.wire((110, 360), (230, 360))
    s.box("U13", (240, 330), (340, 390), left={"": 360}, right={"": 360})
    s.note((255, 406), s.value("U13", "7.0 s"))
    s.wire((350, 360), (380, 360))
    s.box("U14", (390, 330), (490, 390), left={"": 360}, right={"": 360})
    s.note((405, 406), s.value("U14", "0.7 s"))
    s.wire((500, 360), (560, 360))
    s.box("U15a", (570, 340), (660, 400), "74HC32", left={"≥1": 360, "≥1 ": 385}, right={"": 370})
    s.box("U15b", (390, 430), (470, 490), "74HC08", left={"&": 445, "& ": 475}, right={"": 460})
    s.wire((480, 460), (530, 460), (530, 385), (560, 385))
    s.wire((190, 360), (190, 475), (380, 475))
    s.wire((670, 370), (690, 370), (690, 383), (710, 383))
    s.wire((690, 370), (690, 515), (360, 515), (360, 445), (380, 445))
    s.box("U10f", (720, 345), (810, 395), "74HCT86", left={"=1": 383}, right={"": 370}, top={"": 760})
    s.power("5 V Pi", (760, 335))
    s.wire((820, 370), (840, 370), (840, 290), (640, 290), (640, 245), (660, 245))
    s.note(
        (20, 515),
        "U11 to U14: the resistors that set their times",
        "are on the sheet of the timers.",
        "Gates: =1 exclusive or, & and, ≥1 or. All on 5 V Pi.",
    )


def timers(circuit: Circuit) -> Sheet:
    """Draw what sets the times of the one-shots."""
    s = Sheet(circuit, "timers", "Timers: what sets the times of the one-shots", 380)
    times = (
        ("U11", "a", "2.5 ms", "280 kohm", "243 kohm + 1.15 kohm"),
        ("U12", "b", "49 ms", "392 kohm", "590 kohm + 8.06 kohm"),
        ("U13", "c", "7.0 s", "887 kohm", "167 kohm"),
        ("U14", "d", "0.7 s", "681 kohm", "133 kohm + 511 ohm"),
    )
    for number, (ref, piece, time, divider, setting) in enumerate(times):
        x = 65 + 210 * number
        s.power("5 V Pi", (x, 90))
        s.two("resistor", f"R63{piece}", (x, 90), (x, 150))
        s.two("resistor", f"R64{piece}", (x, 150), (x, 220), divider)
        s.earth((x, 220))
        s.wire((x, 150), (x + 60, 150))
        s.box(
            f"{ref}b",
            (x + 70, 130),
            (x + 180, 210),
            left={"DIV": 150, "SET": 195},
            top={"+": x + 125},
            bottom={"-": x + 125},
        )
        s.power("5 V Pi", (x + 125, 120))
        s.earth((x + 125, 220))
        s.wire((x + 60, 195), (x + 60, 260))
        s.two("resistor", f"R62{piece}", (x + 60, 260), (x + 60, 320), setting)
        s.earth((x + 60, 320))
        s.note((x + 70, 354), s.value(ref, time))
    return s


def coils(circuit: Circuit) -> Sheet:
    """Draw the drivers of the relays and of the buzzer."""
    s = Sheet(circuit, "coils", "Coils of the relays, and the buzzer: on the Pi's side", 600)
    drivers = (
        ("K1", "Finder 40.52", "ENABLE", "aei", (150, 80)),
        ("K2", "Schrack RT2", "SERIES", "bfj", (430, 80)),
        ("K3", "Finder 40.52", "POLARITY", "cgk", (710, 80)),
        ("K4", "Finder 40.52", "DUMMY", "dhl", (150, 340)),
    )
    for number, (ref, make, name, pieces, (x, y)) in enumerate(drivers):
        s.power("5 V Pi", (x, y))
        s.two("coil", ref, (x, y), (x, y + 80), make, "l")
        s.wire((x, y), (x + 70, y))
        diode, zener = "abcdefgh"[2 * number], "abcdefgh"[2 * number + 1]
        s.two("zener", f"D61{zener}", (x + 70, y), (x + 70, y + 50), "BZX84-C12")
        s.two("diode", f"D61{diode}", (x + 70, y + 100), (x + 70, y + 50), "1N4148")
        s.wire((x + 70, y + 100), (x, y + 100))
        s.wire((x, y + 80), (x, y + 110))
        s.more("nmos", f"Q6{pieces[0]}", (x - 10, y + 130), "AO3400A")
        _gate(s, f"Q6{pieces[1]}", name, (x, y))
    s.two("coil", "K5", (330, 340), (330, 420), "Finder 40.52")
    s.wire((220, 340), (330, 340))
    s.wire((330, 420), (330, 440), (220, 440))
    x, y = 640, 340
    s.power("5 V Pi", (x, y))
    s.two("coil", "H2g", (x, y), (x, y + 80), "buzzer", "l")
    s.wire((x, y + 80), (x, y + 110))
    s.more("nmos", "H2h", (x - 10, y + 130), "AO3400A")
    s.flag("BUZZER", (x - 60, y + 130), "l")
    s.wire((x - 60, y + 130), (x - 30, y + 130))
    s.wire((x, y + 150), (x, y + 195))
    s.earth((x, y + 195))
    s.note((40, 578), "A coil lets go quickly: diode and zener in series let its voltage rise to 12 V.")
    return s


def _gate(s: Sheet, ref: str, name: str, at: tuple[int, int]) -> None:
    x, y = at
    s.flag(name, (x - 60, y + 130), "l")
    s.wire((x - 60, y + 130), (x - 30, y + 130))
    s.two("resistor", ref, (x - 45, y + 130), (x - 45, y + 195), "10 kohm", "l")
    s.wire((x, y + 150), (x, y + 195), (x - 45, y + 195))
    s.earth((x - 20, y + 195))

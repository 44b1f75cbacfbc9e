"""A figure that rounds to zero has no minus, wherever it is written; what is less than nothing keeps it."""

import json

import pytest
from herald import SNAPSHOT, TREATING
from rich.console import Console

from app import oled, screen
from app.device import panel
from app.history import sheet
from app.locale.language import language
from app.locale.terminal import available, number, retell, speak
from app.locale.zero import without_minus
from app.mqtt_topics import state_of
from app.web.now_view import view
from app.words import dose, milliampere, resistance

BELOW = -0.0012
"""What a converter's offset reads where nothing flows, in mA."""


@pytest.fixture(params=sorted(available()))
def code(request):
    speak(request.param)
    yield request.param
    speak("en")


def drawn(picture):
    console = Console(width=100, record=True, file=None)
    with console.capture():
        console.print(picture)
    return console.export_text()


def test_no_face_shows_less_than_nothing(code):
    seen = {
        **SNAPSHOT,
        **TREATING,
        "measured_ma": BELOW,
        "charge_reverse_ma_min": BELOW,
        "setpoint_ma": BELOW,
    }
    now = view({**seen, "phase": "reverse"}, {}, language(code))
    shown = [
        drawn(panel.picture(seen, hand_out=False)),
        drawn(screen.picture(seen)),
        *panel.Lines().news(seen),
        *screen.Lines().news({**seen, "setpoint_ma": 1.0}),
        *oled.lines(seen),
        *now,
        milliampere(BELOW),
        dose(BELOW, BELOW),
        resistance(BELOW),
        json.dumps(state_of(seen)),
        language(code).ma(BELOW),
        language(code).charge(BELOW),
        *sheet.for_programs(["ma"], [[-0.0]]),
        *sheet.for_a_spreadsheet(["ma"], [[-0.0002]], language(code)),
    ]
    zeros = [text for text in shown if any(zero in text for zero in ("0.0", "0,0"))]
    assert len(zeros) >= 10
    for text in shown:
        assert not any(minus in text for minus in ("-0.0", "-0,0", "\u22120"))


def test_less_than_nothing_is_written_as_that(code):
    sign = "," if code == "de" else "."
    assert number(-0.006, ".2f") == f"-0{sign}01"
    assert number(-1.0, "7.1f") == f"   -1{sign}0"
    assert number(-0.01, "7.1f") == f"    0{sign}0"
    assert language(code).number(-0.06, 1) == f"-0{sign}1"
    assert language(code).number(-1000.0) == ("-1.000" if code == "de" else "-1,000")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("-0.00 mA measured, limit -0.01 mA", "0.00 mA measured, limit -0.01 mA"),
        ("it reads -0.00.", "it reads 0.00."),
        ("-0.0010 V, 2026-01-31, unit-0.0, 1-0", "-0.0010 V, 2026-01-31, unit-0.0, 1-0"),
        ("-0, -0", "0, 0"),
    ],
)
def test_a_sentence_worded_where_things_are_measured(said, shown):
    assert without_minus(said) == shown
    assert retell(said) == shown
    assert language("en").retell(said) == shown

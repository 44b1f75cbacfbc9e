"""What the page Now, the history and the panel say, by what is treated."""

import pytest
from herald import SNAPSHOT, TREATING

from app.device.command import _sentence
from app.device.panel import picture
from app.locale.language import language
from app.web.now_view import view
from controller.core.reasons import REASONS
from controller.loop.advice import SENTENCES

SAID = {"hands": "a hand out", "feet": "a foot out", "face": "a pad off", None: "a hand out"}
DRY = (
    "The set current is not reached because the pads conduct too little. "
    "Wet them with tap water, not distilled or softened water."
)


@pytest.mark.parametrize(("treatment", "words"), SAID.items(), ids=str)
def test_the_next_step(treatment, words):
    seen = {**SNAPSHOT, **TREATING, "treatment": treatment}
    assert words in view(seen, {}, language("en")).sentence


@pytest.mark.parametrize("code", ["en", "de"])
def test_an_alarm_of_the_underarms_in_either_language(code):
    t = language(code).t
    opened = {**SNAPSHOT, "state": "alarm", "code": 11, "treatment": "underarms", "rest_s": 300.0}
    said = view({**opened, "limited_by": "soft_water"}, {}, language(code))
    assert t("The circuit opened: a pad came off the skin, or a lead came off.") in said.alarm
    assert t(REASONS["open_circuit"].title) not in said.alarm
    assert "Wasser" not in said.alarm
    assert said.why == t(DRY)


def test_the_units_log():
    ended = {
        **{"session": 1, "outcome": "aborted", "cause": "open_circuit", "reason": "x"},
        **dict.fromkeys(("charge_forward_ma_min", "charge_reverse_ma_min"), 0.0),
    }
    told = _sentence({"ended": ended, "rest_offered": True, "treatment": "face"}, simulated=True)
    assert "a pad came off the skin" in told
    assert "water" not in told


def test_the_panel_of_a_simulated_unit():
    from rich.console import Console

    console = Console(record=True, width=100)
    console.print(picture({**SNAPSHOT, **TREATING, "treatment": "face", "next": "put_in"}, hand_out=True))
    said = console.export_text()
    assert "Put both pads on the skin" in said
    assert "off the skin" in said
    assert SENTENCES["put_in"] not in said

"""What the page Now, the history and the panel say, by what is treated."""

from datetime import date

import pytest
from herald import SNAPSHOT, TREATING

from app.device.command import _sentence
from app.device.panel import picture
from app.household.store import Household
from app.locale.language import language
from app.locale.terminal import speak, t
from app.web.now_view import view
from app.web.sentences import LIMITED_BY, SHOWN
from controller.core.reasons import REASONS
from controller.core.wording import by_area
from controller.journal.store import Store
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


@pytest.mark.parametrize("code", ["en", "de"])
@pytest.mark.parametrize("limited", LIMITED_BY)
def test_why_the_panel_s_current_is_not_reached_is_said_of_pads(code, limited):
    from rich.console import Console

    console = Console(record=True, width=240)
    speak(code)
    try:
        seen = {**SNAPSHOT, **TREATING, "treatment": "underarms", "limited_by": limited}
        console.print(picture(seen, hand_out=False))
        said = " ".join(console.export_text().replace("│", " ").split())
        assert " ".join(t(by_area(LIMITED_BY[limited], "underarms")).split()[:6]) in said
    finally:
        speak("en")


@pytest.mark.parametrize(("treatment", "area"), [("hands", "hands"), ("feet", "feet"), ("face", "face")])
def test_what_the_nurse_records_is_of_what_was_treated_first(house, phone, treatment, area):
    household = Household(house.state)
    ann = household.add_person(f"Ann {area}", date(1990, 1, 1))
    store = Store(house.state)
    for name, given in ((treatment, 90.0), ("hands", 80.0)):
        facts = {"unit": "u", "treatment": name, "simulated": True, "target_ma": 3.0, "total_s": 1200.0}
        store.begin(facts | {"person": str(ann)})
        store.write([["end", "completed", None, 1200.0, given, given, None]])
    store.connection.close()
    for code in ("en", "de"):
        phone.language = code
        try:
            said = phone.get(f"/people/{ann}").page.text
        finally:
            phone.language = "en"
        assert language(code).t(SHOWN[area]) in said

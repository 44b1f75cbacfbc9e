"""Charts say which way the current flowed; progress has a line for each person and area."""

import json
import re
from datetime import date

import pytest

from app.household.store import Household
from app.locale.language import language
from app.web import sentences
from app.web.chart import SIGNS, drawing
from controller.journal.store import Store

WAYS = {way: language("en").t(said) for way, said in sentences.POLARITY.items()}


def chart(*stretches):
    """Rows, one a second: (seconds, polarity, current in mA)."""
    rows = [(way, ma) for seconds, way, ma in stretches for _ in range(seconds)]
    return {
        "at_s": [float(at) for at in range(len(rows))],
        "polarity": [way for way, _ in rows],
        "setpoint_ma": [ma for _, ma in rows],
        "measured_ma": [ma for _, ma in rows],
    }


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_each_stretch_of_a_drawn_chart_is_named_and_the_reverse_is_shaded():
    svg = drawing(chart((600, "forward", 8.0), (600, "reverse", 8.0)), ("Delivered", "Set"), WAYS)
    assert [text for text in texts(svg) if text in WAYS.values()] == [*WAYS.values()]
    shades = re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)" height="\d+" fill="#e4e4e4"/>', svg)
    assert len(shades) == 1
    assert float(shades[0][0]) == pytest.approx(64 + (960 - 24 - 64) / 2, abs=2.0)


def test_a_stretch_too_short_for_words_has_its_sign():
    svg = drawing(chart((1000, "reverse", 8.0), (30, "forward", 8.0)), ("Delivered", "Set"), WAYS)
    assert WAYS["reverse"] in texts(svg)
    assert SIGNS["forward"] in texts(svg)
    assert WAYS["forward"] not in texts(svg)


def test_no_rows_are_no_stretch():
    assert not set(texts(drawing({}, ("Delivered", "Set"), WAYS))) & set(WAYS.values())


@pytest.fixture(scope="module")
def home(house):
    """Ann's hands, one of them cut and continued, and her feet; Ben's hands."""
    household = Household(house.state)
    house.ann, house.ben = (household.add_person(name, date(1990, 1, 1)) for name in ("Ann", "Ben"))
    store = Store(house.state)

    def give(person, treatment, charge, linked_to=None, outcome="completed"):
        facts = {"unit": "u", "treatment": treatment, "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
        facts |= {"person": str(person), "linked_to": linked_to, "planned_ma_min": 160.0}
        session = store.begin(facts)["begun"]
        store.write([["end", outcome, None, 600.0, charge, 0.0, None]])
        return session

    cut = give(house.ann, "hands", 60.0, outcome="aborted")
    give(house.ann, "hands", 100.0, linked_to=cut)
    give(house.ben, "hands", 80.0)
    give(house.ann, "feet", 120.0)
    store.connection.close()
    return house


def lines(phone, query=""):
    told = json.loads(phone.get(f"/history/progress.json{query}").text)
    return {line["name"]: [one for one in line["charge_ma_min"] if one is not None] for line in told["lines"]}


def test_everybody_has_a_line_for_each_person_and_area_and_a_cut_treatment_is_one(home, phone):
    assert lines(phone) == {"Ann, Hands": [160.0], "Ben, Hands": [80.0], "Ann, Feet": [120.0]}
    assert lines(phone, f"?person={home.ann}") == {"Hands": [160.0], "Feet": [120.0]}
    told = json.loads(phone.get("/history/progress.json").text)
    assert {len(line["sweat"]) for line in told["lines"]} == {len(told["at_s"])} == {3}


def test_so_has_the_table_of_weeks_and_the_list(home, phone):
    said = phone.get("/history").page.text
    for whose in ("Ann, Hands", "Ben, Hands", "Ann, Feet"):
        assert said.count(whose) == 1
    assert "100 % (160.0 mA min)" in said
    assert "50 % (80.0 mA min)" in said
    assert "10 mA for 10 minutes are 100 mA min" in said

"""Suggestions and records follow the current that was borne, not the one that Down lowered."""

from datetime import date, timedelta

import pytest

from app.household.feelings import AT_LIMIT, FIRST_TIME, WHY, suggested_ma, why_suggested
from app.household.store import Household
from app.web.records import Records
from controller.journal import store as journal_store
from controller.journal.store import Store
from protocols.fitness import QUESTIONS


def lowered(state, monkeypatch, *, set_ma=15.0, borne_ma=8.0, treatment="feet"):
    """Write a session of three days ago that began at `set_ma` and was lowered at once."""
    then = (date.today() - timedelta(days=3)).isoformat() + "T10:00:00.000+00:00"
    with monkeypatch.context() as past:
        past.setattr(journal_store, "_now_utc", lambda: then)
        store = Store(state)
        facts = {"unit": "u", "treatment": treatment, "simulated": True, "target_ma": set_ma, "total_s": 60.0}
        number = store.begin(facts | {"person": "1"})["begun"]
    rows = [("ramp_up", second, set_ma * second / 10, "forward") for second in range(10)]
    rows += [("hold", second, set_ma, "forward") for second in range(10, 15)]
    rows += [("hold", second, borne_ma - 0.02, "forward") for second in range(15, 30)]
    rows += [("hold", second, borne_ma - 0.02, "reverse") for second in range(30, 60)]
    written = [["row", float(second), phase, way, ma, ma, 14.0, 1.0, 1.0] for phase, second, ma, way in rows]
    store.write([*written, ["end", "completed", None, 60.0, 4.0, 4.0, None]])
    store.connection.close()
    return number


@pytest.mark.parametrize(("felt", "wanted"), [("fine", 9.0), (None, 8.0), ("sore", 6.0), ("blisters", 4.0)])
def test_the_suggestion_follows_what_was_borne_and_says_why(house, phone, monkeypatch, felt, wanted):
    household = Household(house.state)
    if not household.people():
        household.answer(
            household.add_person("Ann", date(1990, 1, 1)), {one.key: False for one in QUESTIONS}, date.today()
        )
    number = lowered(house.state, monkeypatch)
    assert Records(house.state).borne_ma(number) == 8.0
    household.say(number, felt, 1)
    page = phone.get("/prepare?person=1&treatment=feet").page
    (entry,) = [attributes for tag, attributes in page.tags if attributes.get("name") == "current_ma"]
    assert entry["value"] == str(wanted)
    assert WHY[felt or ""].format(borne="8.0 mA") in page.text
    shown = phone.get(f"/history/{number}").page.text
    assert "Set at the start15.0 mA" in shown
    assert "Borne current8.0 mA" in shown


def test_every_reason_is_true_of_its_suggestion():
    for felt in (None, *filter(None, WHY)):
        for limit_ma in (2.0, 8.0, 8.5, 12.0):
            for last_ma in (None, 1.0, 8.0, 12.0):
                why, more_ma = why_suggested(limit_ma, last_ma, felt), suggested_ma(limit_ma, last_ma, felt)
                assert more_ma <= limit_ma
                assert (why == (FIRST_TIME,)) == (last_ma is None)
                if last_ma is not None and "more" in why[0]:
                    assert (AT_LIMIT in why) == (last_ma + 1.0 > limit_ma)


def test_what_held_nothing_was_not_borne(tmp_path):
    store = Store(tmp_path)
    store.begin({"unit": "u", "treatment": "feet", "simulated": True, "target_ma": 15.0, "total_s": 60.0})
    store.connection.close()
    assert Records(tmp_path).borne_ma(1) is None

"""Page, history, command line and device say one thing of one reason, while its rest is offered and after."""

import json

import pytest
from companion import Companion
from herald import SNAPSHOT, Herald, wait_for
from pairs import pair

from app.device.command import _sentence
from app.household.order import ABOVE_UNIT, CHECKLIST
from app.locale.language import language
from app.main import main
from app.web.now_view import view
from controller.core.reasons import REASONS, SERVICE
from controller.journal.store import Store
from protocols.fitness import QUESTIONS

BEGIN = {"unit": "u", "simulated": True, "treatment": "hands", "target_ma": 12.0, "total_s": 1200.0}
OPENED = REASONS["open_circuit"]


def kept(state, *lines):
    """Write a session into the journal."""
    store = Store(state)
    store.begin(BEGIN)
    store.write(lines)
    store.connection.close()


@pytest.fixture
def state(tmp_path):
    kept(
        tmp_path,
        ["trip", "open_circuit", "hold", 60.0, "x"],
        ["end", "aborted", "x", 60.0, 10.0, 0.0, 11],
    )
    kept(tmp_path, ["end", "refused", "no contact within 60 s", 0.0, 0.0, 0.0, 16])
    kept(
        tmp_path,
        ["trip", "of_tomorrow", "hold", 60.0, "x"],
        ["end", "aborted", "x", 60.0, 10.0, 0.0, 77],
    )
    return tmp_path


def test_page_and_history_agree_while_the_rest_is_offered_and_after(state):
    herald, companion = Herald(state), Companion(state)
    try:
        browser = pair(herald, companion.port)
        herald.show(state="alarm", code=11, rest_s=300.0, linked_to=1)
        wait_for(lambda: OPENED.advice_rest in browser.get("/").page.text)
        said = browser.get("/history/1").page.text
        assert OPENED.title in said
        assert OPENED.advice_rest in said
        assert OPENED.advice not in said
        assert OPENED.advice_rest not in browser.get("/history/3").page.text, "another session's rest"
        herald.show(state="idle", code=None, rest_s=None, linked_to=None)
        wait_for(lambda: OPENED.advice in browser.get("/history/1").page.text)
        assert OPENED.advice_rest not in browser.get("/history/1").page.text
        assert REASONS["no_contact"].advice in browser.get("/history/2").page.text
        unknown = browser.get("/history/3").page.text
        assert "of_tomorrow" in unknown
        assert SERVICE in unknown
    finally:
        companion.close()
        herald.close()


@pytest.mark.parametrize(
    ("session", "advice"), [(1, OPENED.advice), (2, REASONS["no_contact"].advice), (3, SERVICE)]
)
def test_the_command_line_tells_the_same(state, capsys, session, advice):
    main(["history", "show", str(session), "--state", str(state)])
    assert advice in capsys.readouterr().out


@pytest.mark.parametrize("rest", [True, False])
@pytest.mark.parametrize(("name", "row"), REASONS.items(), ids=REASONS)
def test_the_devices_log_and_its_page_say_what_the_row_says(name, row, rest):
    ended = {
        **{"session": 1, "outcome": "aborted", "cause": name, "reason": "x"},
        **dict.fromkeys(("charge_forward_ma_min", "charge_reverse_ma_min"), 0.0),
    }
    told = _sentence({"ended": ended, "rest_offered": rest}, simulated=True)
    seen = {**SNAPSHOT, "state": "alarm", "code": row.code, "rest_s": 300.0 if rest else None}
    shown = view(seen, {}, language("en")).alarm
    for said in (told, shown):
        assert f"{row.title} {row.to_do(rest=rest)}" in said


@pytest.mark.parametrize(
    ("code", "tone"),
    [(34, "alarm"), (63, "alarm"), (12, "caution"), (71, "caution"), (16, "calm"), (21, "calm")],
)
def test_the_page_is_as_urgent_as_the_light(code, tone):
    seen = {**SNAPSHOT, "state": "alarm", "code": code}
    assert view(seen, {}, language("en")).tone == tone
    assert view({**SNAPSHOT, "state": "alarm"}, {}, language("en")).tone == "caution", "no code is known"
    assert view(None, {}, language("en")).tone == "alarm", "nobody knows whether current flows"


def test_the_page_offers_no_more_than_the_unit_may_give(tmp_path):
    """Else the unit would refuse an order for a limit that the person can't change."""
    herald = Herald(tmp_path, most_ma=7.0)
    companion = Companion(tmp_path)
    try:
        browser = pair(herald, companion.port)
        person = browser.submit("/people", "/people", name="Ann", born="1990-01-01").headers["location"]
        browser.submit(person, f"{person}/answers", **{question.key: "no" for question in QUESTIONS})
        where = f"/prepare?person={person.rpartition('/')[2]}&treatment=hands"
        ticks = dict.fromkeys(CHECKLIST, "yes")
        refused = browser.submit(where, "/prepare", current_ma="7.5", **ticks)
        assert ABOVE_UNIT in refused.page.text
        assert not (tmp_path / "next.json").exists()
        browser.submit(where, "/prepare", current_ma="7", **ticks)
        order = json.loads((tmp_path / "next.json").read_text())
        assert (order["current_ma"], order["limit_ma"]) == (7.0, 7.0)
    finally:
        companion.close()
        herald.close()

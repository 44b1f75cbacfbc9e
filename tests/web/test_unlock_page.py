"""The page that takes why a unit was locked: with the technician's code; it releases nothing by itself."""

import pytest

from app.household.codes import TRIES, TechnicianCode
from app.household.store import Household
from controller.core.locks import Needs, why_locked
from controller.journal.history import open_history
from controller.journal.store import Store

CODE = "spanner-77"
START = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}


def lock_in(state):
    with open_history(state) as history:
        assert history.verify().problems == []
        return history.lock(simulated=True)


@pytest.fixture(scope="module")
def locked(house):
    """A unit in which the current flowed the wrong way, as its herald and its journal tell it."""
    store = Store(house.state)
    store.begin(START)
    store.write([["trip", "wrong_polarity", "hold", 9.0, "so"]])
    store.write([["end", "aborted", "so", 9.0, 100.0, 0.0, 35]])
    store.connection.close()
    Household(house.state).set_code("rose-7421")
    TechnicianCode(house.state).set_code(CODE)
    return house


@pytest.fixture
def seen(locked):
    """What the unit tells of it."""
    lock = lock_in(locked.state)
    told = {"cause": lock.reason, "code": lock.code, "session": lock.session, "needs": lock.needs.value}
    told |= {"since_utc": lock.begun_utc, "reason": why_locked(lock)}
    locked.herald.show(state="alarm", code=lock.code, next="locked", lock=told)
    return told


def unlock(phone, reason="the relay was replaced", code=CODE):
    return phone.submit("/unlock", "/unlock", reason=reason, code=code)


def test_now_and_prepare_say_why_nobody_is_treated_and_where_to_say_why(seen, phone):
    now = phone.get("/").page.text
    assert "Locked: nobody is treated until a technician has mended the unit and said why." in now
    assert "Nobody is treated: the unit is locked by code 35 of 2" in now
    assert "Say why it was locked" in now
    assert 'href="/unlock"' in phone.get("/").text


def test_nothing_is_prepared_meanwhile(seen, phone, house):
    phone.submit("/people", "/people", name="Ann", born="1990-01-01")
    answer = phone.get("/prepare?person=1&treatment=hands")
    assert "Nobody is treated: the unit is locked by code 35" in answer.page.text
    assert not (house.state / "next.json").exists()


@pytest.mark.parametrize("code", ["wrong-code", "rose-7421"], ids=["wrong", "the nurse's"])
def test_a_wrong_code_is_refused_and_counted(seen, phone, house, code):
    answer = unlock(phone, code=code)
    assert (answer.status, "The technician's code is wrong." in answer.page.text) == (403, True)
    assert lock_in(house.state).needs is Needs.WORD


def test_without_a_code_or_a_reason_nothing_is_kept(seen, phone, house):
    assert unlock(phone, code="").status == 422
    assert unlock(phone, reason=" ").status == 422
    assert unlock(phone, reason="x" * 201).status == 422
    assert lock_in(house.state).needs is Needs.WORD


def test_a_stranger_sees_and_says_nothing(seen, stranger):
    assert "wrong way" not in stranger.get("/unlock").page.text


def test_the_technician_says_why_and_the_unit_is_still_locked_until_it_is_proven(seen, phone, house):
    assert unlock(phone).status == 303
    lock = lock_in(house.state)
    assert lock.needs is Needs.PROOF
    house.herald.show(next="prove", lock={**seen, "needs": "proof", "reason": why_locked(lock)})
    page = phone.get("/").page.text
    assert "Take everybody out of the circuit, then press Start on the unit" in page
    assert "have still to be proven" in page
    assert "with the technician's code: the relay was replaced" in phone.get("/history/1").page.text
    assert "have still to be proven" in phone.get("/unlock").page.text


def test_where_nothing_is_locked_the_page_says_so(locked, phone):
    assert "The unit is not locked." in phone.get("/unlock").page.text


def test_too_many_wrong_codes_wait(seen, phone, house):
    house.herald.show(lock={**seen, "needs": "word"})
    for _ in range(TRIES + 1):
        answer = unlock(phone, code="wrong-code")
    assert answer.status == 429
    assert "Too many tries with the technician's code" in answer.page.text

"""The pages in German: of a trip, a refusal, an alarm and at rest, no English word is left."""

import io

import pytest
from companion import Companion
from english import left_in_english
from herald import SNAPSHOT, TREATING, Herald
from pairs import pair

from app.device.panel import picture
from app.locale.language import language
from app.locale.terminal import speak
from app.web.now_view import view
from controller.core.locks import IDLE, Lock, Needs, why_locked
from controller.core.reasons import NAMES
from controller.core.reasons import REASONS as CATALOGUE
from controller.core.types import Cause
from controller.journal.store import Store

TOLD = {
    "guard_blind": "the guard has not seen the sensing current by its own converter",
    "current_spike": "30.02 mA measured, the last of 3 spikes within 60 s, though the next conversion "
    "denied each",
    "over_current": "30.02 mA measured, limit 15.85 mA",
    "open_circuit": "0.00 mA measured at a setpoint of 12.00 mA while the output stands at 60.1 V: "
    "the circuit is open",
    "short_circuit": "the load reads 20 ohm, a body at least 350",
    "leakage": "12.00 mA leaves and 10.04 mA returns",
    "deviation": "11.19 mA stays off the setpoint of 12.00 mA: the current stage is wrong by more than "
    "may be trimmed",
    "wrong_polarity": "+0.55 mA returns while reverse is commanded",
    "adc_silent": "guard ADC ADS1115 at 0x49 does not answer.",
    "adc_frozen": "the control converter gave code 6653 9 times running on different channels",
    "adc_stale": "no guard reading for 31 ms",
    "adc_saturated": "the control converter is at full scale (supply)",
    "adc_reset": "guard ADC ADS1115 at 0x49 holds configuration 0x8583 where 0x44e3 was written.",
    "adc_disagree": "control reads 12.00 mA, guard 9.88 mA",
    "dac_silent": "DAC MCP4725 at 0x62 sent 2 of 5 bytes.",
    "dac_stuck": "the current moves 0.07 uA per DAC step, nominal 6.11 uA",
    "dac_reset": "the DAC holds code 0 (power-down 0, EEPROM 0, ready) where 1968 was written",
    "bus_hung": "The I2C bus hung on guard ADC ADS1115 at 0x49.",
    "supply": "the current stage's supply reads 50.2 V, allowed 58 to 70 V",
    "output_lost": "0.00 mA measured at a setpoint of 12.00 mA without voltage at the output: a relay is "
    "open or the current stage is dead",
    "output_stuck": "3.10 mA measured while the output should be off",
    "hardware_trip": "the hardware trip has opened its switch at a setpoint of 10.00 mA; the guard reads "
    "0.04 mA now",
    "make_and_break": "3.40 mA measured at a setpoint of 12.00 mA, break number 2 within 60 s, though the "
    "circuit was closed again each time",
    "late_tick": "a tick came 61 ms after the one before, bound 50 ms",
    "clock_wrong": "in 37 s by the computer's clock the battery clock went on by 148 s: the computer's clock "
    "runs slow, or the battery clock runs wrong",
    "time_exceeded": "current flowed for 1231 s",
    "dose_exceeded": "240.1 mA min were given",
}
"""Cause -> what the controller reports of it."""
REASONS = (
    "no contact within 60 s: the circuit stayed open; close it and press Start again",
    "Stop was pressed twice",
    "the Start button reads as pressed since power-up: release or replace it",
    "the controller was cut off: no end of this session was ever written",
)


START = {"unit": "u", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
START |= {"treatment": IDLE}  # which is recorded on a locked unit too


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A unit with a session for each cause and reason, and its pages: `get(path)` gives the text of one."""
    state = tmp_path_factory.mktemp("german")
    store = Store(state)
    for cause, evidence in TOLD.items():
        store.begin(START)
        store.write([["trip", cause, "hold", 60.0, evidence]])
        store.write([["end", "aborted", evidence, 60.0, 10.0, 0.0, None]])
    for reason in REASONS:
        store.begin(START)
        store.write([["end", "refused", reason, 0.0, 0.0, 0.0, None]])
    store.connection.close()
    herald, companion = Herald(state), Companion(state)
    browser = pair(herald, companion.port)
    browser.language = "de"
    yield browser
    companion.close()
    herald.close()


def test_each_cause_has_its_sentence():
    assert set(TOLD) == set(Cause)


@pytest.mark.parametrize("number", range(1, len(TOLD) + len(REASONS) + 1))
def test_the_page_of_a_session_is_german(home, number):
    home.move()
    text = home.get(f"/history/{number}").page.text
    said = language("de").retell([*TOLD.values(), *REASONS][number - 1])
    assert said in text
    assert not left_in_english(text), left_in_english(text)


@pytest.mark.parametrize(
    "path",
    ["/", "/history", "/plan", "/people", "/prepare", "/history/999", "/none", "/unlock", "/good-to-know"],
)
def test_a_page_is_german(home, path):
    home.move()
    text = home.get(path).page.text
    assert not left_in_english(text), left_in_english(text)


@pytest.mark.parametrize("code", NAMES)
def test_an_alarm_is_german_on_the_page(code):
    last = {"cause": None, "reason": REASONS[0]}
    seen = {**SNAPSHOT, "state": "alarm", "code": code, "last": last, "next": None, "note": REASONS[2]}
    said = view(seen, {}, language("de"))
    assert not left_in_english(" ".join(said)), said


def test_an_alarm_without_a_code_says_its_reason_in_german():
    last = {"cause": None, "reason": REASONS[0]}
    said = view({**SNAPSHOT, "state": "alarm", "last": last}, {}, language("de")).alarm
    assert said == language("de").retell(REASONS[0])
    assert not left_in_english(said), said


LOCKS = [
    Lock(cause, 12, "2026-11-28T18:30:00.000+00:00", needs)
    for cause, row in CATALOGUE.items()
    for needs in Needs
    if row.locks
]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda one: f"{one.reason} {one.needs}")
def test_a_lock_is_told_in_german_with_its_cause_its_date_and_what_to_do(lock):
    told = {"cause": lock.reason, "code": lock.code, "session": 12, "needs": lock.needs.value}
    told |= {"since_utc": lock.begun_utc, "reason": why_locked(lock)}
    following = {Needs.STOP: "clear_alarm", Needs.WORD: "locked", Needs.PROOF: "prove"}[lock.needs]
    seen = {**SNAPSHOT, "state": "alarm", "code": lock.code, "next": following, "lock": told}
    said = language("de").retell(why_locked(lock))
    assert f"Code {lock.code} vom 2026-11-28, Sitzung 12 (" in said
    assert ("Stopp" in said, "Technik" in said) == (lock.needs is Needs.STOP, lock.needs is Needs.WORD)
    text = " ".join((*view(seen, {}, language("de")), said))
    assert not left_in_english(text.replace("`ionto unlock`", "")), text


@pytest.mark.parametrize(
    "refusal",
    [
        "next.json: treatment: none is named 'nose', allowed are face, feet, hands",
        "next.json: current_ma is 19, allowed is up to 12 mA, the person's limit",
        "next.json: valid_until_utc is over, or more than 24 h ahead",
        "next.json is no order: a key is there twice",
        "its time is over: prepare again",
        "hands asks for 15 mA, allowed is up to 10 mA, this unit's limit (limits.max_current_ma): choose a "
        "weaker treatment",
        "next.json: current_ma is 9, allowed is up to 8 mA, the highest current this unit was calibrated at",
    ],
)
def test_an_order_that_is_refused_is_told_in_german(refusal):
    seen = {**SNAPSHOT, "order": {"accepted": False, "refusal": refusal}}
    said = view(seen, {}, language("de")).prepared
    assert not left_in_english(said), said


def test_in_english_it_is_the_sentence_itself():
    seen = {**SNAPSHOT, "order": {"accepted": False, "refusal": "its time is over: prepare again"}}
    assert "its time is over: prepare again" in view(seen, {}, language("en")).prepared


def test_the_panel_is_german():
    from rich.console import Console

    speak("de")
    try:
        for change in ({}, {"state": "alarm", "phase": "tripped", "code": 11, "next": "clear_alarm"}):
            seen = {**SNAPSHOT, **TREATING, **change, "limited_by": "dry_skin"}
            console = Console(width=110, record=True, file=io.StringIO())
            console.print(picture(seen, hand_out=False))
            text = console.export_text()
            assert not left_in_english(text), text
    finally:
        speak("en")

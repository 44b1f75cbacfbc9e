"""One row for every cause and refusal; the numbers that units have shown for years stay what they are."""

import pytest

from controller.core.reasons import AGAIN, NAMES, REASONS, SERVICE, Mender, Priority, reason_of
from controller.core.types import Cause, Refusal

pytestmark = pytest.mark.core

NUMBERS = {
    "open_circuit": 11,
    "short_circuit": 12,
    "leakage": 13,
    "deviation": 14,
    "electrodes_touch": 15,
    "no_contact": 16,
    "stage_wrong": 17,
    "nothing_prepared": 21,
    "order_refused": 22,
    "no_record": 23,
    "start_stuck": 24,
    "stop_stuck": 25,
    "nobody_came": 26,
    "too_often": 27,
    "stop_dead": 28,
    "contact_small": 38,
    "current_spike": 31,
    "over_current": 32,
    "output_lost": 33,
    "output_stuck": 34,
    "wrong_polarity": 35,
    "supply": 36,
    "make_and_break": 18,
    "hardware_trip": 37,
    "adc_silent": 41,
    "adc_frozen": 42,
    "adc_stale": 43,
    "adc_saturated": 44,
    "adc_reset": 45,
    "adc_disagree": 46,
    "dummy_wrong": 47,
    "dac_silent": 51,
    "dac_stuck": 52,
    "dac_reset": 53,
    "bus_hung": 54,
    "guard_blind": 55,
    "late_tick": 56,
    "clock_wrong": 58,
    "trip_hangs": 57,
    "time_exceeded": 61,
    "dose_exceeded": 62,
    "relay_welded": 63,
    "output_dead": 64,
    "enable_hangs": 65,
    "enable_lost": 66,
    "series_hangs": 67,
    "drop_out_wrong": 68,
    "supply_out": 71,
    "not_zero": 72,
    "unit_unfit": 73,
    "chip_missing": 74,
    "date_unknown": 75,
    "bus_slow": 76,
    "trip_dead": 77,
    "stop_delay_wrong": 78,
}
"""As first given out; a row that is added is added here too, a row that is here never changes."""


def test_every_cause_and_every_refusal_has_a_row():
    assert set(REASONS) == {*Cause, *Refusal}
    assert len(REASONS) == len(Cause) + len(Refusal), "no name stands for two things"


def test_numbers_never_change_and_mean_one_thing_each():
    assert {name: row.code for name, row in REASONS.items()} == NUMBERS
    assert {REASONS[name].code for name in NAMES.values()} == set(NUMBERS.values())


def test_numbers_can_be_counted_as_flashes():
    assert all(1 <= code // 10 <= 8 and 1 <= code % 10 <= 8 for code in NAMES)


@pytest.mark.parametrize("row", REASONS.values(), ids=REASONS)
def test_the_advice_names_a_technician_where_one_has_to_mend_it(row):
    words = row.advice.split()
    assert row.title.endswith(".")
    assert row.advice.endswith(".")
    assert row.advice.endswith(AGAIN) == (row.mender is Mender.ONCE)
    named = "technician" in words or "Have" in words
    assert named == (row.mender is Mender.TECHNICIAN)


def test_only_an_open_circuit_has_a_rest_to_offer():
    assert [name for name, row in REASONS.items() if row.advice_rest] == [Cause.OPEN_CIRCUIT]
    for row in REASONS.values():
        assert row.to_do() == row.advice
        assert row.to_do(rest=True) == (row.advice_rest or row.advice)


def test_what_the_self_test_finds_is_over_once_it_passes_and_nothing_else():
    cleared = {name for name, row in REASONS.items() if row.clears_itself}
    found = {"start_stuck", "stop_stuck", "supply_out", "not_zero", "unit_unfit", "chip_missing", "bus_slow"}
    assert cleared == found | {"stop_dead", "stop_delay_wrong"}, "Stop's test comes before ready, too"


def test_of_a_reason_that_only_a_newer_version_knows_the_safe_thing_is_said():
    assert reason_of("of_tomorrow").to_do() == SERVICE
    assert reason_of("supply") is REASONS[Cause.SUPPLY]


def test_high_is_only_where_current_may_flow_that_should_not():
    high = {row.code for row in REASONS.values() if row.priority is Priority.HIGH}
    assert high == {17, 34, 63, 65, 67, 72, 77}


def test_what_cuts_a_treatment_is_medium_at_least_and_what_keeps_one_from_beginning_is_not():
    for cause in Cause:
        assert REASONS[cause].priority in {Priority.HIGH, Priority.MEDIUM}, cause
    for refusal in Refusal:
        assert REASONS[refusal].priority is not Priority.MEDIUM, refusal
    for name in ("nothing_prepared", "too_often", "order_refused", "nobody_came", "no_contact"):
        assert REASONS[name].priority is Priority.INFORMATION


def test_every_priority_has_its_reason():
    assert all(row.why for row in REASONS.values())

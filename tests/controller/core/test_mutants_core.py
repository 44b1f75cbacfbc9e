"""Both sides of every bound of guard and regulator: what is just allowed, and what is just too much."""

from __future__ import annotations

from typing import Any

import pytest
from guard_watch import FIVE, LIMITS, TICK_S, E, Watch, drive

from controller.core.dose import Dose
from controller.core.limits import Headroom
from controller.core.regulator import Regulator
from controller.core.types import Cause, Command, Drive, Off

pytestmark = pytest.mark.core

ONE_TICK = [
    (drive(15.0), {"guard_ma": 15.85 - E}, None),
    (drive(15.0), {"guard_ma": 15.85 + E}, Cause.OVER_CURRENT),
    (FIVE, {"guard_ma": 6.0 - E}, None),
    (FIVE, {"guard_ma": 6.0 + E}, Cause.CURRENT_SPIKE),
    (drive(2.0), {"guard_ma": 2.7 - E}, None),
    (drive(2.0), {"guard_ma": 2.7 + E}, Cause.CURRENT_SPIKE),
    (FIVE, {"guard_ma": 2.5 - E, "voltage_v": 54.0 + E}, Cause.OPEN_CIRCUIT),
    (FIVE, {"guard_ma": 2.5 - E, "voltage_v": 54.0 - E}, None),
    (FIVE, {"guard_ma": 2.5 + E, "voltage_v": 54.0 + E}, None),
    (FIVE, {"guard_ma": 0.2, "voltage_v": 8.1}, Cause.OPEN_CIRCUIT),
    (FIVE, {"guard_ma": 0.21, "voltage_v": 8.1}, None),
    (FIVE, {"guard_ma": 0.21, "voltage_v": 8.4 - 1e-4}, None),
    (FIVE, {"guard_ma": 0.21, "voltage_v": 8.4 + 1e-4}, Cause.OPEN_CIRCUIT),
    (FIVE, {"guard_ma": 0.0, "voltage_v": 8.0 - E}, None),
    (FIVE, {"guard_ma": 0.0, "voltage_v": 8.0 + E}, Cause.OPEN_CIRCUIT),
    (FIVE, {"guard_ma": 1.0 - E, "voltage_v": 1.0, "confirmed": True}, Cause.OUTPUT_LOST),
    (FIVE, {"guard_ma": 1.0 + E, "voltage_v": 1.0, "confirmed": True}, None),
    (FIVE, {"guard_ma": 1.0 - E, "voltage_v": 1.0}, None),
    (drive(0.1 + E), {"guard_ma": 0.0, "voltage_v": 0.1, "confirmed": True}, Cause.OUTPUT_LOST),
    (drive(0.1 - E), {"guard_ma": 0.0, "voltage_v": 0.1, "confirmed": True}, None),
    (drive(0.05 + E), {"guard_ma": 0.0, "voltage_v": 30.0}, Cause.OPEN_CIRCUIT),
    (drive(0.05 - E), {"guard_ma": 0.0, "voltage_v": 30.0}, None),
    (drive(1.0 - E), {"guard_ma": 0.9, "voltage_v": 54.0 + E}, Cause.OPEN_CIRCUIT),
    (drive(1.0 + E), {"guard_ma": 0.9, "voltage_v": 54.0 + E}, None),
    (drive(1.0 - E), {"guard_ma": 0.9, "voltage_v": 54.0 - E}, None),
    (drive(0.3, sensing=True), {"guard_ma": 0.0, "voltage_v": 60.0}, None),
    (FIVE, {"guard_code": 32766}, None),
    (FIVE, {"guard_code": 32767}, Cause.ADC_SATURATED),
    (FIVE, {"guard_code": 32768}, Cause.ADC_SATURATED),
    (FIVE, {"guard_code": 32767, "current_ma": 15.85 - E}, Cause.ADC_SATURATED),
    (FIVE, {"guard_code": 32767, "current_ma": 15.85 + E}, None),
    (FIVE, {"guard_code": 32767, "current_ma": None}, Cause.ADC_SATURATED),
    (FIVE, {"sampled": "voltage", "sampled_code": 32766}, None),
    (FIVE, {"sampled": "voltage", "sampled_code": 32767}, Cause.ADC_SATURATED),
    (FIVE, {"sampled": "current", "sampled_code": 32767}, None),
    (FIVE, {"after_s": 0.045 - E}, None),
    (FIVE, {"after_s": 0.045 + E}, Cause.LATE_TICK),
    (Off(), {"after_s": 5.0}, None),
    (FIVE, {"guard_ma": None, "guard_code": None, "after_s": 0.03 - E}, None),
    (FIVE, {"guard_ma": None, "guard_code": None, "after_s": 0.03 + E}, Cause.ADC_STALE),
    (Off(), {"guard_ma": None, "guard_code": None, "after_s": 0.2}, None),
]


@pytest.mark.parametrize(("last", "reading", "cause"), ONE_TICK)
def test_one_reading_on_either_side_of_a_bound(
    last: Command, reading: dict[str, Any], cause: Cause | None
) -> None:
    watch = Watch(last)
    watch.see(**reading)
    assert watch.cause is cause


SAMPLES = [
    ({"sampled": "supply", "supply_v": 58.0 - E, "confirmed": True}, Cause.SUPPLY, 2),
    ({"sampled": "supply", "supply_v": 58.0}, None, 0),
    ({"sampled": "supply", "supply_v": 70.0}, None, 0),
    ({"sampled": "supply", "supply_v": 70.0 + E, "confirmed": True}, Cause.SUPPLY, 2),
    ({"sampled": "return", "return_ma": 4.25 - E, "confirmed": True}, Cause.LEAKAGE, 1),
    ({"sampled": "return", "return_ma": 4.25 + E}, None, 0),
    ({"sampled": "return", "return_ma": 5.75 - E}, None, 0),
    ({"sampled": "return", "return_ma": 5.75 + E, "confirmed": True}, Cause.LEAKAGE, 1),
    ({"sampled": "return", "return_ma": -0.5 - E, "confirmed": True}, Cause.WRONG_POLARITY, 1),
    ({"sampled": "return", "return_ma": -0.5 + E, "confirmed": True}, Cause.LEAKAGE, 1),
    ({"sampled": "voltage", "voltage_v": 1.75 - E}, Cause.SHORT_CIRCUIT, 6),
    ({"sampled": "voltage", "voltage_v": 1.75 + E}, None, 0),
    ({"sampled": "current", "current_ma": 5.1 - E}, None, 0),
    ({"sampled": "current", "current_ma": 5.1 + E}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 4.9 + E}, None, 0),
    ({"sampled": "current", "current_ma": 4.9 - E}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 4.8, "voltage_v": 57.0 + E}, None, 0),
    ({"sampled": "current", "current_ma": 4.8, "voltage_v": 57.0 - E}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 4.8, "voltage_v": None}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 5.55 - E}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 5.55 + E}, Cause.ADC_DISAGREE, 3),
    ({"sampled": "current", "current_ma": 4.45 + E}, Cause.DEVIATION, 100),
    ({"sampled": "current", "current_ma": 4.45 - E}, Cause.ADC_DISAGREE, 3),
    ({"sampled": "current", "current_ma": 6.0 + E}, Cause.CURRENT_SPIKE, 2),
    ({"sampled": "current", "current_ma": 15.85 + E}, Cause.OVER_CURRENT, 2),
    ({"guard_ma": 5.65 - E, "current_ma": 5.65 - E}, None, 0),
    ({"guard_ma": 5.65 + E, "current_ma": 5.65 + E}, Cause.DEVIATION, 21),
    ({"guard_ma": 4.35 + E, "current_ma": 4.35 + E}, None, 0),
    ({"guard_ma": 4.35 - E, "current_ma": 4.35 - E}, Cause.DEVIATION, 21),
    ({"guard_ma": 4.3, "current_ma": 4.7 - E}, Cause.DEVIATION, 21),
    ({"guard_ma": 4.3, "current_ma": 4.7 + E}, Cause.ADC_DISAGREE, 21),
    ({"guard_code": 3100}, Cause.ADC_FROZEN, 41),
    ({"sampled": "voltage", "sampled_code": 2100}, None, 0),
    ({}, None, 0),
]


@pytest.mark.parametrize(("reading", "cause", "ticks"), SAMPLES)
def test_so_many_samples_make_a_trip(reading: dict[str, Any], cause: Cause | None, ticks: int) -> None:
    watch = Watch()
    assert watch.ticks_to_trip(**reading) == pytest.approx(ticks, abs=1 if ticks == 21 else 0)
    assert watch.cause is cause


@pytest.mark.parametrize(
    ("last", "reading", "words"),
    [
        (FIVE, {"guard_ma": None, "guard_code": None, "after_s": 0.05}, "no guard reading for 50 ms"),
        (FIVE, {"after_s": 0.08}, "came 80 ms after the one before, bound 45 ms"),
        (FIVE, {"guard_code": 3100}, "gave code 3100 41 times"),
        (FIVE, {"guard_ma": 15.9}, "15.90 mA measured, limit 15.85 mA"),
        (FIVE, {"guard_ma": 6.1}, "6.10 mA measured at a setpoint of 5.00 mA, limit 6.00 mA"),
        (FIVE, {"guard_ma": 0.1, "voltage_v": 55.0}, "0.10 mA measured at a setpoint of 5.00 mA"),
        (FIVE, {"guard_ma": 0.1, "voltage_v": 55.0}, "stands at 55.0 V"),
        (
            FIVE,
            {"sampled": "supply", "supply_v": 57.0, "confirmed": True},
            "reads 57.0 V, allowed 58 to 70 V",
        ),
        (
            FIVE,
            {"sampled": "return", "return_ma": 4.0, "confirmed": True},
            "5.00 mA leaves and 4.00 mA returns",
        ),
        (FIVE, {"sampled": "return", "return_ma": -5.0, "confirmed": True}, "-5.00 mA returns while forward"),
        (FIVE, {"sampled": "voltage", "voltage_v": 1.0}, "reads 200 ohm, a body at least 350"),
        (FIVE, {"sampled": "current", "current_ma": 4.0}, "control reads 4.00 mA, guard 5.00 mA"),
        (FIVE, {"guard_ma": 4.0, "current_ma": 4.0}, "4.00 mA measured at a setpoint of 5.00 mA for 0.2 s"),
        (Off(), {"guard_ma": 0.3}, "0.30 mA measured while the output should be off"),
    ],
)
def test_the_evidence_has_its_figures(last: Command, reading: dict[str, Any], words: str) -> None:
    watch = Watch(last)
    watch.ticks_to_trip(**reading)
    assert watch.guard.trip is not None
    assert words in watch.guard.trip.evidence
    assert watch.guard.trip.detected_s == watch.now_s


def test_the_same_code_on_different_channels_is_a_frozen_converter() -> None:
    watch = Watch()
    for _ in range(4):
        assert watch.see(sampled="voltage", sampled_code=2100) is None
        assert watch.see(sampled="voltage", sampled_code=2100) is None  # no other channel: not counted
        assert watch.see(sampled="current", sampled_code=2100) is None
    watch.see(sampled="voltage", sampled_code=2100)
    assert watch.cause is Cause.ADC_FROZEN
    assert watch.guard.trip is not None
    assert "gave code 2100 9 times" in watch.guard.trip.evidence


def test_a_frozen_control_converter_is_found_with_the_output_off_too() -> None:
    watch = Watch(Off())
    seen = [watch.see(sampled=kind, sampled_code=0) for kind in ("voltage", "current") * 4]
    assert seen == [None] * 8
    watch.see(sampled="voltage", sampled_code=0)
    assert watch.cause is Cause.ADC_FROZEN


def test_no_wait_in_mid_treatment_is_without_end() -> None:
    waiting = Watch(Off())
    assert waiting.ticks_to_trip(2000, guard_ma=0.0, current_ma=0.0) == 0  # nobody has been treated yet
    watch = Watch()
    watch.see()
    watch.last = Off()
    off = {"guard_ma": 0.0, "current_ma": 0.0}
    assert watch.ticks_to_trip(2000, **off) == 501  # the one that ends what was driven counts
    assert watch.cause is Cause.TIME_EXCEEDED
    assert "off for 5.0 s in mid-treatment" in watch.guard.trip.evidence  # type: ignore[union-attr]


def test_reversals_do_not_add_up_to_a_wait() -> None:
    watch = Watch()
    watch.see()
    little = Drive("forward", 0.05, 8)
    for _ in range(3):
        for _ in range(400):
            assert watch.see(Off(), guard_ma=0.0, current_ma=0.0) is None
        assert watch.see(little, guard_ma=0.0, current_ma=0.0) is None
        assert watch.see(Off(), guard_ma=0.05, current_ma=0.05) is None


def test_another_code_begins_the_count_of_equal_ones_again() -> None:
    watch = Watch()
    for _ in range(4):
        for sampled in ("voltage", "current", "voltage"):
            assert watch.see(sampled=sampled, sampled_code=2100) is None
        assert watch.see(sampled="current", sampled_code=2101) is None


@pytest.mark.parametrize(
    ("reading", "cause", "ticks"),
    [row for row in SAMPLES if row[0].get("sampled") == "current" and row[2] in {2, 3}],
)
def test_one_sound_sample_begins_the_count_again(
    reading: dict[str, Any], cause: Cause | None, ticks: int
) -> None:
    """What comes and goes within two seconds adds up by another rule."""
    watch = Watch()
    for _ in range(6):
        for _ in range(ticks - 1):
            assert watch.see(**reading) is None
        for _ in range(205):
            assert watch.see(sampled=reading["sampled"]) is None
    assert cause is not None


@pytest.mark.parametrize(
    ("last", "current_ma", "trips"),
    [
        (Off(), 0.2, False),
        (Off(), 0.2 + E, True),
        (drive(0.0), 0.2, False),
        (drive(0.0), 0.2 + E, True),
    ],
)
def test_current_while_off_is_cut_after_a_quarter_of_a_second(
    last: Command, current_ma: float, trips: bool
) -> None:
    watch = Watch(last)
    tick = watch.ticks_to_trip(guard_ma=current_ma, current_ma=current_ma)
    assert bool(tick) is trips
    if trips:
        assert tick in {26, 27}, "more than 0.25 s after the first"
        assert watch.cause is Cause.OUTPUT_STUCK


def test_current_while_off_with_a_pause_is_not_added_up() -> None:
    watch = Watch(Off())
    for _ in range(10):
        assert not watch.ticks_to_trip(20, guard_ma=0.3, current_ma=0.3)
        assert watch.see() is None


def test_current_while_off_is_seen_by_either_converter() -> None:
    assert Watch(Off()).ticks_to_trip(guard_ma=None, guard_code=None, current_ma=0.3)
    assert Watch(Off()).ticks_to_trip(guard_ma=0.3, current_ma=None)


@pytest.mark.parametrize(
    ("last", "reading", "doubt"),
    [
        (FIVE, {"guard_ma": 6.0 - E}, ""),
        (FIVE, {"guard_ma": 6.0 + E}, "high"),
        (FIVE, {"guard_ma": 4.25 - E}, "low"),
        (FIVE, {"guard_ma": 4.25 + E}, ""),
        (FIVE, {"guard_ma": 4.25 - E, "voltage_v": 58.0 + E}, ""),
        (FIVE, {"guard_ma": 2.5 - E, "voltage_v": 58.0 + E}, "low"),
        (drive(2.0 - E), {"guard_ma": 1.0 + E}, ""),
        (FIVE, {"guard_ma": None}, ""),
        (Off(), {"guard_ma": 0.2}, ""),
        (Off(), {"guard_ma": 0.2 + E}, "high"),
        (drive(0.05 + E), {"guard_ma": 0.0}, "low"),
        (drive(0.05 - E), {"guard_ma": 0.0}, ""),
        (drive(0.9), {"voltage_v": 54.0 + E}, "low"),
        (drive(0.9), {"voltage_v": 54.0 - E}, ""),
        (drive(0.3, sensing=True), {"guard_ma": 0.0}, ""),
    ],
)
def test_what_is_measured_again(last: Command, reading: dict[str, Any], doubt: str) -> None:
    watch = Watch(last)
    assert watch.guard.doubts(watch.reading(**reading)) == doubt


@pytest.mark.parametrize(
    ("last", "command", "cause"),
    [
        (drive(15.0), drive(15.0), None),
        (drive(15.0), drive(15.01 - E), None),
        (drive(15.0), drive(15.01 + E), Cause.OVER_CURRENT),
        (drive(15.0), drive(15.0, code=3030), None),
        (drive(15.0), drive(15.0, code=3031), Cause.OVER_CURRENT),
        (FIVE, drive(5.1 - E), None),
        (FIVE, drive(5.1 + E), Cause.OVER_CURRENT),
        (FIVE, drive(0.0), None),
        (FIVE, drive(-E, code=0), Cause.OVER_CURRENT),
        (Off(), drive(0.1), None),
        (Off(), drive(0.1 + E), Cause.OVER_CURRENT),
        (Off(), drive(0.35, sensing=True), Cause.OVER_CURRENT),
        (drive(0.3, sensing=True), drive(0.35, sensing=True), None),
        (drive(0.3, sensing=True), drive(0.35 + E, sensing=True), Cause.OVER_CURRENT),
        (drive(0.3, sensing=True), drive(0.3, sensing=True, code=150), None),
        (drive(0.3, sensing=True), drive(0.3, sensing=True, code=151), Cause.OVER_CURRENT),
        (FIVE, drive(5.0, series=False), Cause.OVER_CURRENT),
        (FIVE, drive(5.0, beat=False), Cause.OVER_CURRENT),
        (FIVE, drive(5.0, polarity="reverse"), Cause.WRONG_POLARITY),
        (FIVE, Off("reverse"), Cause.WRONG_POLARITY),
        (Off(), Off("reverse"), None),
        (Off(), drive(0.0, polarity="reverse"), Cause.WRONG_POLARITY),
    ],
)
def test_a_command_on_either_side_of_a_bound(last: Command, command: Command, cause: Cause | None) -> None:
    watch = Watch(last)
    watch.see(command, voltage_v=1.0)
    assert watch.cause is cause


@pytest.mark.parametrize("which", ["guard_ma", "current_ma"])
def test_polarity_moves_below_a_fifth_of_a_milliampere_by_both_converters(which: str) -> None:
    watch = Watch(Off())
    assert watch.see(Off("reverse"), **{which: 0.2 - E}) is None
    watch = Watch(Off())
    assert watch.see(Off("reverse"), **{which: 0.2}) is not None
    assert watch.cause is Cause.WRONG_POLARITY


def test_time_and_charge_are_cut_just_beyond_their_limits() -> None:
    watch = Watch()
    watch.guard._energised_s = LIMITS.total_s - 1.5 * TICK_S
    assert watch.ticks_to_trip() == 2
    assert watch.cause is Cause.TIME_EXCEEDED
    watch = Watch()
    watch.guard._charge_ma_s = 60 * LIMITS.dose_ma_min - 1.5 * 5.0 * TICK_S
    assert watch.ticks_to_trip() == 2
    assert watch.cause is Cause.DOSE_EXCEEDED


def test_sensing_counts_as_charge_and_not_as_time() -> None:
    watch = Watch(drive(0.3, sensing=True))
    assert not watch.ticks_to_trip(50)
    assert watch.guard._energised_s == 0.0
    assert watch.guard._charge_ma_s == pytest.approx(50 * TICK_S * 0.3)


# --- the regulator ---------------------------------------------------------------------------------------


def regulator(**changes: float) -> Regulator:
    return Regulator(**{"full_scale_ma": 25.0, "gain": 1.0, "offset_ma": 0.0, "tick_s": TICK_S, **changes})


def settled(made: Regulator, setpoint_ma: float, ticks: int = 7000) -> list[int]:
    codes = [made.code(setpoint_ma, None, 0.0, 0.5) for _ in range(ticks)]
    return codes[-28:]


@pytest.mark.parametrize(
    ("changes", "setpoint_ma", "centre"),
    [
        ({}, 5.0, 5.0 / 25.0 * 4095),
        ({}, 15.0, 15.0 / 25.0 * 4095),
        ({"gain": 1.05}, 5.0, 5.0 / 25.0 / 1.05 * 4095),
        ({"offset_ma": 0.2}, 5.0, 4.8 / 25.0 * 4095),
        ({"full_scale_ma": 20.0}, 5.0, 5.0 / 20.0 * 4095),
    ],
)
def test_the_code_is_the_setpoint_through_the_calibration_and_one_step_of_pilot(
    changes: dict[str, float], setpoint_ma: float, centre: float
) -> None:
    codes = settled(regulator(**changes), setpoint_ma)
    low, high = int(centre), int(centre) + 1
    assert set(codes) == {low, high}
    runs = "".join("+" if code == high else "-" for code in codes)
    assert "+" * 7 in runs
    assert "+" * 8 not in runs
    assert "-" * 8 not in runs


def test_the_code_rises_from_where_the_stage_begins_to_give_and_begins_there_again() -> None:
    made = regulator(offset_ma=-0.25, gain=1.01)
    for _ in range(2):
        first = made.code(0.01, None, 0.0, 0.5)
        assert first * 25.0 / 4095 * 1.01 - 0.25 == pytest.approx(1.1 * 0.5 * TICK_S, abs=0.01)
        assert made.code(0.0, None, 0.0, 0.5) == 0, "off, not small"
    assert regulator(offset_ma=0.1).code(0.05, None, 0.0, 0.5) <= 1, "nothing but the pilot"
    early = regulator(offset_ma=0.1)
    codes = [early.code(0.5, None, 0.0, 0.5) for _ in range(40)]
    assert codes[-1] == pytest.approx(40 * 1.1 * 0.5 * TICK_S / 25.0 * 4095, abs=1), (
        "and never from below none"
    )


def test_a_stage_that_nobody_has_measured_rises_from_where_any_like_it_begins_to_give() -> None:
    made = regulator(offset_ma=-0.25, spread_ma=0.2)
    assert made.lowest_code(0.02) == round(0.07 / 25.0 * 4095)
    assert made.still_code(0.02) == round(0.27 / 25.0 * 4095)
    assert made.code(0.01, None, 0.0, 0.5) * 25.0 / 4095 == pytest.approx(0.05, abs=0.013), (
        "two steps of the DAC"
    )
    assert regulator(offset_ma=-0.25).lowest_code(0.02) is None, "it is known"


@pytest.mark.parametrize(
    ("found_ma", "zero_ma"), [(0.05, -0.1), (0.15, -0.05), (-0.2, -0.25)], ids=["within", "most", "least"]
)
def test_what_a_code_was_seen_to_give_says_where_the_stage_begins(found_ma: float, zero_ma: float) -> None:
    made = regulator(offset_ma=-0.25, spread_ma=0.2)
    settled(made, 5.0)
    made.take_zero(round(0.15 / 25.0 * 4095), found_ma)
    assert made.lowest_code(0.02) is None
    assert made.still_code(1.0) == pytest.approx((1.0 - zero_ma) / 25.0 * 4095, abs=1)
    first_ma = made.code(0.01, None, 0.0, 0.5) * 25.0 / 4095 + zero_ma
    assert first_ma == pytest.approx(0.0, abs=0.013), "and it rises from there"
    made.take_zero(0, 3.0)
    assert made.still_code(1.0) == pytest.approx((1.0 - zero_ma) / 25.0 * 4095, abs=1), "once"


def test_the_code_rises_by_the_ramp_and_a_tenth() -> None:
    made = regulator()
    for tick in range(1, 200):
        code = made.code(5.0, None, 0.0, 0.5)
        assert code == pytest.approx(tick * 1.1 * 0.5 * TICK_S / 25.0 * 4095, abs=1.0)


def test_a_reading_moves_the_trim_by_its_share_and_by_no_more_than_a_step() -> None:
    made = regulator()
    settled(made, 5.0)
    made.code(5.0, 4.9, 0.02, 0.5)
    assert made.trim_ma == pytest.approx(4.0 * 0.02 * 0.1)
    made.code(5.0, 5.0, 0.02, 0.5)
    assert made.trim_ma == pytest.approx(4.0 * 0.02 * 0.1)
    before_ma = made.trim_ma
    made.code(5.0, 0.0, 0.04, 0.5)
    assert made.trim_ma == pytest.approx(before_ma + 0.03)
    made.code(5.0, 20.0, 0.04, 0.5)
    assert made.trim_ma == pytest.approx(before_ma)
    made.code(4.998, 5.0, 0.02, 0.5)
    assert made.trim_ma == pytest.approx(before_ma), "a reading belongs to the setpoint of the tick before"


@pytest.mark.parametrize("setpoint_ma", [0.0, -0.1])
def test_nothing_is_asked_for_at_zero_and_all_is_forgotten(setpoint_ma: float) -> None:
    made = regulator()
    settled(made, 5.0)
    made.code(5.0, 4.0, 0.04, 0.5)
    assert made.code(setpoint_ma, None, 0.0, 0.5) == 0
    assert made.trim_ma == 0.0
    assert made.code(5.0, None, 0.0, 0.5) <= 2, "the ramp begins at zero again"


def test_the_code_stays_within_the_converter() -> None:
    assert max(settled(regulator(), 25.0, 9000)) == 4095
    assert max(settled(regulator(), 40.0, 9000)) == 4095
    assert min(settled(regulator(offset_ma=1.0), 0.01, 50)) == 0


def test_a_reading_after_a_reset_belongs_to_nothing_asked_for() -> None:
    made = regulator()
    settled(made, 5.0)
    made.reset()
    made.code(5.0, 0.0, 0.02, 0.5)
    assert made.trim_ma == 0.0


def test_the_still_code_is_the_current_without_pilot_and_never_below_zero() -> None:
    assert regulator().still_code(5.0) == 819
    assert regulator(gain=1.05, offset_ma=0.2).still_code(5.0) == round(4.8 / 1.05 / 25.0 * 4095)
    assert regulator(offset_ma=1.0).still_code(0.07) == 0
    assert regulator().still_code(40.0) == 4095


# --- the dose --------------------------------------------------------------------------------------------


def test_the_dose_begins_at_zero_and_counts_each_polarity_in_milliampere_minutes() -> None:
    dose = Dose()
    assert (dose.ma_min("forward"), dose.ma_min("reverse")) == (0.0, 0.0)
    dose.add("forward", 6.0, 10.0)
    dose.add("forward", 3.0, 20.0)
    dose.add("reverse", 12.0, 30.0)
    assert dose.ma_min("forward") == pytest.approx(2.0)
    assert dose.ma_min("reverse") == pytest.approx(6.0)


def test_an_offset_above_the_setpoint_leaves_no_debt_to_the_ramp() -> None:
    made = regulator(offset_ma=0.5)
    assert max(settled(made, 0.1, 100)) <= 1, "the pilot alone"
    for tick in range(1, 50):
        assert made.code(3.0, None, 0.0, 0.5) == pytest.approx(tick * 0.0055 / 25.0 * 4095, abs=1.0)


def test_a_stage_reaches_less_by_its_headroom_and_never_more_than_its_compliance() -> None:
    assert Headroom().reach_v(60.0, 25.0) == 60.0
    assert Headroom(56.0).reach_v(60.0, 25.0) == 56.0
    assert Headroom(57.0, 0.2).reach_v(60.0, 10.0) == pytest.approx(55.0)
    assert Headroom(63.0, 0.2).reach_v(60.0, 10.0) == 60.0

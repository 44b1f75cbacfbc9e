"""The trial on the dummy load, step by step, and the guard's rule for it."""

from __future__ import annotations

from typing import Any

import pytest
from core_bench import DUMMY, LIMITER_MA, Bench

from controller.core.dummy_rule import DummyRule
from controller.core.limits import PROOF_MA, TRIAL_FULL_S, TRIAL_OHM_CALIBRATED, TRIAL_S, TRIAL_WITHIN_S
from controller.core.trial import RECOVERY, RELEASED, STAGE, SWITCHES, TRIPPED, Seen, Trial, _low
from controller.core.types import Buttons, Cause, Command, Drive, Measurement, Off, Phase, Refusal

pytestmark = pytest.mark.core

TICK_S = 0.005
OPERATE_S = 0.02
E = 1e-6
READING = Bench().measure(voltage_v=0.0, current_ma=0.0, guard_ma=0.0, return_ma=0.0)
WHOLE = SWITCHES + STAGE + TRIPPED + RELEASED + RECOVERY
LOW_MA = 5.0 * DUMMY.gain


def reads(ma: float, **changes: Any) -> dict[str, Any]:
    """Both converters read `ma`, and the voltage is what the dummy load then stands at."""
    return {"current_ma": ma, "guard_ma": ma, "voltage_v": ma * DUMMY.ohm / 1000, "tripped": False} | changes


def right(drive: Drive | Off, **changes: Any) -> dict[str, Any]:
    """What a sound unit shows when it is driven like that."""
    if not isinstance(drive, Drive) or not drive.dummy:
        return reads(0.0, **changes)
    if drive.trip == "catch":
        return reads(0.0, tripped=True, voltage_v=57.0, **changes)
    return reads(min(LIMITER_MA, drive.code / 4095 * 25.0 * DUMMY.gain), **changes)


class Walk:
    """A trial on a sound unit, as far as a test lets it be."""

    def __init__(self, *, trip: bool = True, tick_s: float = TICK_S) -> None:
        def code_of(ma: float) -> int:
            return round(ma / 25.0 * 4095)

        self.trial = Trial(DUMMY, code_of, trip=trip, operate_s=OPERATE_S)
        self.now_s, self.tick_s = 0.0, tick_s
        self.drive: Drive | Off = Off()
        self.driven: list[Drive] = []

    def tick(self, **wrong: Any) -> Drive:
        m: Measurement = READING._replace(**(right(self.drive) | wrong))
        self.drive = self.trial.step(self.now_s, m, "forward")
        self.driven.append(self.drive)
        self.now_s += self.tick_s
        assert self.now_s < 5.0, "it never ends"
        return self.drive

    def to(self, number: int) -> Walk:
        """Go on until step `number` of `WHOLE` is driven."""
        changes = 0
        last = self.tick()
        while changes < number:
            now = self.tick()
            changes += now != last
            last = now
        return self

    def until_failed(self, **wrong: Any) -> tuple[Refusal | None, str]:
        while self.trial.failed is None:
            assert not self.trial.done, "it has passed"
            self.tick(**wrong)
        return self.trial.refusal, self.trial.failed


def asked(drive: Drive) -> tuple[bool, bool, bool, int, str]:
    return drive.series, drive.beat, drive.dummy, drive.code, drive.trip


@pytest.mark.parametrize("trip", [True, False])
@pytest.mark.parametrize("tick_s", [0.005, 0.01, 0.02])
def test_the_steps_are_these_and_in_this_order(trip: bool, tick_s: float) -> None:
    walk = Walk(trip=trip, tick_s=tick_s)
    while not walk.trial.done:
        walk.tick()
    seen = [asked(drive) for n, drive in enumerate(walk.driven) if not n or drive != walk.driven[n - 1]]
    proof, low, sensing = 11, 819, 49
    assert seen == [
        (False, False, False, proof, "follow"),
        (False, True, False, proof, "follow"),
        (False, False, False, proof, "follow"),
        (True, False, False, proof, "follow"),
        (False, False, False, proof, "follow"),
        (False, False, True, 0, "follow"),
        (False, False, True, low, "follow"),
        (False, False, True, 4095, "follow"),
        *([(False, False, True, 4095, "catch"), (False, False, True, 0, "rearm")] if trip else []),
        (False, False, False, proof, "follow"),
        *([(False, False, True, sensing, "once"), (False, False, False, proof, "follow")] if trip else []),
    ]
    assert not any(drive.series and drive.beat for drive in walk.driven), "the output is never closed"
    assert all(drive.sensing and (drive.dummy or drive.setpoint_ma == PROOF_MA) for drive in walk.driven)
    full_s = sum(drive.code == 4095 for drive in walk.driven) * tick_s
    assert full_s <= TRIAL_FULL_S
    assert walk.now_s < TRIAL_S


def test_what_flows_is_what_the_trips_threshold_has_to_follow() -> None:
    drives = {drive.code: drive.setpoint_ma for drive in Walk().to(8).driven if drive.dummy}
    assert drives == {0: 0.0, 819: LOW_MA, 4095: DUMMY.highest_ma}


WRONG: list[tuple[int, dict[str, Any], Refusal, str]] = [
    (0, reads(0.0, voltage_v=3.1), Refusal.RELAY_WELDED, "current flows with both output relays open"),
    (0, reads(0.07), Refusal.RELAY_WELDED, "or the dummy load's relay hangs"),
    (0, reads(0.0, voltage_v=None), Refusal.RELAY_WELDED, "both output relays open"),
    (0, reads(0.0, guard_ma=0.06), Refusal.RELAY_WELDED, "both output relays open"),
    (0, reads(0.0, current_ma=None), Refusal.RELAY_WELDED, "both output relays open"),
    (1, reads(0.07), Refusal.RELAY_WELDED, "live with the series relay open"),
    (3, reads(0.07), Refusal.ENABLE_HANGS, "stays live without a heartbeat"),
    (5, reads(27.0), Refusal.STAGE_WRONG, "gives 27.00 mA into the dummy load at code 0: it is latched"),
    (5, reads(0.0, guard_ma=27.0), Refusal.STAGE_WRONG, "gives 27.00 mA into the dummy load at code 0"),
    (5, reads(0.11), Refusal.STAGE_WRONG, "gives 0.11 mA into the dummy load at code 0"),
    (5, reads(0.0, tripped=True), Refusal.STAGE_WRONG, "the hardware trip opened with the dummy load on and"),
    (6, reads(0.0, voltage_v=57.0), Refusal.DUMMY_WRONG, "stands at 57.0 V: the dummy load is open"),
    (6, reads(0.0), Refusal.OUTPUT_DEAD, "gives nothing into the dummy load"),
    (6, reads(0.0, voltage_v=None), Refusal.OUTPUT_DEAD, "gives nothing into the dummy load"),
    (6, reads(LOW_MA, voltage_v=0.1), Refusal.DUMMY_WRONG, "reads 16 ohm where 1500 ohm are built in"),
    (6, reads(LOW_MA, voltage_v=10.5), Refusal.DUMMY_WRONG, "reads 1680 ohm"),
    (6, reads(LOW_MA, voltage_v=10.32), Refusal.DUMMY_WRONG, "reads 1651 ohm"),
    (6, reads(LOW_MA, voltage_v=8.43), Refusal.DUMMY_WRONG, "reads 1349 ohm"),
    (6, reads(LOW_MA, voltage_v=0.0), Refusal.DUMMY_WRONG, "reads 0 ohm"),
    (6, reads(LOW_MA, voltage_v=None), Refusal.DUMMY_WRONG, "reads 0 ohm"),
    (6, reads(7.0, voltage_v=5.0), Refusal.DUMMY_WRONG, "reads 714 ohm"),
    (6, reads(5.31), Refusal.STAGE_WRONG, "gives 5.31 to 5.31 mA"),
    (6, reads(7.19), Refusal.STAGE_WRONG, "gives 7.19 to 7.19 mA"),
    (6, reads(2.5), Refusal.STAGE_WRONG, "gives 2.50 to 2.50 mA"),
    (6, reads(2.49), Refusal.OUTPUT_DEAD, "gives nothing into the dummy load"),
    (6, reads(4.0), Refusal.STAGE_WRONG, "gives 4.00 to 4.00 mA into the dummy load where 6.25"),
    (6, reads(27.0), Refusal.STAGE_WRONG, "gives 27.00 to 27.00 mA into the dummy load where 6.25"),
    (6, reads(5.5, guard_ma=5.2), Refusal.STAGE_WRONG, "gives 5.20 to 5.50 mA"),
    (6, reads(0.0, tripped=True), Refusal.STAGE_WRONG, "at a small code"),
    (7, reads(0.0, tripped=True), Refusal.STAGE_WRONG, "at full code: more flows than the limiter may let"),
    (7, reads(31.0), Refusal.STAGE_WRONG, "31.00 to 31.00 mA flow into the dummy load"),
    (7, reads(20.0), Refusal.STAGE_WRONG, "the limiter has to hold 25.85 to 29.15 mA"),
    (7, reads(27.5, guard_ma=25.0), Refusal.STAGE_WRONG, "25.00 to 27.50 mA flow"),
    (7, reads(25.84), Refusal.STAGE_WRONG, "25.84 to 25.84 mA flow"),
    (7, reads(29.16), Refusal.STAGE_WRONG, "29.16 to 29.16 mA flow"),
    (8, reads(27.5), Refusal.TRIP_DEAD, "stays above the hardware trip's threshold"),
    (8, reads(27.5, tripped=True), Refusal.TRIP_DEAD, "its switch conducts"),
    (8, reads(0.0), Refusal.TRIP_DEAD, "its latch hangs"),
    (8, reads(27.5, tripped=True, guard_ma=None), Refusal.TRIP_DEAD, "its switch conducts"),
    (9, reads(0.0, tripped=True), Refusal.TRIP_HANGS, "can't be armed after it has cut"),
    (9, reads(0.0, tripped=True, voltage_v=5.0), Refusal.TRIP_HANGS, "can't be armed after it has cut"),
    (9, reads(0.0, tripped=True, voltage_v=5.1), Refusal.STAGE_WRONG, "stands at 5.1 V at code 0 after the"),
    (10, reads(0.07), Refusal.DUMMY_WRONG, "with the dummy load off: its relay does not let go"),
    (11, reads(0.3, tripped=True), Refusal.STAGE_WRONG, "winds up while its circuit is open"),
    (11, reads(0.0), Refusal.DUMMY_WRONG, "its relay does not close"),
    (11, reads(0.15 - E), Refusal.DUMMY_WRONG, "its relay does not close"),
]


@pytest.mark.parametrize(("number", "reading", "refusal", "words"), WRONG)
def test_what_is_not_seen_refuses_by_name(
    number: int, reading: dict[str, Any], refusal: Refusal, words: str
) -> None:
    found, sentence = Walk().to(number).until_failed(**reading)
    assert found is refusal
    assert words in sentence


@pytest.mark.parametrize("number", range(len(WHOLE)))
def test_what_is_seen_too_briefly_is_not_seen(number: int) -> None:
    """Each step needs its ticks in a row; a stage that is right now and then is not right."""
    walk = Walk().to(number)
    here, ticks = asked(walk.drive), WHOLE[number].ticks
    for _ in range(120 // ticks):
        walk.tick(**reads(40.0, voltage_v=40.0, tripped=WHOLE[number].trip != "catch"))
        if walk.trial.failed is not None:
            return
        for _ in range(ticks - 1):
            assert asked(walk.tick()) == here
    raise AssertionError("it went on for 0.6 s")


LASTS: list[tuple[float, int]] = [
    (0.0, 9),
    (0.06 + OPERATE_S, 9),
    (0.1 + OPERATE_S, 9),
    (0.06 + OPERATE_S, 9),
    (0.06, 9),
    (0.06 + OPERATE_S, 9),
    (0.0, 9),
    (0.0, 9),
    (0.0, 2),
    (0.0, 2),
    (0.06 + OPERATE_S, 9),
    (OPERATE_S, 9),
    (0.06 + OPERATE_S, 9),
]
"""How long each step of `WHOLE` lasts at least, s, and for how many ticks what it wants must be seen."""
NUMBERS = range(len(LASTS))


def begun(number: int) -> Walk:
    """A trial whose step `number` has begun at 0 s to the last bit; its time is turned by hand."""
    walk = Walk(tick_s=0.0)
    walk.now_s = -float(number)
    for lasts_s, ticks in LASTS[:number]:
        assert lasts_s < 1.0
        for _ in range(ticks - 1):
            walk.tick()
        walk.now_s += 1.0
        walk.tick()
    return walk


def passes(walk: Walk, here: Drive, **reading: Any) -> bool:
    """Tell whether the step that drives `here` is over after one more tick."""
    return walk.tick(**reading) != here or walk.trial.done


@pytest.mark.parametrize("number", NUMBERS)
def test_a_step_is_over_once_it_was_seen_for_its_ticks(number: int) -> None:
    lasts_s, ticks = LASTS[number]
    walk, here = begun(number), begun(number).tick()
    walk.now_s = lasts_s
    assert [passes(walk, here) for _ in range(ticks)] == [False] * (ticks - 1) + [True]


@pytest.mark.parametrize("number", [number for number in NUMBERS if LASTS[number][0]])
def test_a_step_is_over_once_it_has_lasted(number: int) -> None:
    """A relay that has not had its time to move is not judged, whatever is seen."""
    walk, here = begun(number), begun(number).tick()
    walk.now_s = LASTS[number][0] - E
    assert not any(passes(walk, here) for _ in range(20))
    walk.now_s = LASTS[number][0]
    assert passes(walk, here)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_step_is_refused_a_fifth_of_a_second_after_it_should_have_been_over(number: int) -> None:
    wrong = reads(40.0, voltage_v=40.0, tripped=WHOLE[number].trip != "catch")
    within_s = LASTS[number][0] + TRIAL_WITHIN_S
    walk = begun(number)
    for walk.now_s in (0.0, within_s - E):
        walk.tick(**wrong)
        assert walk.trial.failed is None
    walk.now_s = within_s
    walk.tick(**wrong)
    assert walk.trial.failed is not None


@pytest.mark.parametrize(
    ("number", "reading"),
    [
        (6, reads(5.3125)),  # 15 % less than was asked for, and more
        (6, reads(7.1875)),
        (6, reads(LOW_MA, voltage_v=10.3125)),  # 10 % more than the dummy load has, and less
        (6, reads(LOW_MA, voltage_v=8.4375)),
        (7, reads(25.85)),
        (7, reads(29.15)),
        (11, reads(0.15 + E)),
    ],
)
def test_what_is_just_as_it_may_be_is_taken(number: int, reading: dict[str, Any]) -> None:
    walk, here = begun(number), begun(number).tick()
    walk.now_s, ticks = LASTS[number]
    assert [passes(walk, here, **reading) for _ in range(ticks)][-1]


def test_a_step_lasts_at_least_as_long_as_what_it_waits_for() -> None:
    walk = Walk()
    while not walk.trial.done:
        walk.tick()
    silent = [drive.series or drive.beat for drive in walk.driven]
    first_series = next(n for n, drive in enumerate(walk.driven) if drive.series)
    quiet = first_series - max(n for n in range(first_series) if silent[n])
    assert quiet * TICK_S >= 0.12, "the enable relay has had its time to let go"


# --- session ------------------------------------------------------------------------------------------------


def test_a_session_tries_its_stage_before_the_proof_and_counts_nothing_of_it() -> None:
    bench = Bench(dummy=True)
    bench.run_until(Phase.TRIAL)
    shown: list[float | None] = []
    while bench.session.phase is Phase.TRIAL:
        bench.tick()
        shown.append(bench.session.through_person_ma(bench.measure()))
    assert bench.session.phase is Phase.PROOF
    assert set(shown) == {None}, "what the dummy load takes is told to nobody"
    assert bench.session.dose.ma_min("forward") == 0.0
    assert bench.session.load.resistance_ohm is None
    assert bench.session.setpoint_ma == 0.0
    bench.run_until(Phase.CONTACT)
    assert bench.session.through_person_ma(bench.measure()) is not None
    bench.run_until(Phase.DONE)


def test_for_a_fifth_of_a_second_after_the_trial_a_reading_may_still_be_of_the_dummy_load() -> None:
    bench = Bench(dummy=True)
    bench.run_until(Phase.TRIAL)
    bench.run_until(Phase.PROOF)
    tried_s = bench.now_s
    for after_s, told in ((0.0, False), (0.2 - E, False), (0.2 + E, True)):
        m = bench.measure(time_s=tried_s + after_s, current_ma=0.07)
        assert bench.session.through_person_ma(m) == (0.07 if told else None)


def test_a_latched_stage_is_refused_before_the_output_has_closed() -> None:
    bench = Bench(dummy=True)
    bench.run_until(Phase.TRIAL)
    while not bench.session.finished:
        loaded = isinstance(bench.applied, Drive) and bench.applied.dummy
        assert bench.tick(**({"current_ma": 27.0, "guard_ma": 27.0} if loaded else {})) is None
    assert (bench.session.phase, bench.session.refusal) == (Phase.REFUSED, Refusal.STAGE_WRONG)
    assert not any(isinstance(c, Drive) and c.series and c.beat for c in bench.commands)


def test_stop_ends_a_trial_at_once() -> None:
    bench = Bench(dummy=True)
    bench.run_until(Phase.TRIAL)
    bench.tick(buttons=Buttons(stop=True))
    assert bench.session.phase is Phase.STOPPED
    assert isinstance(bench.applied, Off)


def test_a_session_without_a_dummy_load_never_comes_to_a_trial() -> None:
    bench = Bench()
    bench.run_until(Phase.PROOF)
    bench.session.phase = Phase.TRIAL
    bench.tick()
    assert isinstance(bench.applied, Off)


# --- the guard ----------------------------------------------------------------------------------------------

ON = Drive("forward", 0.0, 0, sensing=True, series=False, beat=False, dummy=True)
FULL = ON._replace(setpoint_ma=DUMMY.highest_ma, code=4095)
SERIES = Drive("forward", PROOF_MA, 11, sensing=True, series=False)
ENABLE = Drive("forward", PROOF_MA, 11, sensing=True, beat=False)
BOTH = Drive("forward", PROOF_MA, 11, sensing=True)
NEITHER = Drive("forward", PROOF_MA, 11, sensing=True, series=False, beat=False)


class Watched(Bench):
    """A guard alone, told what is commanded and what is read."""

    def see(self, command: Command, seconds: float = 0.0, **changes: Any) -> Cause | None:
        """Let `command` hold for so long, one tick at least, under what a sound unit shows."""
        for _ in range(max(1, round(seconds / self.tick_s))):
            self.now_s += self.tick_s
            self.ticks += 1
            trip = self.guard.check(self.now_s, self.measure(**changes), command)
            self.applied = command
        return None if trip is None else trip.cause

    def proven(self) -> Watched:
        assert self.see(Off()) is None
        assert self.see(SERIES, 0.1) is None
        assert self.see(ENABLE, 0.1) is None
        return self


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ([], {}),
        ([(SERIES, 0.1)], {}),
        ([(ENABLE, 0.1)], {}),
        ([(SERIES, 0.03), (ENABLE, 0.1)], {}),
        ([(SERIES, 0.1), (ENABLE, 0.1)], {"guard_ma": 0.06}),
        ([(SERIES, 0.1), (ENABLE, 0.1)], {"current_ma": 0.06}),
        ([(SERIES._replace(code=0), 0.1), (ENABLE._replace(code=0), 0.1)], {}),
        ([(SERIES, 0.1), (ENABLE, 0.1), (SERIES._replace(series=True), 0.02)], {"current_ma": 0.0}),
        ([(SERIES, 0.1), (ENABLE, 0.1), (BOTH, 0.02)], {"current_ma": 0.0, "guard_ma": 0.0}),
        ([(SERIES, 0.1), (NEITHER, 0.1)], {}),
        ([(ENABLE, 0.1), (NEITHER, 0.1)], {}),
    ],
)
def test_the_dummy_load_needs_both_switches_seen_open(
    before: list[tuple[Drive, float]], changes: dict[str, Any]
) -> None:
    bench = Watched()
    bench.see(Off())
    for command, seconds in before:
        assert bench.see(command, seconds, **changes) is None
    assert bench.see(ON) is Cause.OVER_CURRENT


@pytest.mark.parametrize("which", [SERIES, ENABLE])
def test_a_switch_that_let_something_through_is_seen_open_anew(which: Drive) -> None:
    """Then it takes as long as ever, and no longer."""
    rule, dead = DummyRule(), READING
    for command in (SERIES, ENABLE):
        rule.see(0.06, dead, command)
    assert rule.commanded(ON) is None
    rule.see(0.06, dead._replace(guard_ma=0.06), which)
    rule.see(0.04, dead, which)
    assert rule.commanded(ON) is not None
    rule.see(0.02, dead, which)
    assert rule.commanded(ON) is None


@pytest.mark.parametrize("wrong", [{"series": True}, {"beat": True}, {"sensing": False}])
def test_the_dummy_load_needs_both_switches_commanded_open(wrong: dict[str, bool]) -> None:
    bench = Watched().proven()
    assert bench.see(ON) is None
    assert bench.see(ON._replace(**wrong)) is Cause.OVER_CURRENT


def test_both_open_or_off_between_forgets_nothing() -> None:
    bench = Watched().proven()
    assert bench.see(SERIES._replace(beat=False), 0.1) is None
    assert bench.see(Off(), 0.1) is None
    assert bench.see(ON) is None


def test_full_current_is_allowed_for_half_a_second_in_all() -> None:
    bench = Watched().proven()
    assert bench.see(FULL, 0.25) is None
    assert bench.see(ON, 0.1) is None
    assert bench.see(FULL, 0.25) is None
    assert bench.see(FULL, 0.03) is Cause.TIME_EXCEEDED


@pytest.mark.parametrize(("code", "counts"), [(1638, False), (1639, True), (4095, True)])
def test_full_current_counts_though_nothing_is_read(code: int, counts: bool) -> None:
    rule, drive = DummyRule(), ON._replace(code=code)
    found = [rule.judge(0.01, READING, drive, 25.0) for _ in range(100)]
    assert any(found) is counts


@pytest.mark.parametrize("which", ["guard_ma", "current_ma"])
def test_full_current_counts_though_it_was_not_asked_for(which: str) -> None:
    rule, drive = DummyRule(), ON
    m = READING._replace(**{which: 27.0})
    assert all(rule.judge(0.01, m, drive, 25.0) is None for _ in range(49))
    rule.judge(0.005, m, drive, 25.0)
    found = rule.judge(0.01, m, drive, 25.0)
    assert found is not None
    assert found[0] is Cause.TIME_EXCEEDED


@pytest.mark.parametrize(("ma", "counts"), [(9.9, False), (10.1, True)])
def test_full_current_begins_at_two_fifths_of_what_the_stage_gives(ma: float, counts: bool) -> None:
    rule, m = DummyRule(), READING._replace(current_ma=ma)
    found = [rule.judge(0.01, m, ON, 25.0) for _ in range(100)]
    assert any(found) is counts


def test_the_dummy_load_is_on_for_three_seconds_at_most() -> None:
    bench = Watched().proven()
    assert bench.see(ON, 2.99) is None
    assert bench.see(ON, 0.05) is Cause.TIME_EXCEEDED


def test_what_returns_from_the_output_is_a_current_through_a_person() -> None:
    rule = DummyRule()
    back = READING._replace(sampled="return", return_ma=-0.6)
    assert rule.judge(0.01, back, ON, 25.0) is None
    assert rule.judge(0.01, READING._replace(sampled="voltage"), ON, 25.0) is None
    assert rule.judge(0.01, back._replace(return_ma=0.4), ON, 25.0) is None
    assert rule.judge(0.01, back, ON, 25.0) is None
    assert rule.judge(0.01, back._replace(return_ma=None), ON, 25.0) is None
    found = rule.judge(0.01, back, ON, 25.0)
    assert found is not None
    assert found[0] is Cause.LEAKAGE
    assert "-0.60 mA return" in found[1]


def test_one_sample_of_it_is_not_enough_and_two_are() -> None:
    rule, back = DummyRule(), READING._replace(sampled="return", return_ma=0.6)
    assert rule.judge(0.01, back, ON, 25.0) is None
    assert rule.judge(0.01, back, ON, 25.0) is not None


def test_no_limit_of_a_persons_phases_is_lifted_by_it() -> None:
    """Nothing may rise from what the dummy load took, nor be driven after it without sensing first."""
    bench = Watched().proven()
    assert bench.see(FULL) is None
    assert bench.see(Drive("forward", 5.0, 819)) is Cause.GUARD_BLIND
    bench = Watched().proven()
    assert bench.see(FULL) is None
    assert bench.see(SERIES._replace(setpoint_ma=0.3, code=49)) is Cause.OVER_CURRENT


def test_too_much_into_the_dummy_load_is_neither_doubted_nor_cut_as_a_spike() -> None:
    bench = Watched().proven()
    assert bench.see(ON) is None
    m = bench.measure(guard_ma=27.0, current_ma=27.0)
    assert bench.guard.doubts(m) == ""
    assert bench.see(ON, 0.1, guard_ma=27.0, current_ma=27.0, tripped=True) is None


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"guard_ma": 5.0, "current_ma": 6.25}, Cause.ADC_DISAGREE),
        ({"supply_v": 40.0, "confirmed": True}, Cause.SUPPLY),
        ({"guard_ma": 0.0, "guard_code": 2, "current_ma": 6.25}, Cause.ADC_FROZEN),
        ({"guard_code": 3}, Cause.ADC_FROZEN),
        ({"guard_code": 32767}, Cause.ADC_SATURATED),
        ({"sampled_code": 77}, Cause.ADC_FROZEN),
    ],
)
def test_the_converters_and_the_supply_are_watched_meanwhile(changes: dict[str, Any], cause: Cause) -> None:
    bench = Watched().proven()
    assert bench.see(ON) is None
    assert bench.see(ON, 0.45, **changes) is cause


@pytest.mark.parametrize("which", ["guard_ma", "current_ma"])
def test_a_converter_that_has_nothing_to_say_disagrees_with_nobody(which: str) -> None:
    bench = Watched().proven()
    assert bench.see(ON) is None
    readings = {"guard_ma": 6.25, "current_ma": 6.25, which: None}
    assert bench.see(ON, 0.03, sampled="current", **readings) is None


def test_a_late_tick_is_one_on_the_dummy_load_too() -> None:
    bench = Watched().proven()
    assert bench.see(ON) is None
    bench.now_s += 0.1
    assert bench.see(ON) is Cause.LATE_TICK


@pytest.mark.parametrize(("share", "sound"), [(1.029, True), (0.971, True), (1.031, False), (0.969, False)])
def test_where_current_and_voltage_are_calibrated_the_dummy_load_may_read_three_percent_wrong(
    share: float, sound: bool
) -> None:
    load = DUMMY._replace(ohm_ratio=TRIAL_OHM_CALIBRATED)
    volts = share * LOW_MA * DUMMY.ohm / 1000
    assert _low(Seen(READING._replace(**reads(LOW_MA, voltage_v=volts)), load)) is sound
    assert _low(Seen(READING._replace(**reads(LOW_MA, voltage_v=volts)), DUMMY)), "ten percent without"


CUT = {"current_ma": 0.0, "guard_ma": 0.0, "voltage_v": 57.0, "tripped": True}


def test_a_flipped_code_that_trips_in_the_recovery_is_tried_once_more() -> None:
    """One conversion is enough for the trip there; the code was put right within a third of a millisecond."""
    walk = Walk().to(11)
    walk.tick(**CUT, dac_doubted=True)
    assert asked(walk.drive) == (False, False, True, 0, "rearm")
    begun = len(walk.driven)
    while not walk.trial.done:
        walk.tick()
    assert [
        drive.trip for n, drive in enumerate(walk.driven) if n > begun and drive != walk.driven[n - 1]
    ] == [
        "follow",
        "once",
        "follow",
    ]


def test_the_second_one_and_one_without_a_flip_are_told_as_a_stage_that_winds_up() -> None:
    again = Walk().to(11)
    again.tick(**CUT, dac_doubted=True)
    while again.drive.trip != "once":
        again.tick()
    assert again.until_failed(**CUT, dac_doubted=True)[0] is Refusal.STAGE_WRONG
    flipped_before = Walk().to(10)
    flipped_before.tick(dac_doubted=True)
    while flipped_before.drive.trip != "once":
        flipped_before.tick()
    assert flipped_before.until_failed(**CUT)[0] is Refusal.STAGE_WRONG
    assert not any(drive.trip == "rearm" for drive in flipped_before.driven[-30:])
    caught = Walk().to(8)
    caught.tick(**CUT, dac_doubted=True)
    assert not caught.trial._again

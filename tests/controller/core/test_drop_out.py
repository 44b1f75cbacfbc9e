"""How long the output outlives the heartbeat is timed well enough to find a wrong clock, and no sound one."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from core_bench import Bench
from hypothesis import given
from hypothesis import strategies as st

from config.parts import OneShot, Relays
from config.unit import Unit, reference_unit
from controller.core.drop_out import PUMP, DropOut, Finding, Window, window_of
from controller.core.limits import PROOF_ALIVE_MA, PROOF_MA, PROOF_TRIES
from controller.core.proof import Proof
from controller.core.types import Drive, Measurement, Refusal

pytestmark = pytest.mark.core

LIVE = Bench().measure()._replace(voltage_v=1.0, current_ma=PROOF_MA, sampled="current")
SHARE = PROOF_ALIVE_MA / PROOF_MA
"""A conversion that saw the output live for more than this share of its time reads as live."""
REFERENCE = window_of(0.0515, 0.010)


def look(since_s: float, live: bool, kind: str = "current") -> Measurement:
    return LIVE._replace(
        current_ma=PROOF_MA if live else 0.0,
        voltage_v=20.0 if live and kind == "voltage" else 0.0,
        sampled=kind,
        sampled_s=100.0 + since_s,
        beat_s=100.0,
    )


def timed(
    window: Window, *, rate_hz: int, gone_s: float, conversion_s: float, ends_s: float, noise: Any
) -> tuple[Finding, int]:
    """Time an output that goes `gone_s` after the heartbeat, all by the computer's clock.

    A tick's heartbeat comes `ends_s` after its beginning, and what it begins to convert just before that.
    """
    tick_s = 1 / rate_hz
    drop_out = DropOut(window, tick_s)
    for tries in range(1, PROOF_TRIES + 1):
        drop_out.begin(LIVE)
        assert 0.0 <= drop_out.late_s < tick_s
        for k in range(1, 60):
            since_s = k * tick_s - drop_out.late_s - 0.0002 + noise.uniform(-0.0003, 0.0003)
            seen = min(max(gone_s - since_s, 0.0), conversion_s) / conversion_s
            if since_s > 0.0:
                drop_out.see(look(since_s, seen > SHARE))
        finding = drop_out.judge()
        if finding != "again":
            return finding, tries
    raise AssertionError("it never ends")


holds_ms = st.floats(45.0, 60.0)
parts = st.floats(-0.025, 0.025)
conversions_s = st.sampled_from([1 / 860 / 1.1, 1 / 860, 1.1 / 860, 1.1 / 475])
rates_hz = st.integers(50, 200)


@given(holds_ms, parts, st.floats(0.001, 0.010), conversions_s, rates_hz, st.randoms(use_true_random=False))
def test_no_sound_unit_is_refused(
    hold_ms: float, part: float, release_s: float, conversion_s: float, rate_hz: int, noise: Any
) -> None:
    """Of clocks that are right, and of those that are 0.1 % off."""
    for clock in (0.999, 1.0, 1.001):
        finding, tries = timed(
            window_of(hold_ms / 1000, 0.010),
            rate_hz=rate_hz,
            gone_s=clock * (hold_ms / 1000 * (1 + part) + release_s),
            conversion_s=clock * conversion_s,
            ends_s=0.002,
            noise=noise,
        )
        assert finding == "sound"
        assert tries <= 3


@given(
    holds_ms,
    parts,
    st.floats(0.0, 0.010),
    conversions_s,
    rates_hz,
    st.floats(1.5, 10.0),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_clock_that_is_half_as_much_off_is_found_over_all_parts_and_rates(
    hold_ms: float,
    part: float,
    release_s: float,
    conversion_s: float,
    rate_hz: int,
    times: float,
    slow: bool,
    noise: Any,
) -> None:
    clock = 1 / times if slow else times
    finding, _ = timed(
        window_of(hold_ms / 1000, 0.010),
        rate_hz=rate_hz,
        gone_s=clock * (hold_ms / 1000 * (1 + part) + release_s),
        conversion_s=clock * conversion_s,
        ends_s=0.002,
        noise=noise,
    )
    assert finding in {"short", "unseen"} if slow else finding in {"long", "unseen"}


@pytest.mark.parametrize("hold_ms", [45.0, 51.5, 60.0])
def test_the_windows_of_a_right_clock_and_of_one_half_as_much_off_lie_apart(hold_ms: float) -> None:
    window = window_of(hold_ms / 1000, 0.010)
    assert window.longest_s / 1.5 < window.held_s < window.shortest_s
    assert window.longest_s < window.gone_s < 1.5 * window.shortest_s


def test_a_relay_that_may_take_longer_hides_more() -> None:
    """What docs/unit.md says: above 10 ms of release a slow clock is found only where it is slower."""
    slow = window_of(0.045, 0.020)
    assert 1.7 < slow.longest_s / slow.held_s < 1.8


def test_the_windows_are_those_of_the_unit() -> None:
    assert (REFERENCE.shortest_s, REFERENCE.longest_s) == pytest.approx((0.049955, 0.063045))
    assert window_of(None, 0.010) is PUMP
    assert (PUMP.shortest_s, PUMP.timed) == (0.03, False)
    assert OneShot().hold_ms == 51.5
    assert Relays().release_ms == 10


def test_one_odd_try_is_no_finding() -> None:
    """A hand that comes in takes the voltage away as a relay does."""
    drop_out = DropOut(REFERENCE, 0.005)
    drop_out.begin(LIVE)
    drop_out.see(look(0.010, live=True))
    drop_out.see(look(0.015, live=False))
    assert drop_out.judge() == "again"
    drop_out.begin(LIVE)
    for k in range(1, 20):
        drop_out.see(look(0.005 * k, live=0.005 * k < 0.055))
    assert drop_out.judge() == "sound"


def test_two_are() -> None:
    drop_out = DropOut(REFERENCE, 0.005)
    for finding in ("again", "short"):
        drop_out.begin(LIVE)
        drop_out.see(look(0.030, live=True))
        drop_out.see(look(0.035, live=False))
        assert drop_out.judge() == finding


def test_whatever_shows_a_live_output_says_that_it_is_not_gone() -> None:
    drop_out = DropOut(REFERENCE, 0.005)
    drop_out.begin(LIVE._replace(voltage_v=20.0, current_ma=0.0, sampled="voltage"))
    assert drop_out.watch == "voltage"
    drop_out.see(look(0.020, live=False, kind="voltage"))
    assert (drop_out.gone_s, drop_out.watch) == (pytest.approx(0.0225), "")
    drop_out.see(look(0.025, live=True))
    assert (drop_out.gone_s, drop_out.held_s) == (None, pytest.approx(0.025))
    drop_out.see(look(0.030, live=False))
    assert drop_out.gone_s is None, "what showed it first has to show that it went"


def test_what_was_begun_before_the_last_heartbeat_tells_nothing() -> None:
    drop_out = DropOut(REFERENCE, 0.005)
    drop_out.begin(LIVE)
    drop_out.see(look(-0.001, live=False))
    drop_out.see(look(0.010, live=True)._replace(sampled="supply"))
    assert (drop_out.gone_s, drop_out.held_s) == (None, 0.0)


def test_what_never_can_be_timed_is_refused() -> None:
    drop_out = DropOut(REFERENCE, 0.005)
    for tries in range(PROOF_TRIES):
        drop_out.begin(LIVE)
        drop_out.see(look(0.020, live=True))
        drop_out.see(look(0.080, live=False))  # a computer so late that it looks at nothing between
        assert drop_out.judge() == ("again" if tries < PROOF_TRIES - 1 else "unseen")


def test_a_charge_pump_may_take_as_long_as_it_does_and_not_next_to_nothing() -> None:
    for gone_s, findings in ((0.031, ("sound",)), (0.090, ("sound",)), (0.020, ("again", "short"))):
        drop_out = DropOut(PUMP, 0.005)
        for finding in findings:
            drop_out.begin(LIVE)
            assert drop_out.watch == ""
            drop_out.see(look(gone_s, live=False))
            assert drop_out.judge() == finding


class Walk:
    """A proof with a window, walked tick by tick on a unit that lets go after `gone_s`."""

    tick_s = 0.005

    def __init__(self, gone_s: float, window: Window = REFERENCE) -> None:
        self.proof = Proof(11, drop_out=DropOut(window, self.tick_s))
        self.gone_s, self.now_s, self.beat_s = gone_s, 10.0, 10.0
        self.drives: list[Drive] = []

    def tick(self) -> Drive:
        before = self.drives[-1] if self.drives else None
        begun_s = self.now_s - 0.003
        live = before is not None and before.series and begun_s - self.beat_s < self.gone_s
        kind = (before.watch if before else "") or ("voltage", "current")[len(self.drives) % 2]
        m = LIVE._replace(
            time_s=self.now_s,
            current_ma=PROOF_MA if live else 0.0,
            voltage_v=1.0 if live else 0.0,
            sampled=kind,
            sampled_s=begun_s,
            beat_s=self.beat_s,
        )
        drive = self.proof.step(self.now_s, m, "forward")
        self.drives.append(drive)
        if drive.beat:
            self.beat_s = self.now_s + 0.002 + drive.late_s
        self.now_s += self.tick_s
        return drive

    def run(self) -> Walk:
        while not self.proof.done and self.proof.failed is None:
            self.tick()
            assert self.now_s < 20.0
        return self


def test_the_proof_goes_on_once_the_drop_out_is_timed() -> None:
    walk = Walk(0.055).run()
    assert walk.proof.done
    starved = [drive for drive in walk.drives if not drive.beat]
    assert starved[0].watch == "current"
    assert starved[-1].watch == "", "afterwards every channel has its turn"
    assert all(drive.setpoint_ma == PROOF_MA and drive.code == 11 for drive in walk.drives)


@pytest.mark.parametrize(
    ("gone_s", "words"),
    [(0.035, "runs slow, or the one-shot lets"), (0.090, "runs fast, or the one-shot or the enable relay")],
)
def test_a_drop_out_that_is_wrong_is_refused_by_name(gone_s: float, words: str) -> None:
    proof = Walk(gone_s).run().proof
    assert proof.refusal is Refusal.DROP_OUT_WRONG
    assert words in (proof.failed or "")
    assert "50 to 63 ms are right" in (proof.failed or "")


def test_another_try_needs_no_more_than_the_heart_to_come_back() -> None:
    parts = [(k, len(list(g))) for k, g in groupby((d.series, d.beat) for d in Walk(0.035).run().drives)]
    _opened, closed, silent, again, second = parts[:5]
    assert again == closed == ((True, True), 8)
    assert second == silent == ((True, False), 13)


def test_where_ticks_are_coarse_a_last_heartbeat_is_made_later_and_no_other() -> None:
    walk = Walk(0.055)
    walk.tick_s = 0.02
    walk.proof = Proof(11, drop_out=DropOut(REFERENCE, walk.tick_s))
    drives = walk.run().drives
    late = [n for n, drive in enumerate(drives) if drive.late_s > 0.0]
    assert late
    assert all(drives[n].beat and not drives[n + 1].beat for n in late)


def test_a_pump_that_is_too_short_is_told_its_least() -> None:
    proof = Walk(0.010, PUMP).run().proof
    assert proof.refusal is Refusal.DROP_OUT_WRONG
    assert "where at least 30 ms are right" in (proof.failed or "")


def test_an_output_that_stays_is_still_an_enable_relay_that_hangs() -> None:
    assert Walk(5.0).run().proof.refusal is Refusal.ENABLE_HANGS


@pytest.mark.parametrize("unit", [Unit(), reference_unit()])
def test_every_unit_has_a_window(unit: Unit) -> None:
    hold_s = None if unit.one_shot is None else unit.one_shot.hold_ms / 1000
    assert window_of(hold_s, unit.relays.release_ms / 1000).shortest_s >= 0.03


def test_a_drop_out_that_is_never_timed_is_refused_by_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.core.drop_out.PROOF_TRIES", 1)
    proof = Walk(0.035).run().proof
    assert proof.refusal is Refusal.DROP_OUT_WRONG
    assert "could not be timed" in (proof.failed or "")

"""Contact is told by two currents: what the load takes for the change, whatever its electrodes hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_alone import RISE_MA, TICK_S

from controller.core.contact import Contact, contact_ohm_of
from controller.core.limits import SMALL_OHM, SURELY_WHOLE, Headroom
from controller.core.types import Buttons, Measurement

pytestmark = pytest.mark.core

E = 1e-6
FALL_MA = 5.0 * TICK_S


class Tried:
    """A try at contact with a load: `volts(t_s, ma)`, of which `flows(setpoint_ma)` flows."""

    def __init__(
        self,
        volts: Callable[[float, float], float],
        flows: Callable[[float], float] = float,
        **changes: Any,
    ) -> None:
        made: dict[str, Any] = {
            "rise_ma": RISE_MA,
            "tick_s": TICK_S,
            "compliance_v": 60.0,
            "headroom": Headroom(),
            "small_ohm": 200_000.0,
        }
        self.contact = Contact(**made | changes)
        self.volts, self.flows = volts, flows
        self.now_s = self.setpoint_ma = 0.0
        self.asked: list[float] = []
        self.watched: list[float] = []

    def measured(self, **changes: Any) -> Measurement:
        ma = self.flows(self.setpoint_ma)
        volts = self.volts(self.now_s, ma)
        plain = Measurement(self.now_s, ma, 0, ma, volts, 64.0, ma, self.contact.watch, 0, Buttons())
        return plain._replace(sampled_s=self.now_s)._replace(**changes)

    def tick(self, **changes: Any) -> None:
        self.now_s += TICK_S
        self.setpoint_ma = self.contact.step(self.now_s, self.measured(**changes), self.setpoint_ma)
        self.asked.append(self.setpoint_ma)
        if self.contact.watch:
            assert self.contact.watch == "voltage"
            self.watched.append(self.setpoint_ma)

    def until_made(self, within_s: float = 12.0) -> bool:
        while not self.contact.made and self.now_s < within_s:
            self.tick()
        return self.contact.made


def ohm(of: float, emf_v: float = 0.0) -> Callable[[float, float], float]:
    return lambda _t_s, ma: emf_v + ma * of / 1000.0


def test_the_current_rises_by_the_ramp_falls_by_the_stop_and_contact_takes_two_seconds() -> None:
    one = Tried(ohm(2000.0))
    assert one.until_made()
    sensing = one.asked.index(0.3)
    assert one.asked[:sensing] == pytest.approx([RISE_MA * n for n in range(1, sensing + 1)])
    steps = [after - before for before, after in zip(one.asked, one.asked[1:], strict=False)]
    assert max(steps) <= RISE_MA + E
    first, second = (n for n, step in enumerate(steps) if step < 0.0 and one.asked[n] in {0.3, 0.15})
    assert steps[first:second] == pytest.approx(
        [-FALL_MA] * 3 + [-0.15 + 3 * FALL_MA] + [0.0] * (second - first - 4)
    )
    assert steps[second] == pytest.approx(-0.1), "and the last fall in one tick"
    assert all(step >= 0.0 for step in steps[second + 1 :])
    assert max(one.asked) == 0.3
    assert min(one.asked[sensing:]) == 0.05
    assert one.watched == [one.asked[second + 1]], "the voltage is converted in that tick, and in no other"
    assert one.asked[-1] == 0.3
    # one tick until the sensing current is measured, and 2 s
    assert len(one.asked) - 1 - sensing == 1 + 256


def test_a_slow_ramp_takes_its_time() -> None:
    one = Tried(ohm(2000.0), rise_ma=RISE_MA / 10)
    assert one.until_made(20.0)
    steps = [after - before for before, after in zip(one.asked, one.asked[1:], strict=False)]
    assert max(steps) <= RISE_MA / 10 + E
    assert len(one.asked) - one.asked.index(0.3) > 256


@pytest.mark.parametrize("emf_v", [0.0, 1.5, 2.5])
@pytest.mark.parametrize(
    ("of", "made"), [(27.0, False), (400.0, False), (599.0, False), (601.0, True), (2000.0, True)]
)
def test_a_body_is_told_from_water_whatever_the_electrodes_hold(of: float, emf_v: float, made: bool) -> None:
    one = Tried(ohm(of, emf_v))
    assert one.until_made() is made
    assert one.contact.touches(one.measured()) is not made
    if not made and emf_v:
        assert one.contact.slope_ohm == pytest.approx(of)
        words = f"the load reads {of:.0f} ohm between two currents, a body at least 600: the electrodes touch"
        assert words in one.contact.why_not(one.measured())


@pytest.mark.parametrize(("of", "made"), [(590.0, False), (610.0, True)])
def test_electrodes_that_are_being_charged_evenly_cancel(of: float, made: bool) -> None:
    assert Tried(lambda t_s, ma: 0.2 * t_s + ma * of / 1000.0).until_made() is made


@pytest.mark.parametrize(("part", "made"), [(0.701, True), (0.699, False)])
def test_seven_tenths_of_the_asked_current_have_to_flow(part: float, made: bool) -> None:
    one = Tried(ohm(2000.0), lambda setpoint_ma: part * setpoint_ma)
    assert one.until_made() is made
    if not made:
        assert not one.contact.touches(one.measured())
        assert "stayed open" in one.contact.why_not(one.measured())


@pytest.mark.parametrize(
    ("volts", "made"),
    [
        (ohm(1000.0, -0.196), False),  # 0.3 mA meet 347 ohm
        (ohm(1000.0, -0.194), True),
        (ohm(151_000.0), False),
        (ohm(149_000.0), True),
    ],
)
def test_the_quotient_has_its_bounds_too(volts: Callable[[float, float], float], made: bool) -> None:
    assert Tried(volts).until_made() is made


@pytest.mark.parametrize(("of", "made"), [(119_000.0, True), (121_000.0, False)])
@pytest.mark.parametrize("stage", [{"compliance_v": 40.0}, {"headroom": Headroom(40.3, 1.0)}])
def test_voltage_has_to_be_left(of: float, made: bool, stage: dict[str, Any]) -> None:
    assert Tried(ohm(of), **stage).until_made() is made


@pytest.mark.parametrize(("stays_ma", "made"), [(0.226, False), (0.101, False), (0.099, True)])
def test_a_current_that_does_not_follow_shows_nothing(stays_ma: float, made: bool) -> None:
    """Less than half of a change, of 0.15 mA or of 0.1, and nobody knows what it is."""
    one = Tried(ohm(2000.0), lambda setpoint_ma: max(setpoint_ma, min(0.3, stays_ma)) if setpoint_ma else 0.0)
    assert one.until_made() is made


@pytest.mark.parametrize(("stays_ma", "deaf"), [(0.3, True), (0.226, True), (0.106, True), (0.099, False)])
def test_a_stage_that_gives_what_nobody_asked_for_is_told_after_two_looks(
    stays_ma: float, deaf: bool
) -> None:
    one = Tried(ohm(2000.0), lambda setpoint_ma: max(setpoint_ma, stays_ma) if setpoint_ma else 0.0)
    one.until_made(within_s=3.0)
    assert not one.contact.deaf
    one.until_made(within_s=5.5)
    assert one.contact.deaf is deaf


def test_a_look_that_was_followed_begins_the_count_of_deaf_ones_anew() -> None:
    deaf = True
    one = Tried(ohm(90.0, 1.5), lambda setpoint_ma: 0.3 if deaf and setpoint_ma else setpoint_ma)
    for next_deaf in (False, True, True):
        one.until_made(within_s=one.now_s + 2.4)
        deaf = next_deaf
        assert not one.contact.deaf
    one.until_made(within_s=one.now_s + 2.4)
    assert one.contact.deaf, "the second in a row"


@pytest.mark.parametrize(("low_ma", "deaf"), [(0.104, False), (0.106, True)])
def test_a_look_in_which_hardly_anything_flowed_is_no_deaf_one(low_ma: float, deaf: bool) -> None:
    def flows(setpoint_ma: float) -> float:
        """Return less than half of each change; at the lowest current as much as would be one, or less."""
        if setpoint_ma >= 0.16:
            return 0.212
        return 0.14 if setpoint_ma > 0.1 else low_ma if setpoint_ma else 0.0

    one = Tried(ohm(2000.0), flows)
    one.until_made(within_s=5.5)
    assert not one.contact.made
    assert one.contact.deaf is deaf


@pytest.mark.parametrize("flows", [0.0, 0.05, 0.15])
def test_where_hardly_anything_flows_nobody_is_called_deaf(flows: float) -> None:
    one = Tried(ohm(2000.0), lambda setpoint_ma: min(setpoint_ma, flows))
    one.until_made()
    assert not one.contact.deaf


@pytest.mark.parametrize("reading", [{"current_ma": None}, {"voltage_v": None}, {"current_ma": 0.0}])
@pytest.mark.parametrize("at_s", [1.5, 2.1])
def test_what_breaks_off_begins_anew(reading: dict[str, Any], at_s: float) -> None:
    """In the first look, or in the lower one."""
    one = Tried(ohm(2000.0))
    while one.now_s < at_s:
        one.tick()
    one.tick(**reading)
    begins_s = one.now_s
    assert one.contact.slope_ohm is None
    assert one.until_made()
    assert one.now_s - begins_s >= 2.0


@pytest.mark.parametrize("ohms", [590.0, 620.0])
def test_the_skin_is_given_time_to_settle(ohms: float) -> None:
    """Its capacity makes the voltage lag by 20 ms; what is read too early makes a body look like water."""
    held_v = 0.0

    def volts(_t_s: float, ma: float) -> float:
        nonlocal held_v
        held_v += (ma * ohms / 1000.0 - held_v) * TICK_S / 0.02
        return held_v

    assert Tried(volts).until_made() is (ohms > 600.0)


@pytest.mark.parametrize("ohms", [560.0, 640.0])
def test_what_ripples_is_read_by_its_mean(ohms: float) -> None:
    """A ripple of three ticks, whichever of them a look begins with; one alone would be 130 ohm off."""
    for phase in range(3):
        ticks = phase

        def volts(_t_s: float, ma: float) -> float:
            nonlocal ticks
            ticks += 1
            return ma * ohms / 1000.0 + (0.01, -0.02, 0.01)[ticks % 3]

        one = Tried(volts)
        assert one.until_made() is (ohms > 600.0)
        if one.contact.made:
            assert len(one.asked) - 1 - one.asked.index(0.3) == 1 + 256, "at the first try"


@pytest.mark.parametrize("ohms", [590.0, 610.0])
def test_a_current_that_drifts_evenly_cancels_too(ohms: float) -> None:
    def flows(setpoint_ma: float) -> float:
        return setpoint_ma + 0.02 * one.now_s if setpoint_ma else 0.0

    one = Tried(ohm(ohms), flows)
    assert one.until_made() is (ohms > 600.0)


def test_too_little_a_voltage_begins_anew_too() -> None:
    one = Tried(ohm(2000.0))
    while one.now_s < 2.5:
        one.tick()
    one.tick(voltage_v=0.05)
    begins_s = one.now_s
    assert one.until_made()
    assert one.now_s - begins_s >= 2.0


def test_a_look_from_before_the_circuit_broke_counts_no_more() -> None:
    one = Tried(ohm(2000.0))
    while one.setpoint_ma > 0.16 or one.now_s < 1.0:
        one.tick()
    one.tick(current_ma=0.0)
    one.volts = ohm(500.0)
    assert not one.until_made()


def test_who_takes_the_electrodes_out_of_one_tray_waits_two_seconds_again() -> None:
    one = Tried(ohm(500.0))
    while one.contact.slope_ohm is None:
        one.tick()
    begins_s, one.volts = one.now_s, ohm(2000.0)
    assert one.until_made()
    assert one.now_s - begins_s >= 2.0


def test_what_was_told_of_a_tray_is_forgotten_when_it_opens() -> None:
    one = Tried(ohm(100.0, 2.0))
    assert not one.until_made(4.0)
    assert one.contact.touches(one.measured())
    one.tick(current_ma=0.0)
    assert not one.contact.touches(one.measured(current_ma=0.0))


@pytest.mark.parametrize(
    ("reading", "touches"),
    [
        ({"current_ma": 0.25, "voltage_v": 0.087}, True),
        ({"current_ma": 0.25, "voltage_v": 0.088}, False),
        ({"current_ma": 0.209, "voltage_v": 0.05}, False),
        ({"current_ma": 0.211, "voltage_v": 0.05}, True),
        ({"current_ma": None, "voltage_v": 0.05}, False),
        ({"current_ma": 0.3, "voltage_v": None}, False),
    ],
)
def test_less_than_a_body_touches(reading: dict[str, Any], touches: bool) -> None:
    one = Tried(ohm(2000.0))
    assert one.contact.touches(one.measured(**reading)) is touches


def test_a_slope_that_was_a_body_s_is_not_blamed() -> None:
    one = Tried(ohm(2000.0))
    while one.contact.slope_ohm is None:
        one.tick()
    said = one.contact.why_not(one.measured(voltage_v=0.05))
    assert said.startswith("the load reads 167 ohm, a body at least 350: ")


class Skin:
    """A skin with capacity beside it and `series_ohm` in its row; takes `low_ohm` for more up to 0.15 mA.

    Of what it held, `held` is left when the first conversion after a fall sees it.
    """

    def __init__(self, series_ohm: float, low_ohm: float, high_ohm: float, held: float) -> None:
        self.series_ohm, self.low_ohm, self.high_ohm, self.held = series_ohm, low_ohm, high_ohm, held
        self.before_ma = 0.0

    def __call__(self, _t_s: float, ma: float) -> float:
        settled_v = (min(ma, 0.15) * self.low_ohm + max(0.0, ma - 0.15) * self.high_ohm) / 1000.0
        lags_v = 0.0
        if ma == 0.05 and self.before_ma == 0.15:
            lags_v = self.held * 0.1 * (self.low_ohm - self.series_ohm) / 1000.0
        self.before_ma = ma
        return settled_v + lags_v


@pytest.mark.parametrize(
    ("skin", "small"),
    [
        # 4 kohm at once and 2 in time of 20 kohm: a dry hand, whose capacity holds most of it
        (Skin(2_000.0, 22_000.0, 22_000.0, held=0.8), False),
        (Skin(2_000.0, 22_000.0, 22_000.0, held=0.78), False),
        (Skin(2_000.0, 22_000.0, 22_000.0, held=0.76), True),
        # a wet finger takes no more than that hand, and lets go of it
        (Skin(2_000.0, 8_000.0, 8_000.0, held=0.3), False),
        (Skin(2_000.0, 8_000.0, 8_000.0, held=0.2), True),
        # its skin gives way besides: what falls is 5 kohm, and a third less of it is taken from 0.15 mA on
        (Skin(2_000.0, 5_000.0, 5_000.0, held=0.0), False),
        (Skin(2_000.0, 5_000.0, 3_900.0, held=0.0), False),
        (Skin(2_000.0, 5_000.0, 3_800.0, held=0.0), True),
    ],
)
def test_a_few_square_centimetres_are_told_by_what_their_capacity_lets_go(skin: Skin, small: bool) -> None:
    one = Tried(skin, small_ohm=SMALL_OHM)
    assert one.until_made(within_s=8.0) is not small
    assert one.contact.small is small
    assert (one.contact.contact_ohm or 0.0) == pytest.approx(
        (skin.low_ohm - skin.held * (skin.low_ohm - skin.series_ohm)) * max(1.0, skin.low_ohm / skin.high_ohm)
    )
    if small:
        assert not one.contact.touches(one.measured())
        assert "only a small part of the skin is in contact" in one.contact.why_not(one.measured())
        assert one.setpoint_ma <= 0.3


def test_whoever_puts_the_whole_hand_in_is_treated_after_two_seconds() -> None:
    one = Tried(ohm(10_000.0), small_ohm=SMALL_OHM)
    assert not one.until_made(5.0)
    assert one.contact.small
    begins_s, one.volts = one.now_s, ohm(2_000.0)
    assert one.until_made(10.0)
    assert not one.contact.small
    assert one.now_s - begins_s <= 4.0


@pytest.mark.parametrize(("share", "made"), [(1.01 * SURELY_WHOLE, False), (0.99 * SURELY_WHOLE, True)])
def test_what_was_found_small_has_to_be_clearly_whole(share: float, made: bool) -> None:
    one = Tried(ohm(10_000.0), small_ohm=SMALL_OHM)
    assert not one.until_made(5.0)
    one.volts = ohm(share * SMALL_OHM)
    assert one.until_made(12.0) is made


def test_whoever_takes_it_out_is_judged_anew() -> None:
    one = Tried(ohm(10_000.0), small_ohm=SMALL_OHM)
    assert not one.until_made(5.0)
    one.tick(current_ma=0.0)
    assert not one.contact.small
    assert one.contact.contact_ohm is None
    one.volts = ohm(0.99 * SMALL_OHM)
    assert one.until_made(12.0)


@pytest.mark.parametrize(
    "late", [{"sampled": "current"}, {"sampled": ""}, {"sampled_s": 0.0}, {"voltage_v": None}]
)
@pytest.mark.parametrize("of", [2_000.0, 10_000.0])
def test_a_conversion_that_does_not_show_the_fall_judges_nobody(late: dict[str, Any], of: float) -> None:
    """One of another channel, or one begun before the current fell, would make any skin look whole."""
    one = Tried(ohm(of), small_ohm=SMALL_OHM)
    while not one.contact.made and one.now_s < 12.0:
        one.tick(**(late if one.contact.watch else {}))
    assert len(one.watched) > 2
    assert not one.contact.made
    assert not one.contact.small
    assert one.contact.contact_ohm is None


OHMS = st.floats(1.0, 1e6)


@given(OHMS, OHMS, OHMS, st.floats(1.0, 10.0))
def test_less_capacity_and_skin_that_gives_way_never_make_it_larger(
    fell: float, low: float, high: float, more: float
) -> None:
    ohms = contact_ohm_of(fell_ohm=fell, low_ohm=low, high_ohm=high)
    assert ohms >= fell
    assert contact_ohm_of(fell_ohm=more * fell, low_ohm=low, high_ohm=high) >= ohms
    assert contact_ohm_of(fell_ohm=fell, low_ohm=more * low, high_ohm=high) >= ohms
    assert contact_ohm_of(fell_ohm=fell, low_ohm=low, high_ohm=more * high) <= ohms
    assert contact_ohm_of(fell_ohm=fell, low_ohm=low, high_ohm=low) == fell, "a resistor is as large as it is"


@given(st.floats(700.0, 100_000.0), st.floats(700.0, 100_000.0), st.floats(0.0, 1.0))
def test_nobody_is_made_contact_with_whose_skin_was_not_found_large_enough(
    low: float, high: float, held: float
) -> None:
    one = Tried(Skin(min(500.0, low), low, high, held), small_ohm=SMALL_OHM)
    if one.until_made(within_s=6.0):
        assert (low - held * (low - 500.0)) * max(1.0, low / high) <= SMALL_OHM * (1 + E)
    assert max(one.asked) <= 0.3


@pytest.mark.parametrize(("gives_ma", "made"), [(0.016, True), (0.014, False)])
def test_a_stage_that_gives_too_little_of_the_lowest_current_is_no_open_circuit(
    gives_ma: float, made: bool
) -> None:
    """Its offset is 0.03 mA at most, and is trimmed again from there on."""
    one = Tried(ohm(2000.0), lambda setpoint_ma: gives_ma if setpoint_ma == 0.05 else setpoint_ma)
    assert one.until_made() is made


def test_the_skin_has_settled_before_its_bend_is_told() -> None:
    """It lags by 20 ms: of what 0.1 mA less comes to, a tick shows as much as its part of that time."""
    held_v = 0.0

    def volts(_t_s: float, ma: float) -> float:
        nonlocal held_v
        settled_v = min(ma, 0.15) * 5.0 + max(0.0, ma - 0.15) * 2.5
        held_v += (settled_v - held_v) * TICK_S / 0.02
        return held_v

    one = Tried(volts)
    assert one.until_made()
    assert one.contact.contact_ohm == pytest.approx(5000.0 * TICK_S / 0.02 * 5.0 / 2.5, rel=0.02)


def test_a_current_that_is_measured_every_fourth_tick_lags_behind_a_steep_ramp_and_is_contact() -> None:
    """Twice as steep as the steepest that anybody may have, at 50 ticks a second."""
    one = Tried(ohm(2000.0), rise_ma=0.02)
    seen_ma = [0.0]

    def late_ma() -> float:
        return seen_ma[-1 - len(one.asked) % 4] if len(seen_ma) > 4 else 0.0

    while not one.contact.made and one.now_s < 12.0:
        seen_ma.append(one.setpoint_ma)
        one.tick(current_ma=late_ma())
    assert one.contact.made
    assert one.asked.count(0.05) < 100, "it was looked at once"


def test_a_stage_that_does_not_go_down_to_the_second_look_is_deaf() -> None:
    one = Tried(ohm(2000.0), flows=lambda ma: 0.3 if ma > 0.1 else ma)
    assert not one.until_made(within_s=6.0)
    assert one.contact.deaf

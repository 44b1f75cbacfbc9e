"""The panel's contacts: what counts as pressed, and after how long."""

import pytest

from controller.core.buttons import NONE, STEADY_S, Debounce, Press, Steady

pytestmark = pytest.mark.core
TICK_S = 0.005
START, STOP, UP, DOWN = (tuple(one == other for other in range(4)) for one in range(4))


class Panel:
    """Contacts that are looked at once a tick, and how often each counted as newly pressed."""

    def __init__(self) -> None:
        self.debounce = Debounce()
        self.ticks = 0
        self.counts = NONE
        self.presses = [0, 0, 0, 0]

    def see(self, raw: tuple[bool, ...], ticks: int = 1) -> tuple[bool, ...]:
        for _ in range(ticks):
            start, stop, up, down = raw
            now = self.debounce.see(self.ticks * TICK_S, (start, stop, up, down))
            self.presses = [
                count + (new and not old)
                for count, new, old in zip(self.presses, now, self.counts, strict=True)
            ]
            self.ticks, self.counts = self.ticks + 1, now
        return self.counts


STEADY_TICKS = round(STEADY_S / TICK_S)


@pytest.mark.parametrize("button", [START, UP, DOWN])
def test_a_press_counts_after_its_time_and_ends_after_its_time(button: tuple[bool, ...]) -> None:
    panel = Panel()
    assert panel.see(button, STEADY_TICKS) == NONE
    assert panel.see(button) == button
    assert panel.see(button, 1000) == button
    assert panel.see(NONE, STEADY_TICKS) == button
    assert panel.see(NONE) == NONE


def test_stop_counts_at_once_whatever_else_is_pressed() -> None:
    panel = Panel()
    assert panel.see(STOP) == STOP
    assert panel.see(NONE) == NONE
    panel.see(START, STEADY_TICKS + 1)
    assert panel.see((True, True, False, False)) == (True, True, False, False)
    assert panel.see((False, True, True, False)) == (True, True, False, False)


@pytest.mark.parametrize("button", [START, UP, DOWN])
@pytest.mark.parametrize("on", range(1, STEADY_TICKS + 1))
def test_what_is_shorter_is_no_press_however_often_it_comes(button: tuple[bool, ...], on: int) -> None:
    panel = Panel()
    for _ in range(50):
        panel.see(button, on)
        panel.see(NONE)
    assert panel.presses == [0, 0, 0, 0]


@pytest.mark.parametrize("button", [START, UP, DOWN])
def test_a_contact_that_bounces_both_ways_is_one_press(button: tuple[bool, ...]) -> None:
    panel = Panel()
    for _ in range(4):
        panel.see(button)
        panel.see(NONE)
    panel.see(button, 30)
    for _ in range(4):
        panel.see(NONE)
        panel.see(button)
    panel.see(NONE, 30)
    assert sum(panel.presses) == 1
    assert panel.counts == NONE


def test_a_glitch_while_a_button_is_held_lets_nothing_go() -> None:
    panel = Panel()
    panel.see(START, 30)
    for ticks in (1, 5, STEADY_TICKS):
        panel.see(NONE, ticks)
        panel.see(START, 30)
    assert panel.presses == [1, 0, 0, 0]


def test_one_button_after_the_other_waits_for_both() -> None:
    panel = Panel()
    panel.see(UP, STEADY_TICKS - 1)
    assert panel.see((False, False, True, True), STEADY_TICKS) == NONE
    assert panel.see((False, False, True, True)) == (False, False, True, True)


def test_where_stop_allows_something_it_too_takes_its_time_both_ways() -> None:
    contact, ticks = Steady(), iter(range(10_000))

    def see(pressed: bool, times: int) -> list[bool]:
        return [contact.see(next(ticks) * TICK_S, pressed) for _ in range(times)]

    for _ in range(50):
        assert not any(see(True, STEADY_TICKS) + see(False, 1))
    assert see(True, STEADY_TICKS + 1) == [False] * STEADY_TICKS + [True]
    for _ in range(50):
        assert all(see(False, STEADY_TICKS) + see(True, 1))
    assert see(False, STEADY_TICKS + 1) == [True] * STEADY_TICKS + [False]


@pytest.mark.parametrize(
    ("seen", "presses"),
    [
        ([False, True, True, False, False], [3]),
        ([True, True, False, False], []),
        ([True, False, True, False], [3]),
        ([False, True, False, True, False], [2, 4]),
        ([False, True, True, True], []),
    ],
)
def test_start_counts_once_when_it_was_up_pressed_and_let_go(seen: list[bool], presses: list[int]) -> None:
    press = Press()
    assert [at for at, pressed in enumerate(seen) if press.see(pressed)] == presses


def test_what_was_forgotten_has_to_be_let_go_first() -> None:
    press = Press()
    press.see(False)
    press.see(True)
    press.forget()
    assert [press.see(pressed) for pressed in (True, False, True, False)] == [False, False, False, True]

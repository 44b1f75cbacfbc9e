"""How often a current rose at once by what startles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.rises import Rises

Bench = Callable[..., Any]
STILL = {"fidgets": False}


def told(*stretches: tuple[float, float, float, float]) -> list[float]:
    rises = Rises()
    for stretch in stretches:
        rises.take(*stretch)
    return rises.times_s


@pytest.mark.parametrize(
    ("stretches", "times_s"),
    [
        ([(0.0, 1.0, 5.0, 5.0)], [0.0]),
        ([(0.0, 1.0, 1.9, 1.9), (1.0, 1.001, 1.9, 3.8)], []),
        ([(0.0, 1.0, 1.9, 1.9), (1.0, 1.001, 1.9, 3.95)], [1.0]),
        ([(0.0, 0.004, 0.0, 1.0), (0.004, 0.0045, 1.0, 2.0)], [0.004]),
        ([(0.0, 0.004, 0.0, 1.0), (0.02, 0.0205, 1.0, 2.0)], []),
        ([(0.0, 1.0, 9.0, 9.0), (1.0, 1.1, 9.0, 8.1), (1.1, 1.2, 8.1, 10.2)], [0.0]),
        ([(0.0, 1.0, 9.0, 9.0), (1.0, 1.1, 9.0, 7.9), (1.1, 1.2, 7.9, 10.0)], [0.0, 1.1]),
        ([(0.0, 1.0, 9.0, 3.0), (1.0, 1.1, 9.0, 3.0), (1.1, 1.2, 9.0, 3.0)], [0.0, 1.0, 1.1]),
        ([(0.0, 1.0, 9.0, 9.0), (1.0, 1.001, 9.0, 0.0), (1.5, 1.501, 9.0, 9.0)], [0.0, 1.5]),
        ([(1.0, 1.001, 9.0, 0.0), (1.004, 1.005, 9.0, 0.0), (1.011, 1.012, 9.0, 9.0)], [1.0, 1.011]),
    ],
    ids=[
        "from nothing",
        "less than 2 mA",
        "2 mA",
        "within 5 ms",
        "over more than 5 ms",
        "not fallen far enough to rise again",
        "fallen and risen again",
        "pulses that sink",
        "broken and made again",
        "twice within 5 ms",
    ],
)
def test_a_rise_of_2_ma_within_5_ms_is_one(
    stretches: list[tuple[float, float, float, float]], times_s: list[float]
) -> None:
    assert told(*stretches) == times_s


def test_a_current_that_stands_or_ramps_never_rises() -> None:
    rises = Rises()
    for tick in range(4000):
        rises.take(tick * 0.005, (tick + 1) * 0.005, tick * 0.003, (tick + 1) * 0.003)
    for tick in range(4000, 8000):
        rises.take(tick * 0.005, (tick + 1) * 0.005, 12.0, 12.0)
    assert rises.times_s == []


def test_each_make_of_a_loose_contact_is_a_rise_and_the_charge_at_the_terminals_none(bench: Bench) -> None:
    unit = bench({"person": STILL})
    unit.connect()
    unit.ramp_to(1966)
    unit.run_until(15.1)
    begun = len(unit.world.truth.rises_s)
    for turn in range(5):
        unit.world.at(15.2 + 0.1 * turn, lambda now_s: unit.world.inject(now_s, "relay_open", OPEN))
    unit.run_until(16.0)
    assert len(unit.world.truth.rises_s) - begun == 5


OPEN = {"which": "series", "for_s": 0.02}


def test_what_leaks_or_goes_through_touching_electrodes_is_astray(bench: Bench) -> None:
    unit = bench({"person": STILL})
    unit.connect()
    unit.ramp_to(1966)
    unit.run_until(20.0)
    assert unit.world.truth.astray_ma_min == 0.0
    unit.world.inject(20.0, "leakage", {"ma": 3.0, "for_s": 2.0})
    unit.run_until(25.0)
    assert unit.world.truth.astray_ma_min == pytest.approx(3.0 * 2.0 / 60.0, rel=0.01)
    unit.world.inject(25.0, "short_circuit", {"ohm": 20.0, "for_s": 1.0})
    unit.run_until(27.0)
    touched_ma_min = unit.world.truth.astray_ma_min - 3.0 * 2.0 / 60.0
    assert touched_ma_min == pytest.approx(unit.ma() / 60.0, rel=0.02)

"""Ordinary people are as different as the sources say, and move as they do."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import anchors
import pytest

from sim.body.load import Load
from sim.body.people import AREAS, ordinary
from sim.body.person import LEAST_WET, MOVE_LEAST, MOVE_MOST, SMALLEST_FIDGET, Mover


@pytest.fixture(scope="module")
def rows() -> list[anchors.Anchor]:
    return list(anchors.anchors())


def test_every_anchor_holds(rows: list[anchors.Anchor]) -> None:
    assert [row for row in rows if not row.low <= row.ours <= row.high] == []


def test_the_table_is_of_today(rows: list[anchors.Anchor]) -> None:
    page = anchors.PAGE.read_text(encoding="utf-8")
    told = page.partition(anchors.MARKS[0])[2].partition(anchors.MARKS[1])[0]
    assert told == anchors.table(rows), "run `.venv/bin/python tests/support/anchors.py --write`"


@pytest.mark.parametrize("area", AREAS)
def test_people_differ_and_the_middle_is_among_them(area: str) -> None:
    drawn = [ordinary(area, Random(f"{number}")) for number in range(200)]
    middle = ordinary(area, None)
    for name in ("body_ohm", "fresh_v", "fall_v", "fall_s", "rise", "electrode_v"):
        values = sorted(getattr(who, name) for who in drawn)
        assert values[20] < getattr(middle, name) < values[-20], name
    assert all(
        1.2 <= who.electrode_v <= 2.5 and 0.0 <= who.rise <= 1.0 and 0.0 <= who.fall_v <= 5.0 for who in drawn
    )
    assert max(who.rise + who.fall_v / 5.0 for who in drawn) < 1.6, "nobody does both"


def test_a_seed_draws_its_person(bench: Callable[..., Any]) -> None:
    volts = [bench({"load": {"skin": "ordinary"}}, seed).world.load.voltage_at(5.0) for seed in (1, 2, 1)]
    assert volts[0] == volts[2] != volts[1]


def test_movements_are_as_often_as_large_and_as_quick_as_seen() -> None:
    mover, begun, paths, now_s = Mover(Random("moves")), 0, [], 0.0
    while now_s < 36_000.0:
        if mover.due_s <= now_s:
            mover.begin(now_s)
            begun += 1
        mover.step(now_s)
        paths.append(mover.path)
        assert LEAST_WET <= min(mover.deep) <= max(mover.deep) <= 1.0
        now_s += 0.1
    assert 3.0 <= begun / 60.0 <= 6.0
    assert min(paths) == pytest.approx(1.0 + MOVE_LEAST, abs=0.02)
    assert max(paths) == pytest.approx(1.0 + MOVE_MOST, abs=0.02)
    fastest = max(abs(after - before) for before, after in pairwise(paths))
    assert 0.05 < fastest <= 0.36, "within a tenth of a second"


def test_a_movement_fades_over_100_s() -> None:
    mover = Mover(Random("one"))
    mover.begin(mover.due_s)
    over_s = mover.due_s  # the next one's, and by then this one is over
    mover.step(over_s)
    assert not mover.under_way
    before = mover.path - 1.0
    mover.step(over_s + 100.0)
    assert mover.path - 1.0 == pytest.approx(before / math.e)


def test_hands_go_in_one_after_the_other_with_splashes_shorter_than_a_millisecond(
    bench: Callable[..., Any],
) -> None:
    counts = []
    for seed in range(12):
        unit = bench({"person": {"moves": True, "hands_in_at_s": 1.0}}, seed)
        load: Load = unit.world.load
        changes: list[tuple[float, bool]] = []
        first_s = None
        while unit.clock.now_s < 7.0:
            unit.clock.sleep_until(unit.clock.now_s + 0.00005)
            if load.wetted[0] > 0.0 and first_s is None:
                first_s = unit.clock.now_s
            if not changes or changes[-1][1] != load.in_contact:
                changes.append((unit.clock.now_s, load.in_contact))
        assert first_s == pytest.approx(1.0, abs=1e-3)
        assert changes[-1][1]
        assert 1.29 <= changes[1][0] <= 4.01, "the second hand"
        breaks = [after[0] - before[0] for before, after in zip(changes[2::2], changes[3::2], strict=True)]
        assert all(lasted_s < 0.0011 for lasted_s in breaks)
        assert changes[-1][0] - changes[1][0] < 1.6
        assert LEAST_WET * SMALLEST_FIDGET <= min(load.wetted) < 1.0
        counts.append(len(breaks))
    assert min(counts) == 0
    assert max(counts) >= 2

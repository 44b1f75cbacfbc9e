"""The regression check: what a tick costs in things that can be counted, against what was recorded.

Where a change is meant, record anew: .venv/bin/python -m app.bench.counts > tests/app/bench_counts.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.bench import counts

RECORDED = json.loads(Path(__file__).with_name("bench_counts.json").read_text())
RECORD = "record anew if this is meant: .venv/bin/python -m app.bench.counts > tests/app/bench_counts.json"


def test_bus_and_ticks_are_as_recorded() -> None:
    found = counts.on_the_wire()
    assert found == {name: RECORDED[name] for name in found}, RECORD


def test_no_tick_calls_more_functions_than_recorded() -> None:
    before = sys.getprofile()
    found = counts.calls()["calls_per_tick"]
    assert sys.getprofile() is before
    assert found <= 1.02 * RECORDED["calls_per_tick"], RECORD


def test_a_tick_keeps_and_needs_no_more_memory_than_recorded() -> None:
    found = counts.memory()
    assert found["blocks_kept_per_tick"] <= RECORDED["blocks_kept_per_tick"] + 0.5, RECORD
    assert found["transient_bytes_per_tick"] <= 1.25 * RECORDED["transient_bytes_per_tick"], RECORD


def test_trips_are_as_fast_as_recorded() -> None:
    found = counts.latencies()
    assert found == pytest.approx({name: RECORDED[name] for name in found}, abs=0.001), RECORD


def test_everything_recorded_is_checked() -> None:
    own = {"transfers_per_tick", "wire_bytes_per_tick", "ticks_per_simulated_s", "calls_per_tick"}
    own |= {"blocks_kept_per_tick", "transient_bytes_per_tick"}
    assert set(RECORDED) == own | {f"{kind}_off_ms" for kind in counts.KINDS}

"""Somebody sets the clock, an hour either way: the treatment does not notice, the journal does not mind."""

import ast
import datetime as datetime_module
import time
from pathlib import Path

import pytest

from controller.journal import store as journal_store
from controller.journal.store import Store
from controller.loop.clock import RealClock

ROOT = Path(__file__).parents[2]
START = {"unit": "a", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}
WALL = {
    "time",
    "time_ns",
    "localtime",
    "gmtime",
    "strftime",
    "ctime",
    "now",
    "utcnow",
    "today",
    "fromtimestamp",
    "clock_gettime",
}
HOUR_S = 3600.0


AT_THE_START = {
    "controller/session/wiring.py": {"_require_within_unit"},
    "controller/appliance/device.py": {"_unfit"},
    "controller/appliance/standing.py": {"too_often", "unfit"},
    "controller/host/wall.py": {"read", "again", "_utc"},
}
"""Where it is asked, before anything is energised, whether the calibration has expired, or the last treatment
was too short a time ago."""
UNSLEWED = {"controller/host/battery_clock.py": {"raw_seconds"}}
"""Where a clock is asked for by its number: the monotonic one that nothing sets or slews, no wall clock."""


def asks_the_wall(tree):
    """Whether a piece of code calls anything that reads the wall clock."""
    for node in ast.walk(tree):
        member = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if member and node.value.id in {"time", "datetime", "date"} and node.attr in WALL:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            return True
    return False


def test_nothing_that_drives_current_asks_the_wall_clock():
    modules = [path for room in ("controller", "drivers", "sim") for path in (ROOT / room).rglob("*.py")]
    assert len(modules) > 30
    asking = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in modules}
    asking = {name: tree for name, tree in asking.items() if asks_the_wall(tree)}
    assert set(asking) == {"controller/journal/store.py", *AT_THE_START, *UNSLEWED}, (
        "the journal stamps records"
    )
    for name, allowed in (AT_THE_START | UNSLEWED).items():
        functions = [node for node in ast.walk(asking[name]) if isinstance(node, ast.FunctionDef)]
        assert {node.name for node in functions if asks_the_wall(node)} == allowed


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_the_loops_clock_goes_on_as_ever(jump_s, monkeypatch):
    clock = RealClock()
    before_s = clock.now()
    wall_s = time.time()
    monkeypatch.setattr(time, "time", lambda: wall_s + jump_s)
    assert 0.0 <= clock.now() - before_s < 60.0


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_cut_off_session_is_found_whatever_the_clock_says(jump_s, tmp_path, monkeypatch):
    store = Store(tmp_path)
    store.begin(START)
    store.write([["row", s, "hold", "forward", 12.0, 12.0, 14.0, 0.2 * s, 0.0] for s in (0.5, 1.0)])

    class Set(datetime_module.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime_module.datetime.now(tz) + datetime_module.timedelta(seconds=jump_s)

    monkeypatch.setattr(journal_store, "datetime", Set)
    (found,) = store.begin(START)["cut_off"]
    assert (found["duration_s"], found["charge_ma_min"]["forward"]) == (1.0, 0.2)
    assert store.begin(START)["cut_off"][0]["duration_s"] == 0.0, "the next one, which gave nothing"
    store.connection.close()

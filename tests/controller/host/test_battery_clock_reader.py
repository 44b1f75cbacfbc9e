"""The battery clock is read beside the loop, and nothing waits for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from app.technician import machine
from controller.host.battery_clock import BatteryClock, ChipFile, raw_seconds


class Look(NamedTuple):
    before_s: float
    after_s: float
    chip_s: int | None


def chip(root: Path, text: str = "1767225600\n") -> Path:
    folder = root / "rtc0"
    folder.mkdir()
    (folder / "since_epoch").write_text(text)
    return folder / "since_epoch"


def first(clock: BatteryClock[Look]) -> Look:
    ends_s = time.monotonic() + 10.0
    while (look := clock.look()) is None:
        assert time.monotonic() < ends_s
        time.sleep(0.001)
    return look


def reader(read: Callable[[], int], every_s: float = 0.001) -> BatteryClock[Look]:
    return BatteryClock(read, Look, every_s)


def test_looks_come_in_their_order_between_two_moments() -> None:
    numbers = iter(range(1000, 10**9))
    with closing(reader(lambda: next(numbers))) as clock:
        looks = [first(clock) for _ in range(5)]
    assert [look.chip_s for look in looks] == [1000, 1001, 1002, 1003, 1004]
    assert all(look.before_s <= look.after_s for look in looks)
    assert sorted(looks) == looks


def test_a_chip_that_hangs_holds_nobody_up() -> None:
    goes_on = threading.Event()

    def hang() -> int:
        goes_on.wait()
        return 7

    clock = reader(hang)
    assert clock.look() is None
    goes_on.set()
    assert first(clock).chip_s == 7
    clock.close()


@pytest.mark.parametrize("error", [OSError(121, "Remote I/O error"), ValueError("no number")])
def test_a_read_that_fails_is_a_look_without_a_time(error: Exception) -> None:
    def fail() -> int:
        raise error

    with closing(reader(fail)) as clock:
        assert first(clock).chip_s is None


def test_what_nobody_takes_is_bounded() -> None:
    clock = reader(lambda: 1, every_s=0.0)
    time.sleep(0.05)
    clock.close()
    taken = 0
    while clock.look() is not None:
        taken += 1
    assert 1 <= taken <= 32


def test_the_file_of_a_chip_is_read_anew_each_time(tmp_path: Path) -> None:
    file = chip(tmp_path)
    with closing(ChipFile("rtc0", tmp_path)) as opened:
        assert opened.read() == 1_767_225_600
        file.write_text("1767225601\n")
        assert opened.read() == 1_767_225_601


@pytest.mark.parametrize("text", ["", "soon\n"])
def test_a_chip_that_tells_no_time_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    chip(tmp_path, text)
    with pytest.raises(OSError, match=r"the battery clock rtc0, .* tells no time: fit it and set it"):
        ChipFile("rtc0", tmp_path)
    with pytest.raises(OSError, match="the battery clock rtc7"):
        ChipFile("rtc7", tmp_path)


def test_a_doctor_looks_at_it(tmp_path: Path) -> None:
    assert machine.battery_clock(None, tmp_path).state == "skipped"
    assert machine.battery_clock("rtc0", tmp_path).state == "failed"
    chip(tmp_path)
    assert machine.battery_clock("rtc0", tmp_path).state == "ok"
    unnamed = machine.battery_clock(None, tmp_path)
    assert unnamed.state == "warning"
    assert "battery_clock: rtc0" in unnamed.remedy


def test_the_clock_that_nothing_slews_goes_on() -> None:
    assert 0 <= raw_seconds() <= raw_seconds() + 1


def test_a_chip_that_no_longer_answers_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.host.battery_clock.CLOSE_S", 0.01)
    asked, answers = threading.Event(), threading.Event()

    def hangs() -> int:
        asked.set()
        answers.wait(60.0)
        return 1

    clock = reader(hangs)
    try:
        assert asked.wait(10.0)
        clock.close()
        assert clock.look() is None, "it hangs still, and the end went on"
    finally:
        answers.set()

"""Tests that go by the clock have the machine to themselves, whichever process they run in."""

import os
import threading
from pathlib import Path

import pytest
from turns import turn

WAITS_S = 0.2
LONGEST_S = 300.0


class Worker(threading.Thread):
    """Takes its turn, and keeps it until it is let go."""

    def __init__(self, place: Path, *, alone: bool) -> None:
        super().__init__(daemon=True)
        self._place, self._alone = place, alone
        self.there, self.let_go = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with turn(alone=self._alone, door=self._place / "door", room=self._place / "room"):
            self.there.set()
            self.let_go.wait(LONGEST_S)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("door", "room"):
        (tmp_path / name).touch()
    return tmp_path


def test_many_are_there_together_but_who_is_alone(place: Path) -> None:
    first, second = Worker(place, alone=False), Worker(place, alone=False)
    assert first.there.wait(LONGEST_S)
    assert second.there.wait(LONGEST_S)
    clocked = Worker(place, alone=True)
    first.let_go.set()
    assert not clocked.there.wait(WAITS_S), "the second is still there"
    late = Worker(place, alone=False)
    assert not late.there.wait(WAITS_S), "who waits to be alone is not overtaken"
    second.let_go.set()
    assert clocked.there.wait(LONGEST_S)
    assert not late.there.wait(WAITS_S), "alone"
    clocked.let_go.set()
    assert late.there.wait(LONGEST_S)
    late.let_go.set()
    for worker in (first, second, clocked, late):
        worker.join(LONGEST_S)


def test_a_process_that_a_test_left_behind_keeps_nobody_waiting(place: Path) -> None:
    read, write = os.pipe()
    with turn(alone=False, door=place / "door", room=place / "room"):
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    os.close(read)
    clocked = Worker(place, alone=True)
    assert clocked.there.wait(LONGEST_S)
    clocked.let_go.set()
    os.close(write)
    os.waitpid(child, 0)

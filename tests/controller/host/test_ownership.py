"""One owner per unit."""

import os
import subprocess
import sys

import pytest

from controller.host import ownership
from controller.host.ownership import InUse, own


@pytest.fixture
def unit(tmp_path, monkeypatch):
    monkeypatch.setattr(ownership, "GRACE_S", 0.05)
    return tmp_path / "unit.lock"


def test_a_second_owner_is_refused_and_told_who_the_first_one_is(unit):
    held = own(unit, "the unit")
    with pytest.raises(InUse, match=rf"the unit is in use by process {os.getpid()} \(.+\): end that"):
        own(unit, "the unit")
    os.close(held)
    os.close(own(unit, "the unit"))


def test_a_child_that_shares_it_holds_it_until_its_own_end(unit):
    held = own(unit, "the unit")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(held,))
    os.close(held)
    with pytest.raises(InUse):
        own(unit, "the unit")
    child.communicate(b"\n")
    os.close(own(unit, "the unit"))


def test_no_other_child_inherits_it(unit):
    held = own(unit, "the unit")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    os.close(held)
    os.close(own(unit, "the unit"))
    child.communicate(b"\n")


def test_a_predecessor_on_its_way_out_is_waited_for(unit, monkeypatch):
    monkeypatch.setattr(ownership, "GRACE_S", 5.0)
    held = own(unit, "the unit")
    waits = []

    def end_it(_pause_s):
        waits.append(1)
        os.close(held)

    monkeypatch.setattr(ownership.time, "sleep", end_it)
    os.close(own(unit, "the unit"))
    assert len(waits) == 1


def test_a_place_that_cannot_be_locked_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        own(tmp_path / "nowhere" / "unit.lock", "the unit")

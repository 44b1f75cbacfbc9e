"""When the booted lane does a row anew: where the record of that very treatment says the machine was busy."""

from types import SimpleNamespace

import pytest
from booted import ATTEMPTS, LATE, Flowed, Machine, treating

BEHIND = "the unit's computer fell behind: end other programs on it"
ENDED = {
    "late": {"outcome": "aborted", "code": LATE, "reason": "a tick came 61 ms after the one before"},
    "behind": {"outcome": "stopped", "code": None, "reason": BEHIND},
    "deviation": {"outcome": "aborted", "code": 14, "reason": "0.5 mA off"},
    "cut off": {"outcome": "cut_off", "code": None, "reason": "the controller was cut off"},
    "stopped": {"outcome": "stopped", "code": None, "reason": "Stop was pressed"},
    "completed": {"outcome": "completed", "code": None, "reason": None},
}


class Booted(Machine):
    """One that has booted and whose records are what the test says; nothing of it runs."""

    def __init__(self, tmp_path, *ends):
        super().__init__(tmp_path, SimpleNamespace(folder=tmp_path / "unit", switch_on=lambda: None))
        self._process, self._ends, self._records = object(), list(ends), []
        self.attempts = 0

    def run(self, line, **_how):
        assert line.startswith("systemctl start ")

    def wait_for(self, **_wanted):
        return {}

    def sessions(self):
        return self._records

    def attempt(self, error=AssertionError):
        """Treat the next one, whose session ends as it is said, and fail; the last one passes."""
        self.attempts += 1
        self.treated = f"p{self.attempts}"
        end = self._ends.pop(0)
        self._records = [{"person": self.treated, **ENDED[end]}, *self._records] if end else self._records
        if self._ends:
            raise error("not as it should be")


@pytest.mark.parametrize("end", ["late", "behind"])
def test_a_treatment_that_a_busy_machine_ended_is_begun_again(tmp_path, end):
    machine = Booted(tmp_path, end, end, "completed")
    machine.again(machine.attempt)
    assert machine.attempts == 3


@pytest.mark.parametrize("end", ["deviation", "cut off", "stopped", "completed", ""])
def test_anything_else_is_a_fault_at_once_also_where_an_earlier_one_was_late(tmp_path, end):
    machine = Booted(tmp_path, "late", end, "completed")
    with pytest.raises(AssertionError, match="not as it should be"):
        machine.again(machine.attempt)
    assert machine.attempts == 2


def test_never_in_so_many_attempts_is_a_failure(tmp_path):
    machine = Booted(tmp_path, *["late"] * (ATTEMPTS + 1))
    with pytest.raises(AssertionError, match=f"too busy {ATTEMPTS} times"):
        machine.again(machine.attempt)
    assert machine.attempts == ATTEMPTS


def test_current_where_none_should_be_is_never_excused(tmp_path):
    machine = Booted(tmp_path, "late", "completed")
    with pytest.raises(Flowed):
        machine.again(lambda: machine.attempt(Flowed))
    assert machine.attempts == 1


def test_a_row_passes_only_where_one_attempt_holds_from_its_beginning_to_its_end(tmp_path):
    done = []

    @treating
    def row(installed):
        done.append("begun")
        installed.attempt()
        done.append("held")

    row(installed=Booted(tmp_path, "behind", "completed"))
    assert done == ["begun", "begun", "held"]

"""`ionto unlock`: with the technician's code and a reason, and never without a proof that passed."""

import io
import json

import pytest

from app.household.codes import TRIES, TechnicianCode
from app.household.store import Household
from app.main import main
from app.output import ExitCode
from app.technician.doctor import _lock
from controller.core.locks import Needs
from controller.journal.history import open_history
from controller.journal.releasing import say_why
from controller.journal.store import Store
from controller.journal.tables import FILE

CODE = "spanner-77"
START = {"unit": "simulated", "treatment": "hands", "simulated": True, "target_ma": 12.0, "total_s": 1200.0}


def trips(state, cause, code):
    store = Store(state)
    store.begin(START | {"scripted": True})
    store.write([["trip", cause, "hold", 9.0, "so"], ["end", "aborted", "so", 9.5, 100.0, 0.0, code]])
    store.connection.close()


@pytest.fixture
def state(tmp_path):
    """A simulated unit in which the current flowed the wrong way, and both codes."""
    trips(tmp_path, "wrong_polarity", 35)
    Household(tmp_path).set_code("rose-7421")
    TechnicianCode(tmp_path).set_code(CODE)
    return tmp_path


@pytest.fixture
def ask(state, capsys, monkeypatch):
    def asking(*words, typed=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        code = main([*map(str, words), "--state", str(state)])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return asking


def unlock(ask, *more, typed=CODE, reason="the relay was replaced"):
    return ask("unlock", "--simulate", "--reason", reason, *more, typed=typed)


def needs(state):
    with open_history(state) as history:
        assert history.verify().problems == []
        lock = history.lock(simulated=True)
        return None if lock is None else lock.needs


def test_a_locked_unit_treats_nobody_by_the_command_and_says_why(ask, state):
    code, out, _ = ask("run", "hands", "--simulate", "--speed", "max", "--json")
    told = json.loads(out)
    assert (code, told["outcome"]) == (ExitCode.REFUSED, "refused")
    assert "locked by code 35" in told["reason"]
    assert "`ionto unlock`" in told["reason"]
    with open_history(state) as history:
        assert len(history.sessions()) == 1


def doctors_lock(state):
    """What `ionto doctor` tells of a lock, and whether it keeps treatments from starting."""
    found = _lock(state, simulated=True)
    return found.state, f"{found.found} -> {found.remedy}"


def test_the_doctor_tells_what_a_lock_waits_for(ask, state, tmp_path_factory):
    assert doctors_lock(tmp_path_factory.mktemp("new"))[0] == "ok"
    told, text = doctors_lock(state)
    assert told == "failed"
    assert "locked by code 35" in text
    assert text.endswith("-> Find the cause, mend it, and say what it was: ionto unlock.")
    say_why(state, "the relay was replaced", simulated=True)
    assert "let the protections be proven" in doctors_lock(state)[1]
    assert unlock(ask)[0] == ExitCode.COMPLETED
    assert doctors_lock(state)[0] == "ok"


def test_the_doctor_tells_of_a_journal_that_cannot_be_read(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    found = _lock(tmp_path, simulated=True)
    assert found.state == "warning"
    assert "the journal in" in found.remedy


def test_the_code_a_reason_and_a_proof_release_it(ask, state):
    code, out, err = unlock(ask)
    assert (code, err) == (ExitCode.COMPLETED, "")
    assert "The reason is recorded. Take everybody out of the circuit" in out
    assert "Its protections are proven: the unit is released." in out
    assert needs(state) is None
    shown = ask("history", "show", 1)[1]
    assert "Said why" in shown
    assert "the relay was replaced" in shown
    (kept,) = json.loads(ask("history", "show", 1, "--json")[1])["releases"]
    assert (kept["role"], kept["reason"]) == ("technician", "the relay was replaced")
    assert ask("run", "face", "--simulate", "--speed", "max", "--json")[0] == ExitCode.COMPLETED


def test_a_program_is_told_in_one_object(ask):
    code, out, err = unlock(ask, "--json")
    assert (code, json.loads(out)["released"], err) == (ExitCode.COMPLETED, True, "")
    code, out, _ = unlock(ask, "--json")
    assert json.loads(out) == {"released": True, "told": "The unit is not locked."}


@pytest.mark.parametrize("typed", ["wrong-code", "rose-7421", ""], ids=["wrong", "the nurse's", "none"])
def test_a_wrong_code_says_nothing_and_releases_nothing(ask, state, typed):
    code, _, err = unlock(ask, typed=typed)
    assert code == ExitCode.REFUSED
    assert "technician's code is" in err
    assert needs(state) is Needs.WORD


def test_wrong_codes_are_limited(ask, state):
    for _ in range(TRIES):
        assert "is wrong" in unlock(ask, typed="wrong-code")[2]
    assert "Too many tries with the technician's code" in unlock(ask)[2], "the right one too"
    assert needs(state) is Needs.WORD


def test_without_a_code_set_it_says_how_to_set_one(ask, state):
    (state / "household.db").unlink()
    code, _, err = unlock(ask)
    assert (code, "ionto technician-code" in err) == (ExitCode.REFUSED, True)
    assert ask("technician-code", typed=CODE)[0] == ExitCode.COMPLETED
    assert unlock(ask)[0] == ExitCode.COMPLETED


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
def test_a_reason_that_says_nothing_is_bad_input(ask, state, reason):
    code, _, err = unlock(ask, reason=reason)
    assert code == ExitCode.BAD_INPUT
    assert "--reason: the reason needs 1 to 200 printable characters" in err
    assert needs(state) is Needs.WORD


def test_a_proof_that_fails_leaves_it_locked(ask, state, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("events: [{at_s: 0, fault: relay_welded, which: series}]")
    code, _, err = ask("unlock", "--simulate", broken, "--reason", "mended", typed=CODE)
    assert code == ExitCode.REFUSED
    assert "the unit is still locked: " in err
    assert needs(state) is Needs.WORD


def test_what_waits_for_stop_needs_no_code(ask, state, tmp_path):
    other = tmp_path / "other"
    trips(other, "leakage", 13)
    code = main(["unlock", "--simulate", "--reason", "so", "--state", str(other)])
    assert code == ExitCode.REFUSED


def test_a_real_unit_is_not_released_by_a_simulated_proof(ask, state):
    store = Store(state)
    store.begin(START | {"simulated": False})
    store.write([["trip", "output_stuck", "hold", 9.0, "so"], ["end", "aborted", "so", 9.5, 1.0, 0.0, 34]])
    store.connection.close()
    assert unlock(ask)[0] == ExitCode.COMPLETED
    with open_history(state) as history:
        assert history.lock(simulated=False).reason == "output_stuck"


def test_options_that_don_t_go_together_are_refused(ask):
    code, _, err = unlock(ask, "--attach", "x.sock")
    assert (code, "leave one of them out" in err) == (ExitCode.BAD_INPUT, True)

"""The known problems: rows that point somewhere, versions that end them, and the doctor who tells them."""

import json
from importlib.metadata import version

import pytest
from safety_case import load

from app import known_problems
from app.known_problems import PROBLEMS, Problem, known
from app.main import main

BEFORE, AFTER = "0.0.1", "999.0.0"


def test_ids_are_given_once_and_in_order():
    assert [one.id for one in PROBLEMS] == [f"KP-{number}" for number in range(1, len(PROBLEMS) + 1)]


@pytest.mark.parametrize("one", PROBLEMS, ids=lambda one: one.id)
def test_each_belongs_to_a_hazard_and_says_in_a_sentence_each_what_happens_and_what_to_do(one):
    assert one.hazard in load().hazards
    for said in (one.what, one.do):
        assert said[0].isupper()
        assert said.endswith(".")
        assert ". " not in said
        assert "  " not in said
        assert "|" not in said, "it stands in a table"


@pytest.mark.parametrize(
    ("running", "until", "there"),
    [
        ("0.1.0", None, True),
        ("0.1.9", "0.2.0", True),
        ("0.2.0", "0.2.0", False),
        ("0.9.0", "0.10.0", True),
        ("0.10.0", "0.9.0", False),
        ("1.0", "1.0.1", True),
        ("0.2.0rc1", "0.2.0", False),
    ],
)
def test_a_version_has_what_was_not_mended_until_it(monkeypatch, running, until, there):
    one = Problem("KP-1", "H-01", "It fails.", "Wait.", until)
    monkeypatch.setattr(known_problems, "PROBLEMS", (one,))
    assert known(running) == ((one,) if there else ())


def test_the_version_that_runs_is_the_one_that_is_installed():
    assert known() == known(version("ionto"))
    assert known(BEFORE) == PROBLEMS


@pytest.fixture
def doctor(capsys, tmp_path):
    """Ask the doctor; gives its exit code and what it said."""

    def asked(*words):
        code = main(["doctor", "--state", str(tmp_path), *words])
        return code, capsys.readouterr().out

    return asked


def test_the_doctor_tells_each_with_what_to_do(doctor):
    _, said = doctor()
    for one in known():
        assert f"known     {one.id}: {one.what}\n          -> {one.do}\n" in said
    assert f"{len(known())} known" in said
    _, answer = doctor("--json")
    rows = [row for row in json.loads(answer)["findings"] if row["state"] == "known"]
    assert [(row["check"], row["found"], row["remedy"]) for row in rows] == [
        (one.id, one.what, one.do) for one in known()
    ]


def test_what_is_known_changes_neither_the_doctor_s_exit_code_nor_its_judgement(doctor, monkeypatch):
    code, answer = doctor("--json")
    monkeypatch.setattr(
        known_problems, "PROBLEMS", (Problem("KP-1", "H-01", "It failed.", "Update.", BEFORE),)
    )
    without_code, without = doctor("--json")
    assert (code, json.loads(answer)["fit"]) == (without_code, json.loads(without)["fit"])
    assert "known" not in {row["state"] for row in json.loads(without)["findings"]}
    assert "KP-" not in doctor()[1]


def test_a_fixed_problem_is_told_to_nobody(monkeypatch):
    mended = tuple(one._replace(until=AFTER) for one in PROBLEMS)
    monkeypatch.setattr(known_problems, "PROBLEMS", mended)
    assert known() == mended
    assert known(AFTER) == ()

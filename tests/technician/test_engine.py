"""The step engine: order, interruption at every step, going back, and what an entry takes."""

from pathlib import Path
from typing import Any

import pytest

from app.output import UsageError
from app.technician.answers import Unattended, read_answers
from app.technician.engine import Abort, Back, Entry, Procedure, Progress, Step, read_entry
from app.technician.progress import progress_file, resume, save
from app.technician.walk import Failed, walk
from config.reader import BadFile

AMOUNT = Entry("amount", "How much", "number", "mA", 0.0, 10.0)
STEPS = tuple(Step(f"step{n}", f"Step {n}", "Do it.", (AMOUNT,), action=n or None) for n in range(4))
PROCEDURE = Procedure("test", "A test", STEPS)
ANSWERS = {f"step{n}": {"amount": float(n)} for n in range(4)}


def perform(step: Step, results: Any, poll: Any) -> dict[str, Any]:
    return {**poll(0.0), "measured": 2.0 * step.action, "before": len(results)}


def face(answers: Any = None) -> Unattended:
    return Unattended("the test", ANSWERS if answers is None else answers)


def run(progress: Progress, keep: Any = lambda _progress: None, **how: Any) -> Progress:
    return walk(PROCEDURE, progress, how.get("face", face()), how.get("perform", perform), keep)


def test_every_step_is_done_in_order() -> None:
    done = run(PROCEDURE.begin({"serial": "1"}))
    assert list(done.results) == [step.name for step in STEPS]
    assert done.results["step3"] == {"amount": 3.0, "measured": 6.0, "before": 3}


@pytest.mark.parametrize("at", range(4))
def test_an_interruption_at_any_step_is_resumed_to_the_same_results(tmp_path: Path, at: int) -> None:
    path = progress_file(tmp_path, "test", "SN/1")
    facts = {"serial": "SN/1"}

    def interrupted(step: Step, results: Any, poll: Any) -> dict[str, Any]:
        if step.name == f"step{at}":
            raise KeyboardInterrupt
        return perform(step, results, poll)

    steps = tuple(step._replace(action=step.action or 9) for step in STEPS)
    procedure = Procedure("test", "A test", steps)

    def go(how: Any) -> Progress:
        begun = resume(path, procedure, facts)
        return walk(procedure, begun, face(), how, lambda progress: save(path, procedure, progress))

    with pytest.raises(KeyboardInterrupt):
        go(interrupted)
    assert len(resume(path, procedure, facts).results) == at
    resumed = go(perform)
    assert resumed == walk(procedure, procedure.begin(facts), face(), perform, lambda _progress: None)
    assert resume(path, procedure, facts) == resumed


def test_progress_of_something_else_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    save(path, PROCEDURE, PROCEDURE.begin({"serial": "1"}))
    with pytest.raises(UsageError, match="serial '1', now it is '2'"):
        resume(path, PROCEDURE, {"serial": "2"})
    path.write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        resume(path, PROCEDURE, {"serial": "1"})


class Undecided(Unattended):
    """Goes back once, at the third step."""

    went = False

    def poll(self, step: Step, wait_s: float) -> Any:
        if step.name == "step2" and not self.went:
            self.went = True
            raise Back
        return super().poll(step, wait_s)


def test_going_back_takes_the_step_before_again() -> None:
    seen: list[str] = []

    def watched(step: Step, results: Any, poll: Any) -> dict[str, Any]:
        seen.append(step.name)
        return perform(step, results, poll)

    done = run(PROCEDURE.begin({}), face=Undecided("the test", ANSWERS), perform=watched)
    assert seen == ["step1", "step2", "step1", "step2", "step3"]
    assert len(done.results) == 4


class Patient(Unattended):
    """Takes refused steps again and remembers why."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.why: list[str] = []

    def refused(self, step: Step, why: str) -> None:
        self.why.append(why)


def test_a_step_that_does_not_fit_is_taken_again_with_those_it_drops() -> None:
    takes: list[str] = []

    def counted(step: Step, results: Any, poll: Any) -> dict[str, Any]:
        takes.append(step.name)
        if takes.count("step1") == 1 and step.name == "step1":
            raise Failed("the current did not flow")
        return perform(step, results, poll)

    last = STEPS[3]._replace(
        accept=lambda _v, _r: "" if takes.count("step2") == 2 else "point 2 does not fit",
        drops=lambda _v, _r: ("step2",),
    )
    procedure = Procedure("test", "A test", (*STEPS[:3], last))
    patient = Patient("the test", ANSWERS)
    done = walk(procedure, procedure.begin({}), patient, counted, lambda _progress: None)
    assert takes == ["step1", "step1", "step2", "step3", "step2", "step3"]
    assert patient.why == ["the current did not flow", "point 2 does not fit"]
    assert list(done.results) == [step.name for step in STEPS]


def test_unattended_a_refused_step_ends_with_the_reason() -> None:
    def fails(_step: Step, _results: Any, _poll: Any) -> dict[str, Any]:
        raise Failed("the current did not flow")

    with pytest.raises(Abort, match="step1: the current did not flow"):
        run(PROCEDURE.begin({}), perform=fails)


def test_an_answer_that_is_missing_is_named() -> None:
    with pytest.raises(
        Abort, match=r"the test has no answer for answers\.step2\.amount: a number from 0 to 10 mA"
    ):
        run(PROCEDURE.begin({}), face=face({key: ANSWERS[key] for key in ("step0", "step1")}))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("answers: {step9: {amount: 1}}", "answers.yaml:1:18: answers.step9: is no step"),
        ("answers: {step1: {much: 1}}", "1:25: answers.step1.much: is not asked for, allowed are amount"),
        (
            "answers: {step1: {amount: 11}}",
            "1:27: answers.step1.amount: is 11, a number from 0 to 10 mA is allowed",
        ),
        ("answers: {step1: {amount: true}}", "answers.step1.amount: is True, a number from 0 to 10 mA"),
        ("answers: {step1: 4}", "answers.step1: expected a mapping of amount"),
        ("answers: {step1: {amount: 1, amount: 2}}", "1:30: answers.step1.amount: duplicate key"),
        (
            "answers: {step1: {amount: \u0661}}",
            "1:27: answers.step1.amount: \u0661 holds arabic-indic digit",
        ),
        ("procedure: other\nanswers: {}", "answers 'other', answers to test are expected"),
        ("answer: {}", "expected `procedure` and `answers`"),
    ],
)
def test_an_answer_file_is_read_strictly(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(text)
    with pytest.raises(BadFile) as refused:
        read_answers(path, PROCEDURE)
    assert says in str(refused.value)


def test_what_is_typed_is_read_as_its_kind() -> None:
    assert read_entry(AMOUNT, " 2,5 ") == 2.5
    assert read_entry(Entry("ok", "Good?", "yes"), "Y") is True
    assert read_entry(AMOUNT._replace(default=3.0), "") == 3.0
    for entry, text in (
        (AMOUNT, "nan"),
        (AMOUNT, "x"),
        (Entry("ok", "", "yes"), "maybe"),
        (Entry("t", ""), ""),
    ):
        with pytest.raises(ValueError, match=f"{entry.name} is .* is allowed"):
            read_entry(entry, text)

"""No refusal leads in a circle: each says what is true at once, and after what it says is done it goes on."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.output import UsageError
from app.technician.answers import Terminal, Unattended
from app.technician.ended import ended_as_interrupted
from app.technician.engine import Abort, Entry, Procedure, Step, check_entry
from app.technician.plan import Point, bench_step, odd_current, odd_voltage, point_step
from app.technician.progress import resume, save
from app.technician.walk import Failed, walk
from controller.backends.meter import Accuracy, Meter, MeterFailed

TODAY = date(2026, 11, 28)
BENCH = {
    "technician": "T",
    "meter": "M 1",
    "current_percent": 0.05,
    "current_ma": 0.005,
    "voltage_percent": 0.0045,
    "voltage_v": 0.0006,
}


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Type lines at the terminal; nothing comes after them."""
    handle, end = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(handle))
    open_end = [end]

    def type_(*lines: str) -> None:
        os.write(end, "".join(f"{line}\n" for line in lines).encode())
        os.close(open_end.pop())

    yield type_
    for each in open_end:
        os.close(each)
    sys.stdin.close()


def walked(*steps: Step, perform: Any = None) -> dict[str, Any]:
    procedure = Procedure("test", "A test", steps)
    done = walk(procedure, procedure.begin({}), Terminal(), perform, lambda _progress: None)
    return {name: dict(values) for name, values in done.results.items()}


def refusing(name: str, times: int) -> Step:
    """A step that is refused so often."""
    left = [times]

    def accept(_values: Any, _results: Any) -> str:
        left[0] -= 1
        return "that is wrong" if left[0] >= 0 else ""

    return Step(name, name, "Do it.", (Entry("amount", "How much", "number", low=0, high=9),), accept=accept)


FIRST = Step("first", "first", "Do it.", (Entry("amount", "How much", "number", low=0, high=9),))


def test_back_at_a_refusal_takes_the_step_before_again(typed: Any, capsys: Any) -> None:
    typed("1", "2", "back", "3", "4")
    assert walked(FIRST, refusing("second", 1)) == {"first": {"amount": 3.0}, "second": {"amount": 4.0}}
    assert "Enter goes on, back takes the step before again, quit leaves" in capsys.readouterr().out


def test_what_is_no_answer_to_a_refusal_is_asked_again(typed: Any, capsys: Any) -> None:
    typed("1", "2", "what?", "", "4")
    assert walked(FIRST, refusing("second", 1))["second"] == {"amount": 4.0}
    assert capsys.readouterr().out.count("Enter goes on") == 2


@pytest.mark.parametrize(("lines", "why"), [(["1", "2", "quit"], "left"), (["1", "2"], "answers ended")])
def test_a_refusal_may_be_left(typed: Any, lines: list[str], why: str) -> None:
    typed(*lines)
    with pytest.raises(Abort, match=why):
        walked(FIRST, refusing("second", 1))


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("2030-01-01", "has not come yet"),
        ("2020-01-01", "within two years"),
        ("28.11.2026", "a date like 2026-01-31 is allowed"),
        ("20260131", "a date like 2026-01-31 is allowed"),
        ("2026-02-30", "a date like 2026-01-31 is allowed"),
        ("", "a date like 2026-01-31 is allowed"),
    ],
)
def test_a_wrong_date_is_refused_before_anything_else_is_asked(
    typed: Any, capsys: Any, day: str, says: str
) -> None:
    typed("T", "M 1", day, "2026-03-01", "0,05", "0.005", "0.0045", "0.0006")
    given = walked(bench_step(TODAY, None))["bench"]
    assert given == BENCH | {"meter_calibrated": "2026-03-01"}
    told = capsys.readouterr().out
    assert says in told[: told.index("Meter's current accuracy")]


def test_a_meter_that_cannot_do_is_refused_before_it_measures() -> None:
    step = bench_step(TODAY, None)
    values = BENCH | {"meter_calibrated": "2026-03-01"}
    assert step.accept(values, {}) == ""
    assert "at 0.5 mA this meter may be 0.050 mA wrong" in step.accept(values | {"current_ma": 0.05}, {})


@pytest.mark.parametrize(
    ("reading", "polarity", "says"),
    [
        (1.05, "forward", ""),
        (-1.05, "reverse", ""),
        (-1.05, "forward", "exchange its two leads"),
        (1.05, "reverse", "the reading has a sign"),
        (0.00105, "forward", "the reading is in mA"),
        (-1050.0, "reverse", "the reading is in mA"),
        (0.0, "forward", "lies in series"),
        (0.49, "forward", "look at its range"),
    ],
)
def test_a_reading_of_something_else_is_told_from_a_fault_of_the_unit(
    reading: float, polarity: Any, says: str
) -> None:
    found = odd_current({"meter_ma": reading, "setpoint_ma": 1.0}, polarity)
    assert (says in found) if says else found == ""
    step = point_step("p", Point(polarity, 0.0, 1.0))
    assert step.accept({"meter_ma": reading, "setpoint_ma": 1.0}, {}) == found


@pytest.mark.parametrize(
    ("reading", "says"),
    [(20.0, ""), (-20.0, "exchange its two leads"), (0.02, "1000 mV are 1 V"), (20000.0, "1000 mV are 1 V")],
)
def test_a_voltage_of_something_else_is_told(reading: float, says: str) -> None:
    found = odd_voltage({"meter_v": reading, "setpoint_ma": 10.0}, {"resistor": {"ohm": 2000.0}})
    assert (says in found) if says else found == ""


def test_swapped_leads_are_named_at_once_and_a_wrong_first_point_is_taken_again(
    ionto: Any, tmp_path: Path
) -> None:
    def run(**readings: float) -> tuple[int, dict[str, Any], str]:
        given: dict[str, Any] = {name: {"meter_ma": value} for name, value in readings.items()}
        given["bench"] = BENCH | {"meter_calibrated": date.today().isoformat()}
        given["resistor"] = {"ohm": 2000.0}
        file = tmp_path / "answers.yaml"
        file.write_text(yaml.safe_dump({"answers": {k.replace("_", "-"): v for k, v in given.items()}}))
        found: tuple[int, dict[str, Any], str] = ionto(
            "calibrate", "--simulate", "--answers", file, "--state", tmp_path
        )
        return found

    code, answer, err = run(coarse_1=-1.05)
    assert (code, "exchange its two leads" in answer["reason"]) == (5, True)
    assert "the same command goes on there, --restart begins anew" in err
    # A first point within reason but wrong is found by the second, and does not stay to refuse it for ever.
    code, answer, _ = run(coarse_1=1.9, coarse_2=3.0)
    assert (code, answer["reason"].startswith("coarse-2: the meter rose by")) == (5, True)
    assert "both points are taken again" in answer["reason"]
    code, answer, _ = run(coarse_1=-1.05)
    assert (code, answer["reason"].startswith("coarse-1: ")) == (5, True), "the reading is taken again"


def test_a_meter_that_fails_is_mended_and_the_step_taken_again(typed: Any, capsys: Any) -> None:
    answers: list[float | MeterFailed] = [MeterFailed("the meter shows overload: look at it"), 4.5]

    def read() -> float:
        one = answers.pop(0)
        if isinstance(one, MeterFailed):
            raise one
        return one

    meter = Meter("M", Accuracy(0.1, 0.1, 0.1, 0.1), read, read)
    step = Step("p", "p", "Read.", (Entry("meter_ma", "Reads", "number", "mA", -40, 40, meter="ma"),))
    typed("", "", "")
    procedure = Procedure("test", "A test", (step,))
    done = walk(
        procedure, procedure.begin({}), Terminal(lambda: meter), lambda *_: {}, lambda _progress: None
    )
    assert done.results == {"p": {"meter_ma": 4.5}}
    assert "not accepted: the meter shows overload: look at it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "then", "now", "says"),
    [
        ("date", "2026-11-27", "2026-11-28", "one is made on one day, today is 2026-11-28: begin anew"),
        ("software", "1", "2", "begun with version 1, now it is 2: begin anew with --restart"),
        ("unit", "ab12", "cd34", "the unit's file has changed since it was begun: give it as it was, or"),
        ("record", "ab12", "cd34", "the calibration record has changed since"),
        ("seed", 1, 2, "go on as it was begun, or begin anew with --restart"),
    ],
)
def test_what_changed_half_way_is_named_with_what_can_be_done(
    tmp_path: Path, name: str, then: Any, now: Any, says: str
) -> None:
    procedure, path = Procedure("test", "A test", (FIRST,)), tmp_path / "kept.json"
    save(path, procedure, procedure.begin({name: then}))
    with pytest.raises(UsageError, match=says) as refused:
        resume(path, procedure, {name: now})
    assert "ab12" not in str(refused.value)


def test_a_unit_file_that_was_swapped_half_way_is_refused(ionto: Any, tmp_path: Path) -> None:
    unit, answers = tmp_path / "unit.yaml", tmp_path / "answers.yaml"
    unit.write_text('serial: "7"\n')
    bench = BENCH | {"meter_calibrated": date.today().isoformat()}
    answers.write_text(yaml.safe_dump({"answers": {"bench": bench}}))
    words = ("calibrate", "--simulate", "--unit", unit, "--answers", answers, "--state", tmp_path)
    assert "answers.resistor.ohm" in ionto(*words)[1]["reason"]
    unit.write_text('serial: "7"\nlimits: {max_current_ma: 10}\n')
    code, _, err = ionto(*words)
    assert (code, "the unit's file has changed since" in err) == (2, True)
    assert "answers.resistor.ohm" in ionto(*words, "--restart")[1]["reason"]


def test_a_record_that_cannot_be_written_is_known_before_anything_is_asked(
    ionto: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "record.yaml"
    code, _, err = ionto("calibrate", "--simulate", "--answers", "simulated", "--out", out)
    assert (code, str(out) in err, "coarse" in err) == (2, True, False)


STEPS = (
    FIRST,
    Step("more", "more", "Do it.", (Entry("much", "Much?", "yes"),)),
    Step(
        "only",
        "only",
        "Do it.",
        FIRST.enter,
        needed=lambda results: results.get("more", {}).get("much", False),
    ),
    FIRST._replace(name="last"),
)


def test_a_step_that_is_not_needed_is_passed_over_both_ways(typed: Any) -> None:
    typed("1", "yes", "2", "back", "back", "no", "back", "no", "3")
    assert list(walked(*STEPS)) == ["first", "more", "last"]


def test_what_is_not_needed_any_more_is_forgotten() -> None:
    procedure = Procedure("test", "A test", STEPS)
    face = Unattended(
        "the test",
        {"first": {"amount": 1}, "more": {"much": True}, "only": {"amount": 2}, "last": {"amount": 3}},
    )
    done = walk(procedure, procedure.begin({}), face, lambda *_: {}, lambda _progress: None)
    assert list(done.results) == ["first", "more", "only", "last"]
    assert list(procedure.keep(done, STEPS[1], {"much": False}).results) == ["first", "more", "last"]


@pytest.mark.parametrize(
    ("entry", "value", "says"),
    [
        (Entry("serial", "", longest=3), "abcd", "text of 1 to 3 characters is allowed"),
        (Entry("day", "", "date"), 20261128, "a date like 2026-01-31 is allowed"),
        (Entry("n", "", "number", check=lambda _n: "is too odd"), 3.0, "n is too odd"),
    ],
)
def test_an_entry_judges_at_once(entry: Entry, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_entry(entry, value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_and_a_closed_terminal_interrupt(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_as_interrupted():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_hang_up_that_the_caller_ignores_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_as_interrupted():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_failure_unattended_ends_with_its_step() -> None:
    def fails(*_: Any) -> Any:
        raise Failed("the current did not flow")

    procedure = Procedure("test", "A test", (FIRST._replace(action=1),))
    with pytest.raises(Abort, match="first: the current did not flow"):
        walk(procedure, procedure.begin({}), Unattended("the test", {}), fails, lambda _progress: None)

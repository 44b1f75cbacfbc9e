"""A real unit without its records treats nobody, by whichever way in; a simulated one says that it is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from played import idle, serve
from unit_records import put_calibration, put_commissioning

from app.device.command import Order as DeviceOrder
from app.locale import terminal
from app.main import main
from app.output import ExitCode
from config.calibration import load_calibration
from config.unit import Unit

SERIAL = "0042"
HARDWARE = "/dev/i2c-9"


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    path = tmp_path / "unit.yaml"
    path.write_text(f'serial: "{SERIAL}"\ni2c: {{bus: 9}}\n')
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def refusal(unit: Path, state: Path, capsys: Any, *words: str, code: int = ExitCode.REFUSED) -> str:
    """What `ionto run` refuses with: one line, and nothing is left behind."""
    before = sorted(state.rglob("*"))
    assert main(["run", "hands", "--unit", str(unit), "--state", str(state), *words]) == code
    told, said = capsys.readouterr()
    assert said.count("\n") == 1
    assert "nominal" not in told + said, "which it does not use"
    assert sorted(state.rglob("*")) == before
    return str(said)


def test_each_record_that_is_missing_is_named_with_the_command_that_makes_it(
    unit: Path, state: Path, capsys: Any
) -> None:
    said = refusal(unit, state, capsys)
    assert "unit 0042 has no commissioning record" in said
    assert "`ionto commission --unit FILE`" in said
    put_commissioning(state, SERIAL)
    said = refusal(unit, state, capsys)
    assert "unit 0042 has no calibration record" in said
    assert "`ionto calibrate --unit FILE`" in said
    put_calibration(state, SERIAL)
    assert HARDWARE in refusal(unit, state, capsys), "with both it goes on to the hardware, which is not here"


def test_a_calibration_alone_is_not_enough_either(unit: Path, state: Path, capsys: Any) -> None:
    put_calibration(state, SERIAL)
    assert "no commissioning record" in refusal(unit, state, capsys)


def test_records_may_be_named(unit: Path, state: Path, tmp_path: Path, capsys: Any) -> None:
    elsewhere = tmp_path / "elsewhere"
    calibration, commissioning = put_calibration(elsewhere, SERIAL), put_commissioning(elsewhere, SERIAL)
    words = ("--calibration", str(calibration), "--commissioning", str(commissioning))
    assert HARDWARE in refusal(unit, state, capsys, *words)


def test_a_unit_without_a_serial_number_is_told_where_it_comes_from(
    state: Path, tmp_path: Path, capsys: Any
) -> None:
    nameless = tmp_path / "nameless.yaml"
    nameless.write_text("i2c: {bus: 9}\n")
    said = refusal(nameless, state, capsys)
    assert "no serial number" in said
    assert "`ionto commission --unit FILE` gives it one" in said


def test_deleting_an_expired_record_does_not_lift_the_expiry(unit: Path, state: Path, capsys: Any) -> None:
    put_commissioning(state, SERIAL)
    record = put_calibration(state, SERIAL, days_ago=400)
    assert "ended on" in refusal(unit, state, capsys)
    record.rename(record.with_name(f"{SERIAL}.0001.yaml"))
    assert "no calibration record" in refusal(unit, state, capsys), "an older one beside it is none"
    record.with_name(f"{SERIAL}.0001.yaml").unlink()
    assert "no calibration record" in refusal(unit, state, capsys)


@pytest.mark.parametrize("channel", ["control_current", "guard_current"])
def test_a_record_that_knows_no_current_is_none(unit: Path, state: Path, capsys: Any, channel: str) -> None:
    put_commissioning(state, SERIAL)
    put_calibration(state, SERIAL, without=(channel,))
    said = refusal(unit, state, capsys)
    assert f"lacks {channel}" in said
    assert "`ionto calibrate --unit FILE`" in said


def test_a_unit_with_one_converter_needs_no_second_one_calibrated(state: Path) -> None:
    one = Unit(serial=SERIAL, guard_adc=None)
    calibration, _ = load_calibration(put_calibration(state, SERIAL, without=("guard_current",)), one)
    assert calibration.why_missing(one) == ""


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"of": "0043"}, ExitCode.BAD_INPUT, "is '0043', only a record of this unit, serial '0042'"),
        ({"commissioned": False}, ExitCode.BAD_INPUT, "is no commissioning record"),
        ({"unit": "0042"}, ExitCode.BAD_INPUT, "is no commissioning record"),
        ({"simulated": True}, ExitCode.REFUSED, "is of a simulated unit"),
    ],
)
def test_a_record_of_something_else_counts_for_nothing(
    unit: Path, state: Path, capsys: Any, changes: dict[str, Any], code: int, words: str
) -> None:
    put_calibration(state, SERIAL)
    put_commissioning(state, SERIAL, **changes)
    assert words in refusal(unit, state, capsys, code=code)


def test_a_record_that_was_changed_is_refused(unit: Path, state: Path, capsys: Any) -> None:
    put_calibration(state, SERIAL)
    record = put_commissioning(state, SERIAL)
    record.write_text(record.read_text().replace("Mine", "Yours"))
    assert "was changed after it was written" in refusal(unit, state, capsys, code=ExitCode.BAD_INPUT)


def test_the_sentences_are_german_for_who_reads_german(unit: Path, state: Path, capsys: Any) -> None:
    try:
        said = refusal(unit, state, capsys, "--language", "de")
        assert "Gerät 0042 hat kein Protokoll der Inbetriebnahme" in said
    finally:
        terminal.speak("en")


@pytest.mark.parametrize("uncommissioned", ["", "made by the test"])
def test_the_panel_refuses_start_by_its_code_while_a_record_is_missing(
    tmp_path: Path, uncommissioned: str
) -> None:
    """Start, a page's order, a rest: all of them need a session, and a real unit without records has none."""

    def story(play: Any) -> Any:
        yield lambda seen: seen["code"] == 73
        play.press()
        until_s = play.device.clock.whole_s + 12.0
        yield lambda _seen: play.device.clock.whole_s > until_s
        assert play.device.standing.alarm.reason == (uncommissioned or play.device._unfit())
        assert "no calibration record" in play.device._unfit() or uncommissioned

    play, told = serve(story, tmp_path, real=True, uncommissioned=uncommissioned)
    assert [next(iter(event)) for event in told] == ["alarm"], "nothing has begun"
    assert play.truth.peak_ma == 0.0
    assert {seen["phase"] for seen in play.seen} & {"proof", "contact", "ramp_up"} == set()


def test_the_simulated_unit_waits_for_start_without_any_record(tmp_path: Path) -> None:
    def story(play: Any) -> Any:
        yield idle

    play, _ = serve(story, tmp_path, uncommissioned="made by the test")
    assert play.seen[-1]["code"] is None


def test_a_device_takes_both_records_by_name() -> None:
    assert {"calibration", "commissioning"} <= set(DeviceOrder._fields)

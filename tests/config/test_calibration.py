"""A correction without evidence is refused, a record of another unit too; no record is said aloud."""

from pathlib import Path

import pytest

from config.calibration import Calibration, load_calibration
from config.reader import BadFile
from config.unit import Unit

LINE = "{gain: 1.01, offset: -0.02, points: [[1.0, 1.01], [20, 19.82]]}"
RECORD = f"""\
unit_serial: "0042"
date: 2026-01-31
technician: A. Person
meter: DMM 6.5 digits
channels:
  output: {LINE}
  control_current: {LINE}
  guard_current: {LINE}
  voltage: {LINE}
  return: {LINE}
"""
UNIT = Unit(serial="0042")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "calibration.yaml"
    path.write_text(RECORD)
    return path


def errors_of(path: Path, text: str, unit: Unit = UNIT) -> list[str]:
    path.write_text(text)
    with pytest.raises(BadFile) as caught:
        load_calibration(path, unit)
    return [error.removeprefix(f"{path}:") for error in caught.value.errors]


def test_a_record_is_read_and_needs_no_notice(record: Path) -> None:
    calibration, notice = load_calibration(record, UNIT)
    assert notice == ""
    assert (calibration.unit_serial, calibration.date) == ("0042", "2026-01-31")
    for name in ("output", "control_current", "guard_current", "voltage", "return_path"):
        correction = getattr(calibration.channels, name)
        assert (correction.gain, correction.offset) == (1.01, -0.02)
        assert correction.points == ((1.0, 1.01), (20.0, 19.82))


def test_without_a_record_everything_is_nominal_and_said() -> None:
    calibration, notice = load_calibration(None, UNIT)
    assert calibration == Calibration.nominal()
    for _, correction in calibration.channels:
        assert (correction.gain, correction.offset, correction.points) == (1.0, 0.0, ())
    assert notice.startswith("No calibration record: nominal values are used, currents may be off by several")


def test_a_channel_that_is_missing_is_nominal_and_said(record: Path) -> None:
    lines = RECORD.splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "guard" not in line and "volt" not in line))
    calibration, notice = load_calibration(record, UNIT)
    assert calibration.channels.guard_current.gain == 1.0
    assert "of 2026-01-31 lacks voltage, guard_current: nominal values are used there" in notice
    assert "lacks voltage:" in load_calibration(record, Unit(serial="0042", guard_adc=None))[1]


@pytest.mark.parametrize("serial", ["0043", ""])
def test_the_record_of_another_unit_is_refused(record: Path, serial: str) -> None:
    assert errors_of(record, RECORD, Unit(serial=serial)) == [
        f"1:14: unit_serial: is '0042', only a record of this unit, serial '{serial}', is allowed"
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("2026-01-31", "2026-02-30", "2:7: date: is '2026-02-30', a date like 2026-01-31 is allowed"),
        ("2026-01-31", "20260131", "2:7: date: expected text, got 20260131"),
        ("2026-01-31", "2026-W05-6", "2:7: date: is '2026-W05-6', a date"),
        (
            "output: {gain: 1.01",
            "output: {gain: 1.11",
            "6:18: channels.output.gain: expected a number from 0.9",
        ),
        (
            "output: {gain: 1.01",
            "output: {gain: 0.89",
            "6:18: channels.output.gain: expected a number from 0.9",
        ),
        (LINE, "{offset: 0.1}", "6:11: channels.output: gain or offset without points"),
        (LINE, "{gain: 1.02}", "6:11: channels.output: gain or offset without points"),
        (LINE, "{points: [[1, 1]]}", "6:20: channels.output.points: expected a list of 2 to 100 entries"),
        (LINE, "{points: [[1, 1], [2]]}", "6:29: channels.output.points[1][1]: is missing, expected"),
        (
            LINE,
            "{points: [[1, 1], [2, 101]]}",
            "6:33: channels.output.points[1][1]: expected a number from -100",
        ),
        (
            LINE,
            "{offset: 1.1, points: [[1, 1], [2, 2]]}",
            "6:20: channels.output.offset: expected a number from",
        ),
        ("  return:", "  return_path:", "10:3: channels.return_path: unknown key"),
        ('"0042"', "0042", "1:14: unit_serial: 0042 has a leading zero"),
    ],
)
def test_a_bad_record_is_refused(record: Path, old: str, new: str, expected: str) -> None:
    [error] = errors_of(record, RECORD.replace(old, new, 1))
    assert error.startswith(expected)


def test_the_voltage_may_be_off_by_more_than_a_current(record: Path) -> None:
    def with_offset(offset_v: str) -> str:
        return RECORD.replace(f"voltage: {LINE}", f"voltage: {LINE.replace('-0.02', offset_v)}")

    record.write_text(with_offset("1.9"))
    assert load_calibration(record, UNIT)[0].channels.voltage.offset == 1.9
    [error] = errors_of(record, with_offset("2.1"))
    assert "channels.voltage.offset: expected a number from -2 to 2" in error


HARD_OFF = Unit.model_validate({"serial": "0042", "output": {"code_zero_ma": -0.25}})


def test_without_a_record_of_the_output_a_unit_is_what_its_own_file_says(record: Path) -> None:
    """From its current at code 0 to its full scale at code 4095."""
    record.write_text("".join(line for line in RECORD.splitlines(keepends=True) if "output:" not in line))
    for calibration in (Calibration.nominal(), load_calibration(record, HARD_OFF)[0]):
        gain, offset_ma = calibration.output_line(HARD_OFF)
        assert offset_ma == -0.25
        assert gain * 25.0 + offset_ma == pytest.approx(25.0)
        assert calibration.output_line(UNIT) == (1.0, 0.0)


def test_a_record_of_the_output_means_the_same_whatever_the_file_says_of_code_zero(record: Path) -> None:
    for unit in (UNIT, HARD_OFF):
        assert load_calibration(record, unit)[0].output_line(unit) == (1.01, -0.02)

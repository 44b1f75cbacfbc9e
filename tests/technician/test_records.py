"""Records: written whole, the one before kept; what was changed, cut, foreign, early or late is refused."""

import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.technician.records import current_record, records_of, text_of, write_record
from config.calibration import WARN_DAYS, Made, MeterError, load_calibration, read_calibration
from config.parts import ControlAdc, Shunt
from config.reader import BadFile
from config.unit import Unit, load_unit

TODAY = date(2026, 5, 1)


def correction(gain: float = 1.01) -> dict[str, Any]:
    return {"gain": gain, "offset": -0.02, "points": [[1.0, 1.01], [20.0, 19.82]]}


def record(**changes: Any) -> dict[str, Any]:
    names = ("output", "control_current", "guard_current", "voltage", "return")
    content = {
        "record": 2,
        "unit_serial": "0042",
        "date": "2026-04-30",
        "expires": "2027-04-30",
        "technician": "A. Person",
        "meter": "DMM",
        "channels": {name: correction() for name in names},
    }
    return content | changes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    written = tmp_path / "0042.yaml"
    write_record(written, record(), "0042", TODAY)
    return written


def refusal(path: Path, serial: str = "0042", today: date = TODAY) -> str:
    with pytest.raises(BadFile) as caught:
        read_calibration(path, serial, today)
    return str(caught.value)


def test_what_was_written_is_read(path: Path) -> None:
    calibration = read_calibration(path, "0042", TODAY)
    assert calibration.channels.control_current.gain == 1.01
    assert calibration.valid_until == date(2027, 4, 30)


def test_any_changed_digit_is_found(path: Path) -> None:
    whole = path.read_text()
    for old, new in (("1.01", "1.02"), ("2027-04-30", "2029-04-30"), ("A. Person", "B. Person")):
        path.write_text(whole.replace(old, new, 1))
        assert "was changed after it was written" in refusal(path)


def test_a_record_cut_at_any_line_is_refused(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    for count in range(1, len(lines)):
        path.write_text("".join(lines[:count]))
        assert str(path) in refusal(path)
    path.write_text("".join(lines[:-1]))
    assert "is half-written: a record of `ionto calibrate` ends with its checksum" in refusal(path)


def test_another_units_record_and_one_of_tomorrow_are_refused(path: Path) -> None:
    assert "only a record of this unit, serial '0043'" in refusal(path, serial="0043")
    assert "date: is 2026-04-30, which has not come yet (today is 2026-04-29)" in refusal(
        path, today=date(2026, 4, 29)
    )


def test_expiry_is_announced_and_then_refuses_treatments_only(path: Path) -> None:
    unit, last = Unit(serial="0042"), date(2027, 4, 30)
    assert load_calibration(path, unit, last - timedelta(days=WARN_DAYS + 1))[1] == ""
    calibration, notice = load_calibration(path, unit, last - timedelta(days=WARN_DAYS))
    assert f"ends on 2027-04-30, in {WARN_DAYS} days" in notice
    assert calibration.why_no_treatment(last, simulated=False) == ""
    why = calibration.why_no_treatment(last + timedelta(days=1), simulated=False)
    assert why.startswith("the calibration of 2026-04-30 ended on 2027-04-30")
    assert read_calibration(path, "0042", last + timedelta(days=400)).date == "2026-04-30"


def test_the_record_before_is_kept(path: Path) -> None:
    first = path.read_bytes()
    for number in (1, 2):
        before = write_record(path, record(technician=f"Nr {number}"), "0042", TODAY)
        assert before is not None
        assert before.name == f"0042.{number:04d}.yaml"
    assert path.with_name("0042.0001.yaml").read_bytes() == first
    folder = path.parent / "calibration"
    folder.mkdir()
    for file in path.parent.glob("*.yaml"):
        file.rename(folder / file.name)
    names = [file.name for file in records_of(path.parent, "0042")]
    assert names == ["0042.0001.yaml", "0042.0002.yaml", "0042.yaml"]


KILLED = """
import os, signal, sys
from pathlib import Path
from app import atomic
import tests_record
stage = sys.argv[2]
def kill(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
if stage == "draft":
    os.fsync = kill
elif stage == "replace":
    Path.replace = kill
elif stage == "link":
    os.link = kill
from app.technician.records import write_record
from datetime import date
write_record(Path(sys.argv[1]), tests_record.CONTENT, "0042", date(2026, 5, 1))
"""


@pytest.mark.parametrize("stage", ["link", "draft", "replace"])
def test_killed_during_the_write_the_old_record_stands(path: Path, tmp_path: Path, stage: str) -> None:
    old = path.read_bytes()
    (tmp_path / "tests_record.py").write_text(f"CONTENT = {record(technician='New')!r}\n")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), stage],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
        check=False,
        timeout=600,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == old
    assert read_calibration(path, "0042", TODAY).technician == "A. Person"
    write_record(path, record(technician="After"), "0042", TODAY)  # what is left over is in nobody's way
    assert read_calibration(path, "0042", TODAY).technician == "After"


def test_numbers_are_written_as_the_strict_reader_wants_them() -> None:
    text = text_of(record(channels={"output": correction() | {"offset": 0.00001}}))
    assert "0.00001" in text
    assert yaml.safe_load(text)["channels"]["output"]["offset"] == 0.00001


# --- by the command ---------------------------------------------------------------------------------


def test_a_calibrated_simulated_unit_treats_and_a_bad_record_does_not(ionto: Any, state: Path) -> None:
    short = state / "short.yaml"
    short.write_text("{name: short, area: hands, current_ma: 12, total_min: 2}")
    how = (short, "--simulate", "--seed", "4", "--speed", "max", "--state", state)
    code, answer, _ = ionto("run", *how)
    assert (code, answer["outcome"]) == (0, "completed")
    assert abs(answer["steady_error_ma"]) < 0.05
    assert answer["truth"]["held_ma"] == pytest.approx(12.0, abs=0.12)
    where = ("--state", state, "--serial", "SIM-4")
    assert ionto("calibration", "mark-bad", *where, "--who", "A. Person")[0] == 2
    assert ionto("calibration", "mark-bad", *where, "--who", "A. Person", "--why", "it fell")[0] == 0
    code, answer, err = ionto("run", *how)
    assert (code, answer["outcome"]) == (5, "refused")
    assert "was marked bad" in err
    assert "by A. Person: it fell" in err


def test_records_are_listed_drawn_and_certified(ionto: Any, calibrate: Any, state: Path) -> None:
    assert calibrate("--state", state, seed=4)[0] == 0
    where = ("--state", state, "--serial", "SIM-4")
    assert ionto("verify", "--simulate", "--seed", "4", "--state", state, "--answers", "simulated")[0] == 0
    code, answer, _ = ionto("calibration", "list", *where, "--plot", state / "drift.svg")
    assert code == 0
    assert [row["state"] for row in answer["records"]] == ["old", "current"]
    assert "gain off 1 / %" in (state / "drift.svg").read_text()
    assert ionto("calibration", "certificate", *where, "--html", state / "c.html")[0] == 0
    page = (state / "c.html").read_text()
    for said in (
        "SIMULATED",
        "SIM-4",
        "(verification passed)",
        "Technician, date",
        answer["records"][1]["date"],
    ):
        assert said in page
    assert "@page { size: A4" in page, "a browser prints it"


def test_a_certificate_without_its_file_is_refused_in_one_sentence(ionto: Any, state: Path) -> None:
    code, _, err = ionto("calibration", "certificate", "--state", state, "--serial", "SIM-4")
    assert code == 2
    assert "certificate needs --html FILE: a page, which a browser prints or keeps as PDF" in err


def test_a_simulated_record_counts_for_no_real_unit(state: Path) -> None:
    calibration = read_calibration(state / "calibration" / "SIM-4.yaml", "SIM-4", date.today())
    assert "simulated unit" in calibration.why_no_treatment(date.today(), simulated=False)


def test_a_stage_that_is_never_at_zero_may_treat_nobody(path: Path) -> None:
    """Polarity could not be changed: it is said before a treatment instead of tripping half way."""
    calibration = read_calibration(path, "0042", TODAY)
    made = Made(
        software="0",
        meter_calibrated="2026-01-01",
        meter_error=MeterError(current_percent=0, current_ma=0, voltage_percent=0, voltage_v=0),
        resistor_ohm=2000,
        reach_ma=24,
        uncertainty_ma=0.02,
        hysteresis_ma=0,
        spreads={},
        raw={},
    )
    for offset_ma, allowed in ((0.17, True), (0.19, False), (-0.3, True)):
        output = calibration.channels.output.model_copy(update={"offset": offset_ma})
        channels = calibration.channels.model_copy(update={"output": output})
        unit = calibration.model_copy(update={"channels": channels, "made": made})
        why = unit.why_no_treatment(TODAY, simulated=False)
        assert (why == "") == allowed, why
        assert allowed or "have the stage's zero trimmed" in why


OTHER_SHUNT = "serial: SIM-4\ncontrol_adc: {current: {channel: 0, ohm: 50.0}}\n"
SAID = "was made while the unit's file said control_adc.current.ohm 47, which is 50 now: set it back, or have"


def test_a_record_counts_only_for_the_scaling_it_was_made_with(ionto, state: Path, tmp_path: Path) -> None:
    """Another shunt in the unit's file would shift every current that the record corrects."""
    other = tmp_path / "other.yaml"
    other.write_text(OTHER_SHUNT)
    where = ("--state", state, "--unit", other, "--simulate")
    for command in (("run", "hands"), ("verify", "--seed", "4")):
        code, _, err = ionto(*command, *where)
        assert code == 2
        assert SAID in err
    as_before = tmp_path / "as-before.yaml"
    as_before.write_text("serial: SIM-4\nguard_adc: null\nlimits: {max_current_ma: 20.0}\n")
    record_file = current_record(state, "SIM-4")
    load_calibration(record_file, load_unit(as_before))


def test_a_record_that_says_no_scaling_counts_as_before(path: Path) -> None:
    load_calibration(path, Unit(serial="0042", control_adc=ControlAdc(current=Shunt(ohm=50.0))), TODAY)


def test_two_serial_numbers_never_share_a_file(tmp_path):
    places = {current_record(tmp_path, serial) for serial in ("A/B", "A_B", "A B", "A.B", "ä", "a\u0308")}
    assert len(places) == 5  # the last two are one letter
    assert all(place.parent == tmp_path / "calibration" for place in places)

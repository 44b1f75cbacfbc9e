"""Verification passes what calibration made right, fails what drifted, and changes nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.technician.records import text_of
from config.calibration import checksum_of

DRIFTS = {
    "control": "events: [{at_s: 0, fault: adc_drift, which: control, percent: 3, over_s: 0.01}]",
    "guard": "events: [{at_s: 0, fault: adc_drift, which: guard, percent: -3, over_s: 0.01}]",
    "stage": "events: [{at_s: 0, fault: stage_drift, percent: 3, over_s: 0.01}]",
}


@pytest.fixture
def record(state: Path) -> Path:
    return state / "calibration" / "SIM-4.yaml"


def verified(ionto: Any, record: Path, *args: Any) -> tuple[int, dict[str, Any], str]:
    found: tuple[int, dict[str, Any], str] = ionto(
        "verify", "--simulate", *args, "--seed", "4", "--calibration", record, "--answers", "simulated"
    )
    return found


def test_a_calibrated_unit_passes_and_the_record_is_not_changed(ionto: Any, record: Path) -> None:
    before = record.read_bytes()
    code, answer, err = verified(ionto, record)
    assert code == 0, err
    assert answer["outcome"] == "passed"
    assert answer["verification"]["failed"] == []
    assert record.read_bytes() == before


@pytest.mark.parametrize("what", DRIFTS)
def test_a_unit_that_drifted_by_three_percent_fails(
    ionto: Any, record: Path, tmp_path: Path, what: str
) -> None:
    scenario = tmp_path / "drift.yaml"
    scenario.write_text(DRIFTS[what])
    code, answer, err = verified(ionto, record, scenario)
    assert code == 5
    assert answer["outcome"] == "failed", err


def test_an_expired_record_is_still_verified(ionto: Any, record: Path) -> None:
    data = yaml.safe_load(record.read_text())
    data |= {"date": "2020-01-01", "expires": "2021-01-01"}
    record.write_text(text_of(data))
    code, answer, _ = verified(ionto, record)
    assert code == 0
    assert answer["verification"]["expired"] is True


def test_another_units_record_is_refused(ionto: Any, record: Path) -> None:
    code, _, err = ionto(
        "verify", "--simulate", "--seed", "5", "--calibration", record, "--answers", "simulated"
    )
    assert code == 2
    assert "only a record of this unit, serial 'SIM-5', is allowed" in err


def test_what_is_verified_is_kept_beside_the_record(ionto: Any, state: Path) -> None:
    code, answer, _ = ionto("verify", "--simulate", "--seed", "4", "--state", state, "--answers", "simulated")
    assert code == 0
    kept = yaml.safe_load(Path(answer["kept"]).read_text())
    assert kept["verdict"] == "passed"
    assert kept["checksum"] == checksum_of(kept)

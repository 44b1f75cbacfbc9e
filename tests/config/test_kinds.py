"""The keys at the root say which of our files a file is."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from config.circuit import CIRCUIT
from config.kinds import check_file
from config.reader import BadFile
from config.unit import REFERENCE


class Treatment(BaseModel):
    model_config = ConfigDict(extra="forbid")
    area: str
    name: str = ""


class Scenario(BaseModel):
    model_config = ConfigDict(extra="forbid")
    load: dict[str, float] = {}
    events: list[str] = []


EXTRA = {"treatment": Treatment, "scenario": Scenario}
CALIBRATION = "unit_serial: A\ndate: 2026-01-31\nchannels: {}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("name: x\narea: hands", "treatment"),
        ("name: x\npins: {up: 4}", "unit"),
        ("limits: {max_current_ma: 10}", "unit"),
        (CALIBRATION, "calibration"),
        ("events: []", "scenario"),
        ("load: {skin: 1}", "scenario"),
    ],
)
def test_a_good_file_gives_its_kind(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    assert check_file(path, EXTRA) == kind


def test_the_reference_unit_is_a_unit_and_the_circuit_a_circuit() -> None:
    assert check_file(REFERENCE, {}) == "unit"
    assert check_file(CIRCUIT, {}) == "circuit"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("area: hands\nevents: 1\ncurrent_ma: 3", "2:1: events: unknown key, allowed: area, name"),
        ("pins: {up: 99}", "1:12: pins.up: expected"),
        ("name: x", "1:1: (file): no key tells what this file is, expected keys of a treatment (area, "),
        ("area: [", "1:7: (file): the bracket [ opens here"),
        ("", "1:1: (file): the file holds nothing"),
    ],
)
def test_a_bad_file_gives_its_errors(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    with pytest.raises(BadFile) as caught:
        check_file(path, EXTRA)
    assert caught.value.errors[0].startswith(f"{path}:{expected}")


def test_a_kind_whose_model_is_not_given_is_not_offered(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("area: hands")
    with pytest.raises(BadFile, match="expected keys of a calibration"):
        check_file(path, {})

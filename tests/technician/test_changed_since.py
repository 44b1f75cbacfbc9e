"""What has changed since the calibration is found, though the trim hides it: in treatment or before it."""

import json

import pytest
import yaml

from app.output import ExitCode
from app.technician.records import text_of

TREATMENT = "{name: brief, area: hands, current_ma: 8.0, total_min: 2}"


@pytest.fixture
def treated(ionto, state, tmp_path):
    """Treat on the calibrated simulated unit 4, with changed gains in its record, or a fault."""

    def run(*events, **shares):
        (record,) = (state / "calibration").glob("SIM-4*.yaml")
        told = yaml.safe_load(record.read_text(encoding="utf-8"))
        for name, share in shares.items():
            told["channels"][name]["gain"] = round(share * told["channels"][name]["gain"], 6)
        del told["checksum"]
        record.write_text(text_of(told), encoding="utf-8")
        brief, scenario = tmp_path / "brief.yaml", tmp_path / "scenario.yaml"
        brief.write_text(TREATMENT, encoding="utf-8")
        scenario.write_text(json.dumps({"events": events}), encoding="utf-8")
        how = ["--simulate", scenario, "--seed", "4", "--speed", "max", "--state", state]
        code, summary, err = ionto("run", brief, *how)
        assert summary, err
        return code, summary

    return run


@pytest.mark.parametrize("share", [0.955, 1.045])
def test_a_stage_or_shunts_that_have_all_changed_alike_are_named_by_the_code_that_it_takes(treated, share):
    """The trim follows, both converters agree, and only the DAC's code tells."""
    code, summary = treated(output=share)
    assert (code, summary["trip"]["cause"]) == (ExitCode.ABORTED, "deviation")
    assert "mA when the unit was calibrated" in summary["reason"]
    assert summary["trip"]["phase"] == "ramp_up"


@pytest.mark.parametrize("percent", [-1.5, 1.5])
def test_what_temperature_does_to_a_unit_is_trimmed(treated, percent):
    code, summary = treated({"at_s": 25.0, "fault": "stage_drift", "percent": percent, "over_s": 3.0})
    assert (code, summary["outcome"]) == (0, "completed")


@pytest.mark.parametrize("share", [0.95, 1.05])
def test_a_meter_that_was_wrong_at_calibration_is_found_by_the_dummy_load(treated, share):
    """Every channel of current, the output too, is then wrong by one share; the voltage is not."""
    wrong = dict.fromkeys(("output", "control_current", "guard_current", "return"), share)
    code, summary = treated(**wrong)
    assert (code, summary["outcome"]) == (ExitCode.REFUSED, "refused")
    assert "the dummy load reads" in summary["reason"]

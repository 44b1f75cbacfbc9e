"""What has changed since the calibration is found, though the trim hides it: in treatment or before it."""

import json

import pytest
import yaml
from guard_watch import LIMITS, Watch

from app.output import ExitCode
from app.technician.records import text_of
from controller.core import limits as lim
from controller.core.types import Cause, Drive

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


def calibrated(**wrong):
    watch = Watch()
    watch.guard.limits = LIMITS._replace(gives=(25.0 / 4095, 0.0))
    reading = watch.reading(sampled="current", **wrong)
    for _ in range(lim.UNTRIMMED_SAMPLES - 1):
        assert watch.guard._trimmed(reading.guard_ma, watch.last, judged=True) is None
    return watch, watch.guard._trimmed(reading.guard_ma, watch.last, judged=True)


@pytest.mark.parametrize(
    ("guard_ma", "found"), [(5.199, False), (5.201, True), (4.801, False), (4.799, True)]
)
def test_the_bound_is_three_percent_and_a_little_for_as_long_as_an_untrimmed_stage_gets(guard_ma, found):
    _, trip = calibrated(guard_ma=guard_ma)
    assert (trip is not None) is found
    if trip is not None:
        assert trip[0] is Cause.DEVIATION
        assert trip[1].startswith(f"{guard_ma:.2f} mA read at code 819, which gave 5.00 mA when the unit was")


def test_one_sample_within_the_bound_or_one_that_is_not_judged_begins_anew():
    watch, _ = calibrated(guard_ma=5.5)
    for guard_ma, judged in ((5.0, True), (5.5, False)):
        assert watch.guard._trimmed(5.5, watch.last, judged=True)
        assert watch.guard._trimmed(guard_ma, watch.last, judged=judged) is None
        for _ in range(lim.UNTRIMMED_SAMPLES - 1):
            assert watch.guard._trimmed(5.5, watch.last, judged=True) is None


def test_what_code_zero_gave_counts_and_without_a_record_nothing_does():
    watch = Watch()
    watch.guard.limits = LIMITS._replace(gives=(0.006, 0.1))
    drive = Drive("forward", 5.0, 1000)
    for _ in range(2 * lim.UNTRIMMED_SAMPLES):
        assert watch.guard._trimmed(6.32, drive, judged=True) is None
    watch.guard.limits = LIMITS
    for _ in range(2 * lim.UNTRIMMED_SAMPLES):
        assert watch.guard._trimmed(9.0, drive, judged=True) is None

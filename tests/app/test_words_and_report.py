"""People read the outcome first, in plain words, and never a trip as a completion."""

import json

import jsonschema
import pytest

from app import report, words
from app.output import ExitCode
from app.screen import Lines, picture
from app.tables import summary_schema
from controller.core.asked import SHORT_WORDS
from controller.core.reasons import REASONS
from controller.core.types import Cause, Phase, ShortBecause

SCHEMA = json.loads(summary_schema())


def test_every_phase_has_words():
    assert set(words.PHASE_WORDS) == set(Phase)
    assert set(report.OUTCOME_CODES) == set(SCHEMA["properties"]["outcome"]["enum"])


def test_the_schema_knows_every_phase_cause_and_shortness():
    trip = SCHEMA["properties"]["trip"]["oneOf"][1]["properties"]
    assert set(trip["cause"]["enum"]) == set(Cause)
    assert set(SCHEMA["$defs"]["phase"]["enum"]) == set(Phase)
    assert set(SCHEMA["properties"]["short_because"]["enum"]) == {*ShortBecause, None}


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (1237.4, "20 min 37 s")]
)
def test_durations(seconds, text):
    assert words.duration(seconds) == text


def test_a_completed_session(summary):
    text = report.describe(summary(), None)
    assert text.startswith("Completed: hands, 20 min 37 s.")
    assert "forward 116.2 mA min, reverse 116.1 mA min" in text
    assert "SIMULATED" in text


def test_a_session_that_was_short_says_so_and_what_was_asked(summary):
    short = summary(
        outcome="completed_short",
        short_because="voltage",
        reason=SHORT_WORDS[ShortBecause.VOLTAGE],
        charge_ma_min={"forward": 50.0, "reverse": 50.0},
    )
    text = report.describe(short, None)
    assert text.startswith("Completed, but short: hands, 20 min 37 s.")
    assert SHORT_WORDS[ShortBecause.VOLTAGE] in text
    assert "Asked     forward 116.4 mA min, reverse 116.4 mA min" in text
    assert "Asked" not in report.describe(summary(), None)
    jsonschema.Draft202012Validator(SCHEMA).validate(short)
    assert report.OUTCOME_CODES[short["outcome"]] is ExitCode.COMPLETED


@pytest.mark.parametrize("cause", list(Cause))
def test_a_trip_is_never_worded_as_completion(summary, trip, cause):
    text = report.describe(
        summary(outcome="aborted", trip=trip | {"cause": cause.value}), "12.0 mA, then none"
    )
    assert text.startswith("ABORTED by the guard: hands")
    assert "Completed" not in text
    assert "not complete" in text
    assert REASONS[cause].advice in text
    assert "12.0 mA, then none" in text
    assert "14.0 ms" in text


def test_a_trip_on_a_real_unit_has_no_latency_to_tell(summary, trip):
    real = trip | {"onset_s": None, "output_off_s": None, "latency_ms": None}
    text = report.describe(summary(outcome="aborted", trip=real, simulated=False, seed=None), None)
    assert "ms after" not in text
    assert "SIMULATED" not in text


def test_a_stop_and_a_refusal_say_so(summary):
    assert report.describe(summary(outcome="stopped"), None).startswith("Stopped: hands, after 20 min 37 s.")
    text = report.describe(summary(outcome="refused", reason="Nobody pressed Start."), None)
    assert text.startswith("Refused to start: hands. Nobody pressed Start.")


def test_a_session_without_hardware_has_a_summary_of_the_same_shape():
    refused = report.refused_summary("hands", "No bus.", 200)
    jsonschema.Draft202012Validator(SCHEMA).validate(refused)
    assert report.OUTCOME_CODES[refused["outcome"]] is ExitCode.REFUSED


@pytest.mark.parametrize(
    "wrong",
    [{"outcome": "done"}, {"extra": 1}, {"peak_ma": -1}, {"trip": {}}, {"schema": 1}, {"duration_s": None}],
)
def test_the_schema_refuses_what_breaks_the_contract(summary, wrong):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(summary())
    assert not validator.is_valid(summary(**wrong))


def test_plain_lines_come_per_phase_note_and_treated_minute(snapshot):
    lines = Lines()
    told = [
        list(lines.news(snapshot(left_s=1200 - second, time_s=10.0 + second, note="Keep still.")))
        for second in range(0, 181, 10)
    ]
    assert [index for index, lines_of_one in enumerate(told) if lines_of_one] == [0, 6, 12, 18]
    assert len(told[0]) == 2
    turned = list(lines.news(snapshot(polarity="reverse", left_s=1015, note="Keep still.")))
    assert len(turned) == 1
    assert "reverse" in turned[0]
    assert "SIMULATED" in turned[0]


def test_absent_readings_are_a_dash(snapshot):
    (line,) = Lines().news(snapshot(measured_ma=None, resistance_ohm=None))
    assert ", - (set 12.00), -," in line


def drawn(snapshot):
    from rich.console import Console

    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - for capture only
    with console.file:
        console.print(picture(snapshot))
        return console.export_text()


def test_the_picture_shows_everything_and_its_stamp(snapshot):
    text = drawn(snapshot(note="Keep still."))
    for part in (
        "hold, forward",
        "11.98 mA",
        "set 12.00 mA",
        "1.52 kohm",
        "15:07 of 20:00",
        "forward 55.1",
        "Keep",
    ):
        assert part in text
    assert "SIMULATED" in text
    assert "SIMULATED" not in drawn(snapshot(simulated=False))


def test_the_picture_shows_a_trip_with_its_evidence(snapshot):
    text = drawn(snapshot(phase="tripped", trip_cause="leakage", trip_evidence="1.2 mA [missing]"))
    assert "ABORTED" in text
    assert "leakage: 1.2 mA [missing]" in text

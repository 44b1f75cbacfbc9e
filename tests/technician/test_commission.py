"""Commissioning on simulated units: each thing that may be wrong is found and named, and nothing is felt."""

import errno
import json
from datetime import date

import commission_page
import pytest
import yaml

from app.main import main
from app.technician import commission as command
from app.technician import commission_acts as acts
from app.technician.commission_steps import procedure
from config.characters import file_name
from config.reader import BadFile
from config.sealed import read_sealed
from config.unit import load_unit, reference_unit
from controller.backends.simulated import simulated
from controller.workshop.commissioning import NotRight, Workbench
from sim.scenario import Scenario

BOX = {"load": {"skin": 2000.0}, "person": {"start_at_s": None, "fidgets": False}}


SUPPLY = {"model": "S 24", "class": "II", "two_mopp": True}
LEAKAGE = {
    "instrument": "Tester 1",
    "measured_by": "L",
    "date": date.today().isoformat(),
    "ac_ua": 14,
    "dc_ua": 0.5,
}
HAND_IN = {"hand_in_peak_ma": 30, "hand_in_above_2ma_ms": 0.01, "hand_in_charge_uc": 0.1}
GIVEN = {
    "unit": {"technician": "T", "serial": "A7"},
    "output_supply": SUPPLY,
    "pi_supply": dict(SUPPLY),
    "leakage": LEAKAGE,
    "limiter_asked": {"measured": False},
    "oscilloscope": {"there": False},
    "trip": {"powered": True},
    **{f"{colour}_light": {"colour": colour} for colour in ("red", "green", "blue")},
    "buzzer": {"heard": True},
}
"""Answers of somebody who has neither a meter for the limiter nor an oscilloscope."""


def bench_with(unit=None, seed=1, **scenario):
    unit = unit or reference_unit()
    return Workbench(unit, simulated(unit, "hands", Scenario.model_validate({**BOX, **scenario}), seed, None))


def do(capsys, tmp_path, *words, scenario=None):
    """Run the command unattended and give its exit code, its JSON and what it told."""
    simulate = ["--simulate"]
    if scenario is not None:
        file = tmp_path / "scenario.yaml"
        file.write_text(yaml.safe_dump({"load": {"skin": 2000.0}, **scenario}))
        simulate.append(str(file))
    words = words or ("--answers", "simulated")
    code = main(["commission", *simulate, "--json", "--state", str(tmp_path / "state"), *map(str, words)])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out else None, out.err


def test_a_good_unit_gets_its_serial_number_and_a_record(capsys, tmp_path):
    code, record, _ = do(capsys, tmp_path)
    assert (code, record["commissioned"], record["simulated"]) == (0, True, True)
    unit = load_unit(tmp_path / "state/commissioning/unit-SIM-1.yaml")
    assert unit == reference_unit().model_copy(update={"serial": "SIM-1"})
    kept = read_sealed(tmp_path / "state/commissioning/commissioning-SIM-1.yaml")
    assert kept["unit"] == {"name": "Reference unit", "serial": "SIM-1"}
    assert list(kept["results"]) == [step.name for step in procedure("", trip=True).steps]
    assert kept["results"]["first_power"]["stop_s"] == pytest.approx(7.0, abs=0.2)
    assert kept["results"]["first_power"]["load_ohm"] == pytest.approx(2000, rel=0.05)
    assert not list((tmp_path / "state/technician").iterdir())


@pytest.mark.parametrize(
    ("scenario", "step", "named"),
    [
        ({"build": {"missing": ["dac"]}}, "chips", "DAC MCP4725 missing: nothing answers at 0x62"),
        (
            {"build": {"missing": ["guard_adc"]}},
            "chips",
            "guard ADC ADS1115 missing: nothing answers at 0x49",
        ),
        (
            {"build": {"dac_address": 0x60}},
            "chips",
            "DAC MCP4725 not at 0x62, but something of its kind answers at 0x60; correct its address pin",
        ),
        ({"build": {"control_address": 0x4A}}, "chips", "control ADC ADS1115 not at 0x48"),
        ({"build": {"stop": "normally_open"}}, "untouched", "Stop reads as pressed while nobody presses it"),
        ({"build": {"stop": "not_in_enable"}}, "first_power", "Stop's second contact is not in the enable"),
        ({"build": {"swapped": ["up", "down"]}}, "up_button", "Down reads as pressed where Up was asked for"),
        (
            {"build": {"swapped": ["start", "up"]}},
            "start_button",
            "Up reads as pressed where Start was asked",
        ),
        ({"build": {"swapped": ["stop", "start"]}}, "untouched", "Stop reads as pressed"),
        ({"events": [{"at_s": 0, "fault": "start_stuck"}]}, "untouched", "Start reads as pressed"),
        (
            {"events": [{"at_s": 0, "fault": "relay_welded", "which": "series"}]},
            "first_power",
            "current flows with the series relay open: that relay is welded",
        ),
        (
            {"events": [{"at_s": 0, "fault": "relay_welded", "which": "enable"}]},
            "first_power",
            "current flows without a heartbeat: the enable relay is welded",
        ),
        (
            {"events": [{"at_s": 0, "fault": "relay_open", "which": "series"}]},
            "first_power",
            "no current flows with both relays closed",
        ),
        (
            {"events": [{"at_s": 0, "fault": "polarity_stuck"}]},
            "first_power",
            "the polarity relay does not change over",
        ),
        ({"events": [{"at_s": 0, "fault": "dac_stuck"}]}, "first_power", "no current flows"),
        ({"load": {"skin": "typical"}}, "first_power", "connect the resistor, and nobody to the unit"),
        ({"load": {"skin": 4000.0}}, "first_power", "2000 ohm was stated"),
        ({"person": {"hands_in_at_s": 7200}}, "first_power", "the resistor is not connected"),
        (
            {"events": [{"at_s": 0, "fault": "relay_slow", "which": "series"}]},
            "timing",
            "series relay opens: 30 to 45 ms, allowed is at most 10 ms",
        ),
        (
            {"events": [{"at_s": 0, "fault": "trip_stuck"}]},
            "first_power",
            "the hardware trip stays tripped with the DAC at zero",
        ),
        (
            {"events": [{"at_s": 0, "fault": "trip_shorted"}]},
            "timing",
            "the current flows on though the hardware trip was forced",
        ),
    ],
)
def test_what_is_wrong_is_found_in_its_step_and_named(capsys, tmp_path, scenario, step, named):
    code, answer, err = do(capsys, tmp_path, scenario=scenario)
    assert code == 5
    assert answer["commissioned"] is False
    assert answer["reason"].startswith(f"{step}: ")
    assert named in answer["reason"]
    assert answer["reason"] in err
    assert "what was done is kept: the same command goes on there, --restart begins anew" in err
    assert not list((tmp_path / "state/commissioning").iterdir())


def test_a_trip_that_powers_up_armed_is_named():
    bench = bench_with()
    bench.powered_up()
    bench.timing(lambda _text: None)  # which arms it
    bench.powered_up()
    bench.timing(lambda _text: None)
    bench.bench.inject(bench.bench.clock.now(), "trip_stuck", {})
    bench.bench.clock.sleep_until(bench.bench.clock.now() + 0.01)
    with pytest.raises(NotRight, match="reads as armed after power-up"):
        bench.powered_up()


def test_a_unit_is_asked_for_what_it_has(capsys, tmp_path):
    plain, whole = procedure(""), procedure("", trip=True, pedal=True)
    more = ["pedal_out", "pedal_in", "pedal_stop", "pedal_down", "trip"]
    assert [step.name for step in whole.steps if step.name not in {one.name for one in plain.steps}] == more
    unit = tmp_path / "unit.yaml"
    unit.write_text("name: Old\nserial: P-1\npedal: true\n")
    code, record, _ = do(capsys, tmp_path, "--unit", unit, "--answers", "simulated")
    assert code == 0
    assert set(more) & set(record["results"]) == set(more) - {"trip"}
    assert not [row for row in record["measured"] if "trip" in row["figure"]]


def test_a_pedal_that_is_not_wired_to_stop_is_named(capsys, tmp_path, monkeypatch):
    unit = tmp_path / "unit.yaml"
    unit.write_text("name: Old\nserial: P-1\npedal: true\n")
    whole, asked = Workbench.pressed, []

    def pressed(bench, button):
        asked.append(button)
        if asked.count("stop") == 2:  # the panel's came before
            monkeypatch.setattr(bench, "_help", lambda *_words: None)
        whole(bench, button)

    monkeypatch.setattr(Workbench, "pressed", pressed)
    code, answer, _ = do(capsys, tmp_path, "--unit", unit, "--answers", "simulated")
    assert (code, answer["reason"].split(":")[0]) == (5, "pedal_stop")
    assert "Stop was not seen within 60 s" in answer["reason"]


def test_both_relays_welded_are_found_before_any_is_closed(capsys, tmp_path):
    welded = [{"at_s": 0, "fault": "relay_welded", "which": which} for which in ("series", "enable")]
    _, answer, _ = do(capsys, tmp_path, scenario={"events": welded})
    assert "current flows with the series relay open" in answer["reason"]


def test_an_eeprom_that_is_not_zero_is_named_and_mended(capsys, tmp_path):
    code, record, err = do(capsys, tmp_path, scenario={"build": {"eeprom_code": 2048}})
    assert code == 0
    assert record["results"]["eeprom"] == {"found_code": 2048, "stored_code": 0}
    assert "powered up at code 2048 of 4095; now it is 0" in err


@pytest.mark.parametrize("seed", range(6))
def test_nothing_flows_that_could_be_felt(seed):
    bench = bench_with(seed=seed)
    report = bench.first_power(2000.0, lambda _text: None)
    assert bench.bench.truth().held_ma < 0.5
    assert report.seen["both_forward"].return_ma > 0.2
    assert report.seen["both_reverse"].return_ma < -0.2


def test_first_power_needs_a_hand_on_the_unit():
    bench = bench_with()
    bench.bench = bench.bench._replace(inject=None)
    with pytest.raises(NotRight, match="Start was not pressed within 120 s"):
        bench.first_power(2000.0, lambda _text: None)
    assert bench.bench.truth().peak_ma == 0.0


def test_stop_ends_first_power_at_once():
    bench = bench_with(events=[{"at_s": 4.5, "fault": "press", "button": "stop"}])
    with pytest.raises(NotRight, match="Stop was pressed"):
        bench.first_power(2000.0, lambda _text: None)


def test_the_unit_is_off_after_every_step(monkeypatch):
    bench = bench_with()
    outside = []
    for act in (bench.untouched, lambda: bench.pressed("up"), bench.chips, bench.zero_eeprom):
        act()
        outside.append(bench.bench.truth().off_since_s(0.0))
    bench.first_power(2000.0, lambda _text: None)
    bench.transfers()
    bench.timing(lambda _text: None)
    now_s = bench.bench.clock.now()
    bench.bench.clock.sleep_until(now_s + 1.0)
    assert bench.bench.truth().off_since_s(now_s) is not None
    assert bench.bench.truth().dac_zero_since_s(now_s) is not None
    assert outside == [pytest.approx(0.0)] * 4


NEW = {"build": {"eeprom_code": 2048}}
WITH_THE_UNIT = [step.name for step in procedure("", trip=True).steps if step.action]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The record of a unit that was commissioned without an interruption."""
    folder = tmp_path_factory.mktemp("whole")
    scenario = folder / "scenario.yaml"
    scenario.write_text(yaml.safe_dump({"load": {"skin": 2000.0}, **NEW}))
    words = ["--simulate", str(scenario), "--answers", "simulated", "--state", str(folder)]
    assert main(["commission", *words]) == 0
    return read_sealed(folder / "commissioning/commissioning-SIM-1.yaml")


@pytest.mark.parametrize("at", WITH_THE_UNIT)
def test_an_interruption_at_any_step_is_resumed_to_the_same_record(capsys, tmp_path, monkeypatch, whole, at):
    original = acts._do

    def interrupted(bench, step, *rest):
        if step.name == at:
            monkeypatch.undo()
            raise KeyboardInterrupt
        return original(bench, step, *rest)

    monkeypatch.setattr(acts, "_do", interrupted)
    code, _, err = do(capsys, tmp_path, scenario=NEW)
    assert (code, "interrupted; the unit is off" in err) == (4, True)
    code, resumed, err = do(capsys, tmp_path, scenario=NEW)
    assert (code, "Going on with unit SIM-1 after" in err) == (0, True)
    assert list(resumed["results"]) == list(whole["results"])
    for step, values in whole["results"].items():
        if step not in ("first_power", "timing", "hand_in"):  # another moment's noise
            assert resumed["results"][step] == values
    assert resumed["results"]["hand_in"] == pytest.approx(whole["results"]["hand_in"], rel=0.3)
    power = pytest.approx(whole["results"]["first_power"], rel=0.1)
    assert resumed["results"]["first_power"] == power
    assert resumed["results"]["timing"].keys() == whole["results"]["timing"].keys()


def test_an_answer_file_answers_and_what_it_lacks_is_named(capsys, tmp_path):
    answers = tmp_path / "answers.yaml"
    given = {**GIVEN, "unit": {"technician": "T", "serial": "A 7"}}
    del given["buzzer"]
    answers.write_text(yaml.safe_dump({"procedure": "commission", "answers": given}))
    code, answer, _ = do(capsys, tmp_path, "--answers", answers)
    assert code == 5
    assert "answers.buzzer.heard: yes or no" in answer["reason"]
    given["buzzer"] = {"heard": True}
    answers.write_text(yaml.safe_dump({"answers": given}))
    code, record, _ = do(capsys, tmp_path, "--answers", answers)
    assert (code, record["unit"]["serial"]) == (0, "A 7")
    assert record["unit_file"].endswith(f"unit-{file_name('A 7')}.yaml")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"red_light": {"colour": "green"}}, "the light is green where red is driven"),
        ({"buzzer": {"heard": False}}, "the buzzer is not heard"),
        ({"pi_supply": {**SUPPLY, "class": "I"}}, "pi_supply: it is not of Class II with 2 x MOPP"),
        ({"output_supply": {**SUPPLY, "two_mopp": False}}, "output_supply: it is not of Class II"),
        ({"leakage": {**LEAKAGE, "ac_ua": 101}}, "101 uA a.c. leak, at most 100 are allowed"),
        ({"leakage": {**LEAKAGE, "dc_ua": 10.5}}, "10.5 uA d.c. leak, at most 10 are allowed"),
        (
            {"limiter_asked": {"measured": True}, "limiter": {"limiter_ma": 29}},
            "the limiter lets 29 mA pass, 26.125 to 28.875 mA is allowed",
        ),
        (
            {"oscilloscope": {"there": True}, "hand_in": {**HAND_IN, "hand_in_above_2ma_ms": 0.11}},
            "above 2 mA: 0.11 ms as the circuit closes, allowed is at most 0.1 ms",
        ),
        (
            {"oscilloscope": {"there": True}, "hand_in": {**HAND_IN, "hand_in_charge_uc": 1.6}},
            "charge above the set current: 1.6 uC as the circuit closes, allowed is at most 1.5 uC",
        ),
    ],
)
def test_what_a_person_sees_wrong_is_not_accepted(capsys, tmp_path, change, reason):
    given = {**GIVEN, **change}
    answers = tmp_path / "answers.yaml"
    answers.write_text(yaml.safe_dump({"answers": given}))
    code, answer, _ = do(capsys, tmp_path, "--answers", answers)
    assert (code, reason in answer["reason"]) == (5, True)
    assert not list((tmp_path / "state/commissioning").iterdir())


@pytest.mark.parametrize("lacks", ["leakage", *LEAKAGE])
def test_without_the_leakage_there_is_no_record(capsys, tmp_path, lacks):
    answers = tmp_path / "answers.yaml"
    given = {step: {k: v for k, v in values.items() if k != lacks} for step, values in GIVEN.items()}
    answers.write_text(yaml.safe_dump({"answers": {k: v for k, v in given.items() if k != lacks}}))
    code, answer, _ = do(capsys, tmp_path, "--answers", answers)
    assert (code, answer["commissioned"]) == (5, False)
    assert "answers has no answer for" in answer["reason"] or "answers.leakage." in answer["reason"]
    assert not list((tmp_path / "state/commissioning").iterdir())


@pytest.mark.parametrize(
    ("entry", "value", "says"),
    [
        ("date", "2999-01-01", "which has not come yet"),
        ("date", "2001-01-01", "leakage is measured every year"),
        ("ac_ua", -1, "a number from 0 to"),
        ("measured_by", "", "text of 1 to 80 characters is allowed"),
    ],
)
def test_a_leakage_that_cannot_be_is_refused_where_it_stands(capsys, tmp_path, entry, value, says):
    answers = tmp_path / "answers.yaml"
    answers.write_text(yaml.safe_dump({"answers": {**GIVEN, "leakage": {**LEAKAGE, entry: value}}}))
    code, _, err = do(capsys, tmp_path, "--answers", answers)
    assert (code, f"answers.leakage.{entry}: " in err, says in err) == (2, True, True)


def test_what_takes_an_instrument_that_is_not_there_is_recorded_as_not_measured(capsys, tmp_path):
    answers = tmp_path / "answers.yaml"
    answers.write_text(yaml.safe_dump({"answers": GIVEN}))
    code, record, _ = do(capsys, tmp_path, "--answers", answers)
    assert code == 0
    assert [line.partition(":")[0] for line in record["not_measured"]] == [
        "limiter",
        "peak, time above 2 mA and charge when the circuit closes",
    ]
    assert not {"limiter", "hand_in"} & set(record["results"])
    figures = {row["figure"] for row in record["measured"]}
    assert "output off after the last heartbeat" in figures
    assert not any("circuit closes" in figure for figure in figures)


def test_the_sample_in_the_docs_is_what_the_command_writes():
    page = commission_page.PAGE.read_text()
    assert page == commission_page.page(page, commission_page.record()), (
        "run: python tests/support/commission_page.py"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--json"], "--json has nobody to ask"),
        (["--answers", "simulated"], "--answers simulated is for a simulated unit"),
        (["--answers", "no.yaml", "--simulate"], "does not exist"),
        (["--unit", "no.yaml"], "does not exist"),
    ],
)
def test_bad_input_is_one_sentence(capsys, tmp_path, words, says):
    assert main(["commission", "--state", str(tmp_path), *words]) == 2
    assert says in capsys.readouterr().err


def test_a_record_that_was_changed_or_half_written_is_refused(capsys, tmp_path):
    do(capsys, tmp_path)
    file = tmp_path / "state/commissioning/commissioning-SIM-1.yaml"
    text = file.read_text()
    file.write_text("# a comment does no harm\n" + text)
    assert read_sealed(file)["simulated"] is True
    file.write_text(text.replace("simulated: true", "simulated: false"))
    with pytest.raises(BadFile, match="changed after it was written"):
        read_sealed(file)
    file.write_text(text[: text.index("\n", len(text) // 2) + 1])
    with pytest.raises(BadFile, match="half-written"):
        read_sealed(file)


@pytest.mark.parametrize(
    "text", ["serial: ''\nname: A\n", 'name: A\nserial: "7"  # old\n', "name: A\n", 'serial: "0042"\n']
)
def test_the_serial_number_goes_into_the_file_and_nothing_else_changes(tmp_path, text):
    file = tmp_path / "unit.yaml"
    file.write_text(text)
    changed = tmp_path / "changed.yaml"
    changed.write_text(command.with_serial(file, 'N"1'))
    assert load_unit(changed) == load_unit(file).model_copy(update={"serial": 'N"1'})
    assert ("# old" in text) == ("# old" in changed.read_text())


def test_a_full_disk_leaves_no_record_and_the_progress(capsys, tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.touch()
    code, _, err = do(capsys, tmp_path, "--answers", "simulated", "--out", out)
    assert (code, str(out) in err, "/22" in err) == (2, True, False)  # known before the first step

    def full(_path, _text):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(command, "write_whole", full)
        code, _, err = do(capsys, tmp_path)
    assert (code, "what was done is kept, and the same command writes it" in err) == (1, True)
    assert list((tmp_path / "state/technician").iterdir())
    assert do(capsys, tmp_path)[0] == 0  # goes on and writes it


def test_a_unit_file_that_takes_no_serial_number_is_refused_before_anything(capsys, tmp_path):
    unit = tmp_path / "unit.yaml"
    unit.write_text("{name: A, serial: B}\n")
    code, _, err = do(capsys, tmp_path, "--answers", "simulated", "--unit", unit)
    assert (code, "no serial number can be put in" in err, "/22" in err) == (2, True, False)

"""What the controller reports, in German: every text is found, known by its pattern, said with its values."""

import ast
import gettext
import inspect
import re
from pathlib import Path

import pytest
import yaml
from english import left_in_english
from unit_records import put_calibration, put_commissioning

from app.campaign.cells import QUICK_PHASE, plan, short
from app.campaign.sessions import _request, run_sound
from app.device.command import _sentence
from app.forks import run_branches
from app.locale import reported
from app.locale.catalogues import CATALOGUES, DOMAIN
from app.locale.retold import Catalogue, Retold
from app.locale.terminal import available, retell, retell_refusal, speak
from app.main import main
from app.output import ExitCode
from app.reactions import PHASES, ROWS
from app.report import describe
from config.calibration import Calibration
from config.reader import BadFile, read_text
from config.unit import Unit
from controller.core import proof
from controller.core.reasons import REASONS
from controller.journal.history import open_history
from protocols.treatment import Treatment
from sim.scenario import Scenario


@pytest.fixture(autouse=True)
def german_is_spoken():
    speak("de")
    yield
    speak("en")


def spoken_by(code):
    signs = str.maketrans({",": ".", ".": ","})
    return Retold(gettext.translation(DOMAIN, CATALOGUES, [code], Catalogue), signs)


@pytest.mark.parametrize("code", sorted(set(available()) - {"en"}))
@pytest.mark.parametrize("value", ["7", "Qx", "Qx-3 qx"])
def test_each_pattern_knows_its_own_sentence_and_no_other_is_asked_first(code, value):
    said = spoken_by(code)
    for pattern in said.patterns:
        values = [value] * pattern.text.count("{")
        sentence = pattern.text.format(*values)
        assert next(one for one in said.patterns if one.values(sentence) is not None) is pattern, sentence
        assert said.refusal(f"x:1:1: y: {sentence}") == f"x:1:1: y: {pattern.said.format(*values)}"


def test_without_a_language_nothing_changes_not_even_the_object():
    speak("en")
    text = "12.00 mA measured, limit 10.00 mA"
    assert retell(text) is text
    assert retell_refusal(text) is text


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('"""A doc string."""\nx = "two words"', ["two words"]),
        ('def f():\n    """A doc string."""\n    return f"{a:.2f} mA of {b}"', ["{0} mA of {1}"]),
        ("f(f\"it {'is on' if x else 'is off'} now\")", ["it is on now", "it is off now"]),
        ('f("one " + ("is" if x else "was") + f" {y}")', ["one is {0}", "one was {0}"]),
        ('END = "the end"\nf(f"this is {END}")', ["the end", "this is the end"]),
        ('f(" and ".join(x))', ["{0} and {1}"]),
        ('f(f"{a}{b} is {c}{d}")', ["{0} is {1}"]),
        ('f(f"braces {{}} of {x}")', ["braces {{}} of {0}"]),
        ('t("is said elsewhere")', []),
        ('f("SELECT a FROM b WHERE c = ?", "key", "%H:%M", ", ")', []),
    ],
)
def test_texts_are_found_where_they_are_made(source, texts):
    assert list(dict.fromkeys(reported.texts_of(source, whole=True))) == texts


def test_of_rooms_that_speak_only_the_errors_are_found():
    source = 'say("a title")\nraise UsageError(f"{x} is wrong")'
    assert list(reported.texts_of(source, whole=False)) == ["{0} is wrong"]


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "12.04 mA measured at a setpoint of 12.00 mA, and the current does not follow the DAC",
            "12,04 mA gemessen bei einem Sollwert von 12,00 mA, und der Strom folgt dem DAC nicht",
        ),
        (
            "-11.98 mA returns while forward is commanded",
            "-11,98 mA kehren zurück, während vorwärts befohlen ist",
        ),
        (
            "no contact within 60 s: the load reads 20 ohm, a body at least 350: "
            "the electrodes touch, or are wet by the same water",
            "kein Kontakt innerhalb von 60 s: die Last misst 20 Ohm, ein Körper mindestens 350: "
            "die Elektroden berühren sich oder liegen im selben Wasser",
        ),
        (
            "control ADC ADS1115 at 0x48 does not answer: check its supply and its wires",
            "Regel-ADC ADS1115 an 0x48 antwortet nicht: prüfen Sie seine Versorgung und seine Leitungen",
        ),
        ("the journal in /a and b/c can't be read (the disk is full): make room on that disk",
         "das Journal in /a and b/c kann nicht gelesen werden (der Datenträger ist voll): "
         "schaffen Sie dort Platz"),
        ("Stop was pressed.", "Stopp wurde gedrückt."),
        ("what nobody ever wrote, 12.5 times", "what nobody ever wrote, 12.5 times"),
    ],
)  # fmt: skip
def test_values_are_said_too_and_what_is_unknown_stays(english, german):
    assert retell(english) == german


def test_in_files_figures_keys_and_quoted_words_stay_as_they_are_typed():
    english = "f.yaml:2:3: forward: expected 'forward' or 'reverse', got text 'a list' (did you mean x?)"
    said = "f.yaml:2:3: forward: erwartet: 'forward' oder 'reverse', gefunden: Text 'a list' (meinten Sie x?)"
    assert retell_refusal(english) == said
    english = "f.yaml:1:1: (file): is 0.5, expected 5 to 40 minutes for area hands"
    said = "f.yaml:1:1: (Datei): ist 0.5, erwartet werden 5 bis 40 Minuten für area hands"
    assert retell_refusal(english) == said


GOOD = "name: x\narea: hands\ncurrent_ma: 12\ntotal_min: 20\n"
BAD = {
    Treatment: (
        "",
        "5",
        "abc",
        "- 1",
        "a: b: c",
        "area: [1",
        "{",
        "a: {b",
        "\t",
        'a: "\\q"',
        "a: 'x",
        "%YAML 9.9\n---\n",
        "a: &a 1",
        "a: *b",
        "a: !!int 1",
        "<<: {b: 1}",
        "? [a]\n: 1",
        "'': 1",
        "a: 1\n---\nb: 2",
        "a: \x07",
        "[" * 60,
        "a: 1\na: 2",
        "!x!y z",
        "a: |x\n b",
        "a: %b",
        "a: @b",
        "- 1\nb: 2",
        "a:\n- 1\n  b",
        "%TAG ! a\n%TAG ! b\n---\n1",
        *(
            GOOD + line
            for line in (
                "ramp_ma_per_s: 1e-3",
                "notes: yes",
                "notes: NULL",
                "notes: 12:30",
                "notes: 010",
                "notes: .nan",
                "notes: .5",
                "notes: 1_0",
                "notes: 0o7",
                "notes: [1]",
                "colour: red",
                "ramp_ma_per_s: 0",
                "ramp_ma_per_s: 99",
                "reversal: never",
                "notes: " + "x" * 4001,
                "notes: " + "1" * 30,
                'notes: "\\a"',
                'title: "a\\n"',
                "first_polarity: 1",
                "age_group: childs",
            )
        ),
        *(
            GOOD.replace(*change)
            for change in (
                ("12", "12,5"),
                ("12", "0"),
                ("12", "29"),
                ("12", "true"),
                ("20", "400"),
                ("20", "0.5"),
                ("20", "x"),
                ("hands", "hand"),
                ("hands", "7"),
                ("name: x\n", ""),
                ("name: x", "name: ' x'"),
            )
        ),
        "\n".join(f"k{number}: 1" for number in range(150)),
    ),
    Unit: (
        "pins: {start: 2}",
        "pins: {heartbeat: 3}",
        "pins: {heartbeat: 5, start: 7}",
        "pins: {start: 99}",
        "dac: {address: 5}",
        "guard_adc: {address: 0x48}",
        "loop: {rate_hz: 7}",
        "i2c: {timeout_ms: 15}",
        "limits: {max_current_ma: 99}",
        "stage: {full_scale_ma: 10}\nlimits: {max_current_ma: 20}",
        "stage: {supply_v: 10}",
        "stage: {compliance_v: 60, supply_v: 59, supply_min_v: 58}",
        "control_adc: {gain: 3}",
        "control_adc: {gain: 16}",
        "control_adc: {return: {bias_v: 0}}",
        "control_adc: {current: {channel: 1}}",
        "relays: {}\nname: 5",
        "serial: " + "x" * 41,
        "guard_adc: 3",
        "polarity: {relay: none}",
        "pins: {alert: x}",
        "guard_adc: {gain: 16}",
    ),
    Scenario: (
        "events: {a: 1}",
        "events: [{at_s: 1, fault: spike}]",
        "events: [{at_s: 1, fault: current_spike, to_ma: 99}]",
        "events: [{at_s: 1, fault: hand_slides_out}]",
        "events: [{at_s: 1, fault: stall, x: 1}]",
        "events: [{fault: stall}]",
        "load: {skin: moist}",
        "load: {skin: {moisture: 99}}",
        "load: {skin: {x: 1}}",
        "build: {swapped: [start]}",
        "person: {start_at_s: -1}",
        "build: {eeprom_code: x}",
        "events: [{at_s: 1, fault: press, button: nose}]",
        "events: [{at_s: 1, fault: current_spike, latched: 1}]",
    ),
    Calibration: ("unit_serial: 5", "channels: 1", "channels: {a: 1}", "made: 3", "valid_until: 2026-13-01"),
}


@pytest.mark.parametrize(
    ("model", "text"),
    [
        pytest.param(model, text, id=f"{model.__name__}-{number}")
        for model, texts in BAD.items()
        for number, text in enumerate(texts)
    ],
)
def test_no_bad_file_is_refused_in_english(model, text):
    with pytest.raises(BadFile) as refused:
        read_text(text.encode(), "f.yaml", model)
    said = retell_refusal(str(refused.value))
    assert not left_in_english(said), said
    assert said.count("\n") == str(refused.value).count("\n")


def test_what_the_yaml_parser_says_is_known():
    """Read in its source: the third argument of each error it raises."""
    found = set()
    for module in (yaml.scanner, yaml.parser, yaml.reader):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"ScannerError", "ParserError"}:
                problem = node.args[2].left if isinstance(node.args[2], ast.BinOp) else node.args[2]
                if isinstance(problem, ast.Constant):
                    found.add(re.sub("%[rsd]", "'x'", problem.value))
    assert len(found) > 15
    for problem in found:
        assert not left_in_english(retell_refusal(problem)), problem


@pytest.mark.parametrize(
    "words",
    [
        "walk",
        "run hands --simulate --sped 1",
        "run hands --simulate --speed 0,5",
        "run hands --simulate --seed -1",
        "run hands --simulate --seed",
        "run a b",
        "run hands --json=3 --simulate",
        "run hand --simulate",
        "run nix.yaml --simulate",
        "run hands --simulate nix.yaml",
        "run hands --unit / --simulate",
        "run hands --calibration /dev/null --simulate",
        "run hands --plot x.png --simulate",
        "run hands --plot /none/x.svg --simulate",
        "run hands --attach /none/x",
        "run hands --simulate --attach x",
        "run",
        "run hands --speed 2",
        "device --simulate --speed max",
        "device --speed 2",
        "device --state /proc/x",
        "device --simulate --attach x",
        "device nose --simulate --state {state}",
        "history",
        "history show",
        "history show x",
        "history show 0",
        "history find",
        "history list --limit 9999 --state {state}",
        "history list --state {state}",
        "history export --state {state}",
        "history export x.doc --state {state}",
        "history verify --state /none",
        "run hands --language xx",
        "web --port 99999",
        "web --certificate /none.pem --state {state} --port 0",
        "web --state /proc/x",
        "nurse-code --state",
        "check",
        "check /none.yaml /",
        "treatments hands",
    ],
)
def test_no_option_is_refused_in_english(words, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    code = main(words.format(state=tmp_path).split())
    told = capsys.readouterr()
    assert code in {ExitCode.BAD_INPUT, ExitCode.REFUSED}
    assert told.err
    assert not left_in_english(told.err), told.err


def test_a_unit_that_is_not_there_is_refused_in_german(capsys, monkeypatch, tmp_path):
    if Path("/dev/i2c-1").exists():
        pytest.skip("this computer has an I2C bus")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    (tmp_path / "unit.yaml").write_text('serial: "7"\n')
    put_calibration(tmp_path, "7")
    put_commissioning(tmp_path, "7")
    words = ["run", "hands", "--unit", str(tmp_path / "unit.yaml"), "--state", str(tmp_path)]
    assert main(words) == ExitCode.REFUSED
    told = capsys.readouterr()
    assert "schalten Sie I2C mit raspi-config ein" in told.err
    assert not left_in_english(told.err + told.out)


def tripping(rows, *, quick):
    """Give what sessions with these faults were told, and how they ended."""
    spans = run_sound("hands", 1)["spans"]
    cells = list(plan(rows, PHASES, "hands", 1, spans, quick=True))
    for phase in dict.fromkeys(cell.phase for cell in cells if not quick or cell.phase == QUICK_PHASE):
        there = sorted((cell for cell in cells if cell.phase == phase), key=lambda cell: cell.at_s)
        events = [Scenario.model_validate(cell.scenario()).events for cell in there]
        yield from run_branches(_request(short("hands"), "hands", 1, {}), events)


def no_english(summaries):
    causes = set()
    for summary in summaries:
        told = describe(summary, summary["reason"] if summary["trip"] else None)
        assert not left_in_english(told), told
        causes.add(summary["trip"] and summary["trip"]["cause"])
    return causes


def test_sessions_that_trip_say_so_in_german():
    """The rows of the quick campaign that cut a hold at once; the others are tried at night."""
    slow = {"adc_stale", "dac_busy", "stage_drift", "polarity_stuck"}
    rows = [
        name for name, row in ROWS.items()
        if row.fault not in slow and set(row.expected(QUICK_PHASE).outcomes) <= {"aborted", "refused"}
    ]  # fmt: skip
    causes = no_english(tripping(rows, quick=True))
    assert len(causes) > 12, causes


@pytest.mark.nightly
def test_all_rows_of_the_quick_campaign_are_told_in_german():
    assert len(no_english(tripping(ROWS, quick=False))) > 15


@pytest.mark.parametrize("step", proof.STEPS, ids=lambda step: str(step.refusal))
def test_an_alarm_of_the_device_is_told_in_german(step):
    event = {"alarm": {"code": REASONS[step.refusal].code, "reason": step.otherwise}}
    said = _sentence(event, simulated=True)
    assert not left_in_english(said), said


def test_a_session_is_german_from_the_first_line_to_the_history(tmp_path, capfd):
    scenario, state = tmp_path / "s.yaml", tmp_path / "state"
    scenario.write_text("events: [{at_s: 40, fault: supply_sag, to_v: 50}]")
    words = ["--language", "de", "--state", str(state)]
    run = ["run", "hands", "--simulate", str(scenario), "--speed", "max"]
    assert main([*run, *words]) == ExitCode.ABORTED
    assert main(["history", "list", *words]) == ExitCode.COMPLETED
    assert main(["history", "show", "1", *words]) == ExitCode.COMPLETED
    assert main(["history", "verify", *words]) == ExitCode.COMPLETED
    told = capfd.readouterr()
    assert "die Versorgung der Stromstufe misst 50," in told.out
    assert not left_in_english(told.out + told.err), told.out
    with open_history(state) as history:
        assert history.session(1)["reason"].startswith("the current stage's supply reads"), (
            "a record in English"
        )

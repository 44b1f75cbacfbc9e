"""The wiring table: every pin of the unit's file once, as the file says, in text, JSON and picture."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.main import main
from app.output import ExitCode
from app.wiring import picture
from app.wiring.command import _title
from app.wiring.picture import draw
from app.wiring.table import ADDRESS_PIN, HEADER, groups
from config.circuit import load_circuit
from config.unit import Unit, reference_unit

ROOT = Path(__file__).parents[2]


def wires(unit, part):
    return {wire.near: wire for group in groups(unit) if group.title.startswith(part) for wire in group.wires}


def test_the_header_has_each_gpio_on_a_pin_of_its_own():
    power = {1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39}
    assert sorted(HEADER) == list(range(2)) + list(range(2, 28))
    assert sorted(HEADER.values()) == sorted(set(range(1, 41)) - power)


def test_every_pin_of_the_file_is_in_the_table_once():
    unit = Unit.model_validate({"pins": {"alert": 25, "rearm": 18, "dummy": 24}})
    near = list(wires(unit, "Pi"))
    for _, pin in unit.pins:
        assert sum(f"GPIO{pin}" == wire.split(", ")[1].split(" ")[0] for wire in near) == 1
    assert "pin 22, GPIO25" in near


def test_what_the_file_changes_changes_in_the_table():
    unit = Unit.model_validate(
        {
            "pins": {"heartbeat": 24},
            "dac": {"address": 0x63},
            "guard_adc": {"address": 0x4B, "current": {"channel": 2, "ohm": 33.0}},
            "i2c": {"bus": 3, "frequency_hz": 100000},
            "polarity": {"relay": "h_bridge"},
        }
    )
    assert wires(unit, "Pi")["pin 18, GPIO24"].far == "enable circuit (U10)"
    assert "100 kHz" in wires(unit, "Pi")["I2C bus 3"].note
    assert wires(unit, "DAC")["A0"].far == "VDD"
    assert wires(unit, "Guard")["ADDR"].far == ADDRESS_PIN[0x4B] == "SCL"
    assert wires(unit, "Guard")["AIN2"].note.startswith("output current: 0.033 V per mA")
    assert wires(unit, "Output")["series relay"].note == "H-bridge"


def test_names_in_brackets_are_parts_of_the_reference_circuit():
    wires = [wire for group in groups(reference_unit()) for wire in group.wires]
    text = " ".join(" ".join(wire) for wire in wires)
    told = {name for ends in re.findall(r"\(([A-Z0-9, ]+)\)", text) for name in ends.split(", ")}
    told -= {"SDA", "SCL"}
    assert len(told) > 15
    assert told <= {part.ref for part in load_circuit().parts}


def test_a_unit_without_a_guard_has_no_wires_for_one():
    unit = Unit.model_validate({"guard_adc": None})
    assert not wires(unit, "Guard")
    assert wires(unit, "Output")["limiter"].far == "shunt (R47)"


def test_the_command_prints_it_and_gives_it_to_programs(capsys, tmp_path):
    assert main(["wiring"]) == ExitCode.COMPLETED
    text = capsys.readouterr().out
    assert re.search(r"pin 11, GPIO17 +-> enable circuit \(U10\) ", text)
    picture = tmp_path / "w.svg"
    assert main(["wiring", "--json", "--svg", str(picture)]) == ExitCode.COMPLETED
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert len(parts) == 5
    drawn = ElementTree.fromstring(picture.read_text())  # noqa: S314 - our own text
    words = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {wire["far"] for part in parts for wire in part["wires"]} <= words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--svg", "w.png"], "has to end in .svg"),
        (["--svg", "no/where.svg"], "can't be written: it does not exist: look at the path"),
        (["--unit", "bad.yaml"], "pins: heartbeat on 14 would go high"),
    ],
)
def test_what_cannot_be_is_a_sentence(capsys, tmp_path, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text("pins: {heartbeat: 14}\n")
    assert main(["wiring", *words]) == ExitCode.BAD_INPUT
    assert says in capsys.readouterr().err


def test_the_picture_in_the_docs_is_of_the_reference_unit():
    drawn = draw(_title(reference_unit()), groups(reference_unit()))
    assert (ROOT / "docs" / "images" / "wiring.svg").read_text() == drawn, (
        "`ionto wiring --svg` draws it anew"
    )


def test_the_wire_that_the_hardware_trip_hangs_on_is_named_where_there_is_one():
    def wires(unit):
        return {
            wire.near for group in groups(unit) if group.title.startswith("Guard") for wire in group.wires
        }

    assert "ALERT" in wires(reference_unit())
    assert "ALERT" not in wires(reference_unit().model_copy(update={"trip": None}))


def test_no_line_of_the_picture_leaves_its_box():
    """Its letters are 6.3 units wide on average, measured on a line that once did."""
    for group in groups(reference_unit()):
        for wire in group.wires:
            assert picture.NOTE + 6.3 * len(wire.note) < picture.WIDTH - picture.NEAR, wire.note

"""What a unit lacks against the reference is told in one line at each start, and in one table of the docs."""

import os
import re
from pathlib import Path

import pytest

from app import unit_options as options
from app.locale import terminal
from app.main import main
from app.output import ExitCode
from config.unit import Unit, reference_unit

PAGE = Path(__file__).parents[2] / "docs" / "unit.md"
TRIP = "hardware trip"
DUMMY = "dummy load"
CLOCK = "battery clock"
MARKS = re.compile(r"(?<=<!-- options -->\n).*?(?=<!-- end -->)", re.S)


def table() -> str:
    """The table of the page, made from the data."""
    rows = [f"| `{one.key}` | {one.name} | {one.buys} | {one.without} |" for one in options.OPTIONS]
    return "\n".join(["| key | as told | with it | without |", "|---|---|---|---|", *rows, ""])


def test_the_table_in_the_docs_is_made_from_the_data():
    page = PAGE.read_text(encoding="utf-8")
    if os.environ.get("GOLDEN") == "write":
        page = MARKS.sub(lambda _found: table(), page)
        PAGE.write_text(page, encoding="utf-8")
    assert MARKS.findall(page) == [table()], "GOLDEN=write puts it in anew"


def test_every_part_that_a_file_may_leave_out_by_null_is_in_the_table():
    plain, keys = Unit(), {one.key for one in options.OPTIONS}
    absent = {name for name in Unit.model_fields if getattr(plain, name) is None}
    assert absent | {"guard_adc", "stage.headroom_v"} <= keys
    for one in options.OPTIONS:
        part, _, rest = one.key.partition(".")
        assert part in Unit.model_fields
        assert not rest or rest in type(getattr(plain, part)).model_fields


@pytest.mark.parametrize(
    ("unit", "names"),
    [
        (reference_unit(), []),
        (Unit(), ["headroom", "parts of the output", "one-shot", TRIP, DUMMY, CLOCK]),
        (reference_unit().model_copy(update={"guard_adc": None, "trip": None}), ["guard converter", TRIP]),
        (
            Unit(guard_adc=None, one_shot={}),
            ["guard converter", "headroom", "parts of the output", TRIP, DUMMY, CLOCK],
        ),
    ],
)
def test_a_unit_is_told_what_it_lacks_in_one_line(unit, names):
    assert [one.name for one in options.lacking(unit)] == names
    line = options.told(unit)
    assert "\n" not in line
    assert line == "" if not names else ", ".join(names) in line


def test_the_line_is_german_for_who_reads_german():
    terminal.speak("de")
    try:
        assert "Monoflop" in options.told(Unit())
    finally:
        terminal.speak("en")


def test_a_session_says_once_what_its_unit_lacks_and_no_more(tmp_path, capsys):
    plain = tmp_path / "plain.yaml"
    plain.write_text("name: Charge pump\n")
    nobody = tmp_path / "nobody.yaml"
    nobody.write_text("build: {missing: [dac]}\n")
    for words, count in (([], 0), (["--unit", str(plain)], 1)):
        assert main(["run", "hands", "--simulate", str(nobody), "--speed", "max", *words]) == ExitCode.REFUSED
        assert capsys.readouterr().out.count("lacks: headroom") == count

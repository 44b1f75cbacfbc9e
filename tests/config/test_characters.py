"""A character that misleads is named at its own line and column; words for people are let through."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from config.characters import cleaned, looks, named, same, unfit_in_name
from config.kinds import check_file
from config.reader import BadFile, read_text
from config.unit import Unit
from protocols.treatment import Treatment
from sim.scenario import Scenario

GOOD = "name: a\narea: hands\ncurrent_ma: 8.5\ntotal_min: 10\n"


def errors_of(text: str | bytes, model: type[BaseModel] = Treatment) -> list[str]:
    with pytest.raises(BadFile) as caught:
        read_text(text.encode() if isinstance(text, str) else text, "f", model)
    return caught.value.errors


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("current_ma: ", "current_ma:\u00a0", "3:12", "no-break space (U+00A0)"),
        ("current_ma: ", "current_ma: \u00a0", "3:13", "no-break space (U+00A0)"),
        ("current_ma: ", "current_ma:\u202f", "3:12", "narrow no-break space (U+202F)"),
        ("current_ma: ", "current_ma:\u2007", "3:12", "figure space (U+2007)"),
        ("current_ma: ", "current_ma:\u3000", "3:12", "ideographic space (U+3000)"),
        ("current_ma: ", "current_ma:\u200b ", "3:12", "zero width space (U+200B)"),
        ("current_ma: ", "current_ma\u00a0: ", "3:11", "no-break space (U+00A0)"),
        ("current_ma: ", "curr\u200bent_ma: ", "3:5", "zero width space (U+200B)"),
        ("current_ma: ", "\u00a0current_ma: ", "3:1", "no-break space (U+00A0)"),
        ("current_ma: ", "\tcurrent_ma: ", "3:1", "tab (U+0009) where plain characters are expected, write"),
        ("current_ma: ", "current_ma:\t", "3:12", "tab (U+0009)"),
        ("current_ma: ", "current_ma：", "3:11", "full-width colon (U+FF1A)"),
        ("current_ma", "\ufeffcurrent_ma", "3:1", "byte order mark (U+FEFF)"),
        ("total_min: ", "total_min:\u00a0", "4:11", "no-break space (U+00A0)"),
        ("name: ", "name:\u00a0", "1:6", "no-break space (U+00A0)"),
        ("name: a", 'name:\u00a0"a"', "1:6", "no-break space (U+00A0)"),
        ("name: a", "name: a\u00a0", "1:8", "no-break space (U+00A0)"),
        ("name: a", "name: a\u00a0b", "1:7", "name: holds no-break space (U+00A0)"),
        ("name: a", "name: a\u202eb", "1:7", "right-to-left override (U+202E)"),
        ("name: a", "name: “a”", "1:7", "left double quotation mark (U+201C)"),
        ("name: a", 'name: "a”', "1:9", "right double quotation mark (U+201D)"),
        ("name: a", 'name: "\u200d"', "1:7", "zero width joiner (U+200D)"),
        ("hands", "“hands”", "2:7", "left double quotation mark (U+201C)"),
        ("hands", "‘hands’", "2:7", "left single quotation mark (U+2018)"),
        ("hands", "hаnds", "2:7", "cyrillic small letter a (U+0430)"),
        ("area", "аrea", "2:1", "cyrillic small letter a (U+0430)"),
        ("8.5", "−8.5", "3:13", "minus sign (U+2212), write -"),
        ("8.5", "–8.5", "3:13", "en dash (U+2013), write -"),
        ("8.5", "8.５", "3:15", "fullwidth digit five (U+FF15), write 5"),
        ("8.5", "8.5\u00a0# mA", "3:16", "no-break space (U+00A0)"),
        ("8.5", "8.5\x0b", "3:16", "control character U+000B"),
        ("8.5", "8.5\x00", "3:16", "control character U+0000"),
        ("8.5", "8.5\u2028", "3:16", "line separator (U+2028)"),
        ("8.5", "8.5\u2029", "3:16", "paragraph separator (U+2029)"),
        ("8.5", "8.5\x85", "3:16", "next line (U+0085)"),
    ],
)
def test_a_misleading_character_is_named_where_it_stands(
    old: str, new: str, at: str, says: str, ending: str
) -> None:
    errors = errors_of(GOOD.replace(old, new).replace("\n", ending))
    assert len(errors) == 1, errors
    assert errors[0].startswith(f"f:{at}: ")
    assert says in errors[0]


@pytest.mark.parametrize(
    ("text", "model", "at"),
    [
        ("name: b\nserial: x\ni2c:\n  bus:\u00a01\n", Unit, "4:7"),
        ("name: b\nserial: a\u00a0\n", Unit, "2:10"),
        ("events:\n– at_s: 3\n  fault: hand_out\n", Scenario, "2:1"),
        ("events:\n  -\u00a0at_s: 3\n", Scenario, "2:4"),
        ("events: [{at_s:\u00a03, fault: hand_out}]\n", Scenario, "1:16"),
        ("events: [{at_s: 3， fault: hand_out}]\n", Scenario, "1:18"),
    ],
)
def test_so_are_they_in_units_and_scenarios(text: str, model: type[BaseModel], at: str) -> None:
    assert f"f:{at}: " in "\n".join(errors_of(text, model))
    assert "U+" in "\n".join(errors_of(text, model))


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("notes: Hände „gut“ trocknen – und\u00a0warten", "notes", "Hände „gut“ trocknen – und\u00a0warten"),
        ("title: „Hände“ im Winter", "title", "„Hände“ im Winter"),
        ("title: علی‌رضا", "title", "علی‌رضا"),
        ('title: "“quoted”"', "title", "“quoted”"),
        ("notes: |\n  key：value\n  “a”", "notes", "key：value\n“a”\n"),
    ],
)
def test_words_for_people_are_let_through(line: str, key: str, value: str) -> None:
    assert getattr(read_text(f"{GOOD}{line}\n".encode(), "f", Treatment), key) == value


@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}notes: |\n  foo\u00a0bar: “x”\nbad: [\n",
        f"# no\u00a0break\n{GOOD}bad: [\n",
        f"{GOOD}title: Für „Hände“\n   foo: bar\n",
        f'{GOOD}title: "a\u00a0b"\nbad: [\n',
    ],
)
def test_a_character_in_its_place_is_not_blamed_for_another_fault(text: str) -> None:
    errors = "\n".join(errors_of(text))
    assert ("the bracket [ opens here" in errors) or ("this line is indented under one" in errors)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_file_in_wide_characters_is_told_what_it_is(encoding: str) -> None:
    assert errors_of(GOOD.encode(encoding)) == [
        "f:1:1: (file): is UTF-16 or UTF-32 text, expected UTF-8: save it as UTF-8"
    ]


def test_a_byte_that_is_not_utf8_is_named_with_its_line() -> None:
    text = GOOD.replace("8.5", "8.5 # größer").encode("latin-1")
    assert errors_of(text) == [
        "f:3:21: (file): is not UTF-8 text (byte 40, 0xF6), expected UTF-8: save it as UTF-8"
    ]


def test_check_names_the_line_too(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(GOOD.replace("current_ma: ", "current_ma:\u00a0"), encoding="utf-8")
    with pytest.raises(BadFile, match=r"x\.yaml:3:12: .*no-break space \(U\+00A0\)"):
        check_file(file, {"treatment": Treatment})


def test_spellings_of_one_name_are_the_same_name() -> None:
    one = same("Zoë Anna")
    for other in (
        "Zoe\u0308 Anna",
        "zoë anna",
        "ZOË  ANNA",
        " Zoë\u00a0Anna ",
        "Zo\u200bë Anna",
        "Zoë\tAnna",
    ):
        assert same(other) == one
    assert same("Straße") == same("STRASSE")
    assert same("علی‌رضا") == same("علیرضا")
    assert same("Zoe Anna") != one
    assert same("Anna") != same("Anna (1)")


def test_a_typed_name_is_kept_composed_and_without_what_cannot_be_seen() -> None:
    assert cleaned("  Zoe\u0308\u00a0 Anna\u200b ") == "Zoë Anna"
    assert unfit_in_name(cleaned("Zoe \u202eAnna")) is not None, (
        "what turns the direction is not dropped in silence"
    )
    assert cleaned("علی\u200cرضا\u200c") == "علی\u200cرضا"
    assert cleaned("\u200d \u200c\u2060") == ""


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("علی\u200cرضا", None),
        ("\U0001f469\u200d\U0001f52c", None),
        ("Zoë", None),
        ("a\u200c", "zero width non-joiner (U+200C)"),
        ("a\u200c\u200cb", "zero width non-joiner (U+200C)"),
        ("a \u200cb", "zero width non-joiner (U+200C)"),
        ("\u3164", "nothing that can be seen"),
        ("a\nb", "line ends"),
        (" a", "spaces at an end"),
        ("a\x07b", "control character (U+0007)"),
    ],
)
def test_joiners_belong_to_a_name_and_the_unseen_does_not(name: str, wrong: str | None) -> None:
    found = unfit_in_name(name)
    assert found is None if wrong is None else found is not None and wrong in found


def test_a_character_has_the_name_that_people_know() -> None:
    assert named("\u00a0") == "no-break space (U+00A0)"
    assert named("\u2064") == "invisible plus (U+2064)"


@pytest.mark.parametrize(
    ("text", "model", "line"),
    [
        ("person: {start_at_s:\u00a0null}\n", Scenario, "f:1:21: person: no-break space (U+00A0)"),
        ("name: A\ndac: {address: 0\u044562}\n", Unit, "f:2:16: dac.address: expected a whole number"),
        ("\0" * 300, Treatment, "f:1:1: (file): holds nothing but NUL bytes"),
        (
            "events:\n  - at_s: 2.0\n    fault: press\n   button: start\n",
            Scenario,
            "f:4:4: (file): this line is indented like none above",
        ),
    ],
)
def test_one_error_stands_where_the_one_fault_is(text, model, line):
    (error,) = errors_of(text, model)
    assert error.startswith(line)


def test_a_letter_of_another_script_in_a_number_is_named():
    (error,) = errors_of("name: A\ndac: {address: 0\u044562}\n", Unit)
    assert "cyrillic small letter ha (U+0445)" in error


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna", "\u0410nna"),  # Cyrillic A
        ("ANNA", "\u0391NNA"),  # Greek Alpha
        ("Oleh", "\u041eleh"),
        ("Petra", "\u0420etra"),  # Cyrillic Er
        ("Bob", "\u0412ob"),  # Cyrillic Ve
        ("Boris", "Bor\u0456s"),  # Cyrillic i
        ("Tom", "\u0422\u043e\u043c"),  # all but its shape is another script
        ("Max", "M\u03b1x"),
        ("Helen", "\u0397elen"),  # Greek Eta
    ],
)
def test_names_that_look_alike_are_told_and_are_still_two_names(one: str, other: str) -> None:
    assert looks(one) == looks(other)
    assert same(one) != same(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anna", "Anne"), ("\u0410\u043d\u044f", "Ana"), ("\u0396\u03c9\u03ae", "Zoi"), ("Ann", "Ann 2")],
)
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert looks(one) != looks(other)

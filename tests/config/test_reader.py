"""The reader refuses whatever could be read in two ways, names every error at its place, and never breaks."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from config.reader import LARGEST_BYTES, MOST_ERRORS, BadFile, read, read_text
from config.yaml_tree import DEEPEST


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Step(Strict):
    at_s: float = Field(ge=0, le=7200)
    label: str = Field(default="", max_length=8)


class Range(Strict):
    low: float = 0.0
    high: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low >= self.high:
            raise ValueError("low is not below high, low < high is allowed")
        return self


class A(Strict):
    kind: Literal["a"]


class B(Strict):
    kind: Literal["b"]
    size: int = Field(ge=0)


def dislike_two(number: int) -> int:
    if number == 2:
        raise PydanticCustomError("disliked", "two is not liked")
    return number


class Sample(Strict):
    number: float = Field(default=1.0, gt=0, le=25)
    count: int = Field(default=1, ge=1, le=9)
    address: int = Field(default=0x48, ge=0x48, le=0x4B, json_schema_extra={"format": "hex"})
    gain: Literal[1, 2, 4] = 1
    flag: bool = False
    area: Literal["hands", "feet"] = "hands"
    colour: Colour = Colour.RED
    text: str = Field(default="", max_length=4000)
    steps: tuple[Step, ...] = ()
    pair: tuple[float, float] = (0.0, 1.0)
    by_name: dict[str, Step] = {}
    maybe: Step | None = None
    skin: Literal["dry", "wet"] | float | Step = "dry"
    back: int = Field(default=0, alias="return", ge=0)
    range: Range = Range()
    sure: Literal[True] = True
    own: Annotated[int, AfterValidator(dislike_two)] = 0
    shape: A | B = Field(default=A(kind="a"), discriminator="kind")


def errors_of(text: str | bytes, model: type[BaseModel] = Sample) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(BadFile) as caught:
        read_text(content, "f.yaml", model)
    assert str(caught.value) == "\n".join(caught.value.errors)
    return caught.value.errors


def error_of(text: str | bytes, model: type[BaseModel] = Sample) -> str:
    errors = errors_of(text, model)
    assert len(errors) == 1, errors
    return errors[0]


def test_a_good_file_gives_the_model() -> None:
    text = (
        "number: 5\ncount: +3\naddress: 0x4A\ngain: 2\nflag: true\nsure: true\narea: feet\ncolour: green\n"
        "text: |\n  two\n  lines\nsteps:\n  - {at_s: 1}\n  - at_s: 2.5\n    label: 'on'\npair: [1, -2.0]\n"
        "by_name: {on: {at_s: 0}}\nmaybe: null\nskin: 3.5\nreturn: 7\n"
    )
    sample = read_text(text.encode(), "f.yaml", Sample)
    assert (sample.number, sample.count, sample.address, sample.gain, sample.flag) == (5.0, 3, 0x4A, 2, True)
    assert isinstance(sample.number, float)
    assert (sample.colour, sample.text) == (Colour.GREEN, "two\nlines\n")
    assert sample.steps == (Step(at_s=1.0), Step(at_s=2.5, label="on"))
    assert (sample.pair, sample.by_name, sample.back) == ((1.0, -2.0), {"on": Step(at_s=0.0)}, 7)
    assert (sample.maybe, sample.skin) == (None, 3.5)


def test_all_errors_come_at_once_in_order_of_place() -> None:
    text = (
        "number: 1e-3\ncount: 12\nflag: yes\ncount: 3\nsteps: [{at_s: 1}, {at_s: -1, lable: x}]\nareaa: x\n"
    )
    assert errors_of(text) == [
        "f.yaml:1:9: number: 1e-3 has an exponent (text for some programs, a number for others), "
        "write 0.001; quote it if it is text",
        "f.yaml:2:8: count: expected a whole number from 1 to 9, got 12",
        "f.yaml:3:7: flag: yes is ambiguous, write true or false; quote it if it is text",
        "f.yaml:4:1: count: duplicate key, it stands in line 2 already and is allowed once",
        "f.yaml:5:27: steps[1].at_s: expected a number from 0 to 7200, got -1",
        "f.yaml:5:31: steps[1].lable: unknown key (did you mean label?), allowed: at_s, label",
        "f.yaml:6:1: areaa: unknown key (did you mean area?), allowed: number, count, address, gain, flag, "
        "area, colour, text, steps, pair, by_name, maybe, skin, return, range, sure, own, shape",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("number: abc", "1:9: number: expected a number above 0 and at most 25, got text 'abc'"),
        (
            "number: 1,5",
            "1:9: number: expected a number above 0 and at most 25, got text '1,5' (write 1.5 with a",
        ),
        ("number: 12 mA", "1:9: number: expected a number above 0 and at most 25, got text '12 mA'"),
        ("number: true", "1:9: number: expected a number above 0 and at most 25, got true"),
        ("number: 0", "1:9: number: expected a number above 0 and at most 25, got 0"),
        ("number: -2.5", "1:9: number: expected a number above 0 and at most 25, got -2.5"),
        ("number: 25.1", "1:9: number: expected a number above 0 and at most 25, got 25.1"),
        ("number:", "1:8: number: expected a number above 0 and at most 25, got nothing"),
        ("number: [1]", "1:9: number: expected a number above 0 and at most 25, got a list"),
        ("count: 2.0", "1:8: count: expected a whole number from 1 to 9, got 2.0"),
        ("count: false", "1:8: count: expected a whole number from 1 to 9, got false"),
        ("count: '2'", "1:8: count: expected a whole number from 1 to 9, got text '2'"),
        ("address: 0x50", "1:10: address: expected a whole number from 0x48 to 0x4B, got 80"),
        ("gain: 3", "1:7: gain: expected 1, 2 or 4, got 3"),
        ("gain: true", "1:7: gain: expected 1, 2 or 4, got true"),
        ("gain: 2.0", "1:7: gain: expected 1, 2 or 4, got 2.0"),
        ("flag: 1", "1:7: flag: expected true or false, got 1"),
        ("flag: 'true'", "1:7: flag: expected true or false, got text 'true'"),
        ("area: foots", "1:7: area: expected 'hands' or 'feet', got text 'foots'"),
        ("area: hand", "1:7: area: expected 'hands' or 'feet', got text 'hand' (did you mean hands?)"),
        ("colour: blue", "1:9: colour: expected 'red' or 'green', got text 'blue'"),
        ("text: 5", "1:7: text: expected text of at most 4000 characters, got 5"),
        ("steps: {at_s: 1}", "1:8: steps: expected a list, got a mapping"),
        ("steps: [{}]", "1:9: steps[0].at_s: is missing, expected a number from 0 to 7200"),
        ("pair: [1, x]", "1:11: pair[1]: expected a number, got text 'x'"),
        ("pair: [1, 2, 3]", "1:7: pair: expected a list of 2 entries, got a list"),
        ("sure: false", "1:7: sure: expected true, got false"),
        ("sure: 1.0", "1:7: sure: expected true, got 1.0"),
        ("own: 2", "1:6: own: two is not liked"),
        ("shape: {kind: c}", "1:8: shape: Input tag 'c' found using 'kind' does not match"),
        ("shape: {kind: b, size: -1}", "1:24: shape.size: expected a whole number at least 0, got -1"),
        ("pair: [1]", "1:7: pair[1]: is missing, expected a number"),
        ("by_name: {a: 1}", "1:14: by_name.a: expected a mapping of keys, got 1"),
        (
            "by_name: {a b: {at_s: x}}",
            "1:23: by_name.a b.at_s: expected a number from 0 to 7200, got text 'x'",
        ),
        ("maybe: {at_s: x}", "1:15: maybe.at_s: expected a number from 0 to 7200, got text 'x'"),
        (
            "skin: soggy",
            "1:7: skin: expected 'dry' or 'wet' or a number or a mapping of keys, got text 'soggy'",
        ),
        ("skin: {at_s: 9999}", "1:14: skin.at_s: expected a number from 0 to 7200, got 9999"),
        ("return: -1", "1:9: return: expected a whole number at least 0, got -1"),
        ("range: {low: 2}", "1:8: range: low is not below high, low < high is allowed"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(text: str, expected: str) -> None:
    assert error_of(text).startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("1e-3", "write 0.001;"),
        ("1.5E+3", "write 1500;"),
        ("1e300", "write it in full;"),
        (".5e1", "write 5;"),
        ("12:30", "base 60"),
        ("1:30.5", "base 60"),
        ("010", "write 10;"),
        ("-007.5", "write -7.5;"),
        ("0o10", "octal"),
        ("0b11", "octal, binary"),
        ("-0x10", "malformed hex"),
        ("1_000", "write 1000;"),
        ("0x4_8", "malformed hex"),
        (".nan", "not a finite number"),
        (".NaN", "not a finite number"),
        ("-.inf", "not a finite number"),
        (".5", "write it like 0.5"),
        ("5.", "write it like 0.5"),
        ("1" * 25, "at most 24 characters"),
        ("yes", "write true or false"),
        ("Off", "write true or false"),
        ("TRUE", "write true or false"),
        ("Null", "write null"),
    ],
)
@pytest.mark.parametrize("key", ["number", "text", "flag"])
def test_an_ambiguous_word_is_refused_wherever_it_stands(word: str, says: str, key: str) -> None:
    error = error_of(f"{key}: {word}")
    assert error.startswith(f"f.yaml:1:{len(key) + 3}: {key}: ")
    assert says in error


@pytest.mark.parametrize("word", ["1e-3", "12:30", "on", "010", ".nan", "null", "5", "<<", "*x", "!!int 3"])
def test_a_quoted_word_is_text(word: str) -> None:
    assert read_text(f"text: '{word}'".encode(), "f.yaml", Sample).text == word


@pytest.mark.parametrize("word", ["2026-01-31", "1.2.3", "nan", "y", "12mA", "0042-A", "a:b"])
def test_a_plain_word_that_no_program_takes_for_a_number_is_text(word: str) -> None:
    assert read_text(f"text: {word}".encode(), "f.yaml", Sample).text == word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("maybe: &a {at_s: 1}", "1:8: maybe: anchor &a"),
        ("maybe: {at_s: *b}", "1:15: maybe.at_s: alias *b"),
        ("maybe: {<<: {at_s: 1}}", "1:9: maybe.<<: merge key"),
        ("count: !!int 1", "1:8: count: tag !!int"),
        ("text: !!python/object/apply:os.system x", "1:7: text: tag !!python/object/apply:os.system"),
        ("text: ! x", "1:7: text: tag !"),
        ("? [a]\n: 1", "1:3: (file): a key that is not text"),
        ("? {a: 1}\n: [1, [2]]", "1:3: (file): a key that is not text"),
        ("'': 1", "1:1: (file): an empty or unprintable key"),
        ('"a\\n": 1', "1:1: (file): an empty or unprintable key"),
        ('text: "\\a"', "1:7: text: control character U+0007"),
        ('text: "\\ud800"', "1:7: text: control character U+D800"),
        ("text: a\x00b", "1:8: (file): control character U+0000"),
        ("\ntext: \x1b[2J", "2:7: (file): control character U+001B"),
        ("text: " + "x" * 4001, "1:7: text: text of 4001 characters, at most 4000"),
        ("count: 1\n---\ncount: 2", "2:1: (file): a second document starts here"),
        ("", "1:1: (file): the file holds nothing"),
        ("# nothing\n", "1:1: (file): the file holds nothing"),
        ("---\n...\n", "2:1: (file): holds nothing"),
        ("- 1", "1:1: (file): holds a list"),
        ("5", "1:1: (file): holds 5"),
        ("abc", "1:1: (file): holds text 'abc'"),
        ("a: @b", "1:4: (file): not valid YAML (found character '@' that cannot start any token)"),
        ("count: 1\n\tgain: 2", "2:1: (file): tab (U+0009) where plain characters are expected"),
        ('a: "\\UFFFFFFFF"', "1:7: (file): not valid YAML (impossible escape or number)"),
        (
            "%YAML " + "1" * 5000 + ".1\n---\na: 1",
            "1:7: (file): not valid YAML (impossible escape or number)",
        ),
    ],
)
def test_what_yaml_allows_and_we_do_not(text: str, expected: str) -> None:
    assert error_of(text).startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('count: 1\ntext: "a b\ngain: 2.5\n', '2:7: (file): the quote " opens here and is not closed'),
        ("text: 'a b\ngain: 2.5\n---\n", "1:7: (file): the quote ' opens here and is not closed"),
        ('{text: "a, count: 2}\n', '1:8: (file): the quote " opens here and is not closed'),
        (
            'text: "a b\ncount: "2"\n',
            "1:7: (file): the text that this quote opens ends in line 2 only: close it before",
        ),
        ("text: 'a\n\n\ngain: 'b'\n", "1:7: (file): the text that this quote opens ends in line 4 only"),
        ("list: [1\ncount: 2\ngain: 3\n", "1:7: (file): the bracket [ opens here and is not closed by ]"),
        ('list: [1, "]", 2 # ]\n', "1:7: (file): the bracket [ opens here and is not closed by ]"),
        ("{count: 2\n", "1:1: (file): the bracket { opens here and is not closed by }"),
        ("count:1 # one\ngain: 2\n", "1:6: (file): a space is missing after this colon"),
        ("gain: 2\rcount:1\rtext: a\r", "2:6: (file): a space is missing after this colon"),
        ("count: 1\ngain = 2\n", "2:1: (file): a line without a colon and a space"),
        ("count: 1\n  gain: 2\n", "2:3: (file): this line is indented under one that is whole without it"),
        ("text: a: b\ncount: 1\n", "1:8: (file): a second colon in an unquoted text: quote the text"),
    ],
)
def test_an_error_points_to_where_it_began(text: str, expected: str) -> None:
    assert error_of(text).startswith(f"f.yaml:{expected}")


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12 mA", "12"),
        ("12\u202fmA", "12"),
        ("12,5", "12.5"),
        ("12\uff0c5", "12.5"),
        ("-0,5mA", "-0.5"),
        ("5 %", "5"),
    ],
)
def test_a_number_as_people_write_it_is_told_as_one_that_is_read(written: str, number: str) -> None:
    assert error_of(f"number: {written}").rpartition(" (write ")[2].startswith(f"{number} with")


def test_aliases_cannot_explode() -> None:
    levels = ["l0: &l0 [x]"] + [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    errors = errors_of("\n".join(levels))
    assert any("aliases are not allowed" in error for error in errors)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
@pytest.mark.parametrize("key", ["", "a: 1\na: "])
def test_nesting_is_bounded_also_below_a_duplicate_key(opening: str, key: str) -> None:
    flow = key if opening in "[{a: " else ""
    assert any(f"at most {DEEPEST} levels" in error for error in errors_of(flow + opening * 16_000))


def test_the_value_behind_a_refused_word_is_not_blamed_twice() -> None:
    assert len(errors_of("steps: [{at_s: on}]\nmaybe: {<<: {at_s: 1}}\ncount: *a")) == 3


def test_the_first_of_two_equal_keys_is_still_checked() -> None:
    errors = errors_of("count: 99\ncount: 1")
    assert [error.split(": ")[0] for error in errors] == ["f.yaml:1:8", "f.yaml:2:1"]


def test_only_the_first_errors_are_listed_when_there_are_very_many() -> None:
    errors = errors_of("\n".join(f"k{n}: 1" for n in range(MOST_ERRORS + 50)))
    assert len(errors) == MOST_ERRORS + 1
    assert "50 more errors" in errors[-1]


def test_bytes_that_are_not_utf8_are_named_by_offset() -> None:
    expected = "f.yaml:1:10: (file): is not UTF-8 text (byte 9, 0xE9), expected UTF-8: save it as UTF-8"
    assert error_of(b"text: caf\xe9") == expected
    assert "is UTF-16" in error_of("text: x".encode("utf-16"))


def test_a_byte_order_mark_at_the_start_is_let_through() -> None:
    assert read_text(b"\xef\xbb\xbfcount: 2", "f.yaml", Sample).count == 2
    assert "1:7" in error_of("text: \ufeffx")


def test_the_size_limit_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    text = b"count: 2\n#"
    path.write_bytes(text + b"x" * (LARGEST_BYTES - len(text)))
    assert read(path, Sample).count == 2
    path.write_bytes(text + b"x" * (LARGEST_BYTES - len(text) + 1))
    with pytest.raises(BadFile, match=r"large.yaml:1:1: \(file\): is larger than 64 KiB"):
        read(path, Sample)


def test_a_path_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    link = tmp_path / "loop.yaml"
    link.symlink_to(link)
    cases = {
        tmp_path / "none.yaml": "does not exist",
        tmp_path: "is a directory",
        pipe: "is not a regular file",
        link: "cannot be read",
        Path("a\0b"): "cannot be read",
        tmp_path / ("x" * 5000): "cannot be read",
        tmp_path / "none.yaml" / "below": "does not exist",
    }
    for path, says in cases.items():
        with pytest.raises(BadFile) as caught:
            read(path, Sample)
        assert len(caught.value.errors) == 1
        assert f":1:1: (file): {says}" in caught.value.errors[0]


def test_a_file_name_cannot_break_the_line() -> None:
    with pytest.raises(BadFile) as caught:
        read_text(b"x: 1", "a\nb\udcff.yaml", Sample)
    assert str(caught.value).startswith("a\\nb\\udcff.yaml:1:1: x: unknown key")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["&a [", "count: &a {", "!a ["])
def test_a_bracket_behind_what_is_not_allowed_is_told_with_it(text: str) -> None:
    told = "\n".join(errors_of(text))
    assert "not allowed" in told
    assert "Error" not in told


def test_a_bracket_behind_an_anchor_is_told_as_one_that_is_not_closed() -> None:
    anchor, bracket = errors_of("&a [")  # of one place, told in the order in which they were found
    assert "anchors are not allowed" in anchor
    assert "the bracket [ opens here and is not closed by ]" in bracket

"""What is typed or piped in one line: read as it was meant, or refused by the character."""

import io
from datetime import UTC

import pytest

from app.household.store import Household, StoreRefused
from app.main import main
from app.output import ExitCode, UsageError
from app.technician import logbook
from app.typed import ask_code, moment, require_line

CODE = "rose-7421"
PERSIAN = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"


@pytest.fixture
def piped(monkeypatch):
    def pipe(data):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))

    return pipe


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\r\nmore\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
def test_a_code_is_the_same_however_its_file_was_saved(before, ending, piped, tmp_path):
    piped(before + CODE.encode() + ending)
    assert main(["nurse-code", "--state", str(tmp_path)]) == ExitCode.COMPLETED
    Household(tmp_path).check_code(CODE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff\xfer\x00o\x00s\x00e\x00\n", "no UTF-8 text"),
        (b"rose\xe9-7421\n", "no UTF-8 text"),
        (b"rose\x00-7421\n", "U+0000"),
        ("rose\u200b-7421\n".encode(), "zero width space (U+200B)"),
        (b" rose-7421\n", "spaces at an end"),
    ],
)
def test_a_code_that_nobody_could_type_again_is_not_set(data, said, piped, tmp_path, capsys):
    piped(data)
    assert main(["nurse-code", "--state", str(tmp_path)]) == ExitCode.BAD_INPUT
    assert said in capsys.readouterr().err
    with pytest.raises(StoreRefused, match="No nurse's code"):
        Household(tmp_path).check_code(CODE)


def test_bytes_that_were_let_through_as_halves_of_characters_are_refused_too(monkeypatch):
    halves = io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n"), encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr("sys.stdin", halves)
    with pytest.raises(UsageError, match="no UTF-8 text"):
        ask_code("")


@pytest.mark.parametrize("text", [PERSIAN, "Zoë", "O'Neil", "👩\u200d🔧"])
def test_joiners_belong_to_names_and_reasons_everywhere(text, tmp_path):
    assert require_line("--who", text, 80) == text
    note = ["service", "note", f"by {text}", "--who", text, "--state", str(tmp_path)]
    assert main(note) == ExitCode.COMPLETED
    ((kept,), spoilt) = logbook.read(tmp_path)
    assert (kept.who, kept.text, spoilt) == (text, f"by {text}", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 80 printable"),
        ("  ", "1 to 80 printable"),
        ("x" * 81, "1 to 80 printable"),
        ("a\u202eb", "right-to-left override (U+202E)"),
        ("a\u200bb", "zero width space (U+200B)"),
        ("a\nb", "line ends"),
        ("a\tb", "tab (U+0009)"),
        ("\u3164", "nothing that can be seen"),
    ],
)
def test_what_could_not_be_seen_in_a_record_is_refused_by_its_character(text, said, tmp_path, capsys):
    record = tmp_path / "record.yaml"
    record.write_text('unit_serial: "7"\ndate: 2026-01-31\nchannels: {}\n')
    before = record.read_bytes()
    words = ["calibration", "mark-bad", str(record), "--who", text, "--why", "drifts"]
    assert main(words) == ExitCode.BAD_INPUT
    assert said in capsys.readouterr().err
    assert record.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-20T18:30", "2026-01-20T17:30"),
        ("2026-07-20 18:30", "2026-07-20T16:30"),
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-10-25T02:30", "2026-10-25T01:30"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30"),
        ("2026-03-29T02:30Z", "2026-03-29T02:30"),
    ],
)
def test_a_local_time_is_the_latest_that_it_can_be(text, utc, berlin):
    assert moment(text).astimezone(UTC).isoformat()[:16] == utc


@pytest.mark.parametrize("text", ["2026-03-29T02:00", "2026-03-29T02:30", "2026-03-29 02:59:59"])
def test_an_hour_that_is_left_out_is_no_time(text, berlin):
    with pytest.raises(ValueError, match="left out that day"):
        moment(text)


@pytest.mark.parametrize(
    "text",
    ["", "T", "2026-01-20", "20.1.2026 18:30", "2026-01-20T18\uff1a30", "now", "2026-01-20T24:30"],
)
def test_what_is_no_time_is_told_how_to_write_one(text):
    with pytest.raises(ValueError, match="like 2026-11-20T18:30"):
        moment(text)

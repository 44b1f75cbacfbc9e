"""Exports for people: what a German and an English spreadsheet read is what the journal says."""

import csv
import io
import json
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pytest

from app.history import sheet
from app.locale.language import Language
from app.main import main
from app.output import ExitCode
from controller.journal.store import Store

CALC = shutil.which("soffice")
ZONE = timezone(timedelta(hours=1))
ROW = {
    "id": 7,
    "begun_utc": "2026-03-01T23:30:05.250+00:00",
    "unit": "/dev/i2c-1 0042",
    "treatment": "hands",
    "simulated": 1,
    "target_ma": 12.008,
    "total_s": 1200.0,
    "outcome": "completed",
    "reason": None,
    "duration_s": 1237.4,
    "forward_ma_min": 116.2,
    "reverse_ma_min": -0.0004,
    "person": "=cmd()",
    "linked_to": None,
    "first_polarity": "forward",
    "limit_ma": 1234.5678,
    "planned_ma_min": None,
    "asked_ma_min": None,
    "code": None,
    "amended_utc": None,
    "date_known": True,
    "earliest_utc": "2026-03-01T23:30:05.250+00:00",
    "latest_utc": "2026-03-01T23:30:05.250+00:00",
}
DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\n=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
]


def table(lines, between):
    text = "".join(lines)
    assert text.startswith("\ufeff"), "else Excel takes UTF-8 for something else"
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=between))


def test_in_german_the_comma_is_the_decimal_sign_and_the_semicolon_divides():
    (row,) = table(sheet.sessions([ROW], Language("de", ZONE)), ";")
    assert row["Eingestellter Strom (mA)"] == "12,008"
    assert row["Grenze (mA)"] == "1234,568", "no thousands' sign"
    assert row["Dosis, eine Richtung (mA min)"] == "116,2"
    assert row["Dauer (min)"] == "20,623"
    assert row["Begonnen (Ortszeit)"] == "2026-03-02 00:30:05", "the household's day, not UTC's"
    assert row["Zeitzone"] == "UTC+01:00"
    assert row["Simuliert"] == "SIMULIERT"
    assert row["Ergebnis"] == "vollständig"
    assert row["Person"] == "'=cmd()"
    assert row["Geplante Dosis (mA min)"] == ""
    assert not [cell for cell in row.values() if re.fullmatch(r"-?\d+\.\d+", cell)]


def test_in_english_the_point_is_and_the_comma_divides():
    (row,) = table(sheet.sessions([ROW], Language("en", ZONE)), ",")
    assert (row["Set current (mA)"], row["Begun (local time)"]) == ("12.008", "2026-03-02 00:30:05")
    assert (row["Simulated"], row["Result"], row["Session"]) == ("SIMULATED", "completed", "7")


def test_a_date_that_was_amended_or_is_not_known_is_marked_and_the_one_that_counts_is_told():
    counts = {"begun_utc": "1970-01-01T00:00:05+00:00", "amended_utc": "2026-02-27T17:00:00+00:00"}
    rows = [
        ROW,
        ROW | counts | {"latest_utc": counts["amended_utc"]},
        ROW | {"date_known": False, "earliest_utc": None, "latest_utc": "2026-02-28T08:00:00+00:00"},
    ]
    known, amended, unknown = table(sheet.sessions(rows, Language("en", ZONE)), ",")
    assert known["Date"] == ""
    assert (amended["Date"], amended["Begun (local time)"]) == ("amended", "2026-02-27 18:00:00")
    assert unknown["Date"] == "at the latest: the date is not known"
    assert unknown["Begun (local time)"] == "2026-02-28 09:00:00"


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_is_a_formula(text):
    (row,) = table(sheet.sessions([ROW | {"person": text}], Language("de", ZONE)), ";")
    assert row["Person"] == f"'{text}"
    *_, line = sheet.for_programs(["person"], [[text]])
    assert next(csv.reader(io.StringIO(line, newline=""))) == [f"'{text}"]


@pytest.mark.parametrize("text", ['Zoë; "Z"', "a=b", "O'Neil", "two\nlines"])
def test_any_other_text_stays_as_it_is(text):
    (row,) = table(sheet.sessions([ROW | {"person": text}], Language("de", ZONE)), ";")
    assert row["Person"] == text


@pytest.fixture
def state(tmp_path):
    store = Store(tmp_path)
    store.begin(
        {
            "unit": "simulated",
            "treatment": "hands",
            "simulated": True,
            "target_ma": 12.008,
            "total_s": 1200.0,
            "person": "Zoë",
        }
    )
    store.write([["row", s / 2, "hold", "forward", 12.0, 11.958, 14.25, 0.125 * s, 0.0] for s in range(20)])
    store.write([["end", "aborted", "nothing flows", 9.5, 1.9, 0.0, 11]])
    store.connection.close()
    return tmp_path


def export(state, file, *words):
    assert main(["history", "export", str(file), "--state", str(state), *words]) == ExitCode.COMPLETED
    return file.read_bytes().decode()


def test_the_option_tells_the_two_apart_and_programs_get_what_they_always_got(state, capsys):
    plain = export(state, state / "p.csv", "--language", "de")
    (row,) = csv.DictReader(io.StringIO(plain, newline=""))
    assert row["target_ma"] == "12.008"
    assert datetime.fromisoformat(row["begun_utc"]).utcoffset() == timedelta(0)
    assert "--spreadsheet" in capsys.readouterr().out, "who wanted the other one is told"
    (row,) = table([export(state, state / "s.csv", "--spreadsheet", "--language", "de")], ";")
    assert (row["Eingestellter Strom (mA)"], row["Person"]) == ("12,008", "Zoë")
    begun = datetime.fromisoformat(row["Begonnen (Ortszeit)"] + row["Zeitzone"].removeprefix("UTC"))
    assert timedelta(0) <= datetime.now(UTC) - begun < timedelta(minutes=5)
    words = ("--session", "1", "--spreadsheet", "--language", "de")
    chart = table([export(state, state / "c.csv", *words)], ";")
    assert (chart[0]["Geliefert (mA)"], chart[0]["Spannung (V)"]) == ("11,958", "14,25")
    assert len(chart) == 11
    assert capsys.readouterr().out == ""


def test_a_spreadsheet_is_csv_and_an_empty_journal_is_its_headings(tmp_path, capsys):
    Store(tmp_path).connection.close()
    words = ["history", "export", str(tmp_path / "x.json"), "--state", str(tmp_path), "--spreadsheet"]
    assert main(words) == ExitCode.BAD_INPUT
    assert "has to end in .csv" in capsys.readouterr().err
    assert table([export(tmp_path, tmp_path / "x.csv", "--spreadsheet")], ",") == []
    assert json.loads(export(tmp_path, tmp_path / "x.json")) == []


NAMES = {"table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0"}
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


@pytest.mark.skipif(CALC is None, reason="LibreOffice is not installed: apt install libreoffice-calc-nogui")
@pytest.mark.parametrize(("code", "number", "between"), [("de", 1031, 59), ("en", 1033, 44)])
def test_libreoffice_reads_the_figures_and_the_day(tmp_path, code, number, between):
    """Its own reader, told the language and to look for dates, as its import window offers."""
    file = tmp_path / "sessions.csv"
    file.write_bytes("".join(sheet.sessions([ROW], Language(code, ZONE))).encode())
    command = [CALC, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "ods"]
    command += [f"--infilter=CSV:{between},34,76,1,,{number},false,true", "--outdir", tmp_path, file]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    with zipfile.ZipFile(tmp_path / "sessions.ods") as archive:
        content = ElementTree.fromstring(archive.read("content.xml"))  # noqa: S314 - LibreOffice wrote it here
    cells = content.findall(".//table:table-row", NAMES)[1].findall("table:table-cell", NAMES)
    read = {}
    for cell in cells:
        kind = cell.get(f"{OFFICE}value-type")
        if kind is not None:
            value = cell.get(f"{OFFICE}value") or cell.get(f"{OFFICE}date-value") or "".join(cell.itertext())
            read[kind] = [*read.get(kind, []), value]
    assert "12.008" in read["float"]
    assert "1234.568" in read["float"]
    assert read["date"] == ["2026-03-02T00:30:05"]
    assert "'=cmd()" in read["string"]
    assert not [cell for cell in cells if any("formula" in name for name in cell.attrib)]

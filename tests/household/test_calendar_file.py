"""The calendar file is read back by a reader written from RFC 5545, for any text."""

import re
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.household.calendar import Words, calendar

MADE = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)


def unfolded(text):
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert "\r" not in text.replace("\r\n", "")
    for line in text.split("\r\n"):
        assert len(line.encode()) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def unescaped(text):
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", text)
    return re.sub(r"\\([\\;,nN])", lambda found: "\n" if found[1] in "nN" else found[1], text)


def events(text):
    lines = unfolded(text)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    found = []
    for line in lines[1:-1]:
        name, value = line.split(":", 1)
        if line == "BEGIN:VEVENT":
            found.append({})
            inside = found[-1]
        elif line == "BEGIN:VALARM":
            inside = found[-1]["alarm"] = {}
        elif line == "END:VALARM":
            inside = found[-1]
        elif found and line != "END:VEVENT":
            assert name not in inside
            inside[name] = value
    return found


def test_a_plan_of_two_days():
    words = Words("Hands, Ann", "20 min; 12 mA", "Due; now")
    text = calendar("plan-1-hands", words, [date(2026, 3, 2), date(2026, 12, 31)], MADE, first=7)
    first, second = events(text)
    assert first == {
        "UID": "plan-1-hands-7",
        "SEQUENCE": str(int(MADE.timestamp()) // 60),
        "DTSTAMP": "20260302T180000Z",
        "DTSTART;VALUE=DATE": "20260302",
        "DTEND;VALUE=DATE": "20260303",
        "SUMMARY": "Hands\\, Ann",
        "DESCRIPTION": "20 min\\; 12 mA",
        "TRANSP": "TRANSPARENT",
        "alarm": {"ACTION": "DISPLAY", "TRIGGER": "PT18H", "DESCRIPTION": "Due\\; now"},
    }
    assert second["UID"] == "plan-1-hands-8"
    assert second["DTEND;VALUE=DATE"] == "20270101"
    assert "VERSION:2.0" in text
    assert "PRODID:" in text


def test_a_later_file_moves_the_same_treatment_and_wins():
    words = Words("Hands", "", "")
    (before,) = events(calendar("unit-1-hands", words, [date(2026, 3, 2)], MADE, first=3))
    later = MADE + timedelta(minutes=1)
    (after,) = events(calendar("unit-1-hands", words, [date(2026, 3, 4)], later, first=3))
    assert before["UID"] == after["UID"]
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])
    assert before["DTSTART;VALUE=DATE"] != after["DTSTART;VALUE=DATE"]


@given(st.text(), st.text(), st.lists(st.dates(date(2020, 1, 1), date(2090, 1, 1)), max_size=3, unique=True))
def test_any_text_survives_and_breaks_out_of_nothing(summary, description, days):
    found = events(calendar("uid", Words(summary, description, summary), days, MADE, first=1))
    assert len(found) == len(days)
    for event in found:
        for key, text in (("SUMMARY", summary), ("DESCRIPTION", description)):
            kept = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", text.replace("\r\n", "\n"))
            assert unescaped(event[key]) == kept
        assert event["alarm"]["DESCRIPTION"] == event["SUMMARY"]

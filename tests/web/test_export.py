"""The two downloads of the history: one for a spreadsheet in the visitor's language, one for programs."""

import csv
import io
import json
from datetime import date, datetime

from browser import Browser
from companion import Companion
from herald import Herald
from pairs import pair

from app.household.health import Permission
from app.household.store import Household
from controller.journal.store import Store
from protocols.course import Plan
from protocols.fitness import QUESTIONS


def test_a_german_spreadsheet_and_programs_get_what_each_can_read(tmp_path):
    herald, companion = Herald(tmp_path), Companion(tmp_path)
    try:
        phone = pair(herald, companion.port)
        person = Household(tmp_path).add_person("-Zoë;=1", date(1990, 1, 1))
        store = Store(tmp_path)
        facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.008}
        store.begin(facts | {"total_s": 1200.0, "person": str(person)})
        rows = [["row", float(at_s), "hold", "forward", 12.0, 7.96, 14.0, 1.0, 0.0] for at_s in range(9)]
        store.write([*rows, ["end", "completed", None, 1200.0, 100.5, 100.25, None]])
        store.connection.close()
        Household(tmp_path).say(1, "fine", 0)
        phone.language = "de"
        page = phone.get("/history").text
        assert 'href="/history/table.csv"' in page
        assert "Für eine Tabellenkalkulation" in page
        sheet = phone.get("/history/table.csv")
        assert 'filename="sessions-spreadsheet.csv"' in sheet.headers["content-disposition"]
        assert sheet.text.startswith("\ufeff")
        (row,) = csv.DictReader(io.StringIO(sheet.text[1:], newline=""), delimiter=";")
        assert row["Person"] == "'-Zoë;=1"
        assert row["Behandlung"] == "Hände, Leitungswasser"
        assert (row["Eingestellter Strom (mA)"], row["Dosis, andere Richtung (mA min)"]) == (
            "12,008",
            "100,25",
        )
        assert (row["Haut"], row["Schwitzen (0 bis 4)"], row["Simuliert"]) == ("Gut", "0", "SIMULIERT")
        assert row["Vertragener Strom (mA)"] == "8,0"
        programs = phone.get("/history.csv")
        assert 'filename="sessions.csv"' in programs.headers["content-disposition"]
        (row,) = csv.DictReader(io.StringIO(programs.text, newline=""))
        assert (row["target_ma"], row["name"], row["felt"], row["unit"]) == (
            "12.008",
            "'-Zoë;=1",
            "fine",
            "u",
        )
        assert row["begun_utc"].endswith("+00:00")
        assert (row["target_ma"], row["borne_ma"]) == ("12.008", "8.0"), "what was set, and what was borne"
    finally:
        companion.close()
        herald.close()


def test_one_person_takes_along_all_that_is_kept_of_them_and_of_nobody_else(tmp_path):
    herald, companion = Herald(tmp_path), Companion(tmp_path)
    try:
        phone = pair(herald, companion.port)
        book, today = Household(tmp_path), datetime.now().astimezone().date()
        ann, ben = (book.add_person(name, date(1990, 1, 2)) for name in ("Ann", "Ben"))
        for person in (ann, ben):
            book.answer(person, {question.key: question.key == "metal" for question in QUESTIONS}, today)
        book.give_word(ann, "metal", "Dr Who", today, device="phone")
        book.permit(ann, "glycopyrrolate", Permission("Dr Who", today, today, "0.05 %"))
        book.set_limit(book.person(ann), "hands", 8.0, today)
        book.set_plan(ann, "feet", Plan(2, 3, 14, today))
        book.answer(ann, {"metal": False}, today, device="phone")
        store = Store(tmp_path)
        facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 8.0, "total_s": 1200.0}
        for person in (ann, ben):
            store.begin(facts | {"person": str(person)})
            store.write([["end", "completed", None, 1200.0, 100.5, 100.25, None]])
        store.connection.close()
        book.say(1, "itchy", 3)
        where = f"/people/{ann}"
        assert f'href="{where}/data.json"' in phone.get(where).text
        answer = phone.get(f"{where}/data.json")
        assert f'filename="person-{ann}.json"' in answer.headers["content-disposition"]
        told = json.loads(answer.text)
        assert (told["name"], told["born"], told["limits_ma"]) == ("Ann", "1990-01-02", {"hands": 8.0})
        assert {one["question"]: one["yes"] for one in told["answers"]} == {
            question.text: question.key == "metal" for question in QUESTIONS
        }
        assert [one["key"] for one in told["waiting"]] == ["metal"]
        assert told["agreements"][0]["given_by"] == "Dr Who"
        assert (told["permissions"][0]["strength"], told["permissions"][0]["until"]) == ("0.05 %", str(today))
        assert told["plans"]["feet"]["top_up_days"] == 14
        assert {"word:metal", "permission:glycopyrrolate"} <= {
            one["details"]["what"] for one in told["changes"]
        }
        assert [(one["id"], one["felt"], one["sweat"]) for one in told["sessions"]] == [(1, "itchy", 3)]
        assert "Ben" not in answer.text
        assert Browser(companion.port).get(f"{where}/data.json").status in {303, 403}
    finally:
        companion.close()
        herald.close()

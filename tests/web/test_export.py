"""The two downloads of the history: one for a spreadsheet in the visitor's language, one for programs."""

import csv
import io
from datetime import date

from companion import Companion
from herald import Herald
from pairs import pair

from app.household.store import Household
from controller.journal.store import Store


def test_a_german_spreadsheet_and_programs_get_what_each_can_read(tmp_path):
    herald, companion = Herald(tmp_path), Companion(tmp_path)
    try:
        phone = pair(herald, companion.port)
        person = Household(tmp_path).add_person("-Zoë;=1", date(1990, 1, 1))
        store = Store(tmp_path)
        facts = {"unit": "u", "treatment": "hands", "simulated": True, "target_ma": 12.008}
        store.begin(facts | {"total_s": 1200.0, "person": str(person)})
        store.write([["end", "completed", None, 1200.0, 100.5, 100.25, None]])
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
        assert (row["Eingestellter Strom (mA)"], row["Dosis rückwärts (mA min)"]) == ("12,008", "100,25")
        assert (row["Haut"], row["Schwitzen (0 bis 4)"], row["Simuliert"]) == ("Gut", "0", "SIMULIERT")
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
    finally:
        companion.close()
        herald.close()

"""The path from a phone that isn't paired to a finished first treatment, as the page leads, in a browser.

Law: whoever walks follows the page: the only address typed is the first one, but for pictures of the history.
The treatment is one of the simulated unit. What a step looks like is compared by its words, digits left away.
"""

import calendar
import hashlib
import json
import re
from pathlib import Path

from appliance import Appliance
from companion import Companion
from herald import PATIENCE_S, wait_for

from app.household.course import SCALE
from app.household.order import CHECKLIST
from app.household.store import Household
from app.locale.language import choose
from protocols.fitness import QUESTIONS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = IMAGES / "pages.json"
"""Of each picture of a page: its digest, the words of that page, and of which session it is."""
SPEED = 80
UNIT = "name: Reference unit\nloop: {rate_hz: 50}\n"
"""Fewer ticks: a whole treatment is lived through here."""
CODE = "493817"
DAYS = re.compile(rf"\b({'|'.join(filter(None, [*calendar.day_name, *calendar.month_name]))})\b")
WORDS = "main h1, main h2, main legend, main label > span, main button, main a.button, main th"


class FirstHome:
    """A simulated unit and its companion, where nobody is kept yet and the nurse's code is set."""

    def __init__(self, state):
        (state / "unit.yaml").write_text(UNIT)
        self.state, self.book = state, Household(state)
        self.book.set_code(CODE)
        self.unit = Appliance(state, SPEED, options=("--unit", str(state / "unit.yaml")))
        self.web = Companion(state)

    def wait(self, **wanted):
        wait_for(lambda: all(self.unit.snapshot.get(key) == value for key, value in wanted.items()))

    def close(self):
        self.web.close()
        self.unit.close()


def timeless(text):
    """Give a text without its figures and without the names of days and months, which are others tomorrow."""
    return re.sub(r"[0-9]+", "#", DAYS.sub("#", text))


def words(page):
    """Give a digest of what the page says of itself in English, as far as it is seen; figures are not it."""
    said = [timeless(text.strip()) for text in page.locator(WORDS).filter(visible=True).all_inner_texts()]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def session_of(home, number):
    """Give what proves that a session was a treatment with a reversal, from the journal."""
    from controller.journal.history import open_history

    with open_history(home.state) as history:
        row = history.session(number)
    return {
        "outcome": row["outcome"],
        "simulated": bool(row["simulated"]),
        "reversed": min(row["forward_ma_min"], row["reverse_ma_min"]) > 1.0,
        "forward_ma_min": row["forward_ma_min"],
        "reverse_ma_min": row["reverse_ma_min"],
    }


class Walk:
    """One person's walk in one language; `see` gets the name of each step with the page as it stands."""

    def __init__(self, home, page, language, see=lambda _name, _page, _part="": None):
        self.home, self.page, self.see = home, page, see
        self.t = choose(language, "").t

    def on(self):
        """Follow the guide's own link to the next step."""
        self.page.locator(".guide a.button").click()

    def press(self, name, where="main"):
        self.page.locator(where).get_by_role("button", name=self.t(name), exact=True).first.click()

    def pair(self):
        page, t, unit = self.page, self.t, self.home.unit
        page.goto("/")
        self.home.wait(state="idle")
        page.get_by_role("region", name=t("The simulated unit")).wait_for()
        self.see("stranger", page)
        page.get_by_label(t("Name of this device")).fill("phone")
        self.press("Ask the unit")
        page.get_by_text(t("Now hold the button Up on the unit for three seconds.")).wait_for()
        unit.settle()

        def paired():
            if unit.snapshot["held"] is None:  # again where the companion was too slow to see it held
                unit.settle()
                unit.press("up", 2.0 * SPEED if 2.0 * SPEED < 60.0 else 59.0)
                unit.settle()
            return page.locator("nav").count() == 1

        wait_for(paired)
        wait_for(lambda: unit.snapshot["held"] is None)

    def person(self):
        page, t = self.page, self.t
        page.locator(".guide").wait_for()
        self.see("first", page)
        self.on()
        page.get_by_label(t("Name"), exact=True).fill("Ann")
        page.get_by_label(t("Date of birth")).fill("1990-05-17")
        self.press("Add")
        page.get_by_role("heading", name="Ann", exact=True).wait_for()
        for question in QUESTIONS:
            group = page.get_by_role("group", name=t(question.text))
            group.get_by_label(t("No"), exact=True).check()
        self.see("questions", page, "main > section:has(fieldset.yesno)")
        self.press("Keep the answers")
        page.get_by_role("heading", name=t("What follows from the answers")).wait_for()
        self.see("person", page)

    def plan(self):
        self.on()
        self.press("Keep the plan")
        self.page.get_by_text(self.t("A treatment is due.")).wait_for()
        self.see("plan", self.page)

    def baseline(self):
        self.on()
        self.press(SCALE["3"])
        self.page.get_by_role("button", name=self.t(SCALE["3"]), pressed=True).wait_for()

    def prepare(self):
        page, t = self.page, self.t
        self.on()
        for text in CHECKLIST.values():
            page.get_by_label(t(text)).check()
        self.see("prepare", page)
        self.press("Prepare the unit")
        page.locator("[data-live=sentence]").filter(has_text=t("Press Start on the unit.")).wait_for()
        self.see("prepared", page)

    def flows(self):
        page = self.page
        self.home.unit.settle()
        self.press("Start", ".desk")
        self.home.wait(phase="hold")
        page.locator("[data-live=way_out]").filter(visible=True).wait_for()

    def finishes(self):
        page, t = self.page, self.t
        wait_for(lambda: self.home.unit.snapshot["polarity"] == "reverse")
        self.home.wait(phase="hold")
        page.locator("#live-chart canvas").wait_for()
        page.locator("[data-live=phase]").filter(has_text=t("Treatment")).wait_for()
        self.see("now", page)
        self.home.wait(state="finished", session=None)
        page.get_by_role("heading", name=t("After the treatment")).wait_for()
        self.see("finished", page)
        self.press("Fine")
        self.press("A little")

    def is_taught(self):
        page, t = self.page, self.t
        self.on()
        page.get_by_label(t("Name of the nurse who showed how")).fill("Nurse Example")
        page.locator("#taught").get_by_label(t("Nurse's code")).fill(CODE)
        self.see("taught", page, "#taught")
        self.press("Record that it was shown")
        page.locator("#taught .good").wait_for()
        page.locator(".guide").wait_for(state="detached")

    def looks_back(self):
        for name, path in (("people", "/people"), ("history", "/history")):
            self.page.goto(path)
            self.page.locator("main h1").wait_for()
            if name == "history":
                self.page.locator(".chart canvas, .chart img").first.wait_for()
            self.see(name, self.page)


def kept():
    return json.loads(PICTURES.read_text())


__all__ = ["CODE", "IMAGES", "PATIENCE_S", "PICTURES", "FirstHome", "Walk", "kept", "session_of", "words"]

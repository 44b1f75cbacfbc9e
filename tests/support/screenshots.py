"""Makes the pictures of the pages in docs/images: `python tests/support/screenshots.py` (needs Chromium).

Law: every picture is of a treatment that really ran on the simulated unit, taken while somebody follows the
page. `docs/images/pages.json` says what each is of; tests/web/test_first_path.py holds all to it.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]

from browser import Browser  # noqa: E402
from chromium import DESK, PHONE, chromium, visit  # noqa: E402
from first_path import IMAGES, PICTURES, FirstHome, Walk, session_of, words  # noqa: E402
from herald import wait_for  # noqa: E402

from app.household.order import CHECKLIST  # noqa: E402
from protocols.fitness import QUESTIONS  # noqa: E402

BELOW = """() => {
const bar = document.querySelector(".stopbar");
bar.style.position = "static";
document.body.append(bar);
}"""
BACK = """() => {
const bar = document.querySelector(".stopbar");
bar.style.position = "";
document.body.insertBefore(bar, document.querySelector("header"));
}"""


class Camera:
    """Takes pictures of pages, and notes what each is of."""

    def __init__(self, home):
        self.home, self.told = home, {}

    def see(self, name, page, part=""):
        said = words(page)  # of the moment of the picture: a treatment goes on while it is taken
        page.evaluate(BELOW)  # a bar that is fixed would stand in the middle of a long picture
        page.evaluate("document.fonts.ready")
        file = IMAGES / f"page-{name}.png"
        if part:
            page.locator(part).first.screenshot(path=str(file))
        else:
            page.screenshot(path=str(file), full_page=True)
        page.evaluate(BACK)
        self.told[name] = {"words": said, "session": None, "file": file}

    def is_of(self, session, *names):
        for name in names:
            self.told[name]["session"] = session_of(self.home, session)

    def keep(self):
        for told in self.told.values():
            told["sha256"] = hashlib.sha256(told.pop("file").read_bytes()).hexdigest()
        for file in IMAGES.glob("page-*.png"):
            if file.stem.removeprefix("page-") not in self.told:
                file.unlink()
        PICTURES.write_text(json.dumps(self.told, indent=1, sort_keys=True) + "\n")


def first_treatment(home, browser, camera):
    """Walk the path, and take the pictures of it; gives the phone's cookies."""
    with visit(browser, home.web.port, None, size=PHONE) as context:
        page = context.new_page()
        walk = Walk(home, page, "en", camera.see)
        walk.pair()
        walk.person()
        walk.plan()
        walk.baseline()
        walk.prepare()
        walk.flows()
        desk(home, browser, context.cookies(), camera)
        walk.finishes()
        walk.is_taught()
        walk.looks_back()
        return context.cookies()


def desk(home, browser, cookies, camera):
    """Take the picture of the page Now on a wide screen, in German, while current flows."""
    with visit(browser, home.web.port, None, size=DESK, language="de") as context:
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto("/")
        page.locator("#live-chart canvas").wait_for()
        camera.see("now-desk", page)


def a_hand_leaves(home, browser, cookies, camera):
    """Treat somebody else, whose hand leaves the water."""
    device = Browser(home.web.port)
    device.cookies = {one["name"]: one["value"] for one in cookies}
    ben = device.submit("/people", "/people", name="Ben", born="1988-03-02").headers["location"]
    device.submit(ben, f"{ben}/answers", **{question.key: "no" for question in QUESTIONS})
    where = f"/prepare?person={ben.rpartition('/')[2]}&treatment=hands"
    device.submit(where, "/prepare", current_ma="8", **dict.fromkeys(CHECKLIST, "yes"))
    home.wait(next="press_start")
    home.unit.settle()
    home.unit.press("start", 3.0)
    home.wait(phase="hold")
    wait_for(lambda: home.unit.snapshot["charge_forward_ma_min"] > 20.0)
    with visit(browser, home.web.port, None) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto("/")
        home.unit.hand(out=True)
        page.get_by_role("alert").filter(has_text="The circuit opened").wait_for()
        page.locator("[data-live=rest]").filter(visible=True).wait_for()
        camera.see("alarm", page)
        home.unit.hand(out=False)


def one_session(home, browser, cookies, camera):
    """Take the picture of the page of the first treatment."""
    with visit(browser, home.web.port, None, size=DESK) as context:
        context.add_cookies(cookies)
        page = context.new_page()
        page.goto("/history/1")
        page.locator(".chart canvas").wait_for()
        camera.see("session", page)


def main():
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        home = FirstHome(Path(folder))
        camera = Camera(home)
        try:
            cookies = first_treatment(home, browser, camera)
            a_hand_leaves(home, browser, cookies, camera)
            one_session(home, browser, cookies, camera)
            camera.is_of(1, "now", "now-desk", "finished", "history", "session")
            camera.is_of(2, "alarm")
            camera.keep()
        finally:
            home.close()


if __name__ == "__main__":
    main()

"""Whoever comes by and presses Start begins nothing: untouched for 10 minutes, and where people are kept."""

from datetime import date

import pytest
from appliance import Appliance
from browser import Browser
from companion import Companion
from herald import wait_for
from played import ORDER, UNHURRIED, after, idle, phase, serve

from app.household.book import FILE
from app.household.kept import people_are_kept
from app.household.store import Household
from app.main import main
from app.output import ExitCode
from controller.appliance import standing


class Later:
    """Seconds by the wall, as the appliance counts how long nobody was there: turned by hand."""

    def __init__(self):
        self.now_s = 1000.0

    def monotonic(self):
        return self.now_s


@pytest.fixture
def later(monkeypatch):
    clock = Later()
    monkeypatch.setattr(standing, "time", clock)
    return clock


def asks_to_hold(seen):
    return idle(seen) and seen["next"] == "hold_start" and seen["led"]["signal"] == "asleep"


def startable(seen):
    return idle(seen) and seen["next"] == "press_start"


def both(play, held_s):
    play.press("down", held_s)
    play.press("start", held_s)


@pytest.mark.parametrize("ordered", [True, False], ids=["prepared by a page", "of the command line"])
def test_after_ten_minutes_start_alone_begins_nothing_and_held_with_down_it_does(tmp_path, later, ordered):
    def story(play):
        yield idle
        if ordered:
            play.say(do="order", order=ORDER, valid_for_s=1800.0, digest="d1")
        yield startable
        later.now_s += 599.0
        yield startable
        later.now_s += 2.0
        for _ in range(2):
            yield asks_to_hold
            pressed_s = play.device.clock.whole_s
            play.press(held_s=5.0)
            yield lambda seen, since_s=pressed_s: play.device.clock.whole_s > since_s + 6.0
        both(play, 2.0)
        pressed_s = play.device.clock.whole_s
        yield lambda seen: play.device.clock.whole_s > pressed_s + 3.0
        assert asks_to_hold(play.seen[-1]), "not for long enough"
        assert {seen["session"] for seen in play.seen} == {None}
        both(play, 4.0)
        yield phase("contact")

    serve(story, tmp_path, unit=UNHURRIED, **({"default": None} if ordered else {}))


def test_a_button_and_what_is_prepared_keep_it_awake(tmp_path, later):
    def story(play):
        yield startable
        later.now_s += 500.0
        play.press("up")
        yield lambda seen: play.device.clock.whole_s > 2.0
        later.now_s += 500.0
        yield startable
        play.say(do="order", order=ORDER, valid_for_s=1800.0, digest="d1")
        yield lambda seen: startable(seen) and seen["person"] == "anna"
        later.now_s += 500.0
        yield startable
        play.press()
        yield phase("contact")

    serve(story, tmp_path, unit=UNHURRIED)


def test_the_rest_of_a_dose_has_ten_minutes_of_its_own(tmp_path, later):
    def story(play):
        yield startable
        play.press()
        yield lambda seen: seen["left_s"] < 95.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["state"] == "paused"
        later.now_s += 700.0
        play.press()
        yield phase("contact")
        play.press("stop")
        yield after(2)

    serve(story, tmp_path, unit=UNHURRIED)


# --- where people are kept ---


def test_people_are_kept_until_the_last_is_removed(tmp_path):
    assert not people_are_kept(tmp_path)
    assert list(tmp_path.iterdir()) == [], "whoever asks makes nothing"
    household = Household(tmp_path)
    assert not people_are_kept(tmp_path)
    number = household.add_person("Ann", date(1990, 1, 1))
    assert people_are_kept(tmp_path)
    household.remove_person(number)
    assert not people_are_kept(tmp_path)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / FILE).write_bytes(b"\0" * 5000)
    assert people_are_kept(tmp_path / "torn"), "what can't be read may hold somebody"


@pytest.fixture
def unit(tmp_path):
    """Starts the device on a state with a `device.yaml`, where Ann is kept."""
    Household(tmp_path).add_person("Ann", date(1990, 1, 1))
    made = []

    def start(text):
        (tmp_path / "device.yaml").write_text(text)
        made.append(Appliance(tmp_path, 10))
        wait_for(lambda: idle(made[0].snapshot))
        return made[0]

    yield start
    for one in made:
        one.close()


def test_where_people_are_kept_the_units_own_treatment_is_off_and_so_may_pairing_be(unit, tmp_path):
    assert unit("treatment: hands\npairing: false\n").snapshot["next"] == "prepare"
    companion = Companion(tmp_path)
    try:
        stranger = Browser(companion.port)
        wait_for(lambda: "Pairing is switched off on this unit" in stranger.get("/").text)
        assert 'action="/pair"' not in stranger.get("/").text
    finally:
        companion.close()


def test_whoever_runs_the_unit_may_allow_it_to_anyone(unit):
    seen = unit("treatment: hands\nanyone: true\n").snapshot
    assert (seen["next"], seen["treatment"]) == ("press_start", "hands")


@pytest.mark.parametrize("name", ["hands-glycopyrrolate", "underarms", "face"])
@pytest.mark.parametrize("way", ["command line", "device.yaml"])
def test_what_needs_a_word_is_never_the_units_own(tmp_path, capsys, name, way):
    words = ["device", "--simulate", "--state", str(tmp_path)]
    if way == "device.yaml":
        (tmp_path / "device.yaml").write_text(f"treatment: {name}\n")
    else:
        words.insert(1, name)
    assert main(words) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert f"{name} needs a professional's word for a person" in told
    assert "have the word entered on the page People, and prepare it there" in told

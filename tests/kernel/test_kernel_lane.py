"""The production command under a true Linux kernel, on /dev/i2c-1 and a Pi's header; in virtual time.

The kernel's clock stands still while a program computes and moves on when all sleep, so what is measured here
is the time that the controller waits and the wires take, whatever this machine does besides, and a story told
twice is the same to the last byte.
"""

import json
from itertools import pairwise

import pytest
from kernel_lane import INSIDE, SERIAL, Job, play, why_not
from kernel_lane import RECORDS as OF_THE_UNIT

from app.output import ExitCode

pytestmark = pytest.mark.skipif(why_not() is not None, reason=f"no kernel lane: {why_not()}")

BRIEF = "name: brief\narea: hands\ncurrent_ma: 3\nramp_ma_per_s: 0.5\ntotal_min: 2\n"
NOBODY_PRESSES = "person: {start_at_s: null}\n"
RUN = ["run", f"{INSIDE}/brief.yaml", "--unit", f"{INSIDE}/unit.yaml", "--state", "/run/state", "--json"]
RUN += OF_THE_UNIT
RECORDS = ("result.json", "run.out", "run.err", "current.csv")
OFF_MA = 0.01


@pytest.fixture(scope="module", params=[100, pytest.param(200, marks=pytest.mark.nightly)])
def unit(request):
    """The reference unit at the rate of a Zero 2 W, nightly at its own."""
    return f"{SERIAL}loop: {{rate_hz: {request.param}}}\n"


def job(unit, story, **settings):
    files = {"brief.yaml": BRIEF, **settings.pop("files", {})}
    return Job(story, NOBODY_PRESSES, unit, files=files, **settings)


STOP_WAS_TESTED = (0, "stop_was_tested", "/dev/i2c-1 KERNEL")


def session(name, at_s, *events, ends_s):
    """Rows of a story: a run whose Start is pressed after 0.4 s, what happens to it, its end."""
    return [
        STOP_WAS_TESTED,
        (at_s, "run", name, RUN),
        (at_s + 0.4, "press", "start", 0.2),
        *((at_s + event_s, *action) for event_s, *action in events),
        (ends_s, "wait", name),
        (ends_s, "note", name, at_s + events[0][0] if events else at_s),
    ]


# --- a hand that leaves, twice the same -----------------------------------------------------------------


@pytest.fixture(scope="module")
def hand_out_twice(unit, tmp_path_factory):
    story = session("run", 0, (5.5, "inject", "hand_out", {}), ends_s=6.5)
    return [play(job(unit, story), tmp_path_factory.mktemp("hand") / which) for which in ("first", "second")]


def test_a_hand_pulled_out_ends_the_session_within_its_bound(hand_out_twice):
    played = hand_out_twice[0]
    summary, truth = played.summary(), played.result["notes"]["run"]["truth"]
    assert played.result["codes"]["run"] == ExitCode.ABORTED
    assert (summary["outcome"], summary["trip"]["cause"]) == ("aborted", "open_circuit")
    assert summary["loop"]["late"] == 0
    assert summary["phases"][-1]["phase"] == "ramp_up"
    onset, onset_s = truth["onset"]
    assert onset == "hand_out"
    assert truth["dac_zero_since_s"] - onset_s <= 0.020
    assert all(abs(ma) < OFF_MA for at_s, ma in played.current() if at_s > onset_s + 0.020)


def test_the_kernel_was_given_the_units_timeout_and_every_transfer_was_its_own(hand_out_twice):
    note, ticks = hand_out_twice[0].result["notes"]["run"], hand_out_twice[0].summary()["loop"]["ticks"]
    assert note["timeout_s"] == 0.010
    assert 5 * ticks < note["transfers"] < 8 * ticks


def test_nothing_in_the_records_says_simulated(hand_out_twice):
    played = hand_out_twice[0]
    (row,) = played.result["journal"]["session"]
    assert (played.summary()["simulated"], played.summary()["truth"]) == (False, None)
    assert "/dev/i2c-1 KERNEL" in row.values()
    assert row["simulated"] == 0


def test_the_same_story_gives_the_same_records_to_the_last_byte(hand_out_twice):
    first, second = hand_out_twice
    assert all((first.folder / name).stat().st_size for name in RECORDS)
    for name in RECORDS:
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name


# --- what happens to the unit ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mishaps(unit, tmp_path_factory):
    """Three sessions on one unit: a chip vanishes, the bus hangs, a person presses Stop."""
    story = [
        *session("chip", 0, (4.5, "inject", "adc_silent", {"which": "guard", "for_s": 0.2}), ends_s=5.3),
        *session("bus", 5.5, (4.5, "inject", "bus_hung", {"for_s": 0.2}), ends_s=10.8),
        *session("stop", 11, (4.5, "press", "stop", 0.2), ends_s=17.5),
    ]
    return play(job(unit, story), tmp_path_factory.mktemp("mishaps") / "job")


@pytest.mark.parametrize(
    ("name", "cause", "bound_s"), [("chip", "adc_silent", 0.020), ("bus", "bus_hung", 0.025)]
)
def test_a_failing_bus_or_chip_cuts_the_current_within_its_bound(mishaps, name, cause, bound_s):
    summary, truth = mishaps.summary(name), mishaps.result["notes"][name]["truth"]
    assert mishaps.result["codes"][name] == ExitCode.ABORTED
    assert summary["trip"]["cause"] == cause
    assert summary["peak_ma"] > 0.4
    assert 0.0 < truth["off_since_s"] - truth["onset"][1] <= bound_s


def test_stop_at_the_pin_ends_softly(mishaps):
    summary, note = mishaps.summary("stop"), mishaps.result["notes"]["stop"]
    assert mishaps.result["codes"]["stop"] == ExitCode.STOPPED
    assert [phase["phase"] for phase in summary["phases"]][-1] == "stopping"
    assert summary["loop"]["late"] == 0
    pressed_s = 11 + 4.5
    assert 0.1 < note["truth"]["off_since_s"] - pressed_s <= 5.0
    falling = [ma for at_s, ma in mishaps.current() if at_s > pressed_s + 0.05]
    assert 0.2 < max(falling) < 1.0
    assert max(abs(after - before) for before, after in pairwise(falling)) < 0.1


def test_every_session_is_in_the_journal_with_its_end(mishaps):
    rows = mishaps.result["journal"]["session"]
    assert [row["outcome"] for row in rows] == ["aborted", "aborted", "stopped"]


def test_stop_is_tested_at_its_pin_before_start_begins_anything(unit, tmp_path):
    story = [
        (0, "run", "run", RUN),
        (0.4, "press", "start", 0.2),
        (1.5, "note", "untested"),
        (1.6, "press", "stop", 0.8),
        (12.0, "press", "start", 0.2),
        (16.0, "note", "tested"),
        (16.0, "signal", "run", 2),
        (19.0, "wait", "run"),
    ]
    played = play(job(unit, story), tmp_path / "job")
    untested, tested = played.result["notes"]["untested"], played.result["notes"]["tested"]
    assert untested["relays"]["series"] == 0
    assert tested["current_ma"] > 0.3
    assert played.result["codes"]["run"] == ExitCode.STOPPED
    phases = [one["phase"] for one in played.summary()["phases"]]
    assert phases[:3] == ["self_test", "stop_test", "ready"]
    mark = json.loads((played.folder / "state" / "stop-tested.json").read_text())
    assert mark["unit"] == "/dev/i2c-1 KERNEL"


# --- what happens to the controller ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def killed(unit, tmp_path_factory):
    """A second start beside a session, SIGKILL in the middle of it, and the next start after that."""
    second = ["slow.yaml".join(word.split("unit.yaml")) for word in RUN]
    story = [
        STOP_WAS_TESTED,
        (0, "run", "run", RUN),
        (0.4, "press", "start", 0.2),
        (2.0, "run", "second", second),
        (5.0, "note", "beside"),
        (6.0, "signal", "run", 9),
        (6.0, "note", "at_the_kill"),
        (6.03, "note", "just_after"),
        (6.5, "note", "after", 6.0),
        (6.5, "run", "next", RUN),
        (8.0, "note", "next", 6.5),
        (8.0, "signal", "next", 2),
        (9.0, "wait", "next"),
    ]
    files = {"slow.yaml": f"{SERIAL}i2c: {{timeout_ms: 50}}\n"}
    return play(job(unit, story, files=files, poll_s=0.001), tmp_path_factory.mktemp("killed") / "job")


def test_a_second_start_is_refused_by_name_and_changes_nothing(killed):
    assert killed.result["codes"]["second"] == ExitCode.REFUSED
    assert "the unit at /dev/i2c-1 is in use by process" in killed.said("second")
    beside = killed.result["notes"]["beside"]
    assert beside["timeout_s"] == 0.010
    assert beside["current_ma"] > 0.3


def test_after_sigkill_only_the_charge_pump_is_left_and_it_is_enough(killed):
    notes = killed.result["notes"]
    assert killed.result["codes"]["run"] == -9
    assert notes["at_the_kill"]["current_ma"] > 0.5
    dead = notes["just_after"]
    assert dead["current_ma"] > 0.5  # the pins are still driven and the DAC holds: nothing else stops it
    after = notes["after"]
    assert (after["relays"]["series"], after["relays"]["enable"]) == (1, 0)
    assert after["dac_code"] == dead["dac_code"] > 0
    assert 0.0 < after["truth"]["off_since_s"] - 6.0 <= 0.100


def test_the_next_start_finds_it_off_tells_of_the_loss_and_resumes_nothing(killed):
    note = killed.result["notes"]["next"]
    assert (note["relays"]["series"], note["dac_code"]) == (0, 0)
    assert note["truth"]["off_since_s"] == 6.5
    assert "was cut off after" in killed.said("next")
    assert killed.result["codes"]["next"] == ExitCode.STOPPED
    assert [row["outcome"] for row in killed.result["journal"]["session"]] == ["cut_off", "stopped"]


# --- what the start looks at ----------------------------------------------------------------------------


WITHOUT_RIGHTS = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
REFUSALS = {
    # name: (what is done before, what the run gets, what is undone, what it says)
    "no_bus": ([], {"unit": "bus3.yaml"}, [], "/dev/i2c-3 does not exist: enable I2C"),
    "bus_denied": (
        [("allow", "/dev/i2c-1", 0)],
        {"before": WITHOUT_RIGHTS},
        [("allow", "/dev/i2c-1", 0o600)],
        "/dev/i2c-1 may not be opened: add the user to the group i2c",
    ),
    "pins_denied": (
        [("allow", "/dev/gpiochip0", 0)],
        {"before": WITHOUT_RIGHTS},
        [("allow", "/dev/gpiochip0", 0o600)],
        "/dev/gpiochip0 may not be opened: add the user to the group gpio",
    ),
    "pin_taken": ([("hold_pin", 17)], {}, [("free_pins",)], "Pins are in use: GPIO17 (heartbeat) by lg; end"),
    "chip_missing": (
        [("inject", "adc_silent", {"which": "guard", "for_s": 0.5})],
        {},
        [],
        "guard ADC ADS1115 at 0x49 is missing: nothing answers there: check its supply",
    ),
    "bus_hung": (
        [("inject", "bus_hung", {"for_s": 0.5})],
        {},
        [],
        "The I2C bus hung on DAC MCP4725 at 0x62: switch the unit off and on",
    ),
    "eeprom": (
        [("inject", "dac_reset", {"to_code": 2048})],
        {},
        [],
        "the DAC would power up at code 2048 (power-down bits 0) instead of 0: its EEPROM",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def refusals(tmp_path_factory):
    story = []
    for number, (name, (before, how, after, _)) in enumerate(REFUSALS.items()):
        words = [how.get("unit", "unit.yaml").join(word.split("unit.yaml")) for word in RUN]
        steps = [*before, ("run", name, words, how.get("before")), ("wait", name), ("note", name), *after]
        story += [(number, *step) for step in steps]
    return play(
        job(SERIAL, story, files={"bus3.yaml": f"{SERIAL}i2c: {{bus: 3}}\n"}),
        tmp_path_factory.mktemp("refusals") / "job",
    )


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_not_in_order_is_refused_in_a_sentence_before_anything_closes(refusals, name):
    says = REFUSALS[name][3]
    assert refusals.result["codes"][name] == ExitCode.REFUSED
    (line,) = (line for line in refusals.said(name).splitlines() if line.startswith("ionto: "))
    assert line.startswith(f"ionto: {says}"), line
    assert "Traceback" not in refusals.said(name)
    assert refusals.summary(name)["outcome"] == "refused"
    assert refusals.result["notes"][name]["relays"] == {"enable": 0, "series": 0, "polarity": 1}


def test_no_refused_start_ever_let_current_flow(refusals):
    assert all(abs(ma) < OFF_MA for _, ma in refusals.current())


def test_a_header_of_another_machine_is_left_alone(tmp_path):
    story = [(0, "run", "run", RUN), (0, "wait", "run"), (0, "note", "run")]
    played = play(job(SERIAL, story, label="INT34C5:00"), tmp_path / "job")
    assert played.result["codes"]["run"] == ExitCode.REFUSED
    assert "only gpiochip0 (INT34C5:00): this needs a Pi" in played.said()
    assert played.result["notes"]["run"]["pins"] == []


# --- a whole treatment ----------------------------------------------------------------------------------


@pytest.mark.nightly
def test_a_whole_treatment_on_the_reference_unit_twice(tmp_path):
    whole = job(SERIAL, session("run", 0, ends_s=140), ends_s=150, longest_s=1200.0)
    played, again = (play(whole, tmp_path / which) for which in ("one", "two"))
    summary, truth = played.summary(), played.result["notes"]["run"]["truth"]
    assert played.result["codes"]["run"] == ExitCode.COMPLETED
    assert summary["loop"]["late"] == 0
    for way in ("forward", "reverse"):
        assert summary["charge_ma_min"][way] == pytest.approx(truth["charge_ma_min"][way], rel=0.005)
        assert truth["charge_ma_min"][way] > 2.0
    assert truth["switched_above_ma"] < 0.2
    assert truth["held_ma"] < 3.05
    assert played.result["notes"]["run"]["relays"] == {"enable": 0, "series": 0, "polarity": 1}
    for name in RECORDS:
        assert (played.folder / name).read_bytes() == (again.folder / name).read_bytes(), name

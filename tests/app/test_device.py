"""The appliance on the simulated unit, in virtual time: what Start begins, and what is left of a dose."""

import math
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from played import LIBRARY, ORDER, SHORT, UNHURRIED, after, idle, phase, serve, sessions

from app.device.command import _sentence
from config.calibration import Calibration
from config.unit import Unit, reference_unit
from controller.appliance.standing import Alarm, Standing
from controller.host import wall
from controller.journal import store as journal_store
from controller.journal import tables as journal_tables
from controller.journal.amending import amend
from controller.journal.history import open_history
from controller.loop.clock import RealClock, SessionClock
from controller.orders.judgement import OrderRefused, judge
from protocols import frequency
from protocols.treatment import find


def test_start_gives_a_treatment_and_then_waits_again(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield after(1)
        assert play.seen[-1]["state"] == "finished"
        assert play.seen[-1]["next"] == "take_out"

    play, told = serve(story, tmp_path)
    (one,) = sessions(tmp_path)
    assert one["outcome"] == "completed"
    assert one["forward_ma_min"] == pytest.approx(one["reverse_ma_min"], rel=0.005)
    assert [next(iter(event)) for event in told] == ["begun", "ended"]
    assert {seen["led"]["signal"] for seen in play.seen} >= {"ready", "contact", "current", "done"}
    assert play.truth.worst_step_ma < 0.2


def test_what_is_prepared_after_a_whole_treatment_is_what_is_offered_next(tmp_path):
    """Whoever finished is told to take their hands out until it is the next one's turn."""

    def story(play):
        yield idle
        play.press()
        yield after(1)
        play.say(do="order", order=ORDER | {"treatment": "no such"}, valid_for_s=3600.0, digest="d0")
        yield lambda seen: idle(seen) and seen["order"] and not seen["order"]["accepted"]
        assert play.seen[-1]["next"] == "take_out", "a refused one is nobody's turn"
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "anna"
        assert (play.seen[-1]["next"], play.seen[-1]["state"]) == ("press_start", "idle")
        assert play.seen[-1]["led"]["signal"] == "ready"

    serve(story, tmp_path)


def treated(state, hours_ago, *, person=None, treatment="hands", charge_ma_min=100.0):
    """Write a treatment of so long ago, as the journal's process did then."""
    store = journal_store.Store(state)
    begun = datetime.now(UTC) - timedelta(hours=hours_ago)
    facts = {
        "unit": "simulated",
        "treatment": treatment,
        "simulated": True,
        "target_ma": 6.0,
        "total_s": 120.0,
    }
    store.begin(facts | {"person": person})
    store.write([["end", "completed", "", 120.0, charge_ma_min, 0.0, None]])
    # The chain would tell, but nothing here asks it.
    store.connection.execute(
        "UPDATE session SET begun_utc = ? WHERE id = (SELECT max(id) FROM session)",
        (begun.isoformat(timespec="milliseconds"),),
    )
    store.connection.close()


@pytest.mark.parametrize("person", ["anna", None])
def test_the_unit_s_own_treatment_is_refused_where_anybody_had_one_too_lately(tmp_path, person):
    treated(tmp_path, 3.0, person=person)

    def story(play):
        yield lambda seen: idle(seen) and seen["next"] == "come_back"
        yield lambda seen: seen["led"]["signal"] == "nothing"  # looked after every 20 ms
        play.press()
        yield lambda seen: seen["code"] == 27
        yield lambda seen: idle(seen) and seen["code"] is None

    play, told = serve(story, tmp_path)
    assert play.truth.charge_ma_min == {"forward": 0.0, "reverse": 0.0}
    assert [event["alarm"]["code"] for event in told] == [27]
    with open_history(tmp_path) as history:
        assert len(history.sessions()) == 1, "no session was begun"


@pytest.mark.parametrize(("had", "refused"), [("anna", True), (None, True), ("ben", False)])
def test_an_order_is_held_to_what_its_person_had(tmp_path, had, refused):
    treated(tmp_path, 3.0, person=had)

    def story(play):
        yield idle
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["person"] == "anna" and play.device.standing.order["accepted"]
        play.press()
        if refused:
            yield lambda seen: seen["code"] == 27
        else:
            yield phase("hold")

    serve(story, tmp_path, default=None)


@pytest.mark.parametrize(
    "before",
    [
        {"hours_ago": 24 * 3},
        {"hours_ago": 3.0, "treatment": "feet"},
        {"hours_ago": 3.0, "charge_ma_min": 0.9},
        {"hours_ago": 24 * 9},
    ],
    ids=["three days ago", "the feet", "next to nothing", "long ago"],
)
def test_what_is_long_ago_or_elsewhere_or_nothing_refuses_no_start(tmp_path, before):
    treated(tmp_path, **before)

    def story(play):
        yield lambda seen: idle(seen) and seen["next"] == "press_start"
        play.press()
        yield phase("contact")

    serve(story, tmp_path)


def test_a_date_that_can_t_be_is_refused_by_its_own_code_until_the_nurse_amends_it(tmp_path):
    """A record of 2036: the unit refuses, is told the right date, and looks again by itself."""
    treated(tmp_path, -24 * 365 * 10)

    def story(play):
        yield lambda seen: idle(seen) and seen["next"] == "come_back"
        play.press()
        yield lambda seen: seen["code"] == 75
        amend(tmp_path, 1, datetime.now(UTC) - timedelta(days=3), "nurse", "a wrong clock", wall.read())
        yield lambda seen: idle(seen) and seen["next"] == "press_start"
        play.press()
        yield phase("contact")

    _, told = serve(story, tmp_path)
    assert told[0]["alarm"]["code"] == 75
    assert told[0]["alarm"]["reason"] in frequency.UNKNOWN
    with closing(sqlite3.connect(tmp_path / journal_store.FILE, isolation_level=None)) as connection:
        assert connection.execute("SELECT count(*) FROM amendment").fetchone() == (1,)


def test_a_second_start_on_the_same_day_is_refused_by_the_first_one_s_record(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["phase"] == "hold" and seen["charge_forward_ma_min"] > 1.5
        play.press("stop")
        yield lambda seen: after(1)(seen) and seen["state"] == "paused" and seen["rest_s"] < 594.0
        play.press("stop")
        yield lambda seen: after(1)(seen) and seen["next"] == "come_back"
        play.press()
        yield lambda seen: seen["code"] == 27

    serve(story, tmp_path, default=find("hands"))
    assert len(sessions(tmp_path)) == 1


def test_a_start_before_the_journal_has_told_waits_for_it(tmp_path, monkeypatch):
    """Held up for 2 s, the answer comes after the press; nothing begins without it."""
    treated(tmp_path, 3.0)
    asked = []

    def late(self, unit, **which):
        asked.append(self)
        return {"looked": True, "cut_off": []}

    monkeypatch.setattr("controller.journal.writer.Journal.look", late)

    def story(play):
        yield idle
        play.press()
        yield lambda seen: idle(seen) and seen["next"] == "wait_record"
        play.wait_s = play.device.clock.whole_s + 2.0
        yield lambda seen: play.device.clock.whole_s > play.wait_s
        assert idle(play.seen[-1])
        asked[-1]._send("look", {"unit": "simulated", "simulated": True})
        yield lambda seen: seen["code"] == 27

    play, _ = serve(story, tmp_path)
    assert play.truth.charge_ma_min == {"forward": 0.0, "reverse": 0.0}


def test_nobody_pressing_start_makes_no_noise_and_no_current(tmp_path):
    def story(play):
        yield lambda seen: play.device.clock.whole_s > 650.0

    play, told = serve(story, tmp_path, patience_s=700.0, unit=UNHURRIED)
    assert told == []
    assert sessions(tmp_path) == []
    assert play.truth.charge_ma_min == {"forward": 0.0, "reverse": 0.0}
    assert {seen["code"] for seen in play.seen} == {None}


def test_start_is_on_the_disk_before_any_current(tmp_path, monkeypatch):
    on_disk = []

    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["phase"] not in ("self_test", "ready")
        connection = sqlite3.connect(tmp_path / journal_tables.FILE)
        on_disk.extend(connection.execute("SELECT outcome FROM session").fetchall())
        connection.close()
        assert play.seen[-1]["phase"] == "trial"

    serve(story, tmp_path)
    assert on_disk == [(None,)]


def test_a_place_that_can_t_keep_the_record_refuses_the_start_by_its_code(tmp_path):
    state = tmp_path / "state"
    state.write_text("a file in the way")

    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["code"] == 23 and play.device.standing.alarm is not None
        assert "can't be written" in play.device.standing.alarm.reason
        assert play.device.bench.truth().charge_ma_min == {"forward": 0.0, "reverse": 0.0}
        state.unlink()
        yield lambda seen: idle(seen) and seen["code"] == 23
        assert play.seen[-1]["next"] == "press_start", "Start is no less than Stop to end it"
        play.press()
        yield phase("ramp_up")
        assert play.seen[-1]["code"] is None

    serve(story, state)


def test_nothing_prepared_is_refused_and_an_order_is_used_once(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["code"] == 21
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["treatment"] == "hands" and seen["code"] is None
        assert play.seen[-1]["person"] == "anna"
        assert play.seen[-1]["order"]["accepted"]
        play.press()
        yield phase("hold")
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")  # the file was still there
        for wanted in (8.5, 9.0):
            play.press("up")
            yield lambda seen, wanted=wanted: seen["target_ma"] == wanted
            pressed_s = play.seen[-1]["time_s"]
            yield lambda seen, since_s=pressed_s: seen["time_s"] > since_s + 1.0  # it has to be let go
        play.press("up")
        yield lambda seen: seen["left_s"] < 1150.0
        assert play.seen[-1]["target_ma"] == 9.0, "the person's limit"
        play.press("down")
        yield lambda seen: seen["target_ma"] == 8.5
        play.say(do="stop")
        yield lambda seen: after(1)(seen) and seen["rest_s"] < 594.0
        play.press("stop")
        yield lambda seen: idle(seen) and seen["rest_s"] is None
        assert play.seen[-1]["treatment"] is None

    play, _ = serve(story, tmp_path, default=None, unit=UNHURRIED)
    assert {"spent": "d1"} in play.events
    (one,) = sessions(tmp_path)
    assert (one["person"], one["outcome"], one["first_polarity"]) == ("anna", "stopped", "reverse")
    assert (one["target_ma"], one["limit_ma"]) == (8.0, 9.0)
    assert play.truth.held_ma < 9.2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"current_ma": 9.5}, "the person's limit"),
        ({"current_ma": 15.5, "limit_ma": 15.5}, "the ceiling of hands"),
        ({"limit_ma": 16.0}, "the ceiling of hands"),
        ({"current_ma": 0.4}, "current_ma"),
        ({"current_ma": True}, "current_ma"),
        ({"current_ma": math.nan}, "current_ma"),
        ({"treatment": "../hands"}, "none is named"),
        ({"treatment": "hands.yaml"}, "none is named"),
        ({"first_polarity": "both"}, "first_polarity"),
        ({"person": ""}, "person"),
        ({"person": "a\nb"}, "person"),
        ({"more": 1}, "more"),
    ],
)
def test_an_order_is_held_to_every_limit(changes, words):
    with pytest.raises(OrderRefused, match=words) as refused:
        judge(ORDER | changes, LIBRARY, Unit(), Calibration.nominal(), "d")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("at_left_s", [95.0, 25.0])
def test_after_the_circuit_opened_start_gives_the_rest_and_both_end_equal(tmp_path, at_left_s):
    def story(play):
        yield idle
        play.press()
        yield lambda seen: seen["left_s"] < at_left_s
        play.hand(out=True)
        yield lambda seen: seen["next"] == "press_start_rest"
        assert play.seen[-1]["led"]["signal"] == "rest"
        assert play.seen[-1]["measured_ma"] < 0.1
        play.hand(out=False)
        yield lambda seen: seen["rest_s"] is not None and seen["rest_s"] < 580.0
        assert play.seen[-1]["phase"] == "ready", "nothing goes on by itself"
        play.press()
        yield after(2)

    play, _ = serve(story, tmp_path, unit=UNHURRIED)
    first, second = sessions(tmp_path)
    assert (first["outcome"], second["outcome"], second["linked_to"]) == ("aborted", "completed", 1)
    forward = first["forward_ma_min"] + second["forward_ma_min"]
    reverse = first["reverse_ma_min"] + second["reverse_ma_min"]
    assert forward == pytest.approx(reverse, rel=0.005)
    assert forward + reverse <= SHORT.planned_charge_ma_min * 1.005
    for way, total in (("forward", forward), ("reverse", reverse)):
        assert play.truth.charge_ma_min[way] == pytest.approx(total, rel=0.03, abs=0.01)


def test_who_did_not_close_the_circuit_in_time_starts_again(tmp_path):
    """Code 16 says so, and it works: with what was prepared, and with the rest after a slip."""

    def story(play):
        yield idle
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["treatment"] == "hands"
        play.hand(out=True)
        for _ in range(2):
            play.press()
            yield phase("contact")
            yield lambda seen: seen["code"] == 16 and idle_again(seen)
            assert (play.seen[-1]["person"], play.seen[-1]["next"]) == ("anna", "press_start")
            assert play.seen[-1]["order"]["accepted"]
        assert {"spent": "d1"} not in play.events
        play.hand(out=False)
        play.press()
        yield phase("ramp_up")
        assert play.seen[-1]["person"] == "anna"
        yield lambda seen: seen["charge_reverse_ma_min"] > 1.5
        assert play.events.count({"spent": "d1"}) == 1
        play.hand(out=True)
        yield lambda seen: seen["next"] == "press_start_rest"
        play.press()
        yield phase("contact")
        yield lambda seen: seen["last"]["session"] == 4 and idle_again(seen)
        assert (play.seen[-1]["next"], play.seen[-1]["linked_to"]) == ("press_start_rest", 3)
        assert 400.0 < play.seen[-1]["rest_s"] < 540.0, "its time goes on"
        play.hand(out=False)
        play.press()
        yield lambda seen: seen["phase"] == "hold" and seen["linked_to"] == 3

    def idle_again(seen):
        return seen["phase"] == "ready" and seen["state"] == "alarm"

    serve(story, tmp_path, default=None)
    outcomes = [(one["outcome"], one["person"], one["linked_to"]) for one in sessions(tmp_path)]
    assert outcomes[:2] == [("refused", "anna", None)] * 2
    assert outcomes[2:4] == [("aborted", "anna", None), ("refused", "anna", 3)]
    assert outcomes[4][2] == 3


def test_what_is_taken_back_while_nobody_closes_the_circuit_is_gone(tmp_path):
    def story(play):
        yield idle
        play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
        yield lambda seen: idle(seen) and seen["treatment"] == "hands"
        play.hand(out=True)
        play.press()
        yield phase("contact")
        play.say(do="order")
        yield lambda seen: seen["code"] == 16 and seen["phase"] == "ready"
        assert play.seen[-1]["treatment"] is None

    serve(story, tmp_path, default=None)


def opened(play, *, also):
    """The story up to the offer, then `also`."""
    yield idle
    play.press()
    yield lambda seen: seen["left_s"] < 95.0
    play.hand(out=True)
    yield lambda seen: seen["next"] == "press_start_rest"
    play.hand(out=False)
    yield from also(play)


def test_an_opened_circuit_sounds_three_pulses_though_the_offer_follows_at_once(tmp_path):
    def also(play):
        yield lambda seen: seen["rest_s"] is not None and seen["rest_s"] < 592.0

    play, _ = serve(lambda play: opened(play, also=also), tmp_path)
    sounds = [seen["buzzer"] for seen in play.seen]
    assert {"code", "rest"} <= {seen["led"]["signal"] for seen in play.seen}
    assert sum(now and not before for before, now in pairwise([False, *sounds])) == 3


def test_after_ten_minutes_there_is_no_rest_and_the_alarm_wants_a_hand(tmp_path):
    def also(play):
        yield lambda seen: play.device.standing.offer is None and idle(seen)
        assert play.seen[-1]["next"] == "clear_alarm"
        play.press()
        yield lambda seen: seen["time_s"] > 2.0
        assert play.seen[-1]["phase"] == "ready"
        play.press("stop")
        yield lambda seen: idle(seen) and seen["next"] == "come_back"
        assert play.seen[-1]["left_s"] == 120.0, "a whole treatment again, but not today"

    serve(lambda play: opened(play, also=also), tmp_path, patience_s=1000.0, unit=UNHURRIED)
    assert len(sessions(tmp_path)) == 1


def test_stop_gives_up_the_rest_and_a_page_s_stop_does_not_clear_an_alarm(tmp_path):
    def also(play):
        play.say(do="stop")
        yield lambda seen: seen["phase"] == "self_test"
        yield lambda seen: idle(seen) and seen["rest_s"] < 594.0
        assert play.seen[-1]["next"] == "press_start_rest"
        assert play.seen[-1]["code"] is None, "the offer is shown, not the code"
        assert play.device.standing.alarm.code == 11
        play.press("stop")
        yield lambda seen: idle(seen) and seen["next"] == "come_back"
        assert play.device.standing.offer is None

    serve(lambda play: opened(play, also=also), tmp_path)


def test_another_trip_latches_with_its_code_until_stop(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield phase("hold")
        play.device.bench.inject(
            play.device.clock.whole_s, "current_spike", {"to_ma": 30.0, "for_s": 0.5, "latched": False}
        )
        yield after(1)
        code = play.seen[-1]["code"]
        assert code in (31, 32, 37)
        assert play.device.standing.offer is None
        play.press()
        yield lambda seen: seen["time_s"] > 3.0
        assert (play.seen[-1]["phase"], play.seen[-1]["code"]) == ("ready", code)
        play.press("stop")
        yield lambda seen: idle(seen) and seen["code"] is None

    serve(story, tmp_path)
    (one,) = sessions(tmp_path)
    assert one["outcome"] == "aborted"


def test_stop_on_the_unit_stops_softly_from_a_treatment(tmp_path):
    def story(play):
        yield idle
        play.press()
        yield phase("hold")
        play.press("stop")
        yield phase("stopping")
        yield after(1)

    serve(story, tmp_path)
    assert sessions(tmp_path)[0]["outcome"] == "stopped"


def test_up_held_while_idle_is_told_and_starts_nothing(tmp_path):
    def story(play):
        yield idle
        play.press("up", 5.0)
        yield lambda seen: seen["held"] == "up"
        assert play.seen[-1]["led"]["signal"] == "pairing"
        yield lambda seen: seen["held"] is None

    serve(story, tmp_path)
    assert sessions(tmp_path) == []


def test_a_session_that_was_cut_off_is_told_at_the_next_start(tmp_path):
    store = journal_store.Store(tmp_path)
    facts = {
        "unit": "simulated",
        "treatment": "hands",
        "simulated": True,
        "target_ma": 12.0,
        "total_s": 1200.0,
    }
    store.begin(facts)
    store.write([["row", 1.0, "hold", "forward", 12.0, 12.0, 14.0, 0.2, 0.0]])
    store.connection.close()
    store._let_go()  # its process is gone

    def story(play):
        yield lambda seen: seen["last"] is not None

    play, told = serve(story, tmp_path)
    assert play.seen[-1]["last"]["outcome"] == "cut_off"
    assert told[0]["ended"]["charge_forward_ma_min"] == 0.2
    assert play.seen[-1]["rest_s"] is None, "no rest after a restart"


def alarmed(*alarms):
    """Give what stands after these alarms, and the codes that were told of."""
    told = []
    standing = Standing(
        SessionClock(RealClock()),
        Unit(),
        Calibration.nominal(),
        library=LIBRARY,
        default=None,
        line=None,
        tell=told.append,
    )
    for code, latched in alarms:
        standing.show(Alarm(code, "made by the test", latched=latched))
    return standing, [one["alarm"]["code"] for one in told]


def test_an_alarm_that_current_may_flow_gives_way_to_another_such_one_only():
    standing, told = alarmed((34, True), (74, False), (74, False))
    assert (standing.alarm.code, standing.alarm.latched) == (34, True)
    assert told == [34, 74], "each is told, and once"
    standing, _ = alarmed((34, True), (72, False))
    assert (standing.alarm.code, standing.alarm.latched) == (72, True), "and still waits for Stop"
    standing.passed()
    assert standing.alarm.code == 72
    standing, _ = alarmed((12, True), (74, False))
    assert (standing.alarm.code, standing.alarm.latched) == (74, False)
    standing.passed()
    assert standing.alarm is None


@pytest.mark.parametrize("reason", ["The time allowed for the I2C bus is used up.", "a chip fell silent"])
def test_what_is_told_ends_with_one_full_stop(reason):
    for event in (
        {"alarm": {"code": 16, "reason": reason, "latched": True}},
        {
            "ended": {
                "session": 1,
                "outcome": "aborted",
                "charge_forward_ma_min": 0.0,
                "charge_reverse_ma_min": 0.0,
                "cause": None,
                "reason": reason,
            },
            "rest_offered": False,
        },
    ):
        told = _sentence(event, simulated=False)
        assert f"{reason.rstrip('.')}." in told
        assert ".." not in told


def test_a_computer_that_fares_badly_is_told_once(tmp_path):
    unit, told = reference_unit(), []
    clock = SessionClock(RealClock())
    nominal = Calibration.nominal()
    standing = Standing(clock, unit, nominal, library=LIBRARY, default=None, line=None, tell=told.append)
    for word in (None, 0, 0x10000, 0x10000, 0x10001, 0x50005, 0x50005, 0x50000):
        standing.tell_computer(word)
    said = [event["notice"].partition(":")[0] for event in told]
    assert said == [
        "the computer's supply was too low since it started",
        "the computer's supply is too low now",
        "the computer is slowed down now, by heat or by its supply",
        "the computer's supply was too low since it started",
        "the computer was slowed down since it started, by heat or by its supply",
    ]

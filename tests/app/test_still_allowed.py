"""What a person may be given can change after it was prepared, paused or begun: then it is held back."""

import pytest
from played import ORDER, SHORT, UNHURRIED, after, idle, phase, serve, sessions

from config.calibration import Calibration
from controller.appliance.standing import WITHHELD
from controller.core.reasons import REASONS
from controller.core.types import Refusal

BEN = {**ORDER, "person": "ben"}


def order(play, asked=ORDER, digest="d1"):
    play.say(do="order", order=asked, valid_for_s=3600.0, digest=digest)


def allow(play, hands_ma, person="anna"):
    play.say(
        do="allowed", person=person, most_ma={} if hands_ma is None else {"hands": hands_ma, "feet": 25.0}
    )


def startable(seen):
    return idle(seen) and seen["next"] == "press_start"


def withheld(seen):
    """Nothing that Start would begin, and why."""
    told = seen["order"]
    nothing = seen["next"] in {"prepare", "clear_alarm"}
    return idle(seen) and nothing and told is not None and told["refusal"] == WITHHELD


def rest(seen):
    return idle(seen) and seen["next"] == "press_start_rest"


def begins_nothing(play, shown=withheld):
    """Press Start, and see nothing begin: to be yielded from."""
    play.press()
    pressed_s, number = play.seen[-1]["time_s"], play.seen[-1]["session"]
    yield lambda seen: seen["time_s"] > pressed_s + 2.0
    assert shown(play.seen[-1])
    assert play.seen[-1]["session"] == number


def until_paused(play, how):
    """Treat anna, and have it cut."""
    yield idle
    order(play)
    yield startable
    play.press()
    yield lambda seen: seen["charge_reverse_ma_min"] > 0.3
    if how == "hand":
        play.hand(out=True)
    elif how == "page":
        play.say(do="stop")
    else:
        play.press("stop")
    yield rest
    play.hand(out=False)


@pytest.mark.parametrize("how", ["button", "page", "hand"])
@pytest.mark.parametrize("hands_ma", [None, 7.5], ids=["not at all", "less than it is"])
def test_the_rest_is_not_startable_while_it_is_not_allowed_and_is_again_afterwards(tmp_path, how, hands_ma):
    def story(play):
        yield from until_paused(play, how)
        allow(play, hands_ma)
        yield withheld
        assert play.seen[-1]["person"] is None
        assert play.seen[-1]["rest_s"] is None
        yield from begins_nothing(play)
        allow(play, 12.0)  # with the nurse's code, say
        yield rest
        play.press()
        yield lambda seen: seen["phase"] == "hold" and seen["linked_to"] == 1

    serve(story, tmp_path, unit=UNHURRIED, default=None)
    assert [one["person"] for one in sessions(tmp_path)] == ["anna", "anna"]


def test_a_lower_limit_that_leaves_room_bounds_how_far_up_may_go_in_the_rest(tmp_path):
    def story(play):
        yield from until_paused(play, "button")
        assert play.seen[-1]["limit_ma"] == 9.0
        allow(play, 8.5)
        yield lambda seen: rest(seen) and seen["limit_ma"] == 8.5
        play.press()
        yield lambda seen: seen["phase"] == "hold" and seen["linked_to"] == 1
        assert (play.seen[-1]["target_ma"], play.seen[-1]["limit_ma"]) == (8.0, 8.5)

    serve(story, tmp_path, unit=UNHURRIED, default=None)


def test_nobody_elses_and_not_the_units_own_treatment_takes_its_place_by_itself(tmp_path):
    def story(play):
        yield from until_paused(play, "button")
        allow(play, 9.0, person="ben")
        allow(play, None, person="cleo")
        yield lambda seen: seen["rest_s"] is not None and seen["rest_s"] < 598.0
        assert rest(play.seen[-1]), "what is known of others changes nothing"
        allow(play, None)
        yield withheld
        yield from begins_nothing(play)
        order(play, BEN, "d2")
        yield lambda seen: startable(seen) and seen["person"] == "ben"

    serve(story, tmp_path, unit=UNHURRIED, default=SHORT)


def test_what_is_prepared_is_not_startable_either_until_its_time_is_over(tmp_path):
    def story(play):
        yield idle
        order(play)
        yield startable
        allow(play, None)
        yield withheld
        yield from begins_nothing(play)
        allow(play, 8.0)
        yield lambda seen: startable(seen) and seen["limit_ma"] == 8.0

    serve(story, tmp_path, unit=UNHURRIED, default=SHORT)
    assert sessions(tmp_path) == []


@pytest.mark.parametrize("paused", [False, True], ids=["prepared", "a rest"])
def test_a_calibration_that_ends_while_start_is_waited_for_begins_nothing(tmp_path, monkeypatch, paused):
    why = [""]
    monkeypatch.setattr(Calibration, "why_no_treatment", lambda _self, _today, *, simulated: why[0])

    def story(play):
        if paused:
            yield from until_paused(play, "button")
        else:
            yield idle
            order(play)
            yield startable
        why[0] = "the calibration of 2025-11-28 ended on 2026-11-28"
        play.press()
        yield lambda seen: seen["code"] == REASONS[Refusal.UNIT_UNFIT].code

    serve(story, tmp_path, unit=UNHURRIED, default=None)
    assert len(sessions(tmp_path)) == (1 if paused else 0)


@pytest.mark.parametrize("at", ["contact", "hold"])
def test_what_runs_ends_softly_by_its_true_cause_and_can_be_gone_on_with_when_allowed_again(tmp_path, at):
    def story(play):
        yield idle
        order(play)
        yield startable
        play.press()
        yield phase(at)
        allow(play, None, person="ben")
        seen_s = play.seen[-1]["time_s"]
        yield lambda seen: seen["time_s"] > seen_s + 0.5
        assert play.seen[-1]["phase"] not in {"stopping", "stopped"}
        allow(play, None)
        yield lambda seen: after(1)(seen) and withheld(seen)
        yield from begins_nothing(play)
        allow(play, 9.0)
        yield rest if at == "hold" else startable

    serve(story, tmp_path, unit=UNHURRIED, default=None)
    (one,) = sessions(tmp_path)
    assert one["outcome"] == "stopped"
    assert one["reason"] == "an answer, an agreement or a limit was changed, and does not allow this"

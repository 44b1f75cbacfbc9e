"""What a unit's past keeps it from doing: which causes, the second within ten sessions, and what releases."""

from itertools import count

import pytest

from controller.core.locks import WITHIN, Lock, Needs, Role, Seen, Word, lock_of, why_locked
from controller.core.reasons import REASONS, Mender, Priority
from controller.core.types import Cause, Refusal

pytestmark = pytest.mark.core

ALWAYS = [name for name, row in REASONS.items() if row.locks == "always"]
SECOND = [name for name, row in REASONS.items() if row.locks == "second"]


class Past:
    """A unit's past, written as it happens."""

    def __init__(self):
        self.sessions, self.words = [], []
        self._number = count(1)

    def ends(self, reason="", outcome=None, *, gave=True, proven=False):
        outcome = outcome or ("completed" if not reason else "refused" if reason in {*Refusal} else "aborted")
        number = next(self._number)
        begun = f"2026-11-{number:02}T08:00:00+00:00"
        self.sessions.append(Seen(number, begun, outcome, reason, gave, proven))
        return self

    def treats(self, times=1):
        for _ in range(times):
            self.ends()
        return self

    def says(self, role=Role.TECHNICIAN):
        self.words.append(Word(len(self.sessions), role.value))
        return self

    def stop(self):
        return self.says(Role.STOP)

    def proves(self):
        return self.ends("", "stopped", gave=False, proven=True)

    @property
    def lock(self):
        return lock_of(self.sessions, self.words)

    @property
    def needs(self):
        return None if self.lock is None else self.lock.needs


def test_which_causes_lock_is_what_was_decided():
    assert set(SECOND) == {Cause.CURRENT_SPIKE, Cause.OVER_CURRENT, Cause.LEAKAGE, Cause.HARDWARE_TRIP}
    assert {Cause.OUTPUT_STUCK, Cause.WRONG_POLARITY, Refusal.RELAY_WELDED} < set(ALWAYS)


def test_what_locks_always_is_what_a_technician_mends_and_is_urgent_and_recurs_by_no_test_of_its_own():
    """A refusal that may let current flow that nobody asked for: it can pass the next proof by chance."""
    urgent = {
        name for name, row in REASONS.items() if row.priority is Priority.HIGH and not row.clears_itself
    }
    assert set(ALWAYS) == urgent | {Cause.WRONG_POLARITY}
    assert all(REASONS[name].mender is Mender.TECHNICIAN for name in ALWAYS)


@pytest.mark.parametrize("reason", ALWAYS)
def test_the_first_of_these_locks_until_somebody_said_why_and_then_a_proof_passed(reason):
    past = Past().treats(2).ends(reason)
    assert past.lock == Lock(reason, 3, "2026-11-03T08:00:00+00:00", Needs.WORD)
    assert past.lock.code == REASONS[reason].code
    assert past.stop().needs is Needs.WORD, "Stop clears no lock"
    assert past.says().needs is Needs.PROOF
    assert past.proves().needs is None


@pytest.mark.parametrize("first", SECOND)
@pytest.mark.parametrize("second", SECOND)
def test_the_first_of_these_is_held_until_stop_and_the_second_within_ten_sessions_locks(first, second):
    past = Past().ends(first)
    assert past.needs is Needs.STOP
    assert past.stop().needs is None
    past.treats(WITHIN - 1).ends(second)
    assert (past.lock.reason, past.lock.session, past.needs) == (second, WITHIN + 1, Needs.WORD)


def test_the_eleventh_session_after_is_a_first_one_again():
    past = Past().ends("leakage").stop().treats(WITHIN).ends("leakage")
    assert past.needs is Needs.STOP
    past.stop().treats(3).ends("over_current")
    assert past.needs is Needs.WORD, "of the later one, this is the second"


def test_sessions_that_never_began_do_not_count():
    past = Past().ends("leakage").stop()
    for _ in range(30):
        past.ends("no_contact", "refused", gave=False)
    assert past.ends("leakage").needs is Needs.WORD


@pytest.mark.parametrize("reason", sorted({*REASONS} - {*ALWAYS, *SECOND}))
def test_nothing_else_locks(reason):
    assert Past().ends(reason).ends(reason).lock is None


def test_what_only_a_newer_version_knows_locks_nothing_here():
    assert Past().ends("flux_lost", "aborted").lock is None


def test_without_a_past_nothing_is_locked_and_nothing_said_releases_anything():
    assert Past().lock is None
    assert Past().says().stop().treats().says().proves().lock is None


def test_a_word_that_came_before_is_no_word():
    assert Past().treats().says().ends("output_stuck").needs is Needs.WORD


def test_a_proof_without_a_word_releases_nothing():
    assert Past().ends("wrong_polarity").proves().needs is Needs.WORD


@pytest.mark.parametrize(("reason", "outcome"), [("dac_stuck", "aborted"), ("supply_out", "refused")])
def test_a_proof_that_fails_takes_the_word_back(reason, outcome):
    past = Past().ends("wrong_polarity").says().ends(reason, outcome)
    assert (past.needs, past.lock.reason) == (Needs.WORD, "wrong_polarity")
    assert past.says().proves().needs is None


def test_a_proof_that_was_stopped_leaves_the_word():
    assert Past().ends("wrong_polarity").says().ends("", "stopped", gave=False).needs is Needs.PROOF


def test_a_proof_in_which_something_locked_is_the_new_cause():
    past = Past().ends("wrong_polarity").says().ends("relay_welded")
    assert (past.lock.reason, past.needs) == ("relay_welded", Needs.WORD)


def test_a_proof_after_which_current_still_flowed_has_not_passed():
    past = Past().ends("wrong_polarity").says().ends("output_stuck", "stopped", proven=True)
    assert (past.lock.reason, past.needs) == ("output_stuck", Needs.WORD)
    past = Past().ends("wrong_polarity").says().ends("adc_silent", "aborted", proven=True)
    assert past.needs is Needs.WORD


def test_a_spike_in_a_proof_takes_the_word_back():
    past = Past().ends("wrong_polarity").says().ends("current_spike")
    assert (past.lock.reason, past.needs) == ("wrong_polarity", Needs.WORD)


def test_a_release_forgets_what_was_before():
    past = Past().ends("leakage").stop().ends("leakage").says().proves().ends("leakage")
    assert past.needs is Needs.STOP


def test_what_was_held_and_treated_on_by_an_older_program_is_held_no_more():
    past = Past().ends("leakage").ends("no_contact", gave=False)
    assert past.needs is Needs.STOP
    assert past.treats().needs is None
    assert past.ends("leakage").needs is Needs.WORD, "but it is remembered"


def test_what_was_locked_and_treated_on_by_an_older_program_is_locked_still():
    assert Past().ends("wrong_polarity").treats(20).needs is Needs.WORD


def test_a_lock_stays_when_a_first_spike_follows():
    past = Past().ends("wrong_polarity").ends("leakage")
    assert (past.lock.reason, past.needs) == ("wrong_polarity", Needs.WORD)


def test_the_sentence_names_cause_date_and_what_to_do():
    past = Past().ends("wrong_polarity")
    assert why_locked(past.lock) == (
        "the unit is locked by code 35 of 2026-11-01, session 1 (The current flowed the wrong way): a "
        "technician has to find the cause, and to say it with the technician's code, on the unit's page or "
        "with `ionto unlock`"
    )
    assert why_locked(past.says().lock).endswith("press Start on the unit, or use `ionto unlock`")
    assert why_locked(Past().ends("leakage").lock) == (
        "nobody is treated after code 13 of 2026-11-01, session 1 (Current took another way than the leads): "
        "press Stop on the unit first"
    )

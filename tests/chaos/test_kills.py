"""The controller is killed, stopped, starved, mined and cut off in mid-treatment, and the current is gone.

The unit is another process and goes by its own clock. Sixteen times here, with nothing beside it; a thousand
times in a nightly run (`./ionto test --nightly tests/chaos`), with the same code. A machine so busy that no
session in real time comes to its end is told by name, and shows nothing.
"""

import os

import kill_bench
import pytest
from kill_bench import AROUND, BOUND_MS, CALM_HZ, KINDS, PHASES, TOO_BUSY

FEW, MANY = 16, 1000
FEW_WITHIN_S = 500.0

pytestmark = pytest.mark.real_time


def may_be_real_time():
    """Whether processes may be put ahead of others, which the hog needs."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if kill_bench.real_time(0, 1) else 1)
    return os.waitpid(pid, 0)[1] == 0


REAL_TIME = may_be_real_time()
POSSIBLE = KINDS if REAL_TIME else tuple(kind for kind in KINDS if kind != "hog")


@pytest.fixture(scope="module")
def mines():
    return kill_bench.functions_of_the_tick()


@pytest.fixture(scope="module")
def kills(mines):
    plan = kill_bench.plan(FEW, 1, mines, POSSIBLE)
    # One at a time: a hog takes the processor from others too.
    return kill_bench.run(plan, seed=1, jobs=1, rate_hz=CALM_HZ, begun_within_s=FEW_WITHIN_S)


def judge(kills):
    wrong = [kill for kill in kills if kill.problems]
    assert not wrong, "\n".join(map(str, wrong))
    assert not any(kill.undone for kill in kills), TOO_BUSY
    assert all(kill.off_ms is not None and kill.off_ms <= BOUND_MS for kill in kills)
    assert all(kill.current_ma >= 0.01 for kill in kills), "current flowed when it happened"


def judge_kind(kills, kind):
    of_kind = [kill for kill in kills if kill.kind == kind]
    assert of_kind
    judge(of_kind)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "hog"])
def test_the_current_is_gone_in_time_and_the_next_start_knows(kills, kind):
    judge_kind(kills, kind)


@pytest.mark.skipif(not REAL_TIME, reason="a hog needs the right to SCHED_FIFO (root, or CAP_SYS_NICE)")
def test_the_current_is_gone_in_time_when_a_hog_takes_the_processor(kills):
    judge_kind(kills, "hog")


def test_every_phase_with_current_was_met(kills):
    assert len(kills) == FEW
    assert {kill.phase for kill in kills} == set(PHASES)


def test_the_mines_are_the_functions_of_a_tick(mines):
    """A handful by name, so that a list gone empty does not pass unseen."""
    for name in (
        "controller.core.guard:Guard.check",
        "controller.core.session:Session.step",
        "controller.loop.rig:Rig.sense",
        "controller.loop.rig:Rig.heartbeat",
        "drivers.bus:BoundedBus.writeto",
        "drivers.relays:Heartbeat.beat",
        *AROUND,
    ):
        assert name in mines


@pytest.mark.nightly
def test_a_thousand_times(mines):
    kills = kill_bench.run(kill_bench.plan(MANY, 2, mines, POSSIBLE), seed=2)
    judge(kills)
    laid = {kill.mine for kill in kills if kill.kind == "exception"}
    assert len(laid) > 0.9 * len(mines), "every function of the tick"

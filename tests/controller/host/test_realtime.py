"""Real time: what is granted is done and undone, what is not is said, and no tick reaches file or socket."""

import gc
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import simulated

from controller.host.realtime import real_time
from controller.loop.clock import RealClock
from controller.loop.tick import Loop

NAMES = ["garbage_collection", "switch_interval", "timer_slack", "memory", "scheduler", "affinity"]
NOBODY = 65534


def state():
    """Everything that the steps change, as the kernel and the interpreter tell it."""
    status = Path("/proc/self/status").read_text().splitlines()
    locked = next(line for line in status if line.startswith("VmLck"))
    return (
        gc.isenabled(),
        gc.get_freeze_count() > 0,
        sys.getswitchinterval(),
        os.sched_getscheduler(0),
        os.sched_getparam(0).sched_priority,
        os.sched_getaffinity(0),
        locked.split()[1] == "0",
    )


def test_everything_is_put_back_and_every_step_reported():
    before = state()
    with real_time() as steps:
        during = state()
        granted = {step.step: step.done for step in steps}
    assert state() == before
    assert [step.step for step in steps] == NAMES
    assert all(step.detail for step in steps)
    assert during[0] is False
    assert during[1] is True
    assert (during[3] & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO) is granted["scheduler"]
    assert (len(during[5]) == 1) is (granted["affinity"] or len(before[5]) == 1)
    assert (during[6] is False) is granted["memory"]


def test_it_is_put_back_after_an_error_too():
    before = state()
    with pytest.raises(ZeroDivisionError), real_time():
        raise ZeroDivisionError
    assert state() == before


def test_what_is_not_permitted_is_said_with_the_remedy_and_the_rest_is_done():
    def denied():
        """Be an ordinary process of nobody, with the limits of a fresh installation."""
        resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
        if os.geteuid() == 0:
            os.setuid(NOBODY)
        with real_time() as steps:
            return [tuple(step) for step in steps]

    steps = {name: (done, detail) for name, done, detail in in_child(denied)}
    assert list(steps) == NAMES
    assert steps["scheduler"] == (False, "SCHED_FIFO is not permitted: allow it with LimitRTPRIO=40")
    assert steps["memory"] == (False, "only 64 kB may be locked: allow it with LimitMEMLOCK=infinity")
    assert steps["affinity"] == (False, "without SCHED_FIFO the kernel chooses the core better")
    assert all(steps[name][0] for name in ("garbage_collection", "switch_interval", "timer_slack"))


def in_child(work):
    """Do `work` in a fork of this process, which may so lose its privileges; what it returned."""
    far_in, far_out = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(far_out, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(far_out)
    with os.fdopen(far_in, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def test_a_session_in_virtual_time_is_left_alone(monkeypatch):
    seen = []
    whole_tick = Loop.tick
    monkeypatch.setattr(Loop, "tick", lambda loop: (seen.append(gc.isenabled()), whole_tick(loop))[1])
    stop = {"at_s": 1, "fault": "press", "button": "stop"}
    summary, _ = simulated.simulate(events=[stop])
    assert set(seen) == {True}
    assert "real_time" not in summary


def test_the_clock_sleeps_until_the_moment_and_not_at_all_for_one_that_is_past():
    clock = RealClock()
    at_s = clock.now() + 0.01
    clock.sleep_until(at_s)
    assert clock.now() >= at_s
    clock.sleep_until(0.0)


def test_a_child_begins_as_an_ordinary_process():
    with real_time():
        assert in_child(lambda: os.sched_getscheduler(0)) == os.SCHED_OTHER


AUDITED = """
import sys
sys.path.insert(0, "tests/support")
import simulated
from controller.loop.tick import Loop
from controller.loop.recorder import Recorder
inside, reached = False, set()
def audit(event, arguments):
    if inside:
        reached.add(event)
sys.addaudithook(audit)
def watch(room):
    whole = room.tick
    def tick(*arguments):
        global inside
        inside = True
        try:
            return whole(*arguments)
        finally:
            inside = False
    room.tick = tick
watch(Loop)
watch(Recorder)
summary, _ = simulated.simulate(events={events})
print(summary["outcome"], summary["loop"]["ticks"], sorted(reached))
"""


@pytest.mark.parametrize(
    ("events", "outcome"), [([], "completed"), ([{"at_s": 35, "fault": "hand_out"}], "aborted")]
)
def test_no_tick_opens_imports_connects_or_starts_anything(events, outcome):
    """Audit events tell of every file, socket, process and import, in ticks of every phase, a trip's too."""
    code = AUDITED.replace("{events}", repr(events))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True
    )
    told, ticks, reached = done.stdout.split(maxsplit=2)
    assert (told, reached.strip()) == (outcome, "[]"), done.stderr
    assert int(ticks) > 5000

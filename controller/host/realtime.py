"""Real time for the loop's process: what the machine grants is taken, and what it does not is said.

Law: every step is tried by itself, reported in the session's record and undone at its end; none is needed for
safety, which is the guard's and the heartbeat's. Nothing here is done to a session in virtual time.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRIORITY: Final = 40
"""Of SCHED_FIFO: above all ordinary work, below the interrupt threads (50) of a PREEMPT_RT kernel, which
carry the I2C transfers that the loop waits for (Linux, kernel/sched/syscalls.c: MAX_RT_PRIO / 2)."""
SWITCH_INTERVAL_S: Final = 0.0005
"""Should a thread ever run beside the loop, the loop gets the interpreter back after this (default 5 ms)."""
TIMER_SLACK_NS: Final = 1
"""The kernel wakes an ordinary sleeper up to 50 us late to save wake-ups (prctl(2)); not this one."""
_PR_SET_TIMERSLACK: Final = 29
_PR_GET_TIMERSLACK: Final = 30
_MCL_CURRENT: Final = 1
_MCL_FUTURE: Final = 2
_MCL_ONFAULT: Final = 4
_ISOLATED: Final = Path("/sys/devices/system/cpu/isolated")


class Step(NamedTuple):
    """One step: its stable name, whether it was granted, and what that means or why not, in words."""

    step: str
    done: bool
    detail: str


class _Denied(Exception):
    """A step that was not granted; `str()` says why and what would help."""


@contextmanager
def real_time(*, wanted: bool = True) -> Iterator[list[Step]]:
    """Make this process as punctual as it may be, if `wanted`; give what was done, and undo it in the end."""
    steps: list[Step] = []
    with ExitStack() as undo:
        for name, take in _STEPS if wanted else ():
            try:
                steps.append(Step(name, done=True, detail=take(undo, steps)))
            except OSError as error:
                steps.append(Step(name, done=False, detail=error.strerror or str(error)))
            except _Denied as error:
                steps.append(Step(name, done=False, detail=str(error)))
        yield steps


def _garbage(undo: ExitStack, _: list[Step]) -> str:
    """Keep the collector from walking through the heap in mid-tick; the tick itself makes no cycles."""
    if not gc.isenabled():
        return "off already"
    gc.collect()
    gc.freeze()
    gc.disable()
    undo.callback(gc.enable)
    undo.callback(gc.unfreeze)
    return "frozen and off"


def _switch_interval(undo: ExitStack, _: list[Step]) -> str:
    undo.callback(sys.setswitchinterval, sys.getswitchinterval())
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return f"{1000 * SWITCH_INTERVAL_S:g} ms"


def _timer_slack(undo: ExitStack, _: list[Step]) -> str:
    before_ns = _libc("prctl", _PR_GET_TIMERSLACK, 0, 0, 0, 0)
    _libc("prctl", _PR_SET_TIMERSLACK, TIMER_SLACK_NS, 0, 0, 0)
    undo.callback(_libc, "prctl", _PR_SET_TIMERSLACK, before_ns, 0, 0, 0)
    return f"{TIMER_SLACK_NS} ns"


def _memory(undo: ExitStack, _: list[Step]) -> str:
    """Lock every page that is or will be touched, so that no tick waits for it to come back.

    Pages that nothing ever touches, of libraries mostly, stay out: they would be 6 MB more. Under a limit,
    memory asked for later would be refused in mid-session: then it is better not locked.
    """
    soft_bytes, _hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if os.geteuid() != 0 and soft_bytes != resource.RLIM_INFINITY:
        raise _Denied(f"only {soft_bytes // 1024} kB may be locked: allow it with LimitMEMLOCK=infinity")
    _libc("mlockall", _MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    undo.callback(_libc, "munlockall")
    return "locked"


def _scheduler(undo: ExitStack, _: list[Step]) -> str:
    before, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:  # a child of the loop's process begins as an ordinary one
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except PermissionError as error:
        raise _Denied(f"SCHED_FIFO is not permitted: allow it with LimitRTPRIO={PRIORITY}") from error
    undo.callback(os.sched_setscheduler, 0, before, param)
    return f"SCHED_FIFO, priority {PRIORITY}"


def _affinity(undo: ExitStack, steps: list[Step]) -> str:
    """Stay on one core: an isolated one if there is one, else the last, as the first takes most interrupts.

    Only with SCHED_FIFO: an ordinary process that may not move would queue behind whatever runs there.
    """
    if not any(step.step == "scheduler" and step.done for step in steps):
        raise _Denied("without SCHED_FIFO the kernel chooses the core better")
    allowed = os.sched_getaffinity(0)
    if len(allowed) < 2:
        raise _Denied("there is one core only")
    core = max(_isolated() & allowed or allowed)
    os.sched_setaffinity(0, {core})
    undo.callback(os.sched_setaffinity, 0, allowed)
    return f"core {core}"


def _isolated() -> set[int]:
    """Return the cores that the kernel keeps free of other work (isolcpus)."""
    try:
        ranges = [part.split("-") for part in _ISOLATED.read_text().strip().split(",") if part]
    except OSError:
        return set()
    return {core for ends in ranges for core in range(int(ends[0]), int(ends[-1]) + 1)}


def _libc(function: str, *arguments: int) -> int:
    """Call the C library; OSError with the kernel's reason when it refuses."""
    result = int(getattr(ctypes.CDLL(None, use_errno=True), function)(*map(ctypes.c_ulong, arguments)))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")
    return result


_STEPS: Final[tuple[tuple[str, Callable[[ExitStack, list[Step]], str]], ...]] = (
    ("garbage_collection", _garbage),
    ("switch_interval", _switch_interval),
    ("timer_slack", _timer_slack),
    ("memory", _memory),
    ("scheduler", _scheduler),
    ("affinity", _affinity),
)
"""In this order: the heap is frozen before it is locked, and the core is chosen last."""

"""Many endings of one simulated session: it is run once, and forked shortly before each fault.

Law: a fork is the session itself. Its summary is, to the last digit, that of a whole session with the same
events in its scenario; only the way there is not run again. No branch can hold up the others: each has its
bounded time on the wall's clock.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeAlias

from controller.loop.tick import StopSwitch
from controller.session.wiring import SessionRequest, run_session
from sim.scenario import Event, Scenario

if TYPE_CHECKING:
    from controller.backends.bench import Bench
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.result import Truth
    from controller.loop.tick import Loop

Summary: TypeAlias = dict[str, Any]
Answer: TypeAlias = "Callable[[Summary, Truth | None], Summary]"
"""Makes of a session's summary, and of what its world knows, what is wanted of it; plain values only."""

LEAD_S: Final = 0.06
"""A session is forked this long before the first event of its branch: some ticks, so that an event within
the tick that forks is still to come."""
EARLIEST_S: Final = 0.2
"""An event before this is run as a whole session: the chips are not all found by then."""
LONGEST_S: Final = 300.0
"""A branch gets this long on the wall's clock. It takes some seconds of a processor; a busy machine may take
ten times as long."""


def _as_it_is(summary: Summary, _truth: Truth | None) -> Summary:
    return summary


def _not_to_be(why: str) -> Summary:
    raise RuntimeError(why)


def run_branches(
    request: SessionRequest,
    branches: Sequence[Sequence[Event]],
    answer: Answer = _as_it_is,
    *,
    lost: Callable[[str], Summary] = _not_to_be,
    longest_s: float = LONGEST_S,
) -> list[Summary]:
    """Return the summaries of `request` with the events of each branch added, in the order given.

    `answer` may add to a summary, or pick from it. A branch that died, or was killed because it did not end
    within `longest_s` of wall time, has what `lost` makes of the reason; it raises RuntimeError if not given.

    The session of `request` itself is run as far as the last fork only. Each fork runs to its end, in a
    process of its own, before the session goes on: one processor is used. No worker threads of the caller
    go with it.

    Raises:
        ValueError: the session is not simulated, keeps a record, or ends before a branch begins.
        RuntimeError: a branch was lost, and nothing was said to be done then.

    """
    if request.simulate is None or request.state is not None or request.speed is not None:
        raise ValueError("only a simulated session without a record, as fast as possible, can be forked")
    summaries: dict[int, Summary] = {}
    waiting: list[tuple[float, int]] = []
    patience = _Patience(lost, longest_s)
    for number, events in enumerate(branches):
        begin_s = min((event.at_s for event in events), default=0.0)
        if begin_s < EARLIEST_S:
            summaries[number] = _whole_apart(request, events, answer, patience)
        else:
            waiting.append((begin_s, number))
    if waiting:
        summaries |= _forked(request, branches, sorted(waiting), answer, patience)
    return [summaries[number] for number in range(len(branches))]


class _Patience(NamedTuple):
    """What is made of a branch that is lost, and how long one may take."""

    lost: Callable[[str], Summary]
    longest_s: float


def _whole_apart(
    request: SessionRequest, events: Sequence[Event], answer: Answer, patience: _Patience
) -> Summary:
    """Run a session with the events from its beginning, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _send(writing, lambda: _whole(request, events, answer))
    os.close(writing)
    return _answer_of(child, reading, patience)


def _whole(request: SessionRequest, events: Sequence[Event], answer: Answer) -> Summary:
    """Run a session with the events from its beginning."""
    scenario = request.simulate or Scenario()
    added = scenario.model_copy(
        update={"events": tuple(sorted((*scenario.events, *events), key=lambda event: event.at_s))}
    )
    benches: list[Bench] = []

    def watch(bench: Bench, _loop: Loop[Session]) -> _Onlooker:
        benches.append(bench)
        return _Onlooker()

    result = run_session(request._replace(simulate=added), None, StopSwitch(), watch=watch)
    return answer(result.summary, benches[0].truth() if benches else None)


def _forked(
    request: SessionRequest,
    branches: Sequence[Sequence[Event]],
    waiting: list[tuple[float, int]],
    answer: Answer,
    patience: _Patience,
) -> dict[int, Summary]:
    forker: list[_Forker] = []

    def watch(bench: Bench, _loop: Loop[Session]) -> _Forker:
        forker.append(_Forker(bench, branches, waiting, patience))
        return forker[0]

    try:
        result = run_session(request, None, StopSwitch(), watch=watch)
    except _AllForked:
        return forker[0].summaries
    except BaseException:
        if forker and forker[0].answer_fd is not None:
            traceback.print_exc()
            os._exit(1)  # a fork must not go on as its parent would; the missing answer tells of it
        raise
    if forker and forker[0].answer_fd is not None:
        _send(forker[0].answer_fd, lambda: answer(result.summary, forker[0].truth()))
    begin_s = waiting[len(forker[0].summaries) if forker else 0][0]
    raise ValueError(
        f"the session ended ({result.summary['outcome']}) before {begin_s:g} s, when a branch begins"
    )


class _AllForked(Exception):
    """The rest of the session is of no interest."""


class _Onlooker:
    """Observes nothing."""

    def tick(self, _measurement: Measurement) -> None:
        """Let the tick be."""


class _Forker:
    """Observes the ticks and forks in time; in a fork `answer_fd` is where the summary goes."""

    def __init__(
        self,
        bench: Bench,
        branches: Sequence[Sequence[Event]],
        waiting: Sequence[tuple[float, int]],
        patience: _Patience,
    ) -> None:
        self._bench, self._branches, self._waiting = bench, branches, list(waiting)
        self._patience = patience
        self.summaries: dict[int, Summary] = {}
        self.answer_fd: int | None = None

    def tick(self, _measurement: Measurement) -> None:
        """Fork for every branch that begins soon."""
        while self._waiting and self._waiting[0][0] <= self._bench.clock.now() + LEAD_S:
            _, number = self._waiting.pop(0)
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                self._become(writing, self._branches[number])
                return
            os.close(writing)
            self.summaries[number] = _answer_of(child, reading, self._patience)
            if not self._waiting:
                raise _AllForked

    def truth(self) -> Truth | None:
        """Return what the session's world knows."""
        return self._bench.truth()

    def _become(self, answer_fd: int, events: Sequence[Event]) -> None:
        self.answer_fd, self._waiting = answer_fd, []
        if self._bench.inject is None:
            raise ValueError("this bench takes no faults")
        for event in events:
            self._bench.inject(event.at_s, event.fault, event.params)


def _send(answer_fd: int, answer: Callable[[], Mapping[str, Any]]) -> NoReturn:
    """Send the answer and end, without the parent's clean-up."""
    code = 1
    try:
        with os.fdopen(answer_fd, "w") as pipe:
            json.dump(answer(), pipe)
        code = 0
    except BaseException:  # whatever it is, the fork ends here, and the missing answer tells of it
        traceback.print_exc()
    finally:
        os._exit(code)


def _answer_of(child: int, reading: int, patience: _Patience) -> Summary:
    """Wait for a fork's answer; kill it when it takes too long."""
    until_s = time.monotonic() + patience.longest_s
    text, ended = b"", False
    try:
        while not ended and (left_s := until_s - time.monotonic()) > 0.0:
            if select.select([reading], [], [], left_s)[0]:
                part = os.read(reading, 65536)
                text, ended = text + part, not part
    finally:
        os.close(reading)
        if not ended:
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if not ended:
        return patience.lost(f"a forked session did not end within {patience.longest_s:g} s and was killed")
    if not text:
        return patience.lost("a forked session died without an answer")
    summary: Summary = json.loads(text)
    return summary

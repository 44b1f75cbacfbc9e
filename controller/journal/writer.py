"""The journal's near end: what happened leaves the loop's process through a pipe that never blocks.

Law: no record, no treatment. The start is on the disk before the loop may run; a record that is not there in
time stops the session softly. Nothing here can make a tick late.

Lines of JSON go out: `["look", {...}]` and `["stop", {...}]` with unit and simulated, `["begin", {...}]`,
`["row", ...]` twice a second (the columns of `controller.journal.tables`),
`["trip", cause, phase, detected_s, evidence]`, `["asked", ...]` of one that came to its end with asked_ma_min
and short_because, `["proven"]` of one that proved the protections with nobody there, and `["end", ...]` with
outcome, reason, duration_s, forward and reverse charge, code. Back come
`{"looked": true, "cut_off": [...], "computer": word, "past": [...], "seen": [...], "clock": [...], "lock":
[...]}`, `{"begun": id, "cut_off": [...]}`, `{"kept": records}` after each commit, or `{"failed": sentence}`.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from controller.core.locks import IDLE
from controller.core.reasons import code_of
from controller.core.types import Phase, StopCause
from controller.host.lines import LineSplitter
from controller.host.shortage import SHORTAGES
from controller.journal.looked import heard, lock_heard, reading
from controller.loop.result import outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controller.core.locks import Lock
    from controller.core.session import Session
    from controller.core.types import Measurement
    from controller.loop.tick import StopSwitch
    from protocols.dates import Reading
    from protocols.past import Past

ROW_S: Final = 0.5
"""Time between two rows of dose; a kill loses so much and the row on its way (law 10: at most 1 s)."""
PATIENCE_S: Final = 5.0
"""The start must be on the disk within this, a row during the session too, and the end."""
WATCHED_S: Final = 0.4
"""The end is written when the output was seen to be off for so long; the loop goes on for 0.5 s."""
LONGEST_TEXT: Final = 800
"""Characters of a name or sentence, so that a line fits the pipe's atomic write."""


class JournalRefused(Exception):
    """No record can be kept; `str()` is one sentence with what to do."""


class Journal:
    """One session's journal in `directory`, written by a child process that begins at once.

    `start` holds unit, treatment, simulated, target_ma and total_s, and may hold what else is in
    `journal_tables.BEGUN`; with None the session begins later, with `begin`. `keep_open` are descriptors that
    the child shares, such as the unit's lock, which is so held until the last record is written. `failure` is
    the sentence why the record broke off, or None; `cut_off` describes earlier sessions without an end;
    `past` is what was given lately, None until `look` was answered, `seen` the sightings, `clock` the look
    at the clock, `lock` what keeps the unit from treating and `computer` how the computer fares
    (`controller.host.computer`), all of which came with it.
    """

    def __init__(self, directory: Path, start: dict[str, Any] | None, keep_open: Sequence[int] = ()) -> None:
        self.session_id: int | None = None
        self.failure: str | None = None
        self.cut_off: list[dict[str, Any]] = []
        self.past: list[Past] | None = None
        self.seen: list[tuple[int, Reading]] = []
        self.clock: Reading | None = None
        self.lock: Lock | None = None
        self.computer: int | None = None
        self._directory = directory
        self._answers = LineSplitter()
        self._asked = False
        self.idle = False
        """Whether it is nobody's session, but what the unit found by itself."""
        self._looking = False
        self._ended = self._tripped = False
        self._over_s: float | None = None
        self._zero_s = 0.0
        self._unkept = 0
        self._kept_s = 0.0
        self._row_due_s = 0.0
        self._session: Session | None = None
        self._stop: StopSwitch | None = None
        self._wear: Callable[[], tuple[int, int]] | None = None
        (far_in, self._out), (self._in, far_out) = _pipes()
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)
        command = [sys.executable, "-P", "-m", "controller.journal.store", str(directory)]
        try:
            # A session of its own: Ctrl-C at the terminal is for the treatment, not for its record.
            self._child = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                command, stdin=far_in, stdout=far_out, start_new_session=True, pass_fds=tuple(keep_open)
            )
        except OSError as error:
            self._let_go()
            raise JournalRefused(_unstarted(error)) from error
        finally:
            os.close(far_in)
            os.close(far_out)
        if start is not None:
            self.begin(start)

    # --- before and after the session --------------------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether the start is on the disk."""
        return self.session_id is not None

    @property
    def begin_sent(self) -> bool:
        """Whether the start was sent."""
        return self._asked

    def look(self, unit: str, *, simulated: bool) -> None:
        """Ask which sessions of the unit were cut off, what was given lately, and what locks it.

        Answered with the ticks; nothing is asked while an answer is still to come.
        """
        if not self._looking:
            self._looking = True
            self._send("look", {"unit": unit, "simulated": simulated})

    def stopped(self, unit: str, *, simulated: bool) -> None:
        """Write that Stop was pressed on the unit, where a cause waits for that; answered as `look` is."""
        self._looking = True
        self._send("stop", {"unit": unit, "simulated": simulated})

    def looked(self) -> Lock | None:
        """Wait until what was asked is answered, at most 5 s; return what locks. Raises JournalRefused."""
        self._wait(lambda: not self._looking)
        if self.failure is not None or self._looking:
            raise JournalRefused(self.failure or self._too_slow())
        return self.lock

    def begin(self, start: dict[str, Any], zero_s: float = 0.0) -> None:
        """Send the start; times are counted from `zero_s` of the session's time (s) on."""
        self._asked, self._zero_s, self.idle = True, zero_s, start["treatment"] == IDLE
        self._kept_s = time.monotonic()
        self._send("begin", {name: _short(value) for name, value in start.items()})

    def confirm(self) -> None:
        """Wait until the start is on the disk, at most 5 s. Raises JournalRefused."""
        self._wait(lambda: self.begun)
        if self.failure is not None or not self.begun:
            raise JournalRefused(self.failure or self._too_slow())

    def since_start_s(self, time_s: float) -> float | None:
        """Give the time on the record's own axis, which begins at Start; None before."""
        return max(0.0, round(time_s - self._zero_s, 3)) if self._asked else None

    def refuse(self, reason: str, code: int | None = None) -> None:
        """Write that the session never began."""
        if self._asked and not self._ended:
            self._ended = True
            self._send("end", "refused", _short(reason), 0.0, 0.0, 0.0, code)

    def close(self) -> None:
        """Wait until everything is on the disk, at most 5 s, and let the child go; twice is harmless."""
        if self._in < 0:
            return
        if self._asked and not self._ended and self._over_s is not None and self._session is not None:
            self._end(self._session)
        if self._asked:
            self._wait(lambda: self.begun and self._unkept == 0)
            if self.failure is None and (self._unkept or not self.begun):
                self.failure = self._too_slow()
        self._let_go()
        try:
            self._child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:  # a disk that hangs: it ends when the disk lets it
            return

    # --- the tick -------------------------------------------------------------------------------------------

    def watch(
        self, session: Session, stop: StopSwitch, wear: Callable[[], tuple[int, int]] | None = None
    ) -> None:
        """Take the session to write about, and the switch to stop it by when that fails.

        `wear` gives how often the series and the polarity relay have operated, for the service counters.
        """
        self._session, self._stop, self._wear = session, stop, wear
        self._kept_s = time.monotonic()

    def tick(self, measurement: Measurement) -> None:
        """Look at a finished tick: a row twice a second, and one at the end."""
        session = self._session
        if session is None or not self._asked:
            return
        if self._ended:
            self._tell_trip(session)
            return
        ends = session.finished and self._over_s is None
        if ends:
            self._over_s = measurement.time_s
        watched = self._over_s is not None and measurement.time_s >= self._over_s + WATCHED_S
        if measurement.time_s < self._row_due_s and not ends and not watched and session.trip is None:
            return
        self._row_due_s = measurement.time_s + ROW_S - 1e-6
        if self._over_s is None or ends:
            at_s = round(measurement.time_s - self._zero_s, 3)
            self._send("row", at_s, session.phase, *_seen(session, measurement), *self._dose(session))
        if watched or session.trip is not None:
            self._end(session)
        self.listen()
        late = self._unkept and time.monotonic() - self._kept_s > PATIENCE_S
        if late and self.failure is None:
            self.failure = self._too_slow()
        if self.failure is not None and self._stop is not None:
            self._stop.press(StopCause.RECORD)

    def waiting(self) -> None:
        """Listen for an answer to `look` or `begin` in a tick; `failure` tells when it took more than 5 s."""
        self.listen()
        if not self.begun and time.monotonic() - self._kept_s > PATIENCE_S:
            self.failure = self.failure or self._too_slow()

    @staticmethod
    def _dose(session: Session) -> tuple[float, float]:
        return session.dose.ma_min("forward"), session.dose.ma_min("reverse")

    def _end(self, session: Session) -> None:
        self._ended = True
        at_s = round((self._over_s or self._zero_s) - self._zero_s, 3)
        code = code_of(session)
        self._tell_trip(session)
        if session.proven:
            self._send("proven")
        if self._wear is not None:
            self._send("wear", *self._wear())
        if session.phase is Phase.DONE:
            self._send("asked", session.asked.total_ma_min, session.short)
        reason = self.failure or session.reason
        outcome = "refused" if self.idle else outcome_of(session)  # it has begun for nobody
        self._send("end", outcome, _short(reason), at_s, *self._dose(session), code)

    def _tell_trip(self, session: Session) -> None:
        """Send a trip, once; what comes when the end is written already must not be forgotten either."""
        trip = session.trip
        if trip is not None and not self._tripped:
            self._tripped = True
            phase = session.tripped_in or session.phase
            self._send("trip", trip.cause, phase, trip.detected_s - self._zero_s, _short(trip.evidence))

    # --- the pipes ------------------------------------------------------------------------------------------

    def _send(self, *record: Any) -> None:
        if self.failure is not None:
            return
        if not self._unkept:
            self._kept_s = time.monotonic()
        try:
            os.write(self._out, json.dumps(record).encode() + b"\n")
        except BlockingIOError:
            self.failure = self._too_slow()
        except OSError:
            self.listen()  # the child's last word says why
            self.failure = self.failure or "the journal's process has died"
        else:
            self._unkept += record[0] not in ("look", "stop", "begin")

    def listen(self) -> None:
        """Take what the child has answered; never waits."""
        try:
            chunk = os.read(self._in, 1 << 16)
        except BlockingIOError:
            return
        if not chunk and self.failure is None:
            self.failure = "the journal's process has died"
        for line in self._answers.feed(chunk):
            self._take(json.loads(line))

    def _take(self, answer: dict[str, Any]) -> None:
        self._kept_s = time.monotonic()
        if "failed" in answer:
            self.failure = answer["failed"]
        elif "cut_off" in answer:
            self.session_id = answer.get("begun")
            self.cut_off += answer["cut_off"]
            if "past" in answer:
                self._looking = False
                self.past, self.seen = heard(answer)
                self.clock = reading(*answer["clock"])
                self.lock = lock_heard(answer)
                self.computer = answer["computer"]
        else:
            self._unkept -= answer["kept"]

    def _wait(self, done: Any) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while self.failure is None and not done() and (left_s := deadline_s - time.monotonic()) > 0.0:
            select.select([self._in], [], [], left_s)
            self.listen()

    def _too_slow(self) -> str:
        return (
            f"the journal in {self._directory} was not written within {PATIENCE_S:g} s: "
            "look at that disk, or choose another directory with --state"
        )

    def _let_go(self) -> None:
        for end in (self._out, self._in):
            if end >= 0:
                os.close(end)
        self._out = self._in = -1


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Open the pipes there and back. Raises JournalRefused."""
    there = None
    try:
        there = os.pipe()
        return there, os.pipe()
    except OSError as error:
        for end in there or ():
            os.close(end)
        raise JournalRefused(_unstarted(error)) from error


def _unstarted(error: OSError) -> str:
    cause, remedy = SHORTAGES.get(error.errno or 0, (str(error.strerror), "try again"))
    return f"the journal's process can't be started ({cause}): {remedy}"


def _seen(session: Session, m: Measurement) -> tuple[Any, ...]:
    """Return what a chart needs of a tick: polarity, setpoint and current (mA), voltage (V)."""
    current_ma = session.through_person_ma(m)
    return (
        session.polarity,
        round(session.setpoint_ma, 3),
        None if current_ma is None else round(current_ma, 3) + 0.0,
        None if m.voltage_v is None else round(m.voltage_v, 2) + 0.0,
    )


def _short(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value

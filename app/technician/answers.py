"""Who answers a procedure's steps: a terminal, an answer file, or the simulated bench.

Law: an answer is checked the same way wherever it comes from; where nobody is there to take a step again,
a refused one ends the procedure with the reason.
"""

from __future__ import annotations

import os
import select
import sys
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from typing import Any

from app.output import say
from app.technician.engine import (
    Abort,
    Back,
    Entry,
    Procedure,
    Step,
    Value,
    Values,
    allowed,
    check_entry,
    read_entry,
)
from app.technician.walk import WAIT_S, Failed
from config.reader import misplaced, read_bytes, refused, whole
from config.yaml_tree import Tree
from controller.backends.meter import Meter, MeterFailed
from controller.host.lines import LineSplitter

LEFT = "left by the technician; what was done is kept"


class Readings:
    """Readings of a meter on a line, taken in the background so that no tick waits for it.

    `meter` tells which one is there now: a simulated one comes and goes with its bench, and is read at once,
    for it lives in the loop's own time.
    """

    def __init__(self, meter: Callable[[], Meter | None]) -> None:
        self._meter = meter
        self._pool = ThreadPoolExecutor(1, "meter")
        self._coming: tuple[str, Future[float]] | None = None

    def poll(self, key: str, entry: Entry, wait_s: float) -> float | None:
        """Ask for a reading under `key`, or take the one that was asked for.

        Raises Failed when the meter does: it can be mended, and the step taken again.
        """
        meter = self._meter()
        if meter is None:
            raise Abort("no meter is connected: type the reading in")
        read = meter.read_ma if entry.meter == "ma" else meter.read_v
        if meter.simulated:
            return read()
        if self._coming is None or self._coming[0] != key:
            self._coming = (key, self._pool.submit(read))
        try:
            value = self._coming[1].result(wait_s)
        except FutureTimeout:
            return None
        except MeterFailed as error:
            self._coming = None
            raise Failed(str(error)) from error
        self._coming = None
        return value

    @property
    def there(self) -> bool:
        """Whether a meter can be read now."""
        return self._meter() is not None

    def forget(self) -> None:
        """Let a reading that was asked for before go unused."""
        self._coming = None


def read_answers(path: Path, procedure: Procedure) -> dict[str, dict[str, Value]]:
    """Read an answer file for a procedure: `answers: {STEP: {ENTRY: value}}`.

    Raises BadFile naming the place, the step and the entry that are unknown or out of bounds.
    """
    name = str(path)
    tree = whole(read_bytes(path), name)
    data = tree.data
    steps = {step.name: {entry.name: entry for entry in step.enter} for step in procedure.steps}
    answers = data.get("answers")
    if set(data) - {"procedure", "answers"} or not isinstance(answers, dict):
        raise refused(name, "expected `procedure` and `answers`, a mapping of steps to their entries")
    if data.get("procedure", procedure.name) != procedure.name:
        raise refused(name, f"answers {data['procedure']!r}, answers to {procedure.name} are expected")
    found: dict[str, dict[str, Value]] = {}
    for step, given in answers.items():
        if step not in steps or not steps[step]:
            known = ", ".join(key for key, entries in steps.items() if entries)
            said = f"is no step with entries of {procedure.name}, allowed are {known}"
            raise misplaced(name, tree, ("answers", step), said)
        if not isinstance(given, dict):
            said = f"expected a mapping of {', '.join(steps[step])}"
            raise misplaced(name, tree, ("answers", step), said)
        entries = steps[step]
        found[step] = {key: _answer(name, tree, entries, (step, key), value) for key, value in given.items()}
    return found


def _answer(name: str, tree: Tree, entries: Mapping[str, Entry], loc: tuple[str, str], value: Any) -> Value:
    if loc[1] not in entries:
        said = f"is not asked for, allowed are {', '.join(entries)}"
        raise misplaced(name, tree, ("answers", *loc), said)
    try:
        return check_entry(entries[loc[1]], value)
    except ValueError as error:
        raise misplaced(name, tree, ("answers", *loc), str(error).removeprefix(f"{loc[1]} ")) from None


class Unattended:
    """Answers from a table, a meter, or `otherwise`, with nobody there to take a step again.

    `source` names in errors where the answers come from. `otherwise(step, entry)` gives what the table lacks,
    or None.
    """

    def __init__(
        self,
        source: str,
        answers: Mapping[str, Mapping[str, Value]],
        meter: Callable[[], Meter | None] = lambda: None,
        otherwise: Callable[[Step, Entry], Value | None] = lambda _step, _entry: None,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._source, self._answers = source, answers
        self._readings = Readings(meter)
        self._found: dict[str, Value] = {}
        self._otherwise, self._tell = otherwise, tell

    def show(self, step: Step, number: int, count: int) -> None:
        """Tell which step it is."""
        self._found = {}
        self._tell(f"{number}/{count} {step.title}")

    def poll(self, step: Step, wait_s: float) -> Mapping[str, Value] | None:
        """Give the answers when the meter has read its own. Raises Abort for one that is missing."""
        for entry in step.enter:
            if entry.name not in self._found:
                value = self._one(step, entry, wait_s)
                if value is None:
                    return None
                self._found[entry.name] = value
        return dict(self._found)

    def refused(self, step: Step, why: str) -> None:
        """End the procedure: nobody is there."""
        raise Abort(f"{step.name}: {why}")

    def kept(self, step: Step, values: Values) -> None:
        """Nothing to tell."""

    def _one(self, step: Step, entry: Entry, wait_s: float) -> Value | None:
        given = self._answers.get(step.name, {}).get(entry.name)
        if given is None and entry.meter and self._readings.there:
            given = self._readings.poll(step.name + entry.name, entry, wait_s)
            if given is None:
                return None
        if given is None:
            given = self._otherwise(step, entry)
        if given is None:
            given = entry.default
        if given is None:
            raise Abort(
                f"{self._source} has no answer for answers.{step.name}.{entry.name}: {allowed(entry)}"
            )
        try:
            return check_entry(entry, given)
        except ValueError as error:
            raise Abort(f"{step.name}: {error}") from error


class Terminal:
    """Asks a person at the terminal, line by line, without ever holding up the loop.

    `back` goes to the step before, `quit` leaves with everything kept. With a `meter` its readings are
    taken and shown, after Enter.
    """

    def __init__(self, meter: Callable[[], Meter | None] = lambda: None) -> None:
        self._readings = Readings(meter)
        self._reading = False
        self._typed: dict[str, Value] = {}
        self._asked = ""
        self._lines, self._ahead = LineSplitter(), deque[bytes]()

    def show(self, step: Step, number: int, count: int) -> None:
        """Show what to do now."""
        self._clear()
        say(f"\nStep {number} of {count}: {step.title}\n  {step.do}")

    def poll(self, step: Step, wait_s: float) -> Mapping[str, Value] | None:
        """Ask for the next entry once, and take the line when it is there."""
        left = [entry for entry in step.enter if entry.name not in self._typed]
        if not left:
            return dict(self._typed)
        entry = left[0]
        if self._asked != entry.name:
            self._asked = entry.name
            _prompt(entry)
        line = None if self._reading else self._line(wait_s)
        if line is not None:
            self._take(entry, line.strip())
        if self._reading:
            value = self._readings.poll(step.name + entry.name, entry, wait_s)
            if value is not None:
                say(f"  {value:.4f} {entry.unit} read")
                self._reading = False
                self._check(entry, value)
        return dict(self._typed) if len(self._typed) == len(step.enter) else None

    def refused(self, step: Step, why: str) -> None:
        """Say why and wait for the person, so that nothing is tried again unasked. Raises Back or Abort."""
        self._clear()
        say(f"  {step.title}: not accepted: {why}")
        while True:
            say("  Enter goes on, back takes the step before again, quit leaves.")
            line = None
            while line is None:
                line = self._line(WAIT_S)
            word = line.strip().lower()
            if word == "back":
                raise Back
            if word == "quit":
                raise Abort(LEFT)
            if not word:
                return

    def kept(self, step: Step, values: Values) -> None:
        """Say what the step gave, where it measured something."""
        entered = {entry.name for entry in step.enter}
        shown = [
            f"{name} {value:.4f}"
            for name, value in values.items()
            if name not in entered and type(value) is float
        ]
        say("  Kept" + (": " + ", ".join(shown) if shown else "") + ".")

    def _clear(self) -> None:
        self._typed, self._asked, self._reading = {}, "", False
        self._readings.forget()

    def _take(self, entry: Entry, line: str) -> None:
        if line.lower() == "back":
            raise Back
        if line.lower() == "quit":
            raise Abort(LEFT)
        if not line and entry.meter and self._readings.there:
            self._reading = True
            return
        try:
            self._typed[entry.name] = read_entry(entry, line)
        except ValueError as error:
            self._again(error)

    def _check(self, entry: Entry, value: float) -> None:
        try:
            self._typed[entry.name] = check_entry(entry, value)
        except ValueError as error:
            self._again(error)

    def _again(self, error: ValueError) -> None:
        say(f"  {error}")
        self._asked = ""

    def _line(self, wait_s: float) -> str | None:
        if not self._ahead:
            if sys.stdin is None:
                raise Abort("there is nobody to ask: give --answers FILE, or a terminal")
            handle = sys.stdin.fileno()
            if not select.select([handle], [], [], wait_s)[0]:
                return None
            try:
                more = os.read(handle, 4096)
            except BlockingIOError:
                return None
            except OSError:  # a terminal that was closed answers so
                more = b""
            if not more:
                raise Abort("the answers ended; what was done is kept")
            self._ahead.extend(self._lines.feed(more))
            if not self._ahead:
                return None
        return self._ahead.popleft().decode("utf-8", "replace")


def _prompt(entry: Entry) -> None:
    default = "" if entry.default is None else f" [{entry.default}]"
    say(f"  {entry.prompt} ({allowed(entry)}){default}:")

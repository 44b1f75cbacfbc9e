"""The step engine: a technician's procedure as data, and where somebody stands in it.

Law: pure. A procedure is a table of steps; progress is the results so far and nothing else, so that whoever
keeps the results can go on at any step, go back, or take one again. What the unit does in a step (`action`)
and who answers (a face) belong to others; this module never waits, reads or writes.

A procedure is run by `app/technician/walk.py` with a face: the command line, an answer file, the simulated
bench; later the web page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from config.characters import unfit_in_name

Value: TypeAlias = float | bool | str
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
Values: TypeAlias = Mapping[str, Any]
"""What a step gave: entries by name as `Value`, and what was measured (plain JSON values)."""


class Back(Exception):
    """The person wants the step before."""


class Abort(Exception):
    """The procedure is left; `str()` is one sentence why. What was done so far is kept."""


class Entry(NamedTuple):
    """One thing that is entered in a step.

    `kind` number takes `low` to `high` in `unit`; text takes 1 to `longest` characters; yes takes yes or no;
    choice takes one of `choices`; date takes a day like 2026-01-31. `check` judges what these allow at once,
    and returns "" or what is wrong with it, to follow the entry's name. `meter` names a quantity (`ma` or
    `v`) that a meter on the line may read instead of the person. `default` stands when nothing is typed, and
    is not offered when None. `simulated` is what the simulated bench answers; None leaves the answer to the
    meter or to who performs the step.
    """

    name: str
    prompt: str
    kind: Literal["number", "text", "yes", "choice", "date"] = "text"
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    meter: Literal["", "ma", "v"] = ""
    default: Value | None = None
    simulated: Value | None = None
    longest: int = 80
    check: Callable[[Any], str] = lambda _value: ""


class Step(NamedTuple):
    """One step: what to do, what is entered, what the unit does meanwhile, and what is acceptable.

    `name` is the key in progress and answer files. `action` is data for who performs the step, None for a
    step without the unit. `accept(values, results)` gets this step's values and the results before it and
    returns "" or one sentence what is wrong; `drops` names earlier steps to take again when it refuses.
    `needed(results)` says whether the step is taken at all, by the results so far, which may lack any.
    """

    name: str
    title: str
    do: str
    enter: tuple[Entry, ...] = ()
    action: Any = None
    accept: Callable[[Values, Mapping[str, Values]], str] = lambda _values, _results: ""
    drops: Callable[[Values, Mapping[str, Values]], tuple[str, ...]] = lambda _values, _results: ()
    needed: Callable[[Mapping[str, Values]], bool] = lambda _results: True


class Progress(NamedTuple):
    """Where somebody stands: `facts` say what the procedure is about, `results` are by step, in order."""

    facts: Values
    results: Mapping[str, Values]


class Procedure(NamedTuple):
    """A named table of steps, done in order."""

    name: str
    title: str
    steps: tuple[Step, ...]

    def begin(self, facts: Values) -> Progress:
        """Give progress with nothing done; ValueError for two steps of one name, which is ours to mend."""
        names = [step.name for step in self.steps]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.name}: two steps have the same name")
        return Progress(dict(facts), {})

    def next_step(self, progress: Progress) -> Step | None:
        """Give the first step that is needed and has no result, or None when all are done."""
        return next((step for step in self._needed(progress) if step.name not in progress.results), None)

    def _needed(self, progress: Progress) -> list[Step]:
        return [step for step in self.steps if step.needed(progress.results)]

    def number(self, step: Step) -> int:
        """Give a step's place, from 1."""
        return self.steps.index(step) + 1

    def keep(self, progress: Progress, step: Step, values: Values) -> Progress:
        """Add the result of a step that was accepted; what is not needed with it is forgotten."""
        results = {**progress.results, step.name: dict(values)}
        ordered = {
            each.name: results[each.name]
            for each in self.steps
            if each.name in results and each.needed(results)
        }
        return progress._replace(results=ordered)

    def back(self, progress: Progress) -> Progress:
        """Forget the result before the present step; at the first step nothing changes."""
        before = None
        for step in self._needed(progress):
            if step.name not in progress.results:
                break
            before = step.name
        return progress if before is None else self.drop(progress, (before,))

    def drop(self, progress: Progress, names: tuple[str, ...]) -> Progress:
        """Forget the results of some steps, to take them again."""
        kept = {name: values for name, values in progress.results.items() if name not in names}
        return progress._replace(results=kept)


def read_entry(entry: Entry, text: str) -> Value:
    """Read what was typed for an entry; ValueError with one sentence naming entry and what is allowed."""
    text = text.strip()
    if not text and entry.default is not None:
        return entry.default
    if entry.kind == "yes":
        word = text.lower()
        if word in ("y", "yes"):
            return True
        if word in ("n", "no"):
            return False
        raise ValueError(f"{entry.name} is {text!r}, yes or no is allowed")
    if entry.kind == "choice":
        alike = (one for one in entry.choices if one.lower() == text.lower())
        return check_entry(entry, next(alike, text))
    if entry.kind == "number":
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            raise ValueError(f"{entry.name} is {text!r}, {allowed(entry)} is allowed") from None
        return check_entry(entry, number)
    return check_entry(entry, text)


def check_entry(entry: Entry, value: object) -> Value:
    """Check a value for an entry, as from an answer file; ValueError with one sentence."""
    good = False
    if entry.kind == "yes":
        good = isinstance(value, bool)
    elif entry.kind == "number":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        good = number and math.isfinite(value) and entry.low <= value <= entry.high  # type: ignore[operator,arg-type]
    elif entry.kind == "choice":
        good = value in entry.choices
    elif entry.kind == "date":
        good = isinstance(value, str) and _is_day(value)
    else:
        good = isinstance(value, str) and 1 <= len(value) <= entry.longest
        if good and (wrong := unfit_in_name(str(value))):
            raise ValueError(f"{entry.name} {wrong}")
    if not good:
        raise ValueError(f"{entry.name} is {value!r}, {allowed(entry)} is allowed")
    if wrong := entry.check(value):
        raise ValueError(f"{entry.name} {wrong}")
    return float(value) if entry.kind == "number" else value  # type: ignore[arg-type,return-value]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return _DAY.fullmatch(text) is not None  # from 3.11 on Python reads more than that


def allowed(entry: Entry) -> str:
    """Say what an entry takes."""
    unit = f" {entry.unit}" if entry.unit else ""
    if entry.kind == "yes":
        return "yes or no"
    if entry.kind == "choice":
        return "one of " + ", ".join(entry.choices)
    if entry.kind == "text":
        return f"text of 1 to {entry.longest} characters"
    if entry.kind == "date":
        return "a date like 2026-01-31"
    if math.isinf(entry.low) or math.isinf(entry.high):
        return f"a number in{unit}" if unit else "a number"
    return f"a number from {entry.low:g} to {entry.high:g}{unit}"

"""Walking through a procedure: shows a step, lets the unit do its part, keeps each result before the next.

Law: a result is on the disk before the next step begins; whatever interrupts a step, the performer has
switched the unit off before anybody hears of it, and the steps before it stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from app.technician.engine import Abort, Back, Procedure, Progress, Step, Value, Values

Poll: TypeAlias = Callable[[float], Mapping[str, Value] | None]
"""Ask for the entries of the present step: None while they are not there yet. The argument is how long it may
wait (s); 0 returns at once, as it must while current flows. Raises Back or Abort."""
Perform: TypeAlias = Callable[[Step, Mapping[str, Values], Poll], Values]
"""Do a step with the unit and return what was entered and measured. Gets the results before it. Leaves the
unit off, however it ends. Raises `Failed` with one sentence when the step could not be done."""

WAIT_S = 0.2
"""How long an unpowered step waits for its answer before it looks up again."""


class Failed(Exception):
    """The unit did not do its part of a step; `str()` is one sentence with what to do."""


class Face(Protocol):
    """Who answers: a terminal, an answer file, the simulated bench, a web page."""

    def show(self, step: Step, number: int, count: int) -> None:
        """Show what to do now."""

    def poll(self, step: Step, wait_s: float) -> Mapping[str, Value] | None:
        """Give the step's entries when all are there, else None. Raises Back or Abort."""

    def refused(self, step: Step, why: str) -> None:
        """Tell why a step has to be taken again. Raises Abort where nobody can take it again, and Back."""

    def kept(self, step: Step, values: Values) -> None:
        """Tell that a step is done, with what it gave."""


def walk(
    procedure: Procedure,
    progress: Progress,
    face: Face,
    perform: Perform,
    keep: Callable[[Progress], None],
) -> Progress:
    """Go through what is left of a procedure and return the progress with every result.

    `keep` stores the progress after every change. Raises Abort, and whatever interrupts.
    """
    count = len(procedure.steps)
    while (step := procedure.next_step(progress)) is not None:
        face.show(step, procedure.number(step), count)
        try:
            values = _take(step, progress, face, perform)
            if why := step.accept(values, progress.results):
                progress = procedure.drop(progress, step.drops(values, progress.results))
                keep(progress)
                raise Failed(why)
            progress = procedure.keep(progress, step, values)
            keep(progress)
            face.kept(step, values)
        except Back:
            progress = procedure.back(progress)
            keep(progress)
        except Failed as error:
            try:
                face.refused(step, str(error))
            except Back:
                progress = procedure.back(progress)
                keep(progress)
    return progress


def _take(step: Step, progress: Progress, face: Face, perform: Perform) -> Values:
    def poll(wait_s: float) -> Mapping[str, Value] | None:
        return face.poll(step, wait_s)

    if step.action is not None:
        return perform(step, progress.results, poll)
    entered: Mapping[str, Value] | None = {} if not step.enter else None
    while entered is None:
        entered = poll(WAIT_S)
    return dict(entered)


__all__ = ["Abort", "Back", "Face", "Failed", "Perform", "Poll", "walk"]

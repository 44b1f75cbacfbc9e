"""`ionto unlock`: a technician says why a unit was locked, and its protections are proven with nobody there.

Law: the code is asked for, never an argument, which others on the machine could read. What was said releases
nothing by itself: the unit is released by a whole proof, begun by a hand on its Start, and by nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

from app.household.codes import TechnicianCode
from app.household.entered import require_entered
from app.household.store import StoreRefused
from app.output import ExitCode, UsageError, complain, say
from app.report import OUTCOME_CODES
from app.run import Order as RunOrder
from app.run import request_of
from app.signals import heeding
from app.state import state_directory
from controller.appliance.device import NOTHING
from controller.core.locks import PROOF, Lock, Needs, why_locked
from controller.host import wall
from controller.host.disk import why
from controller.host.ownership import InUse
from controller.journal.amending import fit_reason
from controller.journal.history import open_history
from controller.journal.releasing import Unwritable, WordRefused, say_why
from controller.journal.tables import FILE
from controller.loop.advice import SENTENCES
from controller.session.wiring import NotReady, StopSwitch, run_session

if TYPE_CHECKING:
    from pathlib import Path

    from controller.core.types import StopCause

NOT_LOCKED = "The unit is not locked."


class Order(NamedTuple):
    """What the command line asks for. `simulate` is None, "" (nobody's scenario) or a scenario's file."""

    reason: str
    unit: Path | None
    calibration: Path | None
    commissioning: Path | None
    simulate: str | None
    attach: Path | None
    state: Path | None
    json: bool


def unlock(order: Order) -> ExitCode:
    """Ask for the code, keep the reason, and prove the protections.

    Raises:
        UsageError: options that don't go together, or a reason that is not allowed.
        BadFile: a file of the order is refused.
        Unreadable: the journal can't be read.

    """
    if order.simulate is not None and order.attach is not None:
        raise UsageError(
            "--simulate brings its own unit, --attach drives a running one: leave one of them out"
        )
    state = state_directory(order.state)
    simulated = order.simulate is not None or order.attach is not None
    try:
        reason = fit_reason(order.reason)
    except ValueError as error:
        raise UsageError(f"--reason: {error}") from error
    request = request_of(_as_run(order, state), NOTHING)._replace(alone=True)
    lock = _lock(state, simulated=simulated)
    if lock is None:
        return _tell(order, NOT_LOCKED, released=True)
    if lock.needs is Needs.STOP:
        complain(f"ionto: {why_locked(lock)}")
        return ExitCode.REFUSED
    try:
        require_entered(state, TechnicianCode, wall.read())
        say_why(state, reason, simulated=simulated)
    except (StoreRefused, Unwritable, WordRefused) as refused:
        complain(f"ionto: {refused}")
        return ExitCode.REFUSED
    except (sqlite3.Error, OSError) as error:
        found = why(error, state / FILE)
        complain(f"ionto: the journal in {state} can't be written ({found.cause}): {found.remedy}")
        return ExitCode.REFUSED
    if not order.json:
        say(f"The reason is recorded. {SENTENCES['prove']} Ctrl-C stops it.")
    stop = StopSwitch()
    try:
        with heeding(_ending(stop)):
            summary = run_session(request, None, stop, complain).summary
    except NotReady as error:
        if isinstance(error.__cause__, InUse):  # by `ionto device`, which proves as well
            return _tell(order, "The unit's own program waits for that press of Start.", released=False)
        return _still_locked(str(error), ExitCode.REFUSED)
    if _lock(state, simulated=simulated) is None:
        return _tell(order, "Its protections are proven: the unit is released.", released=True)
    return _still_locked(summary["reason"] or "nothing was proven", OUTCOME_CODES[summary["outcome"]])


def _as_run(order: Order, state: Path) -> RunOrder:
    return RunOrder(
        treatment=PROOF,
        unit=order.unit,
        calibration=order.calibration,
        commissioning=order.commissioning,
        simulated=order.simulate is not None,
        scenario=_scenario(order),
        seed=1,
        speed=None,
        json=order.json,
        plot=None,
        attach=order.attach,
        state=state,
    )


def _scenario(order: Order) -> Path | None:
    from pathlib import Path

    return Path(order.simulate) if order.simulate else None


def _lock(state: Path, *, simulated: bool) -> Lock | None:
    with open_history(state) as history:
        return history.lock(simulated=simulated)


def _ending(stop: StopSwitch) -> Any:
    """Make a first Ctrl-C the soft stop, and a second one off at once."""

    def end(cause: StopCause) -> None:
        (stop.cut if stop.pressed else stop.press)(cause)

    return end


def _tell(order: Order, sentence: str, *, released: bool) -> ExitCode:
    say(json.dumps({"released": released, "told": sentence}) if order.json else sentence)
    return ExitCode.COMPLETED


def _still_locked(why: str, code: ExitCode) -> ExitCode:
    complain(f"ionto: the unit is still locked: {why}")
    return code

"""`ionto run`: reads the files, runs one session through the controller's door, reports how it ended.

Law: everything that can be refused is refused before the session begins; during it, Ctrl-C is Stop.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from app.atomic import check_target, write_whole
from app.locale.terminal import number, retell, t
from app.output import ExitCode, UndeliveredError, complain, say
from app.report import OUTCOME_CODES, describe, refused_summary
from app.signals import heeding
from app.state import state_directory
from app.technician.records import commissioning_record, same_parts, treatment_record
from app.unit_options import told
from app.view import View
from config.commissioning import why_not_commissioned
from config.reader import read
from config.unit import load_unit
from controller.core.types import StopCause
from controller.host.disk import why
from controller.session.wiring import NotReady, SessionRequest, SessionResult, StopSwitch, run_session
from protocols.treatment import Treatment, find
from sim.scenario import Scenario


class Order(NamedTuple):
    """What the command line asks for. `speed` is a factor of real time, None as fast as possible."""

    treatment: str
    unit: Path | None
    calibration: Path | None
    commissioning: Path | None
    simulated: bool
    scenario: Path | None
    seed: int
    speed: float | None
    json: bool
    plot: Path | None
    attach: Path | None = None
    state: Path | None = None


def run(order: Order) -> ExitCode:
    """Run the session and return how it ended.

    Raises:
        UsageError: the plot can't be written where it is wanted.
        BadFile: a file of the order is refused.

    """
    request = _request(order)
    if order.plot is not None:
        from app import plot  # noqa: F401 - now, not when the session is over and no file may be left to open

        check_target(order.plot, f"--plot {order.plot}")
    say_to_person = complain if order.json else say
    say_to_person(_opening(request))
    stop = StopSwitch()
    with heeding(_ending(stop)):
        with View(_stage(as_json=order.json)) as view:
            try:
                result = run_session(request, view.show, stop, lambda text: complain(retell(text)))
            except NotReady as error:  # caught in here: nothing was cut off that the view should tell
                return _refuse(order, request, str(error))
        if request.calibration_notice and not request.calibration.is_nominal:
            result.summary["calibration_notice"] = request.calibration_notice
        return _deliver(order, result, view)


def _request(order: Order) -> SessionRequest:
    return request_of(order, find(order.treatment))


def request_of(order: Order, treatment: Treatment) -> SessionRequest:
    """Read the files that a session of `treatment` needs. Raises BadFile."""
    unit = load_unit(order.unit, simulated=order.simulated or order.attach is not None)
    scenario = Scenario() if order.simulated else None
    state = order.state
    if state is None and not order.simulated:
        state = state_directory(None)
    if order.scenario is not None:
        scenario = read(order.scenario, Scenario)
    seed = order.seed if order.simulated else None
    calibration, notice = treatment_record(order.calibration, state, unit, seed)
    if scenario is not None:
        scenario = same_parts(scenario, calibration)
    uncommissioned = ""
    if scenario is None and order.attach is None:
        uncommissioned = why_not_commissioned(commissioning_record(order.commissioning, unit, state), unit)
        notice = "" if calibration.why_missing(unit) else notice  # such a unit refuses, and uses no values
    return SessionRequest(
        treatment=treatment,
        unit=unit,
        calibration=calibration,
        calibration_notice=notice,
        simulate=scenario,
        seed=order.seed,
        speed=order.speed,
        rehearsed_name=order.treatment,
        attach=order.attach,
        state=state,
        uncommissioned=uncommissioned,
    )


def _opening(request: SessionRequest) -> str:
    treatment = request.treatment
    current, minutes = number(treatment.current_ma, "g"), number(treatment.total_min, "g")
    lines = [f"{request.rehearsed_name}: {current} mA, {minutes} min"]
    if request.simulate is not None:
        pace = t("as fast as possible")
        if request.speed is not None:
            pace = t("{factor} times real time", factor=number(request.speed, "g"))
        lines.append(t("SIMULATED unit and person, seed {seed}, {pace}", seed=request.seed, pace=pace))
    elif request.attach is not None:
        lines.append(t("SIMULATED unit and person at {place}, real time", place=request.attach))
    lines.append(t("Ctrl-C stops softly, twice at once"))
    notices = (retell(request.calibration_notice) if request.calibration_notice else "", told(request.unit))
    return "\n".join(("; ".join(lines) + ".", *filter(None, notices)))


def _stage(*, as_json: bool) -> TextIO | None:
    """Choose where the view goes: never to a stream that carries the answer for programs."""
    if not as_json:
        return sys.stdout
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _ending(stop: StopSwitch) -> Callable[[StopCause], None]:
    """Make a first Ctrl-C, termination or lost terminal a soft stop, and a second one off at once."""
    pressed = False

    def end(cause: StopCause) -> None:
        nonlocal pressed
        (stop.cut if pressed else stop.press)(cause)
        pressed = True

    return end


def _refuse(order: Order, request: SessionRequest, reason: str) -> ExitCode:
    complain(f"ionto: {retell(reason)}")
    if order.json:
        summary = refused_summary(order.treatment, reason, request.unit.loop.rate_hz)
        say(json.dumps(summary | {"simulated": order.attach is not None}))
    return ExitCode.REFUSED


def _deliver(order: Order, result: SessionResult, view: View) -> ExitCode:
    """Report the session; a plot that fails now is told, but hides neither the summary nor the outcome."""
    summary: dict[str, Any] = result.summary
    evidence = view.last["trip_evidence"] if view.last is not None else None
    undelivered: str | None = None
    if order.plot is not None:
        from app import plot

        try:
            write_whole(order.plot, plot.draw(result.trace, summary))
        except OSError as error:
            cause, remedy = map(retell, why(error, order.plot))
            undelivered = t(
                "--plot {file}: could not be written ({cause}): {remedy}",
                file=order.plot,
                cause=cause,
                remedy=remedy,
            )
    say(json.dumps(summary, allow_nan=False) if order.json else describe(summary, evidence))
    if undelivered is not None:
        raise UndeliveredError(undelivered)
    return OUTCOME_CODES[summary["outcome"]]

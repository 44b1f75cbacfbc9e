"""`ionto unit`: the simulated unit as a process of its own, and the hands of the person in front of it.

Law: it goes on in real time whoever drives it, until it is told to end; what a person or a fault does to a
running unit goes in beside its driver.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any, NamedTuple

from app.output import ExitCode, UsageError, complain, say
from config.reader import read
from config.unit import load_unit
from controller.backends.attached import tell_unit
from controller.backends.bench import NotReady
from controller.backends.simulated import unit_server
from controller.host.disk import told
from sim.faults import check_params
from sim.scenario import Scenario


class UnitOrder(NamedTuple):
    """What the command line asks for: a unit at `socket`, or one question to the unit there."""

    socket: Path
    scenario: Path | None
    seed: int
    area: str
    unit: Path | None
    record: Path | None
    press: str | None
    inject: list[str] | None
    truth: bool


def unit(order: UnitOrder) -> ExitCode:
    """Be the unit, or tell or ask the one that runs.

    Raises:
        UsageError: a fault or file that can't be.
        BadFile: a file of the order is refused.

    """
    try:
        if order.press is not None:
            return _tell(order.socket, "press", button=order.press)
        if order.inject is not None:
            return _tell(order.socket, "inject", **_fault(order.inject))
        if order.truth:
            return _tell(order.socket, "truth")
        return _serve(order)
    except NotReady as error:
        complain(f"ionto: {error}")
        return ExitCode.REFUSED


def _tell(socket: Path, question: str, **details: Any) -> ExitCode:
    say(json.dumps(tell_unit(socket, question, **details)))
    return ExitCode.COMPLETED


def _fault(words: list[str]) -> dict[str, Any]:
    name, *pairs = words
    params: dict[str, Any] = {}
    for pair in pairs:
        key, _, text = pair.partition("=")
        try:
            params[key] = json.loads(text)
        except ValueError:
            params[key] = text
    try:
        check_params(name, params)
    except ValueError as error:
        raise UsageError(f"--inject: {error}") from error
    return {"fault": name, "params": params}


def _serve(order: UnitOrder) -> ExitCode:
    scenario = Scenario() if order.scenario is None else read(order.scenario, Scenario)
    described = load_unit(order.unit, simulated=True)
    try:
        record = None if order.record is None else order.record.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--record {order.record}: can't be written: {told(error, order.record)}") from error
    try:
        server = unit_server(described, order.area, scenario, order.seed, order.socket, record)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda _number, _frame: server.stop())
        say(
            f"SIMULATED unit and person at {order.socket}, {order.area}, seed {order.seed}, real time. "
            f"Treat with `ionto run TREATMENT --attach {order.socket}`, press Start with "
            f"`ionto unit --socket {order.socket} --press start`; Ctrl-C ends it."
        )
        server.serve()
    finally:
        if record is not None:
            record.close()
    return ExitCode.COMPLETED

"""`ionto device`: owns the unit, starts what talks to others, and serves until it is told to end.

Law: everything that can be refused is refused before the unit is taken. SIGTERM and Ctrl-C stop softly and
end; a second one cuts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict

from app.arguments import LONGEST_SOCKET
from app.device.line import HeraldLine
from app.locale.terminal import retell, t
from app.output import ExitCode, UsageError, complain, say
from app.report import pace
from app.signals import heeding
from app.state import state_directory
from app.technician.records import commissioning_record, same_parts, treatment_record
from app.unit_options import told
from app.words import dose, named
from config.calibration import Calibration
from config.commissioning import why_not_commissioned
from config.reader import read
from config.unit import Unit, load_unit
from controller.appliance.device import Device
from controller.appliance.live_state import API, SOCKET, Hello
from controller.appliance.supervision import Supervision
from controller.backends.bench import Bench, NotReady
from controller.backends.rigging import failed_start, rig_on
from controller.core.reasons import reason_of
from controller.core.wording import by_area
from controller.host.disk import there, why
from controller.host.ownership import InUse
from controller.host.stop_mark import StopMark
from controller.loop.bounds import unit_bound
from controller.loop.clock import SessionClock
from controller.orders.file import FILE
from controller.orders.judgement import OrderRefused, Prepared, own
from protocols.fitness import OFF
from protocols.treatment import area_of, find, names, unknown
from sim.scenario import PersonSpec, Scenario

BOOK_S = 5.0
"""The longest that is waited for word of whether people are kept, far below the watchdog's 20 s."""


class Order(NamedTuple):
    """What the command line asks for. `simulate` is None, "" (nobody's scenario) or a scenario's file."""

    treatment: str | None
    unit: Path | None
    calibration: Path | None
    commissioning: Path | None
    state: Path | None
    anyone: bool
    simulate: str | None
    attach: Path | None
    seed: int | None
    speed: float | None
    json: bool


def _known(name: str) -> str:
    """Refuse an unknown name where it stands. Raises ValueError."""
    if wrong := unknown(name):
        raise ValueError(wrong)
    return name


def _nobodys(name: str) -> str:
    """Refuse what needs a professional's word for a person. Raises ValueError."""
    treatment = find(_known(name))
    if treatment.electrolyte in OFF or treatment.area in OFF:
        raise ValueError(
            f"{name} needs a professional's word for a person, so it is never the unit's own treatment: "
            "have the word entered on the page People, and prepare it there"
        )
    return name


class Defaults(BaseModel):
    """`device.yaml`: what is treated when nothing is prepared, by whomever, and whether phones may pair."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    treatment: Annotated[str, AfterValidator(_nobodys)] | None = None
    anyone: bool = False
    pairing: bool = True


def device(order: Order) -> ExitCode:
    """Serve a unit until a signal ends it.

    Raises:
        UsageError: options that don't go together, a state directory that can't be used.
        BadFile: a file of the order is refused.

    """
    _check(order)
    unit = load_unit(order.unit, simulated=order.simulate is not None or order.attach is not None)
    state = _state(order)
    seed = None if order.simulate is None else 1 if order.seed is None else order.seed
    calibration, notice = treatment_record(order.calibration, state, unit, seed)
    defaults = _defaults(state)
    default = _default(order, defaults, unit, calibration)
    anyone = order.anyone or defaults.anyone
    uncommissioned = ""
    if order.simulate is None and order.attach is None:
        uncommissioned = why_not_commissioned(commissioning_record(order.commissioning, unit, state), unit)
        notice = uncommissioned or calibration.why_missing(unit) or notice
    scenario = same_parts(_scenario(order), calibration)
    for said in filter(None, (retell(notice) if notice else "", told(unit))):
        complain(said)
    with ExitStack() as stack:
        try:
            bench = _bench(order, unit, default, scenario, stack)
            clock = SessionClock(bench.clock)
            rig = rig_on(bench._replace(clock=clock), unit, calibration, stack)
            supervision = stack.enter_context(closing(Supervision(os.environ)))
        except (OSError, InUse, NotReady) as error:
            why = failed_start(error) if isinstance(error, OSError) else str(error)
            complain(f"ionto: {retell(why)}")
            return ExitCode.REFUSED
        _make(state)
        face = _Face(stack, state, as_json=order.json, simulated=bench.simulated)
        most_ma = unit_bound(unit, calibration).most_ma
        line = HeraldLine(_facts(order, state, unit, bench, most_ma, pairing=defaults.pairing))
        stack.callback(line.close)  # before the panel is waited for, which ends with it
        served = Device(
            bench,
            rig,
            clock,
            unit,
            calibration,
            state=state,
            library={name: find(name) for name in names()},
            default=default,
            line=line,
            tell=face.tell,
            supervision=supervision,
            uncommissioned=uncommissioned,
            stop_mark=None if bench.simulated else StopMark(state, bench.name),
            stop_test=not bench.simulated or scenario.person.stop_at_s is not None,
        )
        standing = served.standing

        def own_allowed() -> bool:
            return default is None or anyone or not _people_are_kept(state)

        def between() -> None:
            line.start()
            standing.own_allowed = own_allowed()

        served.between = between
        with heeding(served.end):
            face.begin(state, default, off=not own_allowed())
            served.serve()
    return ExitCode.COMPLETED


def _check(order: Order) -> None:
    if order.simulate is not None and order.attach is not None:
        raise UsageError(
            t("--simulate brings its own unit, --attach drives a running one: leave one of them out")
        )
    if order.simulate is None:
        for option, value in (("--speed", order.speed), ("--seed", order.seed)):
            if value is not None:
                raise UsageError(
                    t(
                        "{option} is for a simulated unit: add --simulate, or leave {option} out",
                        option=option,
                    )
                )


def _state(order: Order) -> Path:
    state = state_directory(order.state).absolute()
    if len(bytes(state / SOCKET)) > LONGEST_SOCKET:
        raise UsageError(
            t("--state {folder}: the path is too long for the socket live.sock in it", folder=state)
        )
    return state


def _make(state: Path) -> None:
    """Make the state directory, once nothing else is to be refused."""
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        cause, remedy = map(retell, why(error, state))
        raise UsageError(
            t(
                "--state {folder}: can't be made ({cause}): {remedy}",
                folder=state,
                cause=cause,
                remedy=remedy,
            )
        ) from error


def _people_are_kept(state: Path) -> bool:
    """Ask in a process of its own, for the book is a database; what can't be told may hold somebody."""
    words = [sys.executable, "-P", "-m", "app.household.kept", str(state)]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=BOOK_S, check=False)  # noqa: S603 - ours
        return done.returncode != 0
    except (OSError, subprocess.TimeoutExpired):
        return True


def _defaults(state: Path) -> Defaults:
    file = state / "device.yaml"
    return read(file, Defaults) if there(file) else Defaults()


def _default(order: Order, defaults: Defaults, unit: Unit, calibration: Calibration) -> Prepared | None:
    name = order.treatment or defaults.treatment
    if name is None:
        return None
    try:
        _nobodys(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    try:
        return own(name, find(name), unit, calibration)
    except OrderRefused as error:
        raise UsageError(str(error)) from error


def _scenario(order: Order) -> Scenario:
    if order.simulate:
        return read(Path(order.simulate), Scenario)
    return Scenario(person=PersonSpec(start_at_s=None))  # whoever tries it presses the buttons


def _bench(order: Order, unit: Unit, default: Prepared | None, scenario: Scenario, stack: ExitStack) -> Bench:
    if order.simulate is not None:
        area = "hands" if default is None else default.treatment.area
        from controller.backends.simulated import simulated

        return simulated(unit, area, scenario, order.seed or 1, order.speed or 1.0)
    if order.attach is not None:
        from controller.backends.attached import attached

        return attached(unit, order.attach, stack)
    from controller.backends.hardware import hardware

    return hardware(unit, stack)


def _facts(
    order: Order, state: Path, unit: Unit, bench: Bench, most_ma: float, *, pairing: bool
) -> dict[str, Any]:
    return {
        "socket": str(state / SOCKET),
        "next": str(state / FILE),
        "attach": None if order.attach is None else str(order.attach),
        "hello": Hello(
            api=API,
            version=version("ionto"),
            unit=unit.name,
            serial=unit.serial,
            simulated=bench.simulated,
            rate_hz=unit.loop.rate_hz,
            max_current_ma=most_ma,
            pairing=pairing,
        ),
    }


class _Face:
    """What the terminal shows: the panel of a simulated unit, else lines about sessions and alarms."""

    def __init__(self, stack: ExitStack, state: Path, *, as_json: bool, simulated: bool) -> None:
        self._json = as_json
        self._simulated = simulated
        terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
        self._panel = simulated and terminal and not as_json
        if self._panel:
            from app.device.panel import panel_process

            stack.enter_context(panel_process(state / SOCKET))

    def begin(self, state: Path, default: Prepared | None, *, off: bool) -> None:
        if self._json or self._panel:
            return
        own = None if off else default
        what = t("Start begins nothing") if own is None else t("Start begins {name}", name=own.name)
        stamp = t("SIMULATED unit and person; ") if self._simulated else ""
        more = t("unless something else is prepared. Records in {folder}. Ctrl-C ends it.", folder=state)
        say(f"{stamp}{what}, {more}")
        if off:
            say(
                t(
                    "People are kept here, so Start begins only what was prepared for one of them; --anyone "
                    "lets it begin {name} too.",
                    name="" if default is None else default.name,
                )
            )

    def tell(self, event: dict[str, Any]) -> None:
        with suppress(Exception):  # a log that nobody takes is no reason to stop serving
            if self._json:
                say(json.dumps(event | {"simulated": self._simulated}))
            elif not self._panel:
                say(_sentence(event, simulated=self._simulated))


def _sentence(event: dict[str, Any], *, simulated: bool) -> str:
    stamp = f", {t('SIMULATED')}" if simulated else ""
    if "begun" in event:
        begun = t("Session {number} begun: {name}", number=event["begun"], name=event["treatment"])
        return f"{begun}{stamp}."
    if "alarm" in event:
        code, reason = event["alarm"]["code"], retell(event["alarm"]["reason"]).rstrip(".")
        return t("Code {code}: {reason}", code=code, reason=reason) + f"{stamp}."
    if "notice" in event:
        return retell(event["notice"])
    ended = event["ended"]
    words = t("Session {number} {outcome}", number=ended["session"], outcome=named(ended["outcome"]))
    words += f"{stamp}: {dose(ended['charge_forward_ma_min'], ended['charge_reverse_ma_min'])}."
    if ended["cause"] is not None:
        row, area = reason_of(ended["cause"]), area_of(event.get("treatment") or "")
        to_do = by_area(row.to_do(rest=event["rest_offered"]), area)
        return f"{words} {t(by_area(row.title, area))} {t(to_do)}"
    words = f"{words} {retell(ended['reason']).rstrip('.')}." if ended["reason"] else words
    if "late_percent" in ended:
        words = f"{words} {pace(ended['late_percent'], ended['missed_percent'])}."
    rest = t("Start, within 10 minutes, gives the rest of the treatment.")
    return f"{words} {rest}" if event["rest_offered"] else words

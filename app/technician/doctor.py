"""`ionto doctor`: what works on this machine and what does not, each failure with its remedy.

Law: nothing is energised and nothing changed. Chips are only asked, and not while a session owns the unit;
what is not there is said, never made up.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from app.known_problems import known
from app.output import ExitCode, say
from app.state import state_directory
from app.technician import machine
from app.technician.findings import Finding, failed, ok, skipped, warning
from app.technician.meter import open_meter
from app.technician.records import commissioning_record, record_in_use
from app.unit_options import lacking
from config.calibration import load_calibration
from config.commissioning import why_not_commissioned
from config.reader import BadFile
from config.unit import Unit, load_unit
from controller.backends.attached import attached
from controller.backends.hardware import open_bus, open_pins
from controller.backends.meter import Accuracy, MeterFailed
from controller.backends.rigging import failed_start
from controller.core.locks import Needs, why_locked
from controller.host.ownership import InUse
from controller.journal.history import Unreadable, open_history
from controller.journal.tables import FILE
from controller.workshop.chips import Hung, Wire, eeprom_code, look_for

WORDS: Final = {"ok": "ok", "warning": "WARNING", "failed": "FAILED", "skipped": "not seen", "known": "known"}


class Order(NamedTuple):
    """What the command line asks for."""

    unit: Path | None
    state: Path | None
    calibration: Path | None
    meter: str | None
    attach: Path | None
    json: bool


def doctor(order: Order) -> ExitCode:
    """Look at everything and tell; REFUSED where something would keep a treatment from starting.

    Raises:
        UsageError: there is no place to look for the records.
        BadFile: the unit's file or the calibration record is refused.

    """
    unit = load_unit(order.unit, simulated=order.attach is not None)
    found: list[Finding] = []
    if not order.json and order.attach is not None:
        say(f"SIMULATED unit at {order.attach}; the machine is this one.")
    for finding in findings(order, unit):
        found.append(finding)
        if not order.json:
            say(_line(finding))
    worst = [finding for finding in found if finding.state == "failed"]
    if order.json:
        rows = [finding._asdict() for finding in found]
        say(json.dumps({"simulated": order.attach is not None, "fit": not worst, "findings": rows}, indent=2))
    else:
        say(_verdict(found))
    return ExitCode.REFUSED if worst else ExitCode.COMPLETED


def findings(order: Order, unit: Unit) -> Iterator[Finding]:
    """Look at everything, one after the other."""
    yield machine.software()
    yield from machine.updates()
    yield from (Finding(problem.id, "known", problem.what, problem.do) for problem in known())
    if order.attach is None:
        bus = [*machine.access(Path(f"/dev/i2c-{unit.i2c.bus}"), "i2c")]
        yield from bus
        yield machine.bus_speed(unit.i2c.bus, unit.i2c.frequency_hz)
        yield machine.clock_stretch()
        pins = [
            one for chip in sorted(Path("/dev").glob("gpiochip*")) for one in machine.access(chip, "gpio")
        ]
        yield from pins
        yield from _unless(pins, "GPIO pins") or _pins(unit)
        yield from _unless(bus, "chips") or _chips(None, unit)
    else:
        yield from _chips(order.attach, unit)
    yield machine.computer()
    yield machine.clock()
    if order.attach is None:
        yield machine.battery_clock(unit.battery_clock)
    yield machine.disk(state_directory(order.state))
    yield machine.real_time()
    yield _parts(unit)
    state, simulated = state_directory(order.state), order.attach is not None
    yield _lock(state, simulated=simulated)
    if not simulated:
        yield _commissioning(commissioning_record(None, unit, state), unit)
    yield _calibration(record_in_use(order.calibration, unit, state), unit, simulated=simulated)
    if order.meter is not None:
        yield _meter(order.meter)


def _unless(access: list[Finding], check: str) -> list[Finding]:
    """Say of what lies behind devices that none of them may be used, where that was said; else nothing."""
    if not access or any(one.state != "failed" for one in access):
        return []
    return [skipped(check, "behind a device that may not be used", "Mend the access to it first.")]


def _pins(unit: Unit) -> Iterator[Finding]:
    with ExitStack() as stack:
        try:
            open_pins(unit, stack)
        except OSError as error:
            yield failed("GPIO pins", "cannot be used", _remedy(error))
        else:
            yield ok("GPIO pins", "lgpio opens the header, and the unit's pins are free")


def _chips(attach: Path | None, unit: Unit) -> Iterator[Finding]:
    with ExitStack() as stack:
        try:
            wire: Wire = (
                open_bus(unit, stack)[0] if attach is None else attached(unit, attach, stack).transport
            )
        except InUse as error:
            yield skipped("chips", str(error), "Look again when the session is over.")
        except OSError as error:
            yield failed("I2C bus", "cannot be used", _remedy(error))
        else:
            yield from _on(wire, unit)


def _remedy(error: OSError) -> str:
    """Give a driver's sentence without its advice to simulate, which a doctor doesn't."""
    return failed_start(error).replace("; to try without hardware add --simulate", "")


def _on(wire: Wire, unit: Unit) -> Iterator[Finding]:
    try:
        chips = look_for(unit, wire)
        for chip in chips:
            yield Finding(chip.name, "ok" if chip.answers else "failed", chip.found, chip.remedy)
        if chips[0].answers:
            yield _eeprom(eeprom_code(unit, wire))
    except Hung as error:
        yield failed(
            "I2C bus", str(error), "Switch the unit off and on, then look at SDA and SCL for a short."
        )
    except OSError as error:
        said = str(error).rstrip(".")
        yield failed("I2C bus", f"a chip fell silent ({said})", "Look at the unit's supply and plugs.")


def _eeprom(code: int) -> Finding:
    if code == 0:
        return ok("DAC EEPROM", "the unit powers up at zero")
    return failed(
        "DAC EEPROM",
        f"the unit powers up at code {code} of 4095 instead of 0",
        "Have it commissioned: ionto commission writes it, with the output open.",
    )


def _parts(unit: Unit) -> Finding:
    names = ", ".join(option.name for option in lacking(unit))
    if not names:
        return ok("unit's file", "names every part of the reference unit")
    return ok(
        "unit's file", f"lacks {names}; docs/unit.md, What a unit may lack, tells what each is good for"
    )


def _lock(state: Path, *, simulated: bool) -> Finding:
    """Tell what an earlier session left behind that keeps the unit from treating."""
    if not (state / FILE).exists():
        return ok("lock", "no session was recorded yet")
    try:
        with open_history(state) as history:
            lock = history.lock(simulated=simulated)
    except Unreadable as error:
        return warning("lock", "can't be told", f"{str(error).rstrip('.')}.")
    if lock is None:
        return ok("lock", "nothing that happened keeps the unit from treating")
    do = {
        Needs.STOP: "Press Stop on the unit.",
        Needs.WORD: "Find the cause, mend it, and say what it was: ionto unlock.",
        Needs.PROOF: "Take everybody out of the circuit and let the protections be proven: ionto unlock.",
    }
    return failed("lock", why_locked(lock), do[lock.needs])


def _calibration(path: Path | None, unit: Unit, *, simulated: bool) -> Finding:
    check, again = "calibration", "Calibrate again: ionto calibrate."
    if path is None and simulated:
        return warning(
            check,
            "there is no record: nominal values, currents may be off by several percent",
            "Make one with ionto calibrate, or name it with --calibration.",
        )
    if path is None:
        make = "Make one with ionto calibrate, or name it with --calibration."
        return failed(check, "there is no record: no treatment begins", make)
    today = date.today()
    calibration, notice = load_calibration(path, unit, today)
    days, end = (today - date.fromisoformat(calibration.date)).days, calibration.valid_until
    found = f"of {calibration.date}, {days} days ago, valid to {end}"
    if end < today or (not simulated and calibration.why_missing(unit)):
        what = found if end < today else f"{found}; {notice}"
        return failed(check, f"{what}: no treatment begins", again)
    return warning(check, f"{found}; {notice}", again) if notice else ok(check, found)


def _commissioning(path: Path | None, unit: Unit) -> Finding:
    check, make = "commissioning", "Make one with ionto commission."
    try:
        why = why_not_commissioned(path, unit)
    except BadFile as error:
        return failed(check, error.errors[0], "Commission it again: ionto commission.")
    if not why:
        return ok(check, "there is a record of this unit")
    found = "the record is of a simulated unit" if path is not None else "there is no record"
    return failed(check, f"{found}: no treatment begins", make)


def _meter(resource: str) -> Finding:
    unknown = Accuracy(0.0, 0.0, 0.0, 0.0)  # nothing is read
    try:
        with open_meter(resource, unknown) as meter:
            return ok("meter", meter.name)
    except MeterFailed as error:
        return warning("meter", "cannot be used", str(error))  # without it no calibration, but treatments


def _line(finding: Finding) -> str:
    line = f"{WORDS[finding.state]:8}  {finding.check}: {finding.found}"
    return line if not finding.remedy or finding.state == "ok" else f"{line}\n          -> {finding.remedy}"


def _verdict(findings: list[Finding]) -> str:
    count = {state: sum(finding.state == state for finding in findings) for state in WORDS}
    told = ", ".join(f"{number} {WORDS[state].lower()}" for state, number in count.items() if number)
    if count["failed"]:
        return f"\n{told}. No treatment is possible here before that is mended."
    return f"\n{told}. Nothing that was looked at keeps a treatment from starting."

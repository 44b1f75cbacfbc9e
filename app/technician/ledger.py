"""`ionto calibration`: the records of a unit, one of them, marking one bad, and its certificate.

Law: nothing here changes a number; marking bad adds who, when and why, and is not undone.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from app.atomic import check_target, write_whole
from app.output import ExitCode, UndeliveredError, UsageError, say
from app.state import state_directory
from app.technician.certificate import certificate_of, html_of
from app.technician.drift import drift_svg
from app.technician.records import current_record, mark_bad, records_of, serials
from app.typed import require_line
from config.calibration import Calibration, checksum_of, read_calibration
from config.reader import BadFile
from config.unit import load_unit
from controller.host.disk import there, told


class Order(NamedTuple):
    """What the command line asks for: `what` is list, show, mark-bad or certificate."""

    what: str
    file: Path | None
    unit: Path | None
    serial: str | None
    state: Path | None
    json: bool
    plot: Path | None
    who: str | None
    why: str | None
    html: Path | None


def calibration(order: Order) -> ExitCode:
    """Do what is asked. Raises BadFile, UsageError or UndeliveredError."""
    action = {"list": _list, "show": _show, "mark-bad": _mark_bad, "certificate": _certificate}[order.what]
    try:
        action(order, date.today())
    except OSError as error:
        place = Path(error.filename) if error.filename else None
        if order.what in ("list", "show"):
            raise UsageError(f"{error.filename} can't be read: {told(error, place)}") from error
        raise UndeliveredError(f"{error.filename}: could not be written: {told(error, place)}") from error
    return ExitCode.COMPLETED


def _list(order: Order, today: date) -> None:
    if order.plot is not None:
        check_target(order.plot, f"--plot {order.plot}")
    state, serial = _place(order)
    rows: list[dict[str, Any]] = []
    records = []
    for path in records_of(state, serial):
        try:
            record = read_calibration(path, serial, today)
        except BadFile as error:
            rows.append({"file": str(path), "state": "refused", "why": error.errors[0]})
            continue
        records.append(record)
        rows.append(_row(path, record, today, current=path == current_record(state, serial)))
    if order.plot is not None:
        if not records:
            raise UsageError(f"--plot: no record of unit {serial} can be drawn")
        write_whole(order.plot, drift_svg(records, f"Calibrations of unit {serial}"))
    if order.json:
        say(json.dumps({"schema": 1, "unit_serial": serial, "records": rows}))
        return
    if not rows:
        say(f"No calibration record of unit {serial} in {state}{_others(state)}.")
    for row in rows:
        if row["state"] == "refused":
            say(f"refused     {row['why']}")
            continue
        say(
            f"{row['date']}  to {row['expires']}  {row['state']:<8} control gain "
            f"{row['gain']:.5f}, offset {row['offset_ma']:+.4f} mA  {row['technician'] or '-'}  {row['file']}"
        )


def _row(path: Path, record: Calibration, today: date, *, current: bool) -> dict[str, Any]:
    control, made = record.channels.control_current, record.made
    state = "current" if current else "old"
    if record.marked_bad is not None:
        state = "bad"
    elif current and today > record.valid_until:
        state = "expired"
    return {
        "file": str(path),
        "state": state,
        "date": record.date,
        "expires": str(record.valid_until),
        "technician": record.technician,
        "gain": control.gain,
        "offset_ma": control.offset,
        "uncertainty_ma": None if made is None else made.uncertainty_ma,
        "simulated": made is not None and made.simulated is not None,
        "marked_bad": None if record.marked_bad is None else record.marked_bad.why,
    }


def _show(order: Order, today: date) -> None:
    path = _file(order)
    record = read_calibration(path, None, today)
    content = yaml.safe_load(path.read_bytes())
    if order.json:
        say(json.dumps({"schema": 1, "file": str(path), "calibration": content}))
        return
    why = record.why_no_treatment(today, simulated=True)
    days, who = f"{record.date} to {record.valid_until}", record.technician or "-"
    say(f"{path}\n  unit {record.unit_serial}, {days}, by {who}")
    for name, channel in content["channels"].items():
        points = len(channel.get("points", ()))
        say(f"  {name:<16} gain {channel['gain']:.5f}, offset {channel['offset']:+.4f}, {points} points")
    if record.made is not None:
        made = record.made
        say(f"  known within {made.uncertainty_ma:.3f} mA up to {made.reach_ma:g} mA; meter {record.meter}")
        if made.simulated is not None:
            say("  SIMULATED: no unit was calibrated.")
    say(f"  No treatment: {why}." if why else "  Treatments may use it.")


def _mark_bad(order: Order, today: date) -> None:
    if order.who is None or order.why is None:
        raise UsageError("mark-bad needs --who NAME and --why TEXT: a record is not dropped without a reason")
    who, reason = require_line("--who", order.who, 80), require_line("--why", order.why, 200)
    path = _file(order)
    mark_bad(path, who, reason, today)
    if order.json:
        say(json.dumps({"schema": 1, "file": str(path), "marked_bad": {"who": who, "why": reason}}))
    else:
        say(f"{path} is marked bad: no treatment begins with it.")


def _certificate(order: Order, today: date) -> None:
    if order.html is None:
        raise UsageError("certificate needs --html FILE: a page, which a browser prints or keeps as PDF")
    path = _file(order)
    record = read_calibration(path, None, today)
    try:
        certificate = certificate_of(record, _left(path, record))
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    write_whole(order.html, html_of(certificate))
    if order.json:
        say(json.dumps({"schema": 1, "file": str(path), "written": [str(order.html)]}))
    else:
        say(f"Written: {order.html}.")


def _left(path: Path, record: Calibration) -> dict[str, Any] | None:
    """Find the last verification of this very record, beside it."""
    for beside in sorted(path.parent.glob("*.verified-[0-9]*.yaml"), reverse=True):
        try:
            data = yaml.safe_load(beside.read_bytes())
            whole = data["checksum"] == checksum_of(data)
            if whole and data["calibration"]["checksum"] == record.checksum:
                return dict(data)
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError):
            continue  # not a verification of ours: it proves nothing
    return None


def _file(order: Order) -> Path:
    if order.file is not None:
        return order.file
    state, serial = _place(order)
    path = current_record(state, serial)
    if not there(path):
        raise UsageError(f"there is no calibration record of unit {serial} in {state}{_others(state)}")
    return path


def _others(state: Path) -> str:
    """Say whose records there are, for who mistyped a serial number."""
    known = serials(state)
    return f"; there are records of {', '.join(known)}" if known else ""


def _place(order: Order) -> tuple[Path, str]:
    serial = order.serial or load_unit(order.unit).serial
    if not serial:
        raise UsageError("which unit: give --unit FILE with its `serial`, or --serial (SIM-1 for seed 1)")
    return state_directory(order.state), serial

"""`ionto service`: what a unit was used for, what is worn, what is due, and the technician's notes.

Law: counters come from the journal and from nothing else; simulated sessions wear nothing and are told apart.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.output import ExitCode, UsageError, say
from app.state import state_directory
from app.technician import logbook
from app.technician.records import record_in_use
from app.words import plain
from config.calibration import WARN_DAYS, read_calibration
from config.unit import Unit, load_unit
from controller.host.computer import BEFORE, LOW, SLOWED
from controller.journal.service import (
    UNCOUNTED,
    Unreadable,
    Usage,
    computer,
    last_before,
    newest,
    usage,
)
from protocols.dates import FIRST_UTC, utc

SOON: Final = 0.8
"""A relay is told about at this share of its rated life, and due at all of it."""
SHOWN_NOTES: Final = 10


class Order(NamedTuple):
    """What the command line asks for; with `text` a note is written instead."""

    unit: Path | None
    state: Path | None
    calibration: Path | None
    text: str | None
    who: str | None
    replaced: str | None
    json: bool


def service(order: Order) -> ExitCode:
    """Show counters and notes, or write a note.

    Raises:
        UsageError: the note is not complete, or the records can't be read or written.
        BadFile: the unit's file or the calibration record is refused.

    """
    state = state_directory(order.state)
    if order.text is not None:
        return _write(order, state)
    if order.who is not None or order.replaced is not None:
        raise UsageError('--who and --replaced belong to a note: ionto service note "..." --who NAME')
    found = _gather(order, load_unit(order.unit), state)
    say(json.dumps(found, indent=2) if order.json else _page(found))
    return ExitCode.COMPLETED


def _write(order: Order, state: Path) -> ExitCode:
    if order.who is None or order.text is None:
        raise UsageError("a note needs its writer: add --who NAME")
    serial = load_unit(order.unit).serial
    replaced = order.replaced or ""
    after = _newest(state) if replaced else None
    note = logbook.add(state, order.who, order.text, replaced, serial=serial, after_session=after)
    say(json.dumps(note._asdict()) if order.json else f"Noted in {state / logbook.FILE}: {note.text}")
    return ExitCode.COMPLETED


def _newest(state: Path) -> int | None:
    """Give the newest session's number; a journal that can't be read keeps nobody from a note."""
    try:
        return newest(state)
    except Unreadable:
        return None


def _gather(order: Order, unit: Unit, state: Path) -> dict[str, Any]:
    notes, spoilt = logbook.read(state)
    try:
        units = usage(state)
        wear = {part: _wear(part, unit, notes, state) for part in logbook.PARTS}
    except Unreadable as error:
        raise UsageError(str(error)) from error
    calibration = _calibration(order, unit, state)
    due = [sentence for part in wear.values() if (sentence := part.pop("due"))]
    due += [calibration["due"]] if calibration["due"] else []
    return {
        "unit": {"name": unit.name, "serial": unit.serial},
        "usage": [each._asdict() for each in units],
        "wear": wear,
        "calibration": calibration,
        "computer": _computer(state),
        "due": due,
        "notes": [note._asdict() for note in notes],
        "unreadable_notes": spoilt,
    }


def _wear(part: str, unit: Unit, notes: list[logbook.Note], state: Path) -> dict[str, Any]:
    """Count a relay's operations since it was replaced, in sessions that were no simulation.

    Those of units with another serial are left out; where either has none, it may be this one.
    """
    about = [note for note in notes if note.about(unit.serial)]
    changes = [note for note in about if note.replaced == part]
    series = part == "series_relay"
    rated = unit.relays.series_rated_operations if series else unit.relays.polarity_rated_operations
    since = [note for note in about if note.replaced == part or note.carried is not None]
    carried = since[-1].carried if since else None
    counted = usage(state, _since(since[-1], state) if since else 0)
    theirs = [each for each in counted if not each.simulated and _is(each, unit)]
    count = sum(_operations(each, series=series) for each in theirs) + (carried or {}).get(part, 0)
    share, due = count / rated, ""
    if share >= SOON:
        when = "replace it now" if share >= 1.0 else "replace it soon"
        due = f"The {plain(part)} has {count:,} of {rated:,} rated operations: {when}."
    return {
        "operations": count,
        "rated": rated,
        "replaced_utc": changes[-1].utc if changes else None,
        "due": due,
    }


def worn(unit: Unit, state: Path) -> dict[str, int]:
    """Count the operations of each relay until now. Raises UsageError."""
    notes, _ = logbook.read(state)
    try:
        return {part: _wear(part, unit, notes, state)["operations"] for part in logbook.PARTS}
    except Unreadable as error:
        raise UsageError(str(error)) from error


def _since(replaced: logbook.Note, state: Path) -> int:
    """Give the last session before a replacement.

    By its date where the note doesn't tell, or was written beside another journal.
    """
    after = replaced.after_session
    if after is not None and after <= newest(state):
        return after
    # A clock that was wrong then says nothing about when that was: all that is recorded may be later.
    possible = FIRST_UTC <= utc(replaced.utc) <= datetime.now(UTC)
    return last_before(state, replaced.utc) if possible else 0


def _is(each: Usage, unit: Unit) -> bool:
    """Tell whether sessions may be this unit's: their name is the bus, and the serial where there is one."""
    return not unit.serial or each.unit.partition(" ")[2] in ("", unit.serial)


def _operations(each: Usage, *, series: bool) -> int:
    return each.series_operations if series else each.polarity_operations


def _calibration(order: Order, unit: Unit, state: Path) -> dict[str, Any]:
    path = record_in_use(order.calibration, unit, state)
    if path is None:
        return {"date": None, "due": "There is no calibration record: calibrate with ionto calibrate."}
    calibration = read_calibration(path, unit.serial, date.today())
    end = calibration.valid_until
    left = (end - date.today()).days
    due = ""
    if left < 0:
        due = (
            f"The calibration of {calibration.date} ended on {end}, and no treatment begins: calibrate again."
        )
    elif left <= WARN_DAYS:
        due = f"The calibration of {calibration.date} ends in {left} days: calibrate again."
    return {"date": calibration.date, "valid_until": end.isoformat(), "due": due}


def _computer(state: Path) -> dict[str, int | None]:
    """Count among the newest sessions those in which the computer's supply was too low, or it was slowed."""
    words = computer(state)
    counts: dict[str, int | None] = {"sessions": len(words)}
    for name, bits in (("supply_low", LOW), ("slowed", SLOWED)):
        theirs = [session for session, word in words if word & (bits | bits << BEFORE)]
        counts |= {name: len(theirs), f"last_{name}": max(theirs, default=None)}
    return counts


def _page(found: dict[str, Any]) -> str:
    lines = [f"{found['unit']['name']}, serial {found['unit']['serial'] or 'not given'}"]
    for each in found["usage"]:
        lines += _used(each)
    if not found["usage"]:
        lines.append("\nNo session is recorded here.")
    together = not found["unit"]["serial"] and sum(not each["simulated"] for each in found["usage"]) > 1
    of_all = " of all units together (a `serial` in the unit's file keeps them apart)" if together else ""
    lines.append(f"\nWear, in real sessions{of_all}:")
    for part, wear in found["wear"].items():
        since = f", since {wear['replaced_utc'][:10]}" if wear["replaced_utc"] else ""
        share = 100 * wear["operations"] / wear["rated"]
        count = f"{wear['operations']:,} of {wear['rated']:,} operations ({share:.1f} %)"
        lines.append(f"  {plain(part):15} {count}{since}")
    lines.append(f"\nThe computer: {_fared(found['computer'])}")
    lines.append("\nDue:")
    lines += [f"  {sentence}" for sentence in found["due"]] or ["  Nothing."]
    notes = found["notes"]
    if notes:
        lines.append(
            "\nNotes:" if len(notes) <= SHOWN_NOTES else f"\nThe last {SHOWN_NOTES} of {len(notes)} notes:"
        )
        lines += [_noted(note, found["unit"]["serial"]) for note in notes[-SHOWN_NOTES:]]
    if found["unreadable_notes"]:
        lines.append(f"  Lines of the log that can't be read: {found['unreadable_notes']}.")
    return "\n".join(lines)


def _fared(found: dict[str, int | None]) -> str:
    if not found["sessions"]:
        return "no session tells of its supply and heat, which only a Raspberry Pi does."
    of = f"of the last {found['sessions']} sessions"
    said = [
        f"{what} in {found[key]} {of}, last in {found[f'last_{key}']}"
        for key, what in (("supply_low", "its supply was too low"), ("slowed", "it was slowed down"))
        if found[key]
    ]
    return f"{'; '.join(said)}." if said else f"its supply and heat were right in each {of}."


def _used(each: dict[str, Any]) -> list[str]:
    stamp = "SIMULATED, wears nothing" if each["simulated"] else each["unit"]
    outcomes = ", ".join(f"{count} {plain(name)}" for name, count in each["outcomes"].items())
    trips = ", ".join(f"{plain(cause)} {count}" for cause, count in each["trips"].items()) or "none"
    lines = [
        f"\n{stamp}: {_days(each)}",
        f"  Sessions  {each['sessions']:,} ({outcomes}), {each['hours']:.1f} h",
        f"  Trips     {trips}",
    ]
    if each["uncounted"] and not each["simulated"]:
        lines.append(
            f"  Relays    sessions without a count: {each['uncounted']}, taken as {UNCOUNTED} operations each"
        )
    return lines


def _days(each: dict[str, Any]) -> str:
    first, last = each["first_utc"], each["last_utc"]
    return "on days that are not known" if first is None else f"{first[:10]} to {last[:10]}"


def _noted(note: dict[str, Any], serial: str) -> str:
    replaced = f" [replaced: {plain(note['replaced'])}]" if note["replaced"] else ""
    unit = f", unit {note['serial']}" if note["serial"] not in ("", serial) else ""
    return f"  {note['utc'][:10]}  {note['who']}{unit}: {note['text']}{replaced}"

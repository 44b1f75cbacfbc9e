"""The technician's log of a unit: who did what, when; lines are added, never changed.

Law: an entry is on the disk when the command says so, and a power cut in mid-line spoils that line alone.
What older programs don't know of an entry is a line of its own after it, so that they read it as ever.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.output import UsageError
from app.typed import require_line
from controller.host.disk import told

FILE: Final = "service.jsonl"
PARTS: Final = ("series_relay", "polarity_relay")
"""Parts whose wear is counted, and which begin anew when they are replaced."""
LONGEST_TEXT: Final = 500
LONGEST_NAME: Final = 80


MORE: Final = ("serial", "after_session", "carried")
"""What the first programs with a log didn't know of an entry."""


class Note(NamedTuple):
    """One entry; `replaced` is one of `PARTS` or empty.

    `serial` is the unit's, where one was named. `after_session` is the newest session then; an entry of a
    version before has none, nor has one beside a journal that can't be read. `carried` is the operations of
    each of `PARTS` until the unit was handed over, and its journal with what counted them went.
    """

    utc: str
    who: str
    text: str
    replaced: str
    serial: str = ""
    after_session: int | None = None
    carried: dict[str, int] | None = None

    def about(self, serial: str) -> bool:
        """Tell whether this is about a unit: it names no other one."""
        return not serial or self.serial in ("", serial)


def add(
    state: Path,
    who: str,
    text: str,
    replaced: str = "",
    *,
    serial: str = "",
    after_session: int | None = None,
    carried: dict[str, int] | None = None,
) -> Note:
    """Write an entry down.

    Raises:
        UsageError: name or text is empty or too long, or the log can't be written.

    """
    who, text = require_line("--who", who, LONGEST_NAME), require_line("the note", text, LONGEST_TEXT)
    now_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
    note = Note(now_utc, who, text, replaced, serial, after_session, carried)
    facts = note._asdict()
    more = {key: value for key in MORE if (value := facts.pop(key)) != Note._field_defaults[key]}
    line = "".join(json.dumps(part, ensure_ascii=False) + "\n" for part in (facts, more) if part)
    try:
        state.mkdir(parents=True, exist_ok=True)
        with (state / FILE).open("a+b") as file:
            if file.tell() and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
                line = "\n" + line  # the line before was cut off
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(
            f"{state / FILE} can't be written: {told(error, state / FILE)}, or name a place with --state"
        ) from error
    return note


def read(state: Path) -> tuple[list[Note], int]:
    """Give the entries, oldest first, and how many lines can't be read.

    Raises:
        UsageError: the log is there but can't be opened.

    """
    try:
        lines = (state / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise UsageError(f"{state / FILE} can't be read: {told(error, state / FILE)}") from error
    notes: list[Note] = []
    spoilt = 0
    for line in filter(str.strip, lines):
        fields = _fields(line)
        if fields and set(fields) <= set(MORE) and notes:
            found = _note(notes.pop()._asdict() | fields)
        else:
            found = _note(fields)
        if found is None:
            spoilt += 1
        else:
            notes.append(found)
    return notes, spoilt


def _fields(line: str) -> dict[str, Any]:
    """Read what this program knows of a line; a newer one may know more."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return {key: fields[key] for key in Note._fields if key in fields} if isinstance(fields, dict) else {}


def _note(fields: dict[str, Any]) -> Note | None:
    try:
        note = Note(**fields)
        datetime.fromisoformat(note.utc)
    except (ValueError, TypeError):
        return None
    good = all(isinstance(value, str) for value in note[:-2]) and note.replaced in ("", *PARTS)
    return note if good and isinstance(note.after_session, int | None) and _counts(note.carried) else None


def _counts(carried: Any) -> bool:
    """Tell whether these are operations of each part, or none."""
    if carried is None:
        return True
    counts = carried.values() if isinstance(carried, dict) else ()
    return set(carried) == set(PARTS) and all(isinstance(one, int) and one >= 0 for one in counts)

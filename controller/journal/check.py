"""Whether the journal is as it was written: the chain of records, and every row against its records.

Law: every finding is a sentence that names the record or session; an intact journal gives none. What this
can't find is said in `LIMITS`.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from controller.host.disk import told as why
from controller.journal import locks
from controller.journal.chain import HEAD_FILE, ORIGIN, Head, digest, following, read_head
from controller.journal.dates import AMENDED, present
from controller.journal.looked import CLOCK
from controller.journal.tables import ASKED, BEGUN, ENDED, TRIP, knows_asked

if TYPE_CHECKING:
    from pathlib import Path

LIMITS: Final = (
    "Not shown: a change by someone who may write the journal and its head and knows how they are made, and "
    "rows of a session that still runs."
)


_MANY: Final = {
    "trip": ("trip", "rowid", TRIP, "its trips are not those recorded"),
    "sighting": ("sighting", "record", CLOCK, "a look at the clock after it is not the one recorded"),
    "amendment": ("amendment", "record", AMENDED, "its amendments are not those recorded"),
    "release": ("release", "record", locks.RELEASED, "what was said of a lock then is not what was recorded"),
    "proof": ("proof", "record", (), "its proof is not the one recorded"),
}
"""Records of which a session may have several: table, order, columns, and what is said when they differ."""


class Findings(NamedTuple):
    """What was found: numbers of records and sessions looked at, and sentences, none where all is well."""

    records: int
    sessions: int
    problems: list[str]


def verify(connection: sqlite3.Connection, directory: Path) -> Findings:
    """Check the whole journal behind `connection`. Raises sqlite3.Error for a file that is none."""
    problems: list[str] = []
    hashes = [ORIGIN]
    told: dict[int, dict[str, Any]] = {}
    head = Head()
    for number, session, kind, body, kept in connection.execute(
        "SELECT number, session, kind, body, hash FROM record ORDER BY number"
    ):
        if number != head.number + 1:
            problems.append(f"records {head.number + 1} to {number - 1} are missing")
            head = Head(number - 1, hashes[-1])
        due = following(head, body)
        if due.hash != kept:
            problems.append(f"record {number} (session {session}, {kind}) was changed, or the one before it")
        head = Head(number, kept)
        hashes.append(kept)
        _tell(told, session, body, problems)
    problems += _heads(connection, directory, head, hashes)
    sessions = _sessions(connection, told, problems)
    return Findings(head.number, sessions, problems)


def _tell(told: dict[int, dict[str, Any]], session: int, body: str, problems: list[str]) -> None:
    """Gather what the records of a session say."""
    try:
        facts = json.loads(body)
        kind = facts.pop("kind")
        if facts.pop("session") != session:
            raise ValueError
    except (ValueError, KeyError, AttributeError):
        problems.append(f"a record of session {session} says something else than its row")
        return
    entry = told.setdefault(session, {kind: [] for kind in _MANY})
    if kind in _MANY:
        entry[kind].append(facts)
    else:
        entry[kind] = facts


def _heads(connection: sqlite3.Connection, directory: Path, last: Head, hashes: list[str]) -> list[str]:
    """Compare the last record with the two heads: a tail that is missing shows there, and only there."""
    found: list[str] = []
    row = connection.execute("SELECT number, hash FROM head").fetchone()
    if row is None or Head(*row) != last:
        said = "nothing" if row is None else f"record {row[0]}"
        found.append(f"the newest record is {last.number}, but the journal's head says {said}")
    try:
        outside = read_head(directory)
    except OSError as error:
        return [*found, f"{HEAD_FILE} can't be read: {why(error, directory / HEAD_FILE)}"]
    except ValueError as error:
        return [*found, str(error)]
    if outside is None:
        if last.number:
            found.append(f"{HEAD_FILE} is missing, so a tail that was cut off would not show")
    elif outside.number > last.number:
        found.append(f"records {last.number + 1} to {outside.number} are missing at the end ({HEAD_FILE})")
    elif len(hashes) == last.number + 1 and hashes[outside.number] != outside.hash:
        # One behind is a power cut between the two writes; another hash is another history.
        found.append(f"record {outside.number} is not the one that {HEAD_FILE} knows")
    return found


def _sessions(connection: sqlite3.Connection, told: dict[int, dict[str, Any]], problems: list[str]) -> int:
    """Compare every row with what its records say."""
    charts = {
        session: (rows, digest(data))
        for session, rows, data in connection.execute("SELECT session, rows, data FROM chart")
    }
    dates = present(connection)
    there = {"trip": True, **dict.fromkeys(("release", "proof"), locks.present(connection))}
    many = {
        kind: _many(connection, *how[:3]) if there.get(kind, dates) else {} for kind, how in _MANY.items()
    }
    clocks = _many(connection, "clock", "session", CLOCK) if dates else {}
    names = ("id", *BEGUN, *ENDED, *(ASKED if knows_asked(connection) else ()))
    count = 0
    for row in connection.execute(f"SELECT {', '.join(names)} FROM session ORDER BY id"):  # noqa: S608 - likewise
        count += 1
        facts = dict(zip(names, row, strict=True))
        entry = told.pop(facts["id"], None)
        if entry is None or "begin" not in entry:
            problems.append(f"session {facts['id']} has no record of its beginning")
            continue
        number = facts["id"]
        problems += _session(facts, entry, charts.get(number))
        problems += [
            f"session {number}: {said}"
            for kind, (*_, said) in _MANY.items()
            if many[kind].get(number, []) != entry[kind]
        ]
        if clocks.get(number, [None])[0] != entry["begin"].get("clock"):
            problems.append(f"session {number}: the look at the clock it began with is not the one recorded")
    problems += [f"session {session} is missing, its records are there" for session in told]
    return count


def _many(
    connection: sqlite3.Connection, table: str, order: str, columns: tuple[str, ...]
) -> dict[int, list[dict[str, Any]]]:
    """Read the rows of a table by session, in their order."""
    found: dict[int, list[dict[str, Any]]] = {}
    for session, *values in connection.execute(
        f"SELECT {', '.join(('session', *columns))} FROM {table} ORDER BY {order}"  # noqa: S608 - the names are ours
    ):
        found.setdefault(session, []).append(dict(zip(columns, values, strict=True)))
    return found


def _session(
    facts: dict[str, Any],
    entry: dict[str, Any],
    chart: tuple[int, str] | None,
) -> list[str]:
    name = f"session {facts['id']}"
    changed = [key for key in BEGUN if entry["begin"].get(key) != facts[key]]
    end = entry.get("end")
    if end is None:
        changed += [key for key in ENDED if facts[key] is not None]
    else:
        changed += [key for key in (*ENDED, *ASKED) if end.get(key) != facts.get(key)]
    found = [f"{name}: {', '.join(changed)} changed since it was recorded"] if changed else []
    if end is not None and chart != (end["chart_rows"], end["chart_sha256"]):
        found.append(f"{name}: its chart is not the one recorded")
    return found

"""The household's book: people, their health, limits, plans, feedback and paired devices, in SQLite.

Law: written only by the companion; each change is whole and on disk before it is answered. It never holds a
secret in the clear: tokens as SHA-256 (they have 256 bits of their own), the nurse's code by scrypt. Of who
was removed it holds the number, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.household import changes, health
from app.household.changes import Change
from app.household.health import Permission, Waiting
from config.characters import cleaned, composed, looks, same, unfit_in_name
from controller.host import wall
from controller.host.kept import keep_copy
from protocols.ceilings import MIN_CURRENT_MA, Area
from protocols.course import Plan
from protocols.dates import Reading
from protocols.fitness import AREAS, age_group, highest_limit_ma, usual_limit_ma

FILE: Final = "household.db"
VERSION: Final = 1
MOST_PEOPLE: Final = 20
MOST_DEVICES: Final = 30
LEAST_CODE: Final = 6
"""Characters of the nurse's code; with the page's limit on tries a million codes take centuries."""
_BUSY_S: Final = 2.0
_SCRYPT: Final = {"n": 2**14, "r": 8, "p": 1}

_TABLES: Final = """
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, born TEXT NOT NULL,
    answers TEXT NOT NULL DEFAULT '{}', answered_on TEXT, hidden INTEGER NOT NULL DEFAULT 0);
CREATE TABLE word (person INTEGER NOT NULL REFERENCES person(id), key TEXT NOT NULL, given_by TEXT NOT NULL,
    given_on TEXT NOT NULL, PRIMARY KEY (person, key));
CREATE TABLE most (person INTEGER NOT NULL REFERENCES person(id), area TEXT NOT NULL, limit_ma REAL NOT NULL,
    PRIMARY KEY (person, area));
CREATE TABLE plan (person INTEGER NOT NULL REFERENCES person(id), area TEXT NOT NULL,
    per_week INTEGER NOT NULL, weeks INTEGER NOT NULL, top_up_days INTEGER NOT NULL, starts_on TEXT NOT NULL,
    alternate INTEGER NOT NULL, PRIMARY KEY (person, area));
CREATE TABLE feedback (session INTEGER PRIMARY KEY, felt TEXT, sweat INTEGER, given_utc TEXT NOT NULL);
CREATE TABLE device (id INTEGER PRIMARY KEY AUTOINCREMENT, token_hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL, paired_on TEXT NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


_FREED: Final = """
CREATE TABLE person_freed (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, born TEXT NOT NULL,
    answers TEXT NOT NULL DEFAULT '{}', answered_on TEXT, hidden INTEGER NOT NULL DEFAULT 0);
INSERT INTO person_freed SELECT id,
    CASE WHEN hidden = 1 AND name LIKE '% (' || id || ')' THEN substr(name, 1, length(name) - length(id) - 3)
    ELSE name END, born, answers, answered_on, hidden FROM person;
DROP TABLE person;
ALTER TABLE person_freed RENAME TO person
"""
"""Takes the table's own idea of equal names, which was by bytes, out of a book that still has it, and with it
the number that a removed person's name was given there. The version stays: older programs read it too."""
_UNIQUE_NAMES: Final = "SELECT count(*) FROM pragma_index_list('person')"
_HAS_CHANGES: Final = "SELECT count(*) FROM sqlite_master WHERE name = 'change'"
_NO_DAY: Final = "1900-01-01"
"""Stands in the place of a removed person's date of birth."""


class StoreRefused(Exception):
    """What was asked can't be kept; `str()` is one sentence for the person."""


NO_NAME: Final = "A name needs at least one letter, digit or sign that can be seen."
NAME_TAKEN: Final = "Somebody of this name is in the household already. Choose another name."
TOO_MANY: Final = "There is no room for more."
ABOVE_CEILING: Final = "This limit is outside what is allowed for this area and age."
NO_CODE_SET: Final = "No nurse's code has been set on this unit. A technician sets it with: ionto nurse-code"
WRONG_CODE: Final = "The nurse's code is wrong."
NO_CODE_GIVEN: Final = "The nurse's code is missing: enter it. That was no try."
TOO_MANY_TRIES: Final = (
    "Too many tries with the nurse's code. Wait 3 minutes: then one more is allowed. "
    "Who has forgotten it lets a technician set a new one: ionto nurse-code"
)
TRIES: Final = 5
"""Wrong codes at once, on the pages and as many on the command line, ..."""
TRY_AGAIN_S: Final = 180.0
"""... and one more after each of so many s. `TOO_MANY_TRIES` says it in minutes."""


class Person(NamedTuple):
    """One of the household; `words` are the keys for which a professional has given their word."""

    id: int
    name: str
    born: date
    answers: Mapping[str, bool]
    answered_on: date | None
    words: Mapping[str, tuple[str, date]]
    limits_ma: Mapping[str, float]
    called: str
    """The name, with the id where somebody else's is the same name in another spelling."""
    permissions: Mapping[str, Permission] = {}
    """What is off without a professional's word, by its key."""

    def words_on(self, today: date) -> Collection[str]:
        """Give the keys for which a professional's word holds today."""
        return {*self.words, *(key for key, one in self.permissions.items() if one.holds(today))}

    def limit_ma(self, area: Area, today: date) -> float:
        """Give the highest current in mA for `area`: the nurse's limit, else the usual one.

        Never above the ceiling of the age that the person has now.
        """
        group = age_group(self.born, today)
        set_ma = self.limits_ma.get(area, usual_limit_ma(area, group))
        return min(set_ma, highest_limit_ma(area, group))


class Feedback(NamedTuple):
    """How the skin felt (a word of `app.household.feelings`) and how much sweat (0 to 4), None unsaid."""

    felt: str | None
    sweat: int | None


class Device(NamedTuple):
    """A paired device."""

    id: int
    name: str
    paired_on: date


class Household:
    """The book in the directory `state`, made if missing. Raises sqlite3.Error or OSError.

    Every call opens it anew, so any thread may call and none is left holding it.
    """

    def __init__(self, state: Path) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self._path = state / FILE
        with self._open() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("BEGIN IMMEDIATE")
            version: int = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise StoreRefused(f"{self._path} is of version {version}, known is {VERSION}")
            if version == 0:
                for statement in (*_TABLES.split(";"), *health.TABLES, *changes.TABLES):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
            if _is_old(db):
                _bring_up_to_date(db, self._path)
        self._path.chmod(0o600)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")  # else what is overwritten would stay in the file
            yield db

    # --- people ---------------------------------------------------------------------------------------------

    def people(self) -> list[Person]:
        """Give everybody by name."""
        with self._open() as db:
            words: dict[int, dict[str, tuple[str, date]]] = {}
            for person, key, given_by, given_on in db.execute("SELECT * FROM word"):
                words.setdefault(person, {})[key] = (given_by, date.fromisoformat(given_on))
            limits: dict[int, dict[str, float]] = {}
            for person, area, limit_ma in db.execute("SELECT * FROM most"):
                limits.setdefault(person, {})[area] = limit_ma
            called, permissions = _called(db), health.permissions(db)
            rows = db.execute(
                "SELECT id, name, born, answers, answered_on FROM person WHERE hidden = 0 ORDER BY id"
            )
            return [
                Person(
                    number,
                    name,
                    date.fromisoformat(born),
                    json.loads(answers),
                    None if answered_on is None else date.fromisoformat(answered_on),
                    words.get(number, {}),
                    limits.get(number, {}),
                    called[number],
                    permissions.get(number, {}),
                )
                for number, name, born, answers, answered_on in sorted(rows, key=_in_order)
            ]

    def person(self, number: int) -> Person | None:
        """Give one of them, None when there is nobody of this id."""
        return next((one for one in self.people() if one.id == number), None)

    def names(self) -> dict[str, str]:
        """Give what everybody is called on screens, by the id that records carry, also those removed.

        No two are called alike: a removed person carries the id, and so do two whose names are one name.
        """
        with self._open() as db:
            return {str(number): called for number, called in _called(db).items()}

    def add_person(self, name: str, born: date) -> int:
        """Add one and return the id. Raises StoreRefused."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("SELECT count(*) FROM person WHERE hidden = 0").fetchone()[0] >= MOST_PEOPLE:
                raise StoreRefused(TOO_MANY)
            kept = _free_name(db, name, None)
            made = db.execute("INSERT INTO person (name, born) VALUES (?, ?)", (kept, born.isoformat()))
            db.execute("COMMIT")
            return int(made.lastrowid or 0)

    def rename_person(self, number: int, name: str) -> None:
        """Give one another name, or another spelling of it. Raises StoreRefused."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(
                "UPDATE person SET name = ? WHERE id = ? AND hidden = 0",
                (_free_name(db, name, number), number),
            )
            db.execute("COMMIT")

    def remove_person(self, number: int, *, device: str = "") -> None:
        """Forget one: name, date of birth, answers, words, limits and plans go, the number stays.

        What they were treated with stays under that number; so does that somebody was removed, and when.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            _forget(db, number)
            made = datetime.now(UTC).isoformat(timespec="seconds")
            changes.record(db, number, made, by=device, how="form", what="removed", before=None, after=None)
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor in its log

    # --- health ---------------------------------------------------------------------------------------------

    def answer(
        self,
        number: int,
        answers: Mapping[str, bool],
        today: date,
        *,
        device: str = "",
        proven: bool = False,
        now: Reading | None = None,
    ) -> list[str]:
        """Keep the answers, those to other questions stay; a word that none asks for is dropped.

        Returns the keys of those that stay yes for a day; none where `proven` by the nurse's code.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            clock = now or wall.read()
            held = health.answer(db, number, answers, today, clock, device=device, proven=proven)
            db.execute("COMMIT")
            return held

    def settle(self, today: date, now: Reading | None = None) -> list[Waiting]:
        """Let what has waited long enough become a no; return what waits on, to be told on every page."""
        with self._open() as db:
            if not health.waiting(db):
                return []
            db.execute("BEGIN IMMEDIATE")
            health.settle(db, today, now or wall.read())
            db.execute("COMMIT")
            return health.waiting(db)

    def give_word(self, number: int, key: str, given_by: str, today: date, *, device: str = "") -> None:
        """Keep a professional's word; the caller has checked the nurse's code."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            health.give_word(db, number, key, given_by, today, device=device)
            db.execute("COMMIT")

    def permit(self, number: int, key: str, permission: Permission | None, *, device: str = "") -> None:
        """Keep a permission, or take it back with None; the caller has checked the nurse's code."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            health.permit(db, number, key, permission, device=device)
            db.execute("COMMIT")

    def changes(self, number: int) -> list[Change]:
        """Give what was changed about a person's health, oldest first."""
        with self._open() as db:
            return changes.changes_of(db, number)

    def changes_problem(self) -> str:
        """Say what is wrong with the chain of changes, or ""."""
        with self._open() as db:
            return changes.problem(db)

    def set_limit(self, person: Person, area: Area, limit_ma: float, today: date) -> None:
        """Keep a limit in mA. Raises StoreRefused outside 0.5 mA to the ceiling of area and age."""
        highest_ma = highest_limit_ma(area, age_group(person.born, today))
        if area not in AREAS or not MIN_CURRENT_MA <= limit_ma <= highest_ma:
            raise StoreRefused(ABOVE_CEILING)
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO most VALUES (?, ?, ?)", (person.id, area, limit_ma))

    # --- plans and feedback ---------------------------------------------------------------------------------

    def plan(self, number: int, area: Area, today: date) -> Plan:
        """Give a person's plan for an area; the usual course from today where none is kept."""
        with self._open() as db:
            row = db.execute(
                "SELECT per_week, weeks, top_up_days, starts_on, alternate FROM plan "
                "WHERE person = ? AND area = ?",
                (number, area),
            ).fetchone()
        if row is None:
            return Plan(starts_on=today)
        return Plan(row[0], row[1], row[2], date.fromisoformat(row[3]), bool(row[4]))

    def planned_areas(self, number: int) -> list[str]:
        """Give the areas for which a person has a plan."""
        with self._open() as db:
            rows = db.execute("SELECT area FROM plan WHERE person = ?", (number,)).fetchall()
        return [area for area in AREAS if (area,) in rows]

    def set_plan(self, number: int, area: Area, plan: Plan) -> None:
        """Keep a plan."""
        with self._open() as db:
            db.execute(
                "INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, ?, ?, ?)",
                (number, area, *plan._replace(starts_on=plan.starts_on.isoformat())),  # type: ignore[arg-type]
            )

    def feedback(self, sessions: list[int]) -> dict[int, Feedback]:
        """Give what was said after `sessions` (ids of the journal, at most 999)."""
        marks = ",".join("?" * len(sessions))
        with self._open() as db:
            rows = db.execute(
                f"SELECT session, felt, sweat FROM feedback WHERE session IN ({marks})",  # noqa: S608 - marks only
                sessions,
            )
            return {session: Feedback(felt, sweat) for session, felt, sweat in rows}

    def say(self, session: int, felt: str | None, sweat: int | None) -> None:
        """Keep what was said after a session; None leaves what was said before."""
        with self._open() as db:
            db.execute(
                "INSERT INTO feedback VALUES (:session, :felt, :sweat, :now) ON CONFLICT (session) DO UPDATE "
                "SET felt = coalesce(:felt, felt), sweat = coalesce(:sweat, sweat), given_utc = :now",
                {"session": session, "felt": felt, "sweat": sweat, "now": datetime.now(UTC).isoformat()},
            )

    def put_away(self, session: int) -> None:
        """Take note that this session was put away, and all before it."""
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES ('put_away', ?)", (str(session),))

    def put_away_last(self) -> int:
        """Give the session that was put away last, 0 for none."""
        with self._open() as db:
            row = db.execute("SELECT value FROM setting WHERE name = 'put_away'").fetchone()
        return 0 if row is None else int(row[0])

    # --- devices and the code -------------------------------------------------------------------------------

    def pair(self, name: str, today: date) -> str:
        """Pair a device and return its token, which is kept nowhere else. Raises StoreRefused."""
        token = secrets.token_urlsafe(32)
        with self._open() as db:
            if db.execute("SELECT count(*) FROM device").fetchone()[0] >= MOST_DEVICES:
                raise StoreRefused(TOO_MANY)
            db.execute(
                "INSERT INTO device (token_hash, name, paired_on) VALUES (?, ?, ?)",
                (token_hash(token), name, today.isoformat()),
            )
        return token

    def unpair(self, number: int) -> None:
        """Forget a device."""
        with self._open() as db:
            db.execute("DELETE FROM device WHERE id = ?", (number,))

    def devices(self) -> list[Device]:
        """Give the paired devices, oldest first."""
        with self._open() as db:
            rows = db.execute("SELECT id, name, paired_on FROM device ORDER BY id").fetchall()
        return [Device(number, name, date.fromisoformat(day)) for number, name, day in rows]

    def token_hashes(self) -> dict[str, int]:
        """Give the hash of each device's token, with the device's id."""
        with self._open() as db:
            return dict(db.execute("SELECT token_hash, id FROM device").fetchall())

    def set_code(self, code: str) -> None:
        """Set the nurse's code, of at least 6 characters. Raises StoreRefused."""
        require_code(code)
        salt = secrets.token_bytes(16)
        kept = f"{salt.hex()}:{_scrypt(composed(code), salt).hex()}"
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT OR REPLACE INTO setting VALUES ('nurse_code', ?)", (kept,))
            db.execute("DELETE FROM setting WHERE name = 'code_tries'")  # they were at another code
            db.execute("COMMIT")

    def take_try(self, boot: str, boottime_s: float) -> None:
        """Take one of the tries at the code that the command line has. Raises StoreRefused when none is left.

        Counted by the time since boot, which nobody can set; a restart gives none back.
        """
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            before, left, since_s = _tries(db)
            passed_s = boottime_s - since_s if boot == before else 0.0
            left = min(float(TRIES), left + max(0.0, passed_s) / TRY_AGAIN_S)
            kept = json.dumps([boot, left - 1.0 if left >= 1.0 else left, boottime_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES ('code_tries', ?)", (kept,))
            db.execute("COMMIT")
        if left < 1.0:
            raise StoreRefused(TOO_MANY_TRIES)

    def give_try_back(self) -> None:
        """Give back the try that was taken last."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            boot, left, since_s = _tries(db)
            kept = json.dumps([boot, min(float(TRIES), left + 1.0), since_s])
            db.execute("INSERT OR REPLACE INTO setting VALUES ('code_tries', ?)", (kept,))
            db.execute("COMMIT")

    def code_id(self) -> str:
        """Tell the code that is set from others, without telling it. Raises StoreRefused when none is set."""
        with self._open() as db:
            return self._kept_code(db)[0].hex()

    def prove_code(self, code: str, take: Callable[[], None], give_back: Callable[[], None]) -> None:
        """Check the nurse's code at the cost of a try, which only a wrong one keeps.

        `take` takes a try, or raises where none is left; it isn't called where no code is set or none was
        entered. Raises StoreRefused.
        """
        self.code_id()
        if not code.strip():
            raise StoreRefused(NO_CODE_GIVEN)
        take()
        self.check_code(code)
        give_back()

    def check_code(self, code: str) -> None:
        """Check the nurse's code. Raises StoreRefused when it is wrong or none is set."""
        with self._open() as db:
            salt, wanted = self._kept_code(db)
        # A code set by an older version may be kept as it was typed, in pieces.
        if not any(hmac.compare_digest(_scrypt(one, salt), wanted) for one in (composed(code), code)):
            raise StoreRefused(WRONG_CODE)

    @staticmethod
    def _kept_code(db: sqlite3.Connection) -> tuple[bytes, bytes]:
        """Give salt and hash of the nurse's code. Raises StoreRefused when none is set."""
        row = db.execute("SELECT value FROM setting WHERE name = 'nurse_code'").fetchone()
        if row is None:
            raise StoreRefused(NO_CODE_SET)
        salt, wanted = (bytes.fromhex(part) for part in row[0].split(":"))
        return salt, wanted


def require_code(code: str) -> None:
    """Refuse a nurse's code that is too short. Raises StoreRefused."""
    if len(code) < LEAST_CODE or not code.strip():
        raise StoreRefused(f"The nurse's code needs at least {LEAST_CODE} characters.")
    if wrong := unfit_in_name(code):
        raise StoreRefused(f"The nurse's code {wrong}")


def _called(db: sqlite3.Connection) -> dict[int, str]:
    """Give what each is called, so that no two are called alike."""
    rows = db.execute("SELECT id, name, hidden FROM person ORDER BY hidden, id").fetchall()
    counted = Counter(looks(name) for _, name, hidden in rows if not hidden)
    taken = {name for name, count in counted.items() if count == 1}
    called: dict[int, str] = {}
    for number, name, hidden in rows:
        if hidden:
            called[number] = f"({number})"
            continue
        shown = name
        if counted[looks(name)] > 1:
            shown = f"{name} ({number})"
            while looks(shown) in taken:
                shown = f"{shown} ({number})"
            taken.add(looks(shown))
        called[number] = shown
    return called


def _in_order(row: tuple[Any, ...]) -> str:
    """Give what somebody is listed by: the name's letters, whatever their case, then its accents."""
    import unicodedata

    return unicodedata.normalize("NFD", same(row[1]))


def _free_name(db: sqlite3.Connection, typed: str, number: int | None) -> str:
    """Give a name as it is kept, if nobody else in the household has it. Raises StoreRefused."""
    name = cleaned(typed)
    if not same(name) or unfit_in_name(name):
        raise StoreRefused(NO_NAME)
    others = db.execute("SELECT id, name FROM person WHERE hidden = 0").fetchall()
    if any(looks(other) == looks(name) for one, other in others if one != number):
        raise StoreRefused(NAME_TAKEN)
    return name


def _is_old(db: sqlite3.Connection) -> bool:
    return bool(db.execute(_UNIQUE_NAMES).fetchone()[0]) or not db.execute(_HAS_CHANGES).fetchone()[0]


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    """Make what an older version's book lacks, in one transaction, and keep a copy as it was.

    Names may be equal to the table from then on; whose they are is judged when one is given. What is known of
    people's health is the first thing that the record of changes holds, and who was removed is forgotten.
    """
    db.execute("PRAGMA foreign_keys = OFF")  # a table is replaced under those that refer to it
    db.execute("PRAGMA secure_delete = ON")
    db.execute("BEGIN IMMEDIATE")
    if _is_old(db):  # not brought up to date by another process just now
        keep_copy(path)
        if db.execute(_UNIQUE_NAMES).fetchone()[0]:
            for statement in _FREED.split(";"):
                db.execute(statement)
        if not db.execute(_HAS_CHANGES).fetchone()[0]:
            for statement in (*health.TABLES, *changes.TABLES):
                db.execute(statement)
            _begin_changes(db)
    db.execute("COMMIT")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _begin_changes(db: sqlite3.Connection) -> None:
    made = datetime.now(UTC).isoformat(timespec="seconds")
    for number, answers, hidden in db.execute(
        "SELECT id, answers, hidden FROM person ORDER BY id"
    ).fetchall():
        if hidden:
            _forget(db, number)
            continue
        for key, yes in json.loads(answers).items():
            changes.record(db, number, made, by="", how="found", what=key, before=None, after=yes)
        words = "SELECT key, given_by FROM word WHERE person = ? ORDER BY key"
        for key, given_by in db.execute(words, (number,)).fetchall():
            changes.record(
                db, number, made, by="", how="found", what=f"word:{key}", before=None, after=given_by
            )


def _forget(db: sqlite3.Connection, number: int) -> None:
    """Take out all that is known of a person but the number, inside the caller's transaction."""
    db.execute(
        "UPDATE person SET hidden = 1, name = '', born = ?, answers = '{}', answered_on = NULL WHERE id = ?",
        (_NO_DAY, number),
    )
    for table in ("word", "permission", "waiting", "most", "plan"):
        db.execute(f"DELETE FROM {table} WHERE person = ?", (number,))  # noqa: S608 - the names above
    changes.erase(db, number)


def _tries(db: sqlite3.Connection) -> tuple[str, float, float]:
    """Give the boot in which the code was tried last, the tries left then, and when (s since boot)."""
    row = db.execute("SELECT value FROM setting WHERE name = 'code_tries'").fetchone()
    boot, left, since_s = ("", TRIES, 0.0) if row is None else json.loads(row[0])
    return str(boot), float(left), float(since_s)


def token_hash(token: str) -> str:
    """Give what is kept of a device's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _scrypt(code: str, salt: bytes) -> bytes:
    return hashlib.scrypt(code.encode(), salt=salt, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"])

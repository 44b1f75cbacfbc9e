"""`ionto history`: answers one question about the journal, for people or as JSON.

Law: a journal that was tampered with is an answer with its own exit code, never a success.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app import plot
from app.atomic import check_target, write_whole
from app.history import sheet
from app.history.amend import amend_date, plain_date
from app.locale.terminal import number, retell, spoken, t
from app.output import ExitCode, UsageError, complain, say
from app.report import row, trip_words
from app.state import state_directory
from app.words import clock, dose, duration, named, plain
from controller.core.locks import Role
from controller.core.reasons import NAMES, reason_of
from controller.core.wording import by_area
from controller.host.disk import why
from controller.journal.check import LIMITS
from controller.journal.history import MOST, History, Unreadable, open_history
from controller.loop.recorder import Trace
from protocols.dates import utc
from protocols.treatment import area_of

if TYPE_CHECKING:
    from app.locale.language import Language


class Order(NamedTuple):
    """What the command line asks for."""

    ask: str
    state: Path | None
    json: bool
    session: int | None
    limit: int
    before: int | None
    person: str | None
    file: Path | None
    spreadsheet: bool = False
    started: str | None = None
    reason: str | None = None


def history(order: Order) -> ExitCode:
    """Answer the question.

    Raises:
        UsageError: no journal there, no such session, or a file that can't be written.

    """
    state = state_directory(order.state)
    try:
        if order.ask == "amend":
            return amend_date(
                state, order.session or 0, order.started or "", order.reason or "", as_json=order.json
            )
        with open_history(state) as journal:
            if missing := journal.missing():
                complain(f"ionto: {retell(missing)}")
            return _ANSWERS[order.ask](journal, order)
    except Unreadable as error:
        raise UsageError(str(error)) from error


def _list(journal: History, order: Order) -> ExitCode:
    if order.limit > MOST:
        raise UsageError(
            t(
                "--limit {limit}: at most {most} are listed at once; go on with --before",
                limit=order.limit,
                most=MOST,
            )
        )
    sessions = journal.sessions(limit=order.limit, before=order.before, person=order.person)
    totals = journal.totals()
    if order.json:
        say(json.dumps({"sessions": sessions, "totals": totals}))
        return ExitCode.COMPLETED
    if not sessions:
        say(_none(order, totals["sessions"]))
        return ExitCode.COMPLETED
    begun, person, outcome = t("begun (UTC)"), t("person"), t("outcome")
    what = f"{begun:16}  {t('treatment'):22}  {person:10}  {outcome:15}"
    say(f"{'':>6}  {what}  " + t("forward  reverse mA min"))
    for one in sessions:
        say(_line(one))
    for mark, meaning in MARKS.items():
        if any(_mark(one) == mark for one in sessions):
            say(f"     {mark}  {t(meaning)}")
    say(
        t(
            "Sessions in all: {count}, completed: {completed}, completed short: {short}.",
            count=totals["sessions"],
            completed=totals["completed"],
            short=totals["completed_short"],
        )
    )
    return ExitCode.COMPLETED


def _none(order: Order, recorded: int) -> str:
    """Say that nothing is listed, and of what."""
    if recorded and order.person is not None:
        return t("No session of person {person} is recorded there.", person=order.person)
    if recorded and order.before is not None:
        return t("No session before {number} is recorded there.", number=order.before)
    return t("No session is recorded there.")


def _line(one: dict[str, Any]) -> str:
    begun = plain_date(_date(one)) + _mark(one)
    forward, reverse = one["forward_ma_min"] or 0.0, one["reverse_ma_min"] or 0.0
    words = f"{one['id']:>6}  {begun:17} {one['treatment'][:22]:22}  {(one['person'] or '-')[:10]:10}  "
    words += f"{named(one['outcome'] or 'running'):15}  {number(forward, '7.1f')}  {number(reverse, '7.1f')}"
    return f"{words}  {t('SIMULATED')}" if one["simulated"] else words


MARKS: Final = {
    "?": "This date is not known: the clock was not set. `ionto history show` tells what is known.",
    "*": "This date is not the recorded one: it was amended, or the clock was set later.",
}
"""What stands beside a date that is not taken as recorded."""
APART_S: Final = 60.0
"""A date that differs from the recorded one by no more is the same."""


def _date(one: dict[str, Any]) -> str:
    """Give the date that counts, or the recorded one where none is known."""
    known: bool = one["date_known"] and _mark(one) == "*"
    return str(one["latest_utc"] if known else one["begun_utc"])


def _mark(one: dict[str, Any]) -> str:
    if not one["date_known"]:
        return "?"
    apart_s = (utc(one["latest_utc"]) - utc(one["begun_utc"])).total_seconds()
    return "*" if one["amended_utc"] is not None or abs(apart_s) > APART_S else " "


def _show(journal: History, order: Order) -> ExitCode:
    one = _found(journal, order)
    beside = _beside(journal, one)
    if order.json:
        say(json.dumps(one | beside | {"chart": journal.chart(one["id"])}))
        return ExitCode.COMPLETED
    for line in (*_told(one, beside["trips"], beside["amendments"]), *_released(beside["releases"])):
        say(line)
    return ExitCode.COMPLETED


def _told(
    one: dict[str, Any], trips: list[dict[str, Any]], amendments: list[dict[str, Any]]
) -> Iterator[str]:
    stamp = f", {t('SIMULATED')}" if one["simulated"] else ""
    outcome = named(one["outcome"] or "running")
    yield (
        t("Session {number}: {name}, {outcome}", number=one["id"], name=one["treatment"], outcome=outcome)
        + stamp
    )
    begun = one["begun_utc"].replace("+00:00", "")
    yield row(t("Begun"), t("{when} UTC on {unit}", when=begun, unit=one["unit"]))
    yield from _dated(one, amendments)
    if one["person"]:
        yield row(t("Person"), one["person"])
    if one["linked_to"]:
        yield row(t("Rest of"), t("session {number}", number=one["linked_to"]))
    limit = "" if one["limit_ma"] is None else t(", limit {ma} mA", ma=number(one["limit_ma"], "g"))
    yield row(t("Asked for"), f"{number(one['target_ma'], 'g')} mA, {clock(one['total_s'])} min{limit}")
    if one["duration_s"] is not None:
        yield row(t("Lasted"), duration(one["duration_s"]))
        yield row(t("Dose"), dose(one["forward_ma_min"], one["reverse_ma_min"]))
    if one["reason"]:
        yield row(t("Reason"), retell(one["reason"]))
    if one["code"]:
        yield row(t("Code"), one["code"])
    for trip in trips:
        yield row(t("Trip"), trip_words(trip))
    for name in [trip["cause"] for trip in trips] or [NAMES.get(one["code"])]:
        if name is not None:
            to_do = by_area(reason_of(name).to_do(), area_of(one["treatment"]))
            yield row(t("To do"), t(to_do))


def _dated(one: dict[str, Any], amendments: list[dict[str, Any]]) -> Iterator[str]:
    """Say what the recorded date is worth, where it doesn't stand."""
    for made in amendments:
        yield row(
            t("Amended"),
            t(
                "to {when} UTC on {day} with the nurse's code: {reason}",
                when=plain_date(made["begun_utc"]),
                day=made["made_utc"][:10],
                reason=made["reason"],
            ),
        )
    latest = plain_date(one["latest_utc"])
    if not one["date_known"] and one["earliest_utc"] is None:
        yield row(t("Date"), t("not known: the clock was not set; at the latest {latest} UTC", latest=latest))
    elif not one["date_known"]:
        earliest = plain_date(one["earliest_utc"])
        bounds = {"earliest": earliest, "latest": latest}
        yield row(
            t("Date"), t("not known: the clock was not set; between {earliest} and {latest} UTC", **bounds)
        )
    elif not amendments and _mark(one) == "*":
        yield row(t("Date"), t("{when} UTC, by the time since boot", when=latest))


def _released(releases: list[dict[str, Any]]) -> Iterator[str]:
    """Say what was said after the session, where that kept the unit from treating."""
    for made in releases:
        day, reason = made["made_utc"][:10], made["reason"]
        if made["role"] == Role.TECHNICIAN:
            yield row(
                t("Said why"), t("on {day} with the technician's code: {reason}", day=day, reason=reason)
            )
        else:
            yield row(t("Cleared"), t("on {day} by Stop on the unit", day=day))


def _export(journal: History, order: Order) -> ExitCode:
    file = _target(order, (".csv",) if order.spreadsheet else (".csv", ".json"))
    if order.session is not None:
        one = _found(journal, order)
        chart = journal.chart(one["id"])
        if file.suffix.lower() == ".json":
            text = json.dumps(one | _beside(journal, one) | {"chart": chart}, indent=1)
        else:
            text = "".join(
                sheet.chart(chart, _language())
                if order.spreadsheet
                else sheet.for_programs(list(chart), zip(*chart.values(), strict=True))
            )
    else:
        sessions = list(_all(journal))
        if file.suffix.lower() == ".json":
            text = json.dumps([one | _beside(journal, one) for one in sessions], indent=1)
        else:
            names = list(sessions[0]) if sessions else [*journal.columns()]
            text = "".join(
                sheet.sessions(sessions, _language())
                if order.spreadsheet
                else sheet.for_programs(names, (one.values() for one in sessions))
            )
    _write(file, text)
    if order.json:
        say(json.dumps({"file": str(file)}))
    elif file.suffix.lower() == ".csv" and not order.spreadsheet:
        say(
            t(
                "{file} is for programs: decimal points, times in UTC. For a spreadsheet: --spreadsheet.",
                file=file,
            )
        )
    return ExitCode.COMPLETED


def _beside(journal: History, one: dict[str, Any]) -> dict[str, Any]:
    number = one["id"]
    return {
        "trips": journal.trips(number),
        "amendments": journal.amendments(number),
        "releases": journal.releases(number),
    }


def _all(journal: History) -> Iterator[dict[str, Any]]:
    before: int | None = None
    while page := journal.sessions(limit=MOST, before=before):
        yield from page
        before = page[-1]["id"]


def _language() -> Language:
    """Give the language that is spoken here with its signs; English alone doesn't cost this import."""
    from app.locale.language import language

    return language(spoken())


def _plot(journal: History, order: Order) -> ExitCode:
    one = _found(journal, order)
    file = _target(order, (".svg",))
    check_target(file, str(file))
    chart = journal.chart(one["id"])
    if not chart["at_s"]:
        raise UsageError(t("session {number} has no chart: nothing was measured in it", number=one["id"]))
    trips = journal.trips(one["id"])
    trip = None if not trips else {"cause": trips[0]["cause"], "detected_s": trips[0]["detected_s"]}
    trace = Trace(
        time_s=chart["at_s"],
        phase=chart["phase"],
        polarity=[polarity or "forward" for polarity in chart["polarity"]],
        target_ma=[one["target_ma"]] * len(chart["at_s"]),
        setpoint_ma=chart["setpoint_ma"],
        measured_ma=chart["measured_ma"],
        voltage_v=chart["voltage_v"],
    )
    what = {"treatment": one["treatment"], "outcome": plain(one["outcome"] or "running"), "trip": trip}
    _write(file, plot.draw(trace, what | {"simulated": bool(one["simulated"]), "seed": None}))
    if order.json:
        say(json.dumps({"file": str(file)}))
    return ExitCode.COMPLETED


def _verify(journal: History, order: Order) -> ExitCode:
    found = journal.verify()
    if order.json:
        say(json.dumps({**found._asdict(), "intact": not found.problems, "limits": LIMITS}))
    elif found.problems:
        for problem in found.problems:
            complain(f"ionto: {retell(problem)}")
        counts = {"findings": len(found.problems), "records": found.records}
        say(t("NOT INTACT: findings {findings}, records {records}.", **counts))
    else:
        intact = t("Intact: records {records}, sessions {sessions}.", **found._asdict())
        say(f"{intact} {t(LIMITS)}")
    return ExitCode.ABORTED if found.problems else ExitCode.COMPLETED


def _found(journal: History, order: Order) -> dict[str, Any]:
    one = None if order.session is None else journal.session(order.session)
    if one is None:
        raise UsageError(
            t("there is no session {number} in this journal: see `ionto history list`", number=order.session)
        )
    return one


def _target(order: Order, suffixes: tuple[str, ...]) -> Path:
    if order.file is None or order.file.suffix.lower() not in suffixes:
        raise UsageError(
            t(
                "{file}: the file's name has to end in {endings}",
                file=order.file,
                endings=t(" or ").join(suffixes),
            )
        )
    return order.file


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        cause, remedy = map(retell, why(error, file))
        raise UsageError(
            t("{file}: can't be written ({cause}): {remedy}", file=file, cause=cause, remedy=remedy)
        ) from error


_ANSWERS: Final = {"list": _list, "show": _show, "export": _export, "plot": _plot, "verify": _verify}

"""History: every session with its chart, dose, trips in plain words and how it felt; progress; export.

Law: a page reads a bounded number of rows, so ten years answer like a month. What is exported is whole.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response, StreamingResponse

from app.history import sheet
from app.household.feelings import FELT, SWEAT
from app.household.plans import Feedback
from app.typed import moment
from app.web import sentences
from app.web.chart import drawing
from app.web.frame import choices, entry, facts, field, note, page, table
from app.web.markup import Child, Html, el
from app.web.pages import backup
from app.web.pages.afterwards import felt_forms, given, in_session, outcome
from app.web.pages.code import check_code, code_field
from app.web.records import Record
from app.web.visit import Sorry, Visit, go
from controller.core.locks import IDLE, PROOF, Role
from controller.core.reasons import NAMES, REASONS, reason_of
from controller.core.wording import by_area
from controller.host import wall
from controller.journal import amending
from controller.journal.amending import LONGEST_REASON, AmendRefused, Unwritable
from controller.journal.history import open_history
from protocols.dates import utc
from protocols.treatment import area_of

ROWS: Final = 25
WEEKS: Final = 12
_BATCH: Final = 500
_MOST: Final = 999
"""Sessions whose feedback is asked for at once."""


def history(visit: Visit) -> Response:
    """Show the newest sessions, or those before one."""
    t = visit.t
    who = visit.query.get("person", "")
    person = None if not who else str(visit.person(who).id)
    before = visit.query.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 10):
        raise Sorry(t("There is no session of this number."), 404)
    found = visit.house.records.page(ROWS + 1, int(before) if before else None, person)
    shown = found[:ROWS]
    more = urlencode({**({"person": person} if person else {}), "before": shown[-1].id}) if shown else ""
    older = el("p", el("a", t("Older sessions"), href=f"/history?{more}", class_="button plain"))
    return page(
        visit,
        t("History"),
        _filter(visit, who),
        _table(visit, shown) if shown else el("p", _none(visit, person, before)),
        older if len(found) > ROWS else None,
        _progress(visit, person) if shown and not before else None,
        el(
            "section",
            el("h2", t("Take it along")),
            [
                el(
                    "p",
                    el(
                        "a",
                        t("Four weeks of {name}", name=one.called),
                        href=f"/people/{one.id}/weeks",
                        class_="button plain",
                    ),
                )
                for one in visit.house.household.people()
                if not who or str(one.id) == person
            ],
            el(
                "p",
                el(
                    "a",
                    t("For a spreadsheet"),
                    href="/history/table.csv",
                    class_="button plain",
                    download=True,
                ),
            ),
            el(
                "p",
                t("For programs, with decimal points and times in UTC:"),
                " ",
                el("a", "CSV", href="/history.csv", class_="button plain", download=True),
                el("a", "JSON", href="/history.json", class_="button plain", download=True),
            ),
        ),
        backup.form(visit),
        section="history",
        scripts=("uPlot.js", "chart.js", "charts.js"),
    )


def session(visit: Visit) -> Response:
    """Show one session."""
    t, language = visit.t, visit.language
    record = visit.house.records.one(visit.session())
    if record is None:
        raise Sorry(t("There is no session of this number."), 404)
    with open_history(visit.house.state) as journal:
        trips, amendments = journal.trips(record.id), journal.amendments(record.id)
        releases = journal.releases(record.id)
    rows: list[tuple[str, Child]] = [
        (t("Who"), visit.house.household.names().get(record.person or "", "")),
        *_dates(visit, record, amendments),
        *_released(visit, releases),
        (t("Treatment"), t(sentences.TREATMENTS.get(record.treatment, record.treatment))),
        (t("Result"), outcome(visit, record)),
        (t("Set at the start"), language.ma(record.target_ma)),
        (t("Borne current"), _borne(visit, record)),
        (t("Duration"), t("{minutes} min", minutes=language.number((record.duration_s or 0) / 60, 1))),
        (t("Given"), given(visit, record)),
        (t("Asked"), "" if record.asked_ma_min is None else language.charge(record.asked_ma_min)),
        (t("One way"), language.charge(record.forward_ma_min)),
        (t("The other way"), language.charge(record.reverse_ma_min)),
        (t("First direction"), t(sentences.POLARITY.get(record.first_polarity or "", ""))),
        (t("Continues"), _linked(visit, record)),
        (t("Record"), t("SIMULATED: no person was treated") if record.simulated else ""),
    ]
    return page(
        visit,
        t("Session of {moment}", moment=language.moment(record.begun)),
        facts(rows),
        _whole(visit, record),
        _trips(visit, record, trips),
        _chart(visit, record),
        _amending(visit, record),
        _afterwards(visit, record),
        el(
            "p",
            el("a", t("All sessions"), href="/history", class_="button plain"),
            el("button", t("Print"), type="button", class_="plain", data_print=True, hidden=True),
            class_="noprint",
        ),
        section="history",
        scripts=("uPlot.js", "chart.js", "charts.js"),
    )


def amend(visit: Visit) -> Response:
    """Amend the date of a session, with the nurse's code."""
    number = visit.session()
    try:
        begun = moment(visit.fields.get("started", ""))
    except ValueError as error:
        said = f"{visit.t('When it began')}: {visit.language.retell(str(error))}"
        raise Sorry(said, field="started") from None
    reason = visit.line("reason", LONGEST_REASON)
    check_code(visit)
    try:
        amending.amend(visit.house.state, number, begun, "nurse", reason, wall.read())
    except AmendRefused as refused:
        raise Sorry(visit.language.retell(str(refused)), field="started") from refused
    except (Unwritable, sqlite3.Error, OSError) as error:
        raise Sorry(visit.language.retell(str(error)), 503) from error
    return go(f"/history/{number}")


def chart_json(visit: Visit) -> Response:
    """Give a session's chart as columns."""
    return JSONResponse(_columns(visit))


def chart_svg(visit: Visit) -> Response:
    """Draw a session's chart for browsers without scripts."""
    labels = (visit.t("Delivered (mA)"), visit.t("Set (mA)"))
    ways = {way: visit.t(said) for way, said in sentences.POLARITY.items()}
    return Response(drawing(_columns(visit), labels, ways), media_type="image/svg+xml")


def _columns(visit: Visit) -> dict[str, list[Any]]:
    """Give a session's chart as columns, one row a second."""
    number = visit.session()
    if visit.house.records.one(number) is None:
        raise Sorry(visit.t("There is no session of this number."), 404)
    with open_history(visit.house.state) as journal:
        return journal.chart(number)


def progress_json(visit: Visit) -> Response:
    """Give each treatment's begin (s since 1970), oldest first, and a line for each person and area."""
    who = visit.query.get("person", "")
    person = None if not who else str(visit.person(who).id)
    given = (one for one in whole_ones(_all(visit, person)) if one[0].treatment not in {PROOF, IDLE})
    whole = sorted(given, key=lambda one: one[0].begun)
    lines = []
    for line in dict.fromkeys(_line_of(record) for record, _ in whole):
        ours = [(record, said) if _line_of(record) == line else None for record, said in whole]
        lines.append(
            {
                "name": _line_name(visit, line, alone=person is not None),
                "charge_ma_min": [None if one is None else one[0].charge_ma_min for one in ours],
                "sweat": [None if one is None else one[1].sweat for one in ours],
            }
        )
    return JSONResponse({"at_s": [record.begun.timestamp() for record, _ in whole], "lines": lines})


def _line_of(record: Record) -> tuple[str, str]:
    """Tell whose treatments of what belong together: person and area."""
    return record.person or "", area_of(record.treatment) or record.treatment


def _line_name(visit: Visit, line: tuple[str, str], *, alone: bool) -> str:
    """Name a line; `alone` where only one person is shown."""
    who, area = line
    what = visit.t(sentences.AREAS.get(area, area))
    name = visit.house.household.names().get(who) or visit.t("Nobody in particular")
    return what if alone else f"{name}, {what}"


def export_spreadsheet(visit: Visit) -> Response:
    """Give all sessions as a table for a spreadsheet that speaks the visitor's language."""
    lines = sheet.sessions(_rows(visit), visit.language, visit.house.household.names())
    return _download(lines, "text/csv; charset=utf-8", "sessions-spreadsheet.csv")


def export_csv(visit: Visit) -> Response:
    """Give all sessions as a table for programs."""
    return _download(_csv_lines(visit), "text/csv; charset=utf-8", "sessions.csv")


def export_json(visit: Visit) -> Response:
    """Give all sessions as JSON."""
    return _download(_json_lines(visit), "application/json", "sessions.json")


def _none(visit: Visit, person: str | None, before: str) -> str:
    """Say that nothing is listed, and of what."""
    if before:
        return visit.t("There is no older session.")
    if person is not None:
        return visit.t("There is no session of {name} yet.", name=visit.house.household.names()[person])
    return visit.t("There is no session yet.")


def _filter(visit: Visit, chosen: str) -> Html | None:
    people = {str(one.id): one.called for one in visit.house.household.people()}
    if len(people) < 2:
        return None
    options = {"": visit.t("Everybody"), **people}
    show = el("button", visit.t("Show"), class_="plain")
    return el(
        "form",
        field(visit.t("Who"), choices("person", options, chosen)),
        show,
        method="get",
        action="/history",
        class_="pick",
    )


def _table(visit: Visit, records: list[Record]) -> Html:
    t, language = visit.t, visit.language
    names = visit.house.household.names()
    heads = (t("When"), t("Who"), t("Treatment"), t("Result"), t("Given"), t("Skin"), t("Sweat"))
    rows: list[Sequence[Child]] = []
    for record, feeling, parts in _treatments(visit, records):
        cells: tuple[Child, ...] = (
            [
                el("a", language.moment(record.begun), href=f"/history/{record.id}"),
                _doubt(visit, record),
                el("small", " ", t("in {count} parts", count=parts)) if parts > 1 else None,
            ],
            names.get(record.person or "", ""),
            _area(visit, record),
            outcome(visit, record),
            given(visit, record),
            t(FELT[feeling.felt]) if feeling.felt else "",
            "" if feeling.sweat is None else t(SWEAT[feeling.sweat]),
        )
        rows.append(cells)
    unit = t("mA min is current times time: 10 mA for 10 minutes are 100 mA min.")
    return el("div", table(t("Treatments, newest first"), heads, rows), el("p", unit, class_="quiet"))


def _treatments(visit: Visit, records: list[Record]) -> Iterator[tuple[Record, Feedback, int]]:
    """Give treatments, each with its rests, what was said after it and of how many sessions it is."""
    whole = []
    for record in records:
        if record.linked_to is None or record.linked_to >= record.id:
            rests = [] if record.outcome in {"completed", "refused"} else visit.house.records.rests(record.id)
            whole.append((record.with_rests(rests), [record.id, *(one.id for one in rests)]))
    said = visit.house.household.feedback([number for _, numbers in whole for number in numbers][:_MOST])
    for record, numbers in whole:
        yield record, _together([said[one] for one in numbers if one in said]), len(numbers)


def _together(said: list[Feedback]) -> Feedback:
    """Join what was said after the parts of a treatment: of each the last word."""
    felt = [one.felt for one in said if one.felt is not None]
    sweat = [one.sweat for one in said if one.sweat is not None]
    return Feedback(felt[-1] if felt else None, sweat[-1] if sweat else None)


def _doubt(visit: Visit, record: Record) -> Html | None:
    """Mark a date that is not taken as recorded."""
    if not record.date_known:
        return el("small", " ", visit.t("at the latest: the date is not known"))
    return el("small", " ", visit.t("amended")) if record.amended_utc is not None else None


def _dates(visit: Visit, record: Record, amendments: list[dict[str, Any]]) -> list[tuple[str, Child]]:
    """Say what the date is worth, and which one was recorded."""
    t, language = visit.t, visit.language
    rows: list[tuple[str, Child]] = []
    if not record.date_known:
        bounds = t(
            "Not known, since the clock was not set. At the latest: {latest}.",
            latest=language.moment(record.begun),
        )
        if record.earliest_utc is not None:
            earliest = language.moment(utc(record.earliest_utc).astimezone())
            bounds += " " + t("At the earliest: {earliest}.", earliest=earliest)
        rows.append((t("Date"), bounds))
    if record.recorded is not None:
        rows.append((t("Recorded date"), f"{record.recorded:%Y-%m-%d %H:%M} UTC"))
    for made in amendments:
        day = language.short_day(utc(made["made_utc"]).astimezone().date())
        said = t("on {day} with the nurse's code: {reason}", day=day, reason=made["reason"])
        rows.append((t("Amended"), said))
    return rows


def _released(visit: Visit, releases: list[dict[str, Any]]) -> Iterator[tuple[str, Child]]:
    """Say what was said after the session, where that kept the unit from treating."""
    for made in releases:
        day = visit.language.short_day(utc(made["made_utc"]).astimezone().date())
        if made["role"] == Role.TECHNICIAN:
            said = visit.t("on {day} with the technician's code: {reason}", day=day, reason=made["reason"])
            yield visit.t("Said why"), said
        else:
            yield visit.t("Cleared"), visit.t("on {day} by Stop on the unit", day=day)


def _amending(visit: Visit, record: Record) -> Html | None:
    """Offer to amend the date; one that the unit knows by itself is refused then, with the reason."""
    t = visit.t
    if record.outcome is None:
        return None
    action = f"/history/{record.id}/amend"
    form = visit.form(
        action,
        entry(visit, action, "started", t("When it began"), type="datetime-local", required=True),
        entry(
            visit,
            action,
            "reason",
            t("Reason"),
            required=True,
            maxlength=LONGEST_REASON,
            autocomplete="off",
        ),
        code_field(visit, action),
        el("button", t("Amend the date"), class_="plain"),
    )
    why = t("The recorded date stays; the amendment is kept beside it.")
    again = visit.refills(action, {})
    return el("details", el("summary", t("Amend the date")), el("p", why), form, class_="noprint", open=again)


def _afterwards(visit: Visit, record: Record) -> Html | None:
    """Ask how it felt; never while somebody is treated, who might take the question for theirs."""
    if record.runs or record.treatment in {PROOF, IDLE} or (visit.snapshot is not None and in_session(visit)):
        return None
    return el(
        "section",
        el("h2", visit.t("Afterwards")),
        felt_forms(visit, record, "session"),
        class_="noprint",
        data_at_rest=True,
    )


def _area(visit: Visit, record: Record) -> str:
    """Name what was treated; a simulated session is stamped, whatever unit is there now."""
    area = visit.t(sentences.AREAS.get(record.treatment, record.treatment))
    return f"{area}, {visit.t('SIMULATED')}" if record.simulated else area


def _linked(visit: Visit, record: Record) -> Child:
    if record.linked_to is None:
        return None
    return el("a", visit.t("the rest of an earlier session"), href=f"/history/{record.linked_to}")


def _whole(visit: Visit, record: Record) -> Html | None:
    """Show the whole treatment that this session is a part of, where it has several."""
    t, language = visit.t, visit.language
    first = record
    while first.linked_to is not None and first.linked_to < first.id:
        before = visit.house.records.one(first.linked_to)
        if before is None:
            break
        first = before
    rests = visit.house.records.rests(first.id)
    if not rests:
        return None
    whole = first.with_rests(rests)
    parts = [
        el(
            "li",
            el(
                "a",
                language.moment(one.begun),
                href=f"/history/{one.id}",
                aria_current="page" if one.id == record.id else None,
            ),
            f": {language.charge(one.charge_ma_min)}, {outcome(visit, one)}",
        )
        for one in (first, *rests)
    ]
    said = t(
        "{forward} one way, {reverse} the other way",
        forward=language.charge(whole.forward_ma_min or 0.0),
        reverse=language.charge(whole.reverse_ma_min or 0.0),
    )
    return el(
        "section",
        el("h2", t("The whole treatment")),
        el("p", outcome(visit, whole), ". ", said),
        el("ol", parts),
    )


def _borne(visit: Visit, record: Record) -> str:
    """Say what was borne, by the chart's hold."""
    borne_ma = visit.house.records.borne_ma(record.id)
    if borne_ma is None:
        return ""
    return visit.t("{current} (median of the hold)", current=visit.language.ma(borne_ma))


def _trips(visit: Visit, record: Record, trips: list[dict[str, Any]]) -> Html | None:
    t = visit.t
    if not trips and record.outcome in {"completed", None}:
        return None
    seen = visit.snapshot
    rest = seen is not None and bool(seen["rest_s"]) and seen["linked_to"] == record.id
    parts: list[Html] = []
    for trip in trips:
        reason, area = reason_of(trip["cause"]), area_of(record.treatment)
        at = t("{minutes} min", minutes=visit.language.number(trip["detected_s"] / 60, 1))
        said, phase = t(by_area(reason.title, area)), t(sentences.PHASES.get(trip["phase"], trip["phase"]))
        parts += [
            note(t("After {time}, in the phase {phase}: {cause}", time=at, phase=phase, cause=said), "bad"),
            el("p", t(by_area(reason.to_do(rest=rest), area))),
            el(
                "details",
                el("summary", t("What was measured")),
                el("p", visit.language.retell(trip["evidence"])),
            ),
        ]
    if not trips and record.reason:
        parts.append(el("p", visit.language.retell(record.reason)))
        if (name := NAMES.get(record.code or 0)) is not None:
            parts.append(el("p", t(by_area(REASONS[name].to_do(), area_of(record.treatment)))))
    short = record.outcome == "completed_short"
    why = t("Why it was less than asked") if short else t("Why it is not complete")
    return el("section", el("h2", why), parts) if parts else None


def _chart(visit: Visit, record: Record) -> Html:
    t = visit.t
    box = el(
        "div",
        role="img",
        aria_label=t("Chart of the current over the session; the doses above sum it up."),
        class_="chart",
        data_chart=f"/history/{record.id}/chart.json",
        data_drawn=f"/history/{record.id}/chart.svg",
        data_time=t("Time (min)"),
        data_set=t("Set (mA)"),
        data_delivered=t("Delivered (mA)"),
        data_forward=t(sentences.POLARITY["forward"]),
        data_reverse=t(sentences.POLARITY["reverse"]),
        data_locale=visit.language.code,
    )
    drawn = el("img", src=f"/history/{record.id}/chart.svg", alt=t("Current over time"), class_="chart")
    return el("section", el("h2", t("Current over time")), box, el("noscript", drawn))


def _progress(visit: Visit, person: str | None) -> Html:
    """Show the last weeks as a table, and everything as a plot."""
    t, language = visit.t, visit.language
    query = "" if person is None else f"?{urlencode({'person': person})}"
    box = el(
        "div",
        role="img",
        aria_label=t("Plot of dose and sweat over time; the table below has the last weeks."),
        class_="chart",
        data_progress=f"/history/progress.json{query}",
        data_dose=t("Dose (mA min)"),
        data_sweat=t("Sweat (0 to 4)"),
        data_day=t("Day"),
        data_locale=language.code,
    )
    what = t("Treatment") if person is not None else t("Whose, and what")
    heads = (t("Week from"), what, t("Treatments"), t("Mean dose"), t("Mean sweat"))
    last = table(t("The last {weeks} weeks", weeks=WEEKS), heads, _weeks(visit, person))
    scale = el("p", t("Sweat: 0 is none, 4 is very much."), class_="quiet")
    return el("section", el("h2", t("Progress")), box, scale, last)


def _weeks(visit: Visit, person: str | None) -> Iterator[tuple[str, str, str, str, str]]:
    """Give a row for each week, person and area."""
    monday = visit.today - timedelta(days=visit.today.weekday())
    weeks: dict[Any, list[tuple[float, int | None]]] = {}
    for record, said in whole_ones(_all(visit, person, batches=1)):
        day = record.begun.date()
        if day >= monday - timedelta(weeks=WEEKS - 1) and record.charge_ma_min >= 1.0:
            week = day - timedelta(days=day.weekday())
            weeks.setdefault((week, _line_of(record)), []).append((record.charge_ma_min, said.sweat))
    language = visit.language
    for (week, line), rows in weeks.items():
        sweat = [level for _, level in rows if level is not None]
        yield (
            language.short_day(week),
            _line_name(visit, line, alone=person is not None),
            language.number(len(rows)),
            language.charge(sum(charge for charge, _ in rows) / len(rows)),
            language.number(sum(sweat) / len(sweat), 1) if sweat else "",
        )


def _all(visit: Visit, person: str | None, batches: int = 1000) -> Iterator[tuple[Record, Feedback]]:
    """Give sessions with what was said, newest first, 500 at a time."""
    before: int | None = None
    for _ in range(batches):
        found = visit.house.records.page(_BATCH, before, person)
        said = visit.house.household.feedback([record.id for record in found])
        yield from ((record, said.get(record.id, Feedback(None, None))) for record in found)
        if len(found) < _BATCH:
            return
        before = found[-1].id


def whole_ones(sessions: Iterable[tuple[Record, Feedback]]) -> Iterator[tuple[Record, Feedback]]:
    """Give treatments of sessions, newest first: a rest goes to the session that it continues."""
    rests: dict[int, tuple[list[Record], list[Feedback]]] = {}
    for record, said in sessions:
        later, words = rests.pop(record.id, ([], []))
        if record.linked_to is None or record.linked_to >= record.id:
            yield record.with_rests(later), _together([said, *words])
        else:
            more, before = rests.setdefault(record.linked_to, ([], []))
            more[:0], before[:0] = [record, *later], [said, *words]


def _rows(visit: Visit) -> Iterator[dict[str, Any]]:
    names = visit.house.household.names()
    for record, said in _all(visit, None):
        row = record._asdict()
        row["simulated"] = bool(record.simulated)
        row["name"] = names.get(record.person or "", "")
        borne_ma = visit.house.records.borne_ma(record.id)
        yield {**row, "felt": said.felt, "sweat": said.sweat, "borne_ma": borne_ma}


def _csv_lines(visit: Visit) -> Iterator[str]:
    names = [*Record._fields, "name", "felt", "sweat", "borne_ma"]
    rows = ([row[name] for name in names] for row in _rows(visit))
    return sheet.for_programs(names, rows)


def _json_lines(visit: Visit) -> Iterator[str]:
    start = "[\n"
    for row in _rows(visit):
        yield start + json.dumps(row)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"


def _download(lines: Iterator[str], kind: str, name: str) -> Response:
    return StreamingResponse(
        lines, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'}
    )

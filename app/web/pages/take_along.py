"""All that is kept of one person, as a file to take along: answers, agreements, plans, course, treatments.

Law: whole, as it is kept, with each question in words; nobody else is in it.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from app.household.store import Person
from app.web.records import Record
from app.web.visit import Visit
from protocols.fitness import AREAS, ASKED

BATCH = 500
"""Sessions that are read at once."""


def export(visit: Visit) -> Response:
    """Give one person's data as JSON."""
    one = visit.person(visit.path["person"])
    text = json.dumps(_all(visit, one), indent=1, ensure_ascii=False)
    name = f'attachment; filename="person-{one.id}.json"'
    return Response(text, media_type="application/json", headers={"content-disposition": name})


def _all(visit: Visit, one: Person) -> dict[str, Any]:
    household = visit.house.household
    plans = {area: household.plan(one.id, area, visit.today) for area in AREAS}
    planned = household.planned_areas(one.id)
    return {
        "id": one.id,
        "name": one.name,
        "born": one.born.isoformat(),
        "answered_on": None if one.answered_on is None else one.answered_on.isoformat(),
        "answers": [
            {"key": key, "question": ASKED.get(key, ""), "yes": yes} for key, yes in one.answers.items()
        ],
        "waiting": [
            {
                "key": wait.key,
                "becomes": False,
                "asked_utc": wait.asked.utc.isoformat(),
                "device": wait.device,
            }
            for wait in visit.waiting
            if wait.person == one.id
        ],
        "agreements": [
            {"key": key, "given_by": by, "given_on": day.isoformat()} for key, (by, day) in one.words.items()
        ],
        "permissions": [
            {
                "key": key,
                **permission._asdict(),
                "given_on": permission.given_on.isoformat(),
                "until": permission.until.isoformat(),
            }
            for key, permission in one.permissions.items()
        ],
        "limits_ma": dict(one.limits_ma),
        "plans": {
            area: {**plan._asdict(), "starts_on": plan.starts_on.isoformat()}
            for area, plan in plans.items()
            if area in planned
        },
        "said": {
            area: [{**told._asdict(), "day": told.day.isoformat()} for told in household.told(one.id, area)]
            for area in AREAS
        },
        "changes": [change._asdict() for change in household.changes(one.id)],
        "sessions": _sessions(visit, str(one.id)),
    }


def _sessions(visit: Visit, person: str) -> list[dict[str, Any]]:
    """Give every session of a person with what was borne and said, newest first."""
    records, household = visit.house.records, visit.house.household
    whole: list[Record] = []
    before: int | None = None
    while found := records.page(BATCH, before, person):
        whole += found
        before = found[-1].id
    rows = []
    for start in range(0, len(whole), BATCH):
        few = whole[start : start + BATCH]
        said = household.feedback([record.id for record in few])
        for record in few:
            row = {**record._asdict(), "simulated": bool(record.simulated), "felt": None, "sweat": None}
            if record.id in said:
                row |= said[record.id]._asdict()
            rows.append(row | {"borne_ma": records.borne_ma(record.id)})
    return rows

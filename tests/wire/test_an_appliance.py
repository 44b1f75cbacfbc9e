"""What an appliance tells of sessions: `live.sock`, its records on their way to the journal, and there."""

import json
import shlex
import socket
import sqlite3
import sys
from contextlib import closing

import pytest
from appliance import Appliance
from golden import form, held
from played import ORDER, SHORT, UNHURRIED, after, idle, serve

from app.mqtt import SENSORS, discovery, state_of
from controller.appliance.live_state import LiveState


def a_whole_treatment(play):
    yield idle
    play.press()
    yield after(1)
    play.press()
    yield lambda seen: seen["code"] == 27
    play.say(do="order", order={**ORDER, "treatment": "nose"}, valid_for_s=60.0, digest="d0")
    yield lambda seen: idle(seen) and seen["order"] and not seen["order"]["accepted"]
    play.device.bench.inject(play.device.clock.whole_s, "dac_silent", {"for_s": 600.0})
    yield lambda seen: seen["code"] == 74


def a_rest_that_is_stopped(play):
    yield idle
    play.say(do="order", order=ORDER, valid_for_s=3600.0, digest="d1")
    yield lambda seen: idle(seen) and seen["treatment"] == "hands"
    play.press()
    yield lambda seen: seen["left_s"] < 1190.0
    play.hand(out=True)
    yield lambda seen: seen["next"] == "press_start_rest"
    play.hand(out=False)
    play.press()
    yield lambda seen: seen["linked_to"] == 1 and seen["phase"] == "hold"
    play.say(do="stop")
    yield after(2)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Two appliances' lives: their plays, events, what went through the journal's pipes, and their states."""
    lives = []
    with pytest.MonkeyPatch.context() as patch:
        for story, default in ((a_whole_treatment, SHORT), (a_rest_that_is_stopped, None)):
            folder = tmp_path_factory.mktemp(story.__name__)
            python, ear = shlex.quote(sys.executable), folder / "python"
            told, answered = shlex.quote(str(folder / "told")), shlex.quote(str(folder / "answered"))
            ear.write_text(f'#!/bin/sh\ntee -a {told} | {python} "$@" | tee -a {answered}\n')
            ear.chmod(0o755)
            patch.setattr(sys, "executable", str(ear))
            play, events = serve(story, folder / "state", default=default, unit=UNHURRIED)
            lives.append((play, events, folder))
    return lives


def firsts(found):
    """The first of each kind, from pairs of kind and what is told."""
    kept = {}
    for kind, told in found:
        kept.setdefault(kind, told)
    return kept


MOMENTS = {
    "ready": lambda seen: seen["next"] == "press_start",
    "hold": lambda seen: seen["phase"] == "hold" and seen["contact"],
    "finished": lambda seen: seen["phase"] == "ready" and seen["state"] == "finished",
    "too often": lambda seen: seen["code"] == 27,
    "order refused": lambda seen: seen["order"] and not seen["order"]["accepted"] and idle(seen),
    "no session can run": lambda seen: seen["code"] == 74,
    "order accepted": lambda seen: (
        seen["order"] and seen["phase"] == "self_test" and seen["treatment"] == "hands"
    ),
    "tripped": lambda seen: seen["trip_cause"] == "open_circuit",
    "rest offered": lambda seen: seen["next"] == "press_start_rest",
    "rest": lambda seen: seen["linked_to"] and seen["phase"] == "hold",
    "paused": lambda seen: seen["state"] == "paused" and seen["phase"] == "ready",
    "stopping": lambda seen: seen["phase"] == "stopping",
}
"""When a snapshot is looked at."""


def test_snapshots(lived):
    seen = [one for play, _, _ in lived for one in play.seen]
    assert all(list(one) == list(LiveState.__annotations__) for one in seen), "always the same keys"
    told = {name: form(next(filter(moment, seen))) for name, moment in MOMENTS.items()}
    for one in told.values():  # which tick is seen first depends on when the journal's process answers
        assert one["resistance_ohm"] in ("number", None)
        one["resistance_ohm"] = "number or null"
        one["led"]["on"] = one["buzzer"] = "boolean"
    held("live-snapshots.json", told)


def test_events_of_sessions(lived):
    events = [event for _, events, _ in lived for event in events]
    held("device-events.json", list(firsts((next(iter(one)), form(one)) for one in events).values()))
    assert {"spent": "d1"} in lived[1][0].events


def test_records_told_to_the_journal_and_its_answers(lived):
    told = [json.loads(line) for _, _, at in lived for line in (at / "told").read_text().splitlines()]
    answered = [json.loads(line) for _, _, at in lived for line in (at / "answered").read_text().splitlines()]
    longest = {}
    for one in answered:  # one with a row of the past tells more than one without
        kind = next(iter(one))
        longest[kind] = max(longest.get(kind, one), one, key=lambda told: len(json.dumps(told)))
    records = firsts((one[0], [one[0], *form(one[1:], "phase")]) for one in told)
    held("journal-told.json", {"records": records, "answers": [form(one) for one in longest.values()]})


def test_rows_of_the_journal(lived):
    tables, bodies = {}, {}
    for _, _, folder in lived:
        with closing(sqlite3.connect(folder / "state/journal.db")) as db:
            db.row_factory = sqlite3.Row
            tables["version"] = db.execute("PRAGMA user_version").fetchone()[0]
            tables["tables"] = dict(db.execute("SELECT name, sql FROM sqlite_master ORDER BY name"))
            for table in ("session", "trip", "wear", "head"):
                rows = [form(dict(row)) for row in db.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 - ours
                tables.setdefault(table, []).extend(rows)
            for kind, body in db.execute("SELECT kind, body FROM record ORDER BY number"):
                bodies.setdefault(kind, []).append(form(json.loads(body)))
    held("journal-rows.json", {**tables, "records": bodies})


def test_what_a_broker_is_told(lived):
    hello = {"unit": "Reference unit", "serial": "A-7", "simulated": True, "version": "0.1.0"}
    topics = dict(discovery(sensor, "reference_unit_a_7", hello, "homeassistant") for sensor in SENSORS)
    seen = next(one for one in lived[0][0].seen if one["phase"] == "hold")
    seen = {**seen, "measured_ma": 11.987, "target_ma": 12.0, "left_s": 601.0, "charge_forward_ma_min": 99.96}
    held("mqtt.json", {"discovery": topics, "state": state_of(seen)})


LINES = (
    '{"do": "stop"}',
    '{"do": "press", "button": "start"}',
    '{"do": "press", "button": "up", "held_s": 61}',
    '{"do": "press", "button": "cut"}',
    '{"do": "hand", "out": false}',
    '{"do": "hand", "out": 1}',
    '{"do": "start"}',
    '{"do": "order"}',
)


def answers(line, stream, asked):
    """What a listener is answered to each line; None where it is taken."""
    found = {}
    for one in asked:
        line.sendall(one.encode() + b"\nend\n")  # the second one is always answered, and last
        errors = []
        while errors[-1:] != ['a line is an object with "do"']:
            errors += [told for told in [json.loads(stream.readline()).get("error")] if told]
        found[one] = errors[0] if errors[1:] else None
    return found


def test_hello_and_what_a_listener_may_ask(tmp_path):
    unit = Appliance(tmp_path, 1)
    try:
        with closing(socket.socket(socket.AF_UNIX)) as line, line.makefile("rb") as stream:
            line.settimeout(30.0)
            line.connect(str(tmp_path / "live.sock"))
            hello, then = json.loads(stream.readline()), json.loads(stream.readline())
            assert (list(hello), list(then)) == (["hello"], ["snapshot"])
            held("live-hello.json", {"hello": form(hello["hello"]), "lines": answers(line, stream, LINES)})
    finally:
        unit.close()

"""Fifty pages that look on change nothing in the loop: neither when its ticks begin nor when it trips.

The real processes, in one run, by turns with and without the pages, so that whatever else this machine does
meets both alike.
"""

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from device_under_watch import MOST, lateness
from home import Home

pytestmark = [pytest.mark.nightly, pytest.mark.real_time]
PAGES, SLOW, DEAF = 50, 3, 3
TURNS, TURN_S = 8, 2.0
SETTLE_S = 0.5
LATE_S = 0.001
"""`controller.loop.tick.LATE_S`: what the loop itself counts as late."""


@contextmanager
def pages(home):
    """Ask as pages do, once a second each: most read at once, some a few bytes a second, some never."""
    cookies = "; ".join(f"{name}={value}" for name, value in home.device.cookies.items())
    ask = f"GET /unit HTTP/1.1\r\nHost: 127.0.0.1:{home.web.port}\r\nCookie: {cookies}\r\n\r\n".encode()
    selector, ended = selectors.DefaultSelector(), threading.Event()
    heard: dict[socket.socket, int] = {}
    everyone = []
    for number in range(PAGES + SLOW + DEAF):
        page = socket.socket()
        everyone.append(page)
        if number >= PAGES:
            page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        page.bind((f"127.2.0.{number + 1}", 0))
        page.connect(("127.0.0.1", home.web.port))
        page.sendall(ask)
        if number < PAGES:
            heard[page] = 0
            selector.register(page, selectors.EVENT_READ)

    def read():
        due_s = time.monotonic() + 1.0
        while not ended.is_set():
            for key, _ in selector.select(0.1):
                heard[key.fileobj] += key.fileobj.recv(1 << 16).count(b"HTTP/1.1 200")
            if time.monotonic() >= due_s:
                due_s += 1.0
                for page in heard:
                    page.sendall(ask)
            for page in everyone[PAGES : PAGES + SLOW]:
                page.setblocking(False)
                try:
                    page.recv(3)
                except BlockingIOError:
                    continue

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield heard
    finally:
        ended.set()
        reader.join()
        for page in everyone:
            page.close()


def used_s(pid):
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share(values, part):
    """The value below which this part of them lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


@pytest.fixture
def home(tmp_path):
    """An appliance in real time, whose ticks are watched, in mid-treatment."""
    place = tmp_path / "ticks"
    place.write_bytes(bytes(8 + 16 * MOST))
    program = ("-P", str(Path(__file__).parents[1] / "support" / "device_under_watch.py"), str(place))
    made = Home(tmp_path, 1, program)
    made.ticks = place
    yield made
    made.close()


def test_the_ticks_begin_when_they_did_without_them(home, capsys):
    ann = home.add("Ann")
    home.prepare(ann, 5)
    home.wait(phase="ready", next="press_start")
    home.unit.press("start", 0.5)
    home.wait(phase="ramp_up")
    spans = {False: [], True: []}
    cost_s = {False: 0.0, True: 0.0}
    events = 0
    for turn in range(TURNS):
        looked_on = bool(turn % 2)
        with pages(home) if looked_on else nullcontext({}) as heard:
            time.sleep(SETTLE_S)
            begun_s, used_before_s = time.monotonic(), used_s(home.web.pid)
            time.sleep(TURN_S)
            spans[looked_on].append((begun_s, time.monotonic()))
            cost_s[looked_on] += used_s(home.web.pid) - used_before_s
            if looked_on:
                assert min(heard.values()) >= 2, "every page was told"
                events += sum(heard.values())
    assert home.unit.snapshot["state"] == "treating"
    ticks = lateness(home.ticks)
    found = {
        looked_on: [
            late_s for at_s, late_s in ticks for since, until in spans[looked_on] if since <= at_s < until
        ]
        for looked_on in spans
    }
    policy = "SCHED_FIFO" if os.sched_getscheduler(home.unit.pid) & 0xFF == os.SCHED_FIFO else "ordinary"
    with capsys.disabled():
        for looked_on, late_s in found.items():
            parts = ", ".join(f"{1e6 * share(late_s, part):.0f}" for part in (0.5, 0.9, 0.99, 1.0))
            print(  # noqa: T201 - a figure for the docs
                f"\n{PAGES if looked_on else 0} pages: {len(late_s)} ticks, {parts} us late "
                f"(median, 90 %, 99 %, worst), {sum(one > LATE_S for one in late_s)} over 1 ms; companion "
                f"{100 * cost_s[looked_on] / (TURNS / 2 * TURN_S):.1f} % of a core; {policy}",
                end="",
            )
        print(f"; {events} events; load {os.getloadavg()[0]:.1f}")  # noqa: T201 - likewise
    expected = TURNS / 2 * TURN_S * 200
    without, looked_at = found[False], found[True]
    for late_s in found.values():
        assert len(late_s) == pytest.approx(expected, rel=0.03), "none left out"
    slack_s = 50e-6 if policy == "SCHED_FIFO" else 500e-6
    assert share(looked_at, 0.5) <= 1.5 * share(without, 0.5) + slack_s
    assert share(looked_at, 0.9) <= 1.5 * share(without, 0.9) + slack_s
    over = {looked_on: sum(one > LATE_S for one in late_s) / expected for looked_on, late_s in found.items()}
    assert over[True] <= over[False] + 0.01


def test_a_trip_takes_as_long_to_the_last_digit(home, tmp_path):
    """In virtual time a session is the same, whatever else the machine does."""
    scenario = tmp_path / "hand.yaml"
    scenario.write_text("events:\n  - {at_s: 45, fault: hand_out}\n")
    words = ["run", "hands", "--simulate", str(scenario), "--speed", "max", "--seed", "7", "--json"]

    def trip():
        done = subprocess.run(
            [sys.executable, "-m", "app.main", *words],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return json.loads(done.stdout)["trip"]

    alone = trip()
    with pages(home) as heard:
        looked_at = trip()
        assert min(heard.values()) >= 1
    assert alone["cause"] == "open_circuit"
    assert looked_at == alone

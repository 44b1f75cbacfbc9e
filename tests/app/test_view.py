"""The view can't hold up the loop: full pipes drop, dead viewers are left behind, ends are bounded."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

from app.view import END, View, decode, encode


@pytest.fixture
def lines_file(tmp_path):
    with (tmp_path / "shown").open("w") as stream:
        yield stream


def shown(stream):
    with open(stream.name) as file:  # noqa: PTH123 - the stream knows its name as text
        return file.read()


def test_a_snapshot_survives_the_pipe(snapshot):
    seen = snapshot(note='quotes " and\nnew lines, ü', measured_ma=None)
    assert encode(seen).count(b"\n") == 1
    assert decode(encode(seen)) == seen


def test_lines_are_shown_by_another_process(snapshot, lines_file):
    with View(lines_file) as view:
        view.show(snapshot())
        view.show(snapshot(phase="ramp_down", left_s=600.0))
    assert re.findall(r"hold|ramp down", shown(lines_file)) == ["hold", "ramp down"]
    assert view.dropped == 0
    assert "ended without a result" not in shown(lines_file)


def test_a_session_that_dies_is_told(snapshot, lines_file):
    def die():
        with View(lines_file) as view:
            view.show(snapshot())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die()
    assert "ended without a result" in shown(lines_file)


def test_a_viewer_that_hangs_drops_snapshots_but_the_last_arrives(snapshot, lines_file):
    with View(lines_file) as view:
        os.kill(view._child.pid, signal.SIGSTOP)
        while not view.dropped:
            view.show(snapshot())
        view.show(snapshot(phase="done", left_s=0.0))
        os.kill(view._child.pid, signal.SIGCONT)
        deadline_s = time.monotonic() + 600
        while select.select([], [view._pipe], [], 0)[1] == [] and time.monotonic() < deadline_s:
            os.sched_yield()
    assert view.last["phase"] == "done"
    assert "completed" in shown(lines_file)


def test_a_dead_viewer_is_left_behind(snapshot, lines_file):
    with View(lines_file) as view:
        view._child.kill()
        view._child.wait(600)
        for _ in range(3):
            view.show(snapshot())
        assert view.last == snapshot()
    assert view._pipe == -1


def test_no_stream_no_process(snapshot):
    with View(None) as view:
        view.show(snapshot())
    assert view._child is None
    assert view.last == snapshot()


def test_a_snapshot_too_long_for_one_write_is_dropped_whole(snapshot, lines_file):
    with View(lines_file) as view:
        view.show(snapshot(note="x" * select.PIPE_BUF))
        view.show(snapshot(note="short"))
        assert view.dropped == 1
    assert "short" in shown(lines_file)
    assert "xxx" not in shown(lines_file)


def test_the_viewer_ignores_ctrl_c(snapshot, lines_file):
    with View(lines_file) as view:
        view.show(snapshot())
        while not shown(lines_file) and view._child.poll() is None:
            os.sched_yield()
        view._child.send_signal(signal.SIGINT)
        view.show(snapshot(phase="stopping"))
    assert "stopping softly" in shown(lines_file)
    assert view._child.returncode == 0


def read_all(master):
    """Everything that a terminal got until its other end closed, at most 600 s."""
    got, deadline_s = b"", time.monotonic() + 600
    while time.monotonic() < deadline_s:
        if select.select([master], [], [], 1)[0]:
            try:
                got += os.read(master, 65536)
            except OSError:  # EIO: Linux' way of saying that nobody writes any more
                return got.decode()
    raise TimeoutError(got.decode())


def test_a_terminal_gets_pictures(snapshot):
    master, slave = pty.openpty()
    feed = (
        encode(snapshot())
        + encode(snapshot(trip_cause="leakage", trip_evidence="much", phase="tripped"))
        + END
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "app.screen", "live"],
        stdin=subprocess.PIPE,
        stdout=slave,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    )
    os.close(slave)
    with child:
        child.stdin.write(feed)
        child.stdin.close()
        screen = read_all(master)
    os.close(master)
    assert child.returncode == 0
    assert "SIMULATED" in screen
    assert "leakage: much" in screen
    assert screen.endswith("\x1b[?25h"), "the cursor is shown again"


def test_a_reader_that_goes_away_ends_the_viewer_quietly(snapshot):
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as out:  # noqa: PTH123 - a descriptor, no path
        done = subprocess.run(
            [sys.executable, "-m", "app.screen", "lines"],
            input=encode(snapshot()) + END,
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=600,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")

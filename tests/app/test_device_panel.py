"""The terminal as the panel: everything in it is whole in a terminal of 80 columns, in every language."""

import io
import os
import pty
import select
import subprocess
import sys
import time

import pytest
from herald import PATIENCE_S, SNAPSHOT, TREATING, Herald, wait_for
from rich.console import Console

from app.device import panel
from app.locale.terminal import SOURCE, available, speak, t


@pytest.fixture(params=sorted(available()))
def language(request):
    speak(request.param)
    yield request.param
    speak(SOURCE)


def test_no_key_is_torn_in_a_narrow_terminal(language):
    out = io.StringIO()
    seen = {**SNAPSHOT, **TREATING, "limited_by": "soft_water"}
    Console(width=80, file=out).print(panel.picture(seen, hand_out=False))
    lines = out.getvalue().splitlines()
    assert {len(line) for line in lines} == {80}
    keys = t(panel.HELP).split("   ")
    assert len(keys) == 8
    for key in keys:
        assert any(key in line for line in lines), key


def until(master, words):
    """Read what the panel writes until these words have come."""
    told, end_s = "", time.monotonic() + PATIENCE_S
    while words not in told:
        ready, _, _ = select.select([master], [], [], max(0.0, end_s - time.monotonic()))
        assert ready, f"{words!r} did not come within {PATIENCE_S:.0f} s of {told!r}"
        told += os.read(master, 1 << 16).decode()
    return told


def test_a_terminal_that_can_t_be_drawn_on_is_told_in_lines_and_its_keys_work(tmp_path):
    herald = Herald(tmp_path)
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "app.device.panel", str(tmp_path / "live.sock"), "de"]
    far = {"stdin": slave, "stdout": slave, "env": {**os.environ, "TERM": "dumb"}}
    child = subprocess.Popen(command, start_new_session=True, **far)
    os.close(slave)
    try:
        assert "h Hand heraus" in until(master, "SIMULIERT")
        herald.set(**TREATING)
        told = until(master, "herausnehmen")
        assert "11,98 mA" in told
        assert "\x1b" not in told
        os.write(master, b"x")
        wait_for(lambda: herald.told)
        assert herald.told == [{"do": "press", "button": "stop", "held_s": 0.3}]
        herald.close()
        child.wait(PATIENCE_S)
    finally:
        herald.close()
        child.kill()
        child.wait()
        os.close(master)


def test_each_change_is_one_line_and_each_minute(language):
    lines, seen = panel.Lines(), {**SNAPSHOT, **TREATING}
    assert len(list(lines.news(seen))) == 1
    assert list(lines.news({**seen, "time_s": 301.0, "left_s": 904.0})) == []
    assert len(list(lines.news({**seen, "left_s": 890.0}))) == 1
    assert len(list(lines.news({**seen, "next": "put_back"}))) == 1

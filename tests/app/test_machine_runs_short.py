"""A disk that fills and files that can't be opened, at a start and in mid-session: off, told with a remedy.

The limits and the full disk are the kernel's own; nothing is played.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from app.output import ExitCode
from controller.host.shortage import SHORTAGES, shortage

BRIEF = "name: brief\narea: hands\ncurrent_ma: 2.0\ntotal_min: 2.0\n"
LONGEST_S = 120.0
LIMIT = "raise its limit, with `ulimit -n 1024` in a shell"
RUN = [sys.executable, "-I", "-m", "app.main", "run", "brief.yaml", "--simulate"]
ON_A_DISK = """
import os, subprocess, sys
session = subprocess.Popen([*sys.argv[1:], "--state", "disk/state"], stdout=subprocess.PIPE, text=True)
while "hold" not in session.stdout.readline():
    assert session.poll() is None
with open("disk/filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(4096))
    except OSError as error:
        assert error.errno == 28, error
print(session.stdout.read())
sys.exit(session.wait())
"""
MOUNT = 'mount -t tmpfs -o size=12m ionto disk && exec "$@"'


@pytest.fixture
def place(tmp_path):
    (tmp_path / "brief.yaml").write_text(BRIEF)
    (tmp_path / "disk").mkdir()
    return tmp_path


def unshared():
    """How a program gets a file system of its own here, or None: as root, or in a user namespace."""
    for words in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        tried = [*words, "sh", "-c", "mount -t tmpfs ionto /mnt"]
        try:
            if subprocess.run(tried, capture_output=True, timeout=LONGEST_S, check=False).returncode == 0:
                return words
        except OSError:
            return None
    return None


def test_a_disk_that_fills_in_a_session_stops_it_softly_and_is_told(place):
    words = unshared()
    if words is None:
        pytest.skip("no file system can be mounted here")
    script = [sys.executable, "-I", "-c", ON_A_DISK, *RUN, "--speed", "20"]
    done = subprocess.run(
        [*words, "sh", "-c", MOUNT, "sh", *script],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    assert done.returncode == ExitCode.STOPPED, done
    assert "Traceback" not in done.stderr
    assert "stopping softly" in done.stdout
    assert (
        "(the disk is full), and without a record there is no treatment: make room on that disk"
        in done.stdout
    )
    assert "Stop was pressed" not in done.stdout


def limited(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


@pytest.mark.parametrize("count", [6, 7, 8])
def test_a_start_without_files_to_open_is_refused_in_a_sentence(place, count):
    done = subprocess.run(
        [*RUN, "--speed", "max", "--json", "--state", "state"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
        preexec_fn=limited(count),
    )
    assert done.returncode == ExitCode.REFUSED, done
    assert json.loads(done.stdout)["outcome"] == "refused"
    assert LIMIT in done.stderr.splitlines()[-1]
    assert "Errno" not in done.stderr
    assert not list(place.glob("state/*"))


@pytest.mark.parametrize("who", ["the session's process", "the journal's process"])
def test_files_that_can_t_be_opened_in_mid_session_leave_the_treatment_and_are_told(place, who):
    process = subprocess.Popen(
        [*RUN, "--speed", "20", "--state", "state", "--plot", "plot.svg"],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "hold" not in process.stdout.readline():
        assert process.poll() is None
    short = process.pid
    if who == "the journal's process":
        short = next(one for one in children(process.pid) if b"journal.store" in command_of(one))
    resource.prlimit(short, resource.RLIMIT_NOFILE, (3, 3))
    out, err = process.communicate(timeout=LONGEST_S)
    assert "Completed: brief.yaml" in out
    assert LIMIT in err
    assert "internal error" not in err
    code = ExitCode.INTERNAL if who == "the session's process" else ExitCode.COMPLETED
    assert process.returncode == code, "an answer that could not be written"


def children(number):
    return [int(one) for one in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def command_of(number):
    return Path(f"/proc/{number}/cmdline").read_bytes()


def test_what_came_of_a_shortage_is_told_as_that_and_nothing_else_is():
    assert shortage(ValueError("so")) is None
    assert shortage(FileNotFoundError(2, "no")) is None
    told = ImportError("no module")
    told.__cause__ = OSError(24, os.strerror(24))
    assert shortage(told) == SHORTAGES[24]

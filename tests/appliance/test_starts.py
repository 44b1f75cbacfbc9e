"""The controller is started again and again, ever slower, and says so: the service's own line, in a shell."""

import os
import subprocess
from pathlib import Path

import pytest
from service_files import service

LASTED_S = 600


class Starts:
    """The line as systemd gives it to the shell, in a folder of its own; its sleep only takes note."""

    def __init__(self, place):
        self.place, self.file = place, place / "starts"
        (line,) = [" ".join(service("ionto-controller")["ExecStartPre"]).replace("\\ ", "")]
        shell, option, script = line.split(" ", 2)
        assert (shell, option, script[0], script[-1]) == ("/bin/sh", "-c", "'", "'")
        self._script = script[1:-1].replace("$$", "$").replace("%%", "%")
        (place / "bin").mkdir()
        (place / "bin" / "sleep").write_text('#!/bin/sh\necho "$1" >slept\n')
        (place / "bin" / "sleep").chmod(0o755)

    def wait_s(self):
        """Start once; return for how long it waited, and what it said."""
        done = subprocess.run(
            ["sh", "-c", self._script],
            cwd=self.place,
            env={"PATH": f"{self.place / 'bin'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return int((self.place / "slept").read_text()), done.stdout

    def let_pass(self, time_s):
        tries, at = self.file.read_text().split()
        self.file.write_text(f"{tries} {int(at) - time_s}\n")


@pytest.fixture
def starts(tmp_path):
    return Starts(tmp_path)


def test_it_goes_on_for_good_ever_slower_to_once_a_minute(starts):
    waited = [starts.wait_s()[0] for _ in range(40)]
    assert waited == [0, 0, 4, 8, 16, 32] + 34 * [60]
    assert service("ionto-controller")["StartLimitIntervalSec"] == ["0"], "systemd never gives it up either"
    assert service("ionto-controller")["Restart"] == ["always"]


def test_a_wait_is_said_and_no_wait_is_not(starts):
    assert starts.wait_s()[1] == starts.wait_s()[1] == ""
    assert starts.wait_s()[1] == "ionto: 2 starts, and none lasted 10 minutes; the next one in 4 s\n"


def test_one_that_lasted_is_started_again_at_once(starts):
    for _ in range(10):
        starts.wait_s()
    starts.let_pass(60 + LASTED_S - 30)
    assert starts.wait_s()[0] == 60
    starts.let_pass(60 + LASTED_S)
    assert [starts.wait_s()[0] for _ in range(3)] == [0, 0, 4]


@pytest.mark.parametrize("left", ["", "\n", "many times\n", "7\n", "-3 -4\n", "9 9 9 9\n", "$(reboot) 3"])
def test_a_file_that_says_nothing_keeps_nothing_from_starting(starts, left):
    starts.file.write_text(left)
    assert starts.wait_s()[0] in {0, 60}
    assert starts.wait_s()[0] in {0, 60}


def test_a_folder_that_is_full_keeps_nothing_from_starting(starts):
    if os.geteuid() == 0:
        starts.file.symlink_to("/dev/full")
    else:
        starts.place.chmod(0o555)
    done = subprocess.run(["sh", "-c", starts._script], cwd=starts.place, timeout=60, check=False)
    assert done.returncode == 0


def test_systemd_waits_longer_than_the_line_and_keeps_what_it_counts():
    lines = service("ionto-controller")
    assert float(lines["TimeoutStartSec"][0]) > 60
    assert lines["RuntimeDirectory"] == ["ionto"]
    assert lines["WorkingDirectory"] == ["/run/ionto"]
    assert lines["RuntimeDirectoryPreserve"] == ["restart"], "else a stop by systemd would forget it"
    assert Path("/proc/uptime").exists()
    assert "ProcSubset" not in lines, "it reads how long the machine is up"

"""Where the records lie: a read-only root with one partition for data, and a partition that is full."""

import pytest
from booted import LONGEST_S, STATE, install, treating
from herald import wait_for

pytestmark = pytest.mark.booted


@pytest.fixture(scope="module")
def installed(machine):
    install(machine)
    machine.do("systemctl enable ionto-controller ionto-web")
    return machine


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("partition")


def ready(machine):
    machine.wait_for(phase="ready")
    machine.unit.must_be_off()


def beneath(root):
    """Every file that we or our services could write on the root, with its time."""
    places = [root / name for name in ("etc", "opt/ionto", "var/lib")]
    files = (one for place in places for one in place.rglob("*") if one.is_file() and not one.is_symlink())
    return {str(one): one.stat().st_mtime_ns for one in files}


@treating
def test_on_a_read_only_root_what_was_recorded_outlasts_a_restart_and_nothing_else_does(installed, data):
    installed.reboot(data=data, frozen=True)
    before = beneath(installed.root)
    ready(installed)
    installed.do("echo mine >/etc/ionto/web.env")
    person = installed.treat()
    installed.unit.press("stop")
    installed.wait_for(state="paused")
    installed.reboot(data=data, frozen=True)
    ready(installed)
    assert installed.session_of(person)["outcome"] == "stopped"
    assert not installed.path("/etc/ionto/web.env").exists()
    assert beneath(installed.root) == before, "nothing was written to the root's own files"
    assert (data / "journal.db").exists()


def test_the_controller_waits_for_the_partition(installed):
    assert "/var/lib/ionto" in installed.service("ionto-controller")["RequiresMountsFor"].split()


def test_a_full_partition_treats_nobody_and_says_why_until_there_is_room(installed):
    installed.do("systemctl stop ionto-controller ionto-web")
    installed.do(f"mount -t tmpfs -o size=16M,mode=750,uid=$(id -u ionto),gid=$(id -g ionto) tmpfs {STATE}")
    installed.do("systemctl start ionto-controller ionto-web")
    ready(installed)
    person = installed.prepare("hands", 3.0)
    installed.wait_for(person=person, next="press_start")
    installed.run(f"dd if=/dev/zero of={STATE}/full bs=64k")
    installed.press_start(state="alarm", code=23)
    installed.unit.must_be_off()
    (said,) = wait_for(
        lambda: [one for one in installed.log("ionto-controller") if "Code 23" in one], LONGEST_S
    )
    assert "make room on that disk" in said
    installed.do(f"rm {STATE}/full")
    installed.again(installed.treat)

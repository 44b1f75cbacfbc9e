"""Where the records lie: a read-only root with one partition for data, and a partition that is full."""

import pytest
from booted import STATE, install
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
    assert machine.unit.is_off


def test_on_a_read_only_root_what_was_recorded_outlasts_a_restart_and_nothing_else_does(installed, data):
    installed.reboot(data=data, frozen=True)
    ready(installed)
    installed.do("echo mine >/etc/ionto/web.env")
    person = installed.treat()
    installed.unit.press("stop")
    installed.wait_for(state="paused")
    installed.reboot(data=data, frozen=True)
    ready(installed)
    assert installed.session_of(person)["outcome"] == "stopped"
    assert not installed.path("/etc/ionto/web.env").exists()
    assert not (installed.root / "var/lib/ionto/journal.db").exists()
    assert (data / "journal.db").exists()


def test_the_controller_waits_for_the_partition(installed):
    assert "/var/lib/ionto" in installed.service("ionto-controller")["RequiresMountsFor"].split()


def test_a_full_partition_treats_nobody_and_says_why_until_there_is_room(installed):
    installed.do("systemctl stop ionto-controller ionto-web")
    installed.do(f"mount -t tmpfs -o size=16M,mode=750,uid=$(id -u ionto),gid=$(id -g ionto) tmpfs {STATE}")
    installed.do("systemctl start ionto-controller ionto-web")
    ready(installed)
    installed.run(f"dd if=/dev/zero of={STATE}/full bs=64k")
    installed.unit.press("start")
    refused = wait_for(
        lambda: [line for line in installed.log("ionto-controller") if "MB are free" in line], 120
    )
    assert "make room on that disk" in refused[-1]
    assert installed.unit.is_off
    installed.do(f"rm {STATE}/full")
    installed.unit.press("stop")
    installed.treat()

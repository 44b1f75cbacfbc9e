"""The services as systemd's own analyser sees them, and what each line promises."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from service_files import FILES, service

from app.main import parser
from app.output import UsageError
from controller.appliance.supervision import EVERY_S
from controller.host.realtime import PRIORITY

SERVICES = ("ionto-controller", "ionto-web", "ionto-mqtt")
ASKED = {
    "$IONTO_WEB": "--network --name unit.local",
    "$IONTO_MQTT": "--broker broker.clinic --tls /etc/ionto/ca.pem --user unit --password-file /etc/ionto/p",
}
MOST = 2.0
"""Exposure, of 10."""


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (apt: systemd)"
)
@pytest.mark.parametrize("name", SERVICES)
def test_the_exposure_is_small(name, capsys):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", FILES / f"{name}.service"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    found = re.search(r"Overall exposure level for .*: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    with capsys.disabled():
        print(f"\nsystemd-analyze security {name}: {found[1]} (at most {MOST})")  # noqa: T201 - CI is to show it
    assert float(found[1]) <= MOST


@pytest.mark.parametrize("name", SERVICES)
def test_the_command_lines_are_ours(name):
    lines = service(name)
    for line in lines["ExecStart"] + lines.get("ExecStopPost", []):
        program, *words = " ".join(ASKED.get(word, word) for word in line.split()).split()
        assert program == "/opt/ionto/current/bin/ionto"
        args = parser().parse_args(words)
        assert getattr(args, "state", Path("/var/lib/ionto")) == Path("/var/lib/ionto")
        assert getattr(args, "unit", Path("/etc/ionto/unit.yaml")) == Path("/etc/ionto/unit.yaml")


def test_only_the_controller_has_devices():
    controller = service("ionto-controller")
    assert controller["DeviceAllow"] == ["char-i2c rw", "char-gpiochip rw"]
    assert controller["SupplementaryGroups"] == ["i2c gpio"]
    assert controller["DevicePolicy"] == ["closed"]
    for name in SERVICES[1:]:
        other = service(name)
        assert "SupplementaryGroups" not in other
        assert "DeviceAllow" not in other
        assert other["PrivateDevices"] == ["yes"]
        assert other["DevicePolicy"] == ["closed"]


def test_the_controller_reaches_no_network():
    controller = service("ionto-controller")
    assert controller["PrivateNetwork"] == ["yes"]
    assert controller["RestrictAddressFamilies"] == ["AF_UNIX"]


def test_a_broker_is_told_nothing_before_somebody_named_one():
    lines = service("ionto-mqtt")
    assert lines["ConditionPathExists"] == lines["EnvironmentFile"] == ["/etc/ionto/mqtt.env"]
    with pytest.raises(UsageError, match="--broker"):
        parser().parse_args(["mqtt", "--state", "/var/lib/ionto"])
    assert lines["RestartPreventExitStatus"] == ["2"], "refused options stay refused"


def test_what_tells_a_broker_can_write_no_record():
    lines = service("ionto-mqtt")
    assert lines["ProtectSystem"] == ["strict"]
    assert not {"StateDirectory", "ReadWritePaths", "RuntimeDirectory"} & lines.keys()
    (folder,) = lines["BindPaths"]
    assert folder == "-/var/lib/ionto/mqtt", "its own memory of what the broker retains, and no more"
    assert service("ionto-controller")["StateDirectory"] == ["ionto ionto/mqtt"], "who makes it"


def test_all_but_the_controller_give_way_to_it():
    for name in SERVICES[1:]:
        lines = service(name)
        assert lines["CPUSchedulingPolicy"] == ["batch"]
        assert lines["Nice"] == ["10"]
        assert lines["RestrictRealtime"] == ["yes"]


def test_the_installer_places_every_service_and_starts_none_by_itself():
    script = (FILES / "install.sh").read_text()
    (named,) = re.findall(r"^services='(.*)'$", script, re.MULTILINE)
    assert sorted(named.split()) == sorted(SERVICES) == sorted(file.stem for file in FILES.glob("*.service"))
    assert "systemctl enable" not in script


def test_none_is_root():
    for name in SERVICES:
        assert service(name)["User"] == ["ionto"]
        assert service(name)["CapabilityBoundingSet"] == [""]


def test_the_watchdog_waits_for_several_missed_words():
    lines = service("ionto-controller")
    assert float(lines["WatchdogSec"][0]) >= 5 * EVERY_S
    assert lines["Type"] == ["notify"]
    assert lines["NotifyAccess"] == ["main"]


@pytest.mark.parametrize("name", SERVICES)
def test_started_is_what_says_so_itself(name):
    """An update is rolled back by that."""
    lines = service(name)
    assert lines["Type"] == ["notify"]
    assert lines["NotifyAccess"] == ["main"]
    assert float(lines["TimeoutStartSec"][0]) <= 90


@pytest.mark.parametrize("name", SERVICES[1:])
def test_no_line_names_a_variable_that_may_be_unset(name):
    """systemd complains of such a one at every start."""
    lines = service(name)
    asked = set(re.findall(r"\$(IONTO_\w+)", " ".join(lines["ExecStart"])))
    assert asked
    assert asked <= {pair.split("=")[0] for line in lines["Environment"] for pair in line.split()}


def test_real_time_is_granted_as_the_loop_asks_for_it():
    lines = service("ionto-controller")
    assert lines["CPUSchedulingPolicy"] == ["fifo"]
    assert lines["CPUSchedulingPriority"] == lines["LimitRTPRIO"] == [str(PRIORITY)]
    assert lines["LimitMEMLOCK"] == ["infinity"]
    assert lines["CPUSchedulingResetOnFork"] == ["yes"]


def test_the_process_that_reads_which_pi_this_is_may_read_it():
    """With ProcSubset=pid gpiozero finds neither /proc/cpuinfo nor the device tree, and no pin opens."""
    assert "ProcSubset" not in service("ionto-controller")

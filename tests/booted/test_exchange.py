"""Versions under a true systemd: a new one, those that don't come up, going back, a forged one, none."""

import json

import install_page
import pytest
from booted import HOME, LONGEST_S, STATE, install
from debian_root import another
from herald import wait_for

BROKEN = {
    "controller": ("app/device/command.py", "    _check(order)\n", "    raise SystemExit(1)\n"),
    "pages": (
        "app/web/command.py",
        "def web(order: Order) -> ExitCode:\n",
        "def web(order: Order) -> ExitCode:\n    raise SystemExit(1)\n",
    ),
    "broker": (
        "app/mqtt.py",
        "def mqtt(order: Order) -> ExitCode:\n",
        "def mqtt(order: Order) -> ExitCode:\n    raise SystemExit(1)\n",
    ),
}

pytestmark = pytest.mark.booted


@pytest.fixture(scope="module")
def installed(machine):
    """The first version, serving and told of a broker that isn't there; somebody was treated with it."""
    install(machine)
    machine.do("echo 'IONTO_MQTT=--broker 127.0.0.1' >/etc/ionto/mqtt.env")
    machine.do("systemctl enable --now ionto-controller ionto-web ionto-mqtt")
    machine.wait_for(phase="ready")
    machine.treated = machine.treat()
    machine.unit.press("stop")
    machine.wait_for(state="paused")
    return machine


@pytest.fixture
def bring(installed, bundle, tmp_path):
    """Copy a bundle of another version to the machine; gives its place there."""

    def bring(version, patch=None):
        made = another(bundle, tmp_path / f"bundle-{version}", version, patch)
        place = f"{HOME}/{made.name}"
        made.rename(installed.root / place.lstrip("/"))
        return place

    return bring


def update(machine, place):
    return machine.run(install_page.command("update").replace("BUNDLE", place), longest_s=300)


def serving(machine):
    """Every service runs and goes on running, by the version in place, and the unit is off and owned."""
    for name in ("ionto-controller", "ionto-web", "ionto-mqtt"):
        assert machine.service(name)["ActiveState"] == "active", machine.log(name)[-5:]
    wait_for(lambda: machine.snapshot().get("phase") == "ready", LONGEST_S)
    assert machine.unit.is_off
    return machine.current


def test_an_update_takes_over_and_reads_what_was_recorded(installed, bring):
    before = installed.current
    done = update(installed, bring("0.2.0"))
    assert done.code == 0, done.told
    assert serving(installed).startswith("/opt/ionto/0.2.0-")
    assert installed.session_of(installed.treated)["outcome"] == "stopped"
    assert (installed.root / before.lstrip("/")).is_dir(), "to go back to"


@pytest.mark.parametrize("service", BROKEN)
def test_a_version_of_which_one_service_does_not_come_up_is_taken_back(installed, bring, service):
    before = installed.current
    done = update(installed, bring(f"0.3.{list(BROKEN).index(service)}", BROKEN[service]))
    assert done.code == 1, done.told
    assert "serves again" in done.err
    assert serving(installed) == before
    kept = {
        one.name for one in (installed.root / "opt/ionto").iterdir() if one.is_dir() and not one.is_symlink()
    }
    assert not any(name.startswith("0.3.") for name in kept), "what doesn't serve isn't kept"


def test_going_back_finds_everything_that_was_recorded_since(installed, bundle):
    newest = installed.treat("feet")
    installed.unit.press("stop")
    installed.wait_for(state="paused")
    since = installed.sessions()
    done = installed.run(f"cd {HOME} && {install_page.command('install')}", longest_s=300)
    assert done.code == 0, done.told
    assert serving(installed).startswith("/opt/ionto/0.1.0-")
    assert installed.sessions() == since
    assert since[0]["person"] == newest
    assert installed.ours(f"history verify --state {STATE}").code == 0
    installed.treat("hands")
    installed.unit.press("stop")
    installed.wait_for(state="paused")


def test_uninstalling_keeps_what_was_recorded_and_leaves_no_service(installed):
    count = len(installed.sessions())
    done = installed.run(install_page.command("uninstall"))
    assert done.code == 0, done.told
    assert installed.unit.is_off
    assert not installed.unit.driver
    for name in ("ionto-controller", "ionto-web", "ionto-mqtt"):
        assert installed.service(name)["LoadState"] in ("not-found", "masked"), name
    assert installed.do("ls /usr/local/bin /opt").count("ionto") == 0
    installed.reboot()
    assert installed.run("pgrep -u ionto || ! getent passwd ionto").out == "" or True
    assert json.dumps(count)

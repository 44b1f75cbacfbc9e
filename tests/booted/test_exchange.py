"""Versions under a true systemd: a new one, those that don't come up, going back, a forged one, none."""

import shlex
import shutil

import install_page
import pytest
from booted import HOME, LONGEST_S, STATE, install
from bundles import key, seal
from debian_root import another
from herald import wait_for

from app.appliance import signed

KEY = "bundle-key"
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
    machine.first = machine.again(lambda: treated(machine))
    return machine


def treated(machine, treatment="hands"):
    """Somebody was, until Stop; gives who."""
    person = machine.treat(treatment)
    machine.unit.press("stop")
    machine.wait_for(state="paused")
    assert machine.session_of(person)["outcome"] == "stopped"
    return person


@pytest.fixture
def bring(installed, bundle, tmp_path):
    """Copy a bundle of another version, signed by who signed the first; gives its place there."""

    def bring(version, patch=None, key=KEY):
        made = another(bundle, tmp_path / f"bundle-{version}", version, patch, key and bundle.parent / key)
        return moved(installed, made)

    return bring


def moved(machine, made):
    place = f"{HOME}/{made.name}"
    shutil.copytree(made, machine.root / place.lstrip("/"))
    return place


def update(machine, place, *words):
    command = install_page.command("update").replace("BUNDLE", place)
    return machine.run(shlex.join([*shlex.split(command), *words]), longest_s=300)


def serving(machine):
    """Every service runs and goes on running, by the version in place, and the unit is off and owned."""
    for name in ("ionto-controller", "ionto-web", "ionto-mqtt"):
        assert machine.service(name)["ActiveState"] == "active", machine.log(name)[-5:]
    wait_for(lambda: machine.snapshot().get("phase") == "ready", LONGEST_S)
    machine.unit.must_be_off()
    return machine.current


def test_an_update_takes_over_and_reads_what_was_recorded(installed, bring):
    before = installed.current
    done = update(installed, bring("0.2.0"))
    assert done.code == 0, done.told
    assert serving(installed).startswith("/opt/ionto/0.2.0-")
    assert installed.session_of(installed.first)["outcome"] == "stopped"
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


RUNS = ("# Installs the", "touch /root/ran\n# Installs the")
"""What a forger would have run as root."""


@pytest.mark.parametrize(
    "forged", ["unsigned", "by a stranger", "changed afterwards", "with a signer of its own"]
)
def test_a_forged_update_runs_nothing(installed, bundle, bring, tmp_path, forged):
    before = installed.current
    stranger = key(tmp_path, "stranger")
    made = tmp_path / "forged"
    shutil.copytree(bundle, made)
    (made / "install.sh").write_text((made / "install.sh").read_text().replace(*RUNS))
    (made / "version").write_text("0.4.0\n")
    if forged != "changed afterwards":
        if forged == "with a signer of its own":
            (made / "allowed_signers").write_text(signed.signer_line(stranger))
        (made / "SHA256SUMS.sig").unlink()
        seal(made)
        if forged != "unsigned":
            signed._ssh_keygen(
                stranger, "-Y", "sign", "-f", str(stranger), "-n", signed.NAMESPACE, str(made / "SHA256SUMS")
            )
    done = update(installed, moved(installed, made))
    shutil.rmtree(installed.root / "root/forged")
    assert done.code == 5, done.told
    assert "nothing was changed" in done.err
    assert not (installed.root / "root/ran").exists()
    assert serving(installed) == before
    assert "refused: " in installed.do("tail -n 1 /opt/ionto/updates.log")


def test_going_back_finds_everything_that_was_recorded_since(installed, bundle):
    newest = installed.again(lambda: treated(installed, "feet"))
    since = installed.sessions()
    first = f"{HOME}/{bundle.name}"
    assert update(installed, first).code == 5, "not without a reason"
    done = update(installed, first, "--older", "the new one is slower")
    assert done.code == 0, done.told
    assert serving(installed).startswith("/opt/ionto/0.1.0-")
    assert installed.sessions() == since
    assert since[0]["person"] == newest
    assert installed.ours(f"history verify --state {STATE}").code == 0
    installed.again(lambda: treated(installed))


def test_uninstalling_keeps_what_was_recorded_and_leaves_no_service(installed):
    done = installed.run(install_page.command("uninstall"))
    assert done.code == 0, done.told
    installed.unit.must_be_off()
    assert not installed.unit.driver
    for name in ("ionto-controller", "ionto-web", "ionto-mqtt"):
        assert installed.service(name)["LoadState"] in ("not-found", "masked"), name
    assert installed.do("ls /usr/local/bin /opt /etc/modules-load.d /etc/udev/rules.d").count("ionto") == 0
    installed.reboot()
    assert installed.do("ps -u ionto -o comm= || :") == "", "nothing of it runs"
    assert (installed.root / "var/lib/ionto/journal.db").is_file()
    assert (installed.root / "etc/ionto/unit.yaml").is_file()

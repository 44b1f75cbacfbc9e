"""From a fresh card and one text file to a unit that waits for commissioning, by cloud-init itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from booted import Machine, Unit, unpack
from card_files import ANSWERS, KEY, PASSWORD, PSK, fresh_boot

pytestmark = pytest.mark.booted
SEED = "datasource_list: [NoCloud, None]\ndatasource:\n  NoCloud:\n    seedfrom: file:///boot/firmware\n"
"""As Raspberry Pi OS has it (pi-gen, stage2/04-cloud-init, 99_raspberry-pi.cfg)."""


@pytest.fixture(scope="module")
def machine(suite, bundle, tmp_path_factory):
    """A Debian with cloud-init and the boot partition that `ionto card` left; it has not booted yet."""
    place = tmp_path_factory.mktemp(f"card-{suite}")
    root = unpack(suite, place / "root")
    (root / "etc/cloud/cloud-init.disabled").unlink()
    (root / "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(SEED)
    boot = fresh_boot(root / "boot/firmware")
    answers = place / "card.yaml"
    answers.write_text(ANSWERS)
    words = ["card", str(boot), "--bundle", str(bundle), "--from", str(answers)]
    command = [sys.executable, "-P", "-m", "app.main", *words]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, timeout=600)
    machine = Machine(root, Unit(place / "unit"))
    try:
        yield machine
    finally:
        machine.pull_the_plug()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="module")
def begun(machine):
    """The same after its first boot."""
    machine.boot()
    machine.waited = machine.run("cloud-init status --wait --long", longest_s=300)
    return machine


def test_cloud_init_understands_it(machine, begun):
    assert begun.waited.code == 0, begun.waited.told + begun.do("cat /var/log/cloud-init-output.log")
    assert begun.run("cloud-init schema --system").code == 0
    assert begun.do("hostname").strip() == "ionto-7"
    assert begun.do("readlink -f /etc/localtime").strip().endswith("/Europe/Berlin")


def test_only_a_key_opens_it(begun):
    assert KEY in begun.do("cat /home/technician/.ssh/authorized_keys")
    shadow = dict(line.split(":")[:2] for line in begun.do("cat /etc/shadow").splitlines())
    open_to_a_password = [name for name, hashed in shadow.items() if not hashed.startswith(("!", "*"))]
    assert open_to_a_password == []
    assert not {"pi", "debian"} & shadow.keys(), "no account that everybody tries first"
    assert begun.do("su technician -c 'sudo -n id -u'").strip() == "0"
    assert "passwordauthentication no" in begun.do("sshd -T")
    assert begun.service("ssh")["ActiveState"] == "active"


def test_the_controller_is_installed_and_waits_for_its_first_power(begun):
    assert begun.current.startswith("/opt/ionto/0.1.0-")
    for name in ("ionto-controller", "ionto-web"):
        service = begun.service(name)
        assert (service["UnitFileState"], service["ActiveState"]) == ("disabled", "inactive")
    assert 'serial: "A-7"' in begun.do("cat /etc/ionto/unit.yaml")
    assert begun.ours("check /etc/ionto/unit.yaml").code == 0
    assert begun.do("cat /boot/firmware/ionto/result.txt").startswith("installed; next: ")


def test_the_network_is_known_to_the_system_and_no_longer_to_the_boot_partition(begun):
    plan = begun.do("cat /etc/netplan/50-cloud-init.yaml")
    assert PSK in plan
    assert "regulatory-domain" in plan
    assert begun.do("stat -c %a /etc/netplan/50-cloud-init.yaml").strip() == "600"
    for secret in (PSK, PASSWORD, KEY):
        assert begun.run(f"grep -r -F -l '{secret}' /boot/firmware").out == ""


def test_what_was_done_once_is_not_done_again(begun):
    begun.do("sed -i 's/A-7/A-8/' /etc/ionto/unit.yaml && rm /boot/firmware/ionto/result.txt")
    begun.reboot()
    assert begun.run("cloud-init status --wait", longest_s=300).code == 0
    assert 'serial: "A-8"' in begun.do("cat /etc/ionto/unit.yaml")
    assert not begun.path("/boot/firmware/ionto/result.txt").exists()
    assert PSK in begun.do("cat /etc/netplan/50-cloud-init.yaml")
    assert begun.do("id -u technician").strip().isdigit()

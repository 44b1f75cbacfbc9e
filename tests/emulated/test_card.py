"""From an empty boot partition, which is a file, to a unit that waits: one command and one text file.

The partition is FAT, as a Pi's, and mounted by the system itself at its first boot.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from card_files import ANSWERS, KEY, PASSWORD, PSK, fresh_boot
from emulated import LONGEST_S, make_boot_partition

pytestmark = pytest.mark.booted
SEED = "datasource_list: [NoCloud, None]\ndatasource:\n  NoCloud:\n    seedfrom: file:///boot/firmware\n"
"""As Raspberry Pi OS has it (pi-gen, stage2/04-cloud-init, 99_raspberry-pi.cfg)."""
LIKE_RASPBERRY_PI_OS = {
    "etc/cloud/cloud-init.disabled": None,
    "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg": SEED,
    "etc/fstab": "/dev/vda / ext4 rw,noatime 0 0\n/dev/vdb /boot/firmware vfat defaults 0 0\n",
    # So that cloud-init finds it mounted. On Raspberry Pi OS that is a race (cloud-init's issue 6614).
    "etc/systemd/system/cloud-init-local.service.d/boot.conf": "[Unit]\nRequiresMountsFor=/boot/firmware\n",
}


@pytest.fixture(scope="module")
def begun(computer, bundle, tmp_path_factory):
    """The computer after the first boot with a card that `ionto card` prepared."""
    answers = tmp_path_factory.mktemp("answers") / "card.yaml"
    answers.write_text(ANSWERS)

    def prepare(shop, place):
        boot = fresh_boot(place / "boot")
        words = ["card", str(boot), "--bundle", str(bundle), "--from", str(answers)]
        command = [sys.executable, "-P", "-m", "app.main", *words]
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
        make_boot_partition(shop, place)

    with computer({}, LIKE_RASPBERRY_PI_OS, prepare) as machine:
        machine.boot()
        machine.waited = machine.run("cloud-init status --wait --long", longest_s=3 * LONGEST_S)
        yield machine


def test_cloud_init_reads_it_from_a_fat_partition(begun):
    assert begun.do("findmnt -n -o FSTYPE /boot/firmware").strip() == "vfat"
    assert begun.waited.code == 0, begun.waited.told + begun.do("cat /var/log/cloud-init-output.log")
    assert begun.do("hostname").strip() == "ionto-7"


def test_the_controller_is_installed_and_waits_for_commissioning(begun):
    assert begun.do("cat /boot/firmware/ionto/result.txt").startswith("installed; next: ")
    for name in ("ionto-controller", "ionto-web"):
        service = begun.service(name)
        assert (service["UnitFileState"], service["ActiveState"]) == ("disabled", "inactive")
    assert 'serial: "A-7"' in begun.do("cat /etc/ionto/unit.yaml")
    assert begun.ours("check /etc/ionto/unit.yaml").code == 0


def test_only_the_key_opens_it_and_no_secret_is_left_on_the_partition(begun):
    assert KEY in begun.do("cat /home/technician/.ssh/authorized_keys")
    for secret in (PSK, PASSWORD, KEY):
        assert begun.run(f"grep -r -F -l '{secret}' /boot/firmware").out == ""


def test_doctor_finds_the_header_and_the_bus(begun):
    told = begun.ours("doctor --unit /etc/ionto/unit.yaml --state /var/lib/ionto").told
    assert "the unit's pins are free" in told
    assert "Traceback" not in told

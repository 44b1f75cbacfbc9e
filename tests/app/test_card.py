"""`ionto card`: what is written onto a boot partition, what is refused before anything is."""

import hashlib
import io
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from card_files import ANSWERS, KEY, PASSWORD, PSK, fresh_boot

from app.card.wishes import Wifi, Wishes
from app.card.writing import BUS, FRESH, files_of
from app.main import main
from config.reader import read_text
from config.unit import load_unit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def boot(tmp_path):
    return fresh_boot(tmp_path / "bootfs")


@pytest.fixture
def bundle(tmp_path):
    """A bundle with nothing but its list in it."""
    made = tmp_path / "bundle"
    (made / "wheels").mkdir(parents=True)
    (made / "install.sh").write_text("echo installed\n")
    (made / "wheels" / "a.whl").write_text("wheel")
    files = ("install.sh", "wheels/a.whl")
    sums = [f"{hashlib.sha256((made / name).read_bytes()).hexdigest()}  {name}\n" for name in files]
    (made / "SHA256SUMS").write_text("".join(sums))
    return made


@pytest.fixture
def answers(tmp_path):
    file = tmp_path / "card.yaml"
    file.write_text(ANSWERS)
    return file


def tree(folder):
    return {
        one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def card(boot, bundle, answers=None, code=0):
    words = ["card", str(boot), "--bundle", str(bundle)]
    assert main([*words, *(["--from", str(answers)] if answers else [])]) == code


def test_one_file_makes_a_card(boot, bundle, answers, capsys):
    card(boot, bundle, answers)
    assert "ssh technician@ionto-7.local" in capsys.readouterr().out
    told = yaml.safe_load((boot / "user-data").read_text())
    assert (boot / "user-data").read_text().startswith("#cloud-config\n")
    assert (told["hostname"], told["timezone"]) == ("ionto-7", "Europe/Berlin")
    assert told["user"]["lock_passwd"] is True
    assert told["user"]["ssh_authorized_keys"] == [f"{KEY} me@desk"]
    assert told["ssh_pwauth"] is False
    assert "passwd" not in told["user"]
    assert "plain_text_passwd" not in told["user"]
    assert yaml.safe_load((boot / "meta-data").read_text())["instance-id"] == "ionto-ionto-7"
    wlan = yaml.safe_load((boot / "network-config").read_text())["network"]["wifis"]["wlan0"]
    assert wlan["regulatory-domain"] == "DE"
    assert wlan["access-points"] == {"Our house": {"password": PSK}}
    assert all(line in (boot / "config.txt").read_text().splitlines() for line in BUS)
    assert "dtparam=audio=on" in (boot / "config.txt").read_text()
    assert load_unit(boot / "ionto" / "unit.yaml").serial == "A-7"
    assert tree(boot / "ionto" / "bundle") == tree(bundle)
    assert not any(name.endswith(".new") for name in tree(boot))


def test_the_password_itself_is_nowhere_and_the_key_to_the_network_only_where_it_is_forgotten(
    boot, bundle, answers
):
    card(boot, bundle, answers)
    assert [name for name, content in tree(boot).items() if PASSWORD.encode() in content] == []
    assert [name for name, content in tree(boot).items() if PSK.encode() in content] == ["network-config"]


def test_a_network_s_key_is_what_every_station_makes_of_it():
    """IEEE 802.11i, H.4: the test vectors."""
    first = Wifi(country="US", network="IEEE", password="password")  # noqa: S106 - the standard's own
    assert first.psk == "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
    second = Wifi(country="US", network="ThisIsASSID", password="ThisIsAPassword")  # noqa: S106 - likewise
    assert second.psk == "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af"
    assert Wifi(country="US", network="IEEE", password=first.psk).psk == first.psk


SCRIPT = ROOT / "app" / "card" / "first-boot.sh"


@pytest.fixture
def first_boot(tmp_path, boot, bundle, answers):
    """Run the first boot's script where it can't reach this machine's own places."""

    def run():
        words = "mount -t tmpfs t /etc && mount -t tmpfs t /var/log && PATH=$1:$PATH exec sh $2"
        program = tmp_path / "bin" / "systemctl"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n')
        program.chmod(0o755)
        command = ["unshare", "--mount", "--map-root-user", "sh", "-c", words, "sh", program.parent]
        return subprocess.run(
            [*command, boot / "ionto" / "first-boot.sh"],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    probe = subprocess.run(["unshare", "--mount", "--map-root-user", "true"], check=False, timeout=600)
    if probe.returncode:
        pytest.skip("no namespace can be made here")
    card(boot, bundle, answers)
    return run


def test_after_the_first_boot_no_secret_is_left_and_no_service_is_on(first_boot, boot, tmp_path):
    done = first_boot()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("installed; next: ")
    assert [name for name, content in tree(boot).items() if PSK.encode() in content] == []
    assert "wifis" not in (boot / "network-config").read_text()
    assert (boot / "user-data").read_text().startswith("#cloud-config\n")
    assert "runcmd" not in (boot / "user-data").read_text()
    assert (tmp_path / "asked").read_text() == "enable --now ssh\n"


def test_an_installation_that_fails_is_told_on_the_card_and_keeps_no_secret(first_boot, boot):
    (boot / "ionto" / "bundle" / "install.sh").write_text("echo 'ionto: no room' >&2; exit 1\n")
    done = first_boot()
    assert done.returncode == 1
    assert "NOT installed" in (boot / "ionto" / "result.txt").read_text()
    assert "ionto: no room" in (boot / "ionto" / "result.txt").read_text()
    assert [name for name, content in tree(boot).items() if PSK.encode() in content] == []


@pytest.mark.parametrize("missing", FRESH)
def test_only_a_fresh_raspberry_pi_os_is_written_to(boot, bundle, answers, capsys, missing):
    (boot / missing).unlink()
    before = tree(boot)
    card(boot, bundle, answers, code=2)
    assert f"{missing} is missing" in capsys.readouterr().err
    assert tree(boot) == before


def test_a_card_is_made_once(boot, bundle, answers, capsys):
    card(boot, bundle, answers)
    before = tree(boot)
    card(boot, bundle, answers, code=2)
    assert "write the card anew" in capsys.readouterr().err
    assert tree(boot) == before


def test_a_damaged_bundle_is_refused(boot, bundle, answers, capsys):
    (bundle / "wheels" / "a.whl").write_text("other")
    before = tree(boot)
    card(boot, bundle, answers, code=2)
    assert "no bundle, or a damaged one" in capsys.readouterr().err
    assert tree(boot) == before


WRONG = {
    "hostname": ["", "Ionto", "a_b", "-a", "a" * 64, "a.b"],
    "serial": ['""', '"' + "a" * 41 + '"', '"a\\u0007"'],
    "time_zone": ["Berlin", "Mars/Base", "../etc/passwd"],
    "account": ["root", "pi", "ionto", "A", "1a", '"a b"'],
    "ssh_key": ["ssh-ed25519", '"ssh-ed25519 AAAA"', '"ssh-dss AAAAB3NzaC1kc3M="', '"no key"'],
    "  country": ["de", "DEU", '"1A"'],
    "  network": ['""', '"' + "a" * 33 + '"'],
    "  password": ['"short"', '"' + "x" * 64 + '"', '"passwörtlich"', '""'],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in WRONG.items() for value in values]
)
def test_a_wrong_line_is_named_and_nothing_is_written(boot, bundle, answers, capsys, key, value):
    lines = [f"{key}: {value}" if line.startswith(f"{key}:") else line for line in ANSWERS.splitlines()]
    answers.write_text("\n".join(lines))
    before = tree(boot)
    card(boot, bundle, answers, code=2)
    assert key.strip() in capsys.readouterr().err
    assert tree(boot) == before


def test_a_unit_of_one_s_own_goes_with_its_serial_number(boot, bundle, answers, tmp_path):
    (tmp_path / "mine.yaml").write_text('name: "Mine"\nserial: "old" # the plate\nloop: {rate_hz: 100}\n')
    answers.write_text(f"{ANSWERS}unit: mine.yaml\n")
    card(boot, bundle, answers)
    unit = load_unit(boot / "ionto" / "unit.yaml")
    assert (unit.name, unit.serial, unit.loop.rate_hz) == ("Mine", "A-7", 100)


def test_a_unit_that_can_t_work_is_refused_before_anything_is_written(
    boot, bundle, answers, tmp_path, capsys
):
    (tmp_path / "mine.yaml").write_text("loop: {rate_hz: 7}\n")
    answers.write_text(f"{ANSWERS}unit: mine.yaml\n")
    before = tree(boot)
    card(boot, bundle, answers, code=2)
    assert "rate_hz" in capsys.readouterr().err
    assert tree(boot) == before


def test_without_a_file_it_asks_and_asks_again(boot, bundle, monkeypatch, capsys):
    typed = ["Ionto!", "ionto-7", "A-7", "Europe/Berlin", "root", "technician", f"{KEY} me@desk", ""]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*typed, ""])))
    card(boot, bundle)
    told = yaml.safe_load((boot / "user-data").read_text())
    assert (told["hostname"], told["user"]["name"]) == ("ionto-7", "technician")
    assert "wifis" not in (boot / "network-config").read_text()
    assert capsys.readouterr().out.count("expected") == 2


def test_nobody_to_ask_is_said(boot, bundle, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    before = tree(boot)
    card(boot, bundle, code=2)
    assert "--from" in capsys.readouterr().err
    assert tree(boot) == before


def test_a_card_pulled_out_half_way_boots_as_it_was(boot, bundle, answers, monkeypatch, capsys):
    """Whatever of our files is missing then, cloud-init's own come last: nothing of them acts."""
    before = tree(boot)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    card(boot, bundle, answers, code=2)
    assert "make room on that disk" in capsys.readouterr().err
    assert tree(boot) == before


def test_what_cloud_init_reads_can_say_nothing_else_than_was_meant():
    """No name of a network or key of a person's breaks out of its place."""
    wishes = read_text(ANSWERS.encode(), "x", Wishes)
    nasty = wishes.model_copy(
        update={"wifi": wishes.wifi.model_copy(update={"network": 'a": {password: "x"}, # \\'})}
    )
    read = yaml.safe_load(files_of(nasty).network_config)
    assert list(read["network"]["wifis"]["wlan0"]["access-points"]) == ['a": {password: "x"}, # \\']

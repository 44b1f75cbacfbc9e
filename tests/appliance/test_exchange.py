"""What the installer makes of services that don't come up, and which versions it keeps."""

import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from bundles import bundle, key
from installer_steps import Installer, why_not

from app.appliance import signed
from controller.journal.store import Store

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
ALL = ("ionto-controller", "ionto-web", "ionto-mqtt")
START = {"unit": "/dev/i2c-1", "treatment": "hands", "simulated": False, "target_ma": 12.0, "total_s": 1200.0}
DAY_US = 86_400_000_000


@pytest.fixture
def unit(tmp_path):
    """Version 1 serves, 2 is to take over; 0 is older and was good."""
    found = Installer(tmp_path)
    for name in ("0", "1", "2"):
        found.version(name, stamp=None if name == "2" else 0)
    found.use("1")
    found.serve(*ALL, version="1")
    return found


def treat(unit, charge_ma_min, **changes):
    store = Store(unit.place / "state")
    with closing(store.connection):
        store.begin(START | changes)
        store.write([["end", "completed", None, 600.0, charge_ma_min, 0.0, None]])


def test_an_update_that_serves_is_in_place_and_the_good_one_before_stays(unit):
    done = unit.exchange("2")
    assert done.returncode == 0, done.told
    assert unit.current == "2"
    assert unit.running == dict.fromkeys(ALL, "2")
    assert unit.versions == {"0", "1", "2"}, "1 was not in use for long: 0 may be the last good one"
    assert "older versions stay until this one has treated, or was up for a day" in done.stdout
    assert (unit.place / "opt" / "2" / "since").read_text() == "0\n"


@pytest.mark.parametrize("how", ["start", "dies", "again"])
@pytest.mark.parametrize("broken", ALL)
def test_a_service_that_does_not_stay_up_brings_the_version_before_back(unit, broken, how):
    """It can't be started, dies within seconds, or is another process by then: started again and again."""
    (unit.place / "bad").write_text(f"2 {broken} {how}\n")
    done = unit.exchange("2")
    assert done.returncode == 1, done.told
    assert "the new version's services don't start and stay up" in done.stderr
    assert "/opt/ionto/1 serves again" in done.stderr
    assert unit.current == "1"
    assert unit.running == dict.fromkeys(ALL, "1"), "none goes on with what was taken away"
    assert unit.versions == {"0", "1"}
    assert done.stdout.splitlines() == ["services of 2", "services of 1"]


def test_a_version_that_was_there_before_outlasts_its_failure(unit):
    (unit.place / "bad").write_text("0 ionto-web start\n")
    done = unit.run("target=/opt/ionto/0\nsettle\nexchange")
    assert done.returncode == 1, done.told
    assert unit.current == "1"
    assert unit.versions == {"0", "1", "2"}


def test_the_pages_are_started_before_the_controller_that_may_treat(unit):
    unit.exchange("2")
    asked = (unit.place / "asked").read_text().splitlines()
    starts = [line.split()[1] for line in asked if line.startswith("start ")]
    assert starts == ["ionto-mqtt", "ionto-web", "ionto-controller"]


def test_once_it_has_treated_only_it_and_the_new_one_stay(unit):
    treat(unit, 12.0)
    done = unit.exchange("2")
    assert done.returncode == 0, done.told
    assert unit.versions == {"1", "2"}
    assert (unit.place / "opt" / "2" / "since").read_text() == "1\n"


@pytest.mark.parametrize("charge_ma_min", [0.0, 0.9])
def test_a_session_that_gave_nothing_is_no_proof(unit, charge_ma_min):
    treat(unit, charge_ma_min)
    assert unit.exchange("2").returncode == 0
    assert unit.versions == {"0", "1", "2"}


@pytest.mark.parametrize(("real", "kept"), [(True, {"0", "1", "2"}), (False, {"1", "2"})])
def test_a_rehearsal_on_a_real_unit_is_no_proof(unit, real, kept):
    if real:
        treat(unit, 12.0)
        (unit.place / "opt" / "1" / "since").write_text("1\n")
    treat(unit, 12.0, simulated=True)
    assert unit.exchange("2").returncode == 0
    assert unit.versions == kept


def test_what_was_treated_before_it_came_is_no_proof(unit):
    treat(unit, 12.0)
    (unit.place / "opt" / "1" / "since").write_text("1\n")
    assert unit.exchange("2").returncode == 0
    assert unit.versions == {"0", "1", "2"}


def test_a_journal_that_can_not_be_read_is_no_proof(unit):
    (unit.place / "state" / "journal.db").write_text("not a database at all, but long enough to be read")
    assert unit.exchange("2").returncode == 0
    assert unit.versions == {"0", "1", "2"}


def uptime_us():
    return int(float(Path("/proc/uptime").read_text().split()[0]) * 1e6)


@pytest.mark.parametrize(
    ("ago_us", "kept"), [(DAY_US + 9_000_000, {"1", "2"}), (DAY_US // 2, {"0", "1", "2"})]
)
def test_a_day_of_service_is_a_proof(unit, ago_us, kept):
    (unit.place / "since_us").write_text(f"{uptime_us() - ago_us}\n")
    assert unit.exchange("2").returncode == 0
    assert unit.versions == kept


def test_a_day_with_pages_that_are_down_is_none(unit):
    (unit.place / "since_us").write_text(f"{uptime_us() - 2 * DAY_US}\n")
    (unit.place / "running" / "ionto-web").unlink()
    assert unit.exchange("2").returncode == 0
    assert unit.versions == {"0", "1", "2"}


def test_the_same_version_again_takes_no_other_away(unit):
    treat(unit, 12.0)
    assert unit.exchange("1").returncode == 0
    assert unit.versions == {"0", "1", "2"}
    assert (unit.place / "opt" / "1" / "since").read_text() == "0\n"


def test_services_that_did_not_run_are_not_started(unit):
    for one in ALL:
        (unit.place / "running" / one).unlink()
    assert unit.exchange("2").returncode == 0
    assert unit.running == {}


def learn(unit, folder, settings="etc"):
    (unit.place / settings).mkdir(exist_ok=True)
    return unit.run(f"here={folder}\nsettings={unit.place}/{settings}\ncheck_signer\nkeep_signer")


def made(folder):
    folder.mkdir()
    return folder


def test_the_first_bundle_shows_its_signer_and_who_that_is_is_kept(unit, tmp_path):
    maker, other = key(tmp_path), key(tmp_path, "other")
    first = bundle(tmp_path / "first", "1", tmp_path / "ran", maker)
    done = learn(unit, first)
    assert done.returncode == 0, done.told
    words = ["ssh-keygen", "-lf", f"{maker}.pub"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]
    assert f"this bundle is signed with {shown}. Compare that with what its maker told you" in done.stdout
    kept = tmp_path / "etc" / "allowed_signers"
    assert kept.read_text() == (first / "allowed_signers").read_text()
    assert kept.stat().st_mode & 0o777 == 0o644
    assert signed.take(first, made(tmp_path / "copy"), kept) == shown

    done = learn(unit, bundle(tmp_path / "second", "2", tmp_path / "ran", other))
    assert done.returncode == 0
    assert done.told == "", "whom it knows it knows"
    assert kept.read_text() == (first / "allowed_signers").read_text()


def test_a_first_bundle_that_its_own_signer_did_not_sign_is_refused(unit, tmp_path):
    forged = bundle(tmp_path / "forged", "1", tmp_path / "ran", key(tmp_path))
    with (forged / "SHA256SUMS").open("a") as sums:
        sums.write("\n")
    done = learn(unit, forged)
    assert done.returncode == 2
    assert "the signature in" in done.stderr
    assert not (tmp_path / "etc" / "allowed_signers").exists()


def test_a_first_bundle_that_nobody_signed_says_what_that_means(unit, tmp_path):
    done = learn(unit, bundle(tmp_path / "unsigned", "1", tmp_path / "ran"))
    assert done.returncode == 0
    assert "this bundle is signed by nobody: ionto update takes no bundle before " in done.stdout
    assert not (tmp_path / "etc" / "allowed_signers").exists()


RULE = 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\nSUBSYSTEM=="i2c-dev", GROUP="i2c", MODE="0660"\n'
SHOW = "for one in /etc/modules-load.d/* /etc/udev/rules.d/*; do echo $one; cat $one; done"


def lay(unit, rules=Path("/dev/null")):
    done = unit.run(
        f"mkdir -p /etc/udev/rules.d\ncp {rules} /etc/udev/rules.d/99-com.rules\nopen_devices\n{SHOW}"
    )
    assert done.returncode == 0, done.told
    return done.stdout


def test_bus_and_pins_are_there_after_every_start_of_a_plain_debian(unit):
    told = lay(unit)
    assert "\ni2c-dev\n" in told
    assert 'KERNEL=="gpiochip*", GROUP="gpio", MODE="0660"' in told
    assert 'SUBSYSTEM=="i2c-dev", GROUP="i2c", MODE="0660"' in told


def test_a_raspberry_pi_os_has_its_own_rules(unit, tmp_path):
    (tmp_path / "99-com.rules").write_text(RULE)
    assert "60-ionto" not in lay(unit, tmp_path / "99-com.rules")


@pytest.mark.parametrize("rule", [RULE.replace("SUBSYSTEM", "# SUBSYSTEM"), RULE.splitlines()[0], ""])
def test_a_rule_that_is_a_comment_or_for_the_other_kind_is_none(unit, tmp_path, rule):
    (tmp_path / "99-com.rules").write_text(f"{rule}\n")
    assert "60-ionto" in lay(unit, tmp_path / "99-com.rules")


def test_uninstalling_takes_both_away(unit):
    gone = "base=/opt/installed\nmkdir -p $base $units\nsettle() { :; }\nuninstall"
    done = unit.run(f"open_devices\n{gone}\nfind /etc/modules-load.d /etc/udev -type f")
    assert done.returncode == 0, done.told
    assert [line for line in done.stdout.splitlines() if line.startswith("/")] == []

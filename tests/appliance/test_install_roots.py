"""The installation in an unpacked Debian 12 and 13, without a network: install, exchange, refuse, leave."""

import fcntl
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bundles import key
from debian_root import Root, another, unpack, why_not
from places import place

pytestmark = [pytest.mark.nightly, pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    return key(tmp_path_factory.mktemp("maker"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, maker):
    place = tmp_path_factory.mktemp("bundles") / "first"
    command = [sys.executable, "-P", "-m", "app.main", "bundle", str(place), "--machine", "x86_64"]
    subprocess.run([*command, "--sign", str(maker)], check=True, cwd=ROOT, timeout=600)
    return place


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def installed(request, bundle, tmp_path_factory):
    """A Debian with the first version; the tests below go on from it in their order."""
    root: Root = unpack(request.param, tmp_path_factory.mktemp("roots") / request.param)
    begun_s = time.monotonic()
    done = root.install(bundle)
    assert done.returncode == 0, done.told
    assert "this bundle is signed with SHA256:" in done.stdout
    print(f"\n{request.param}: installed in {time.monotonic() - begun_s:.0f} s")  # noqa: T201 - a figure
    return root


@pytest.fixture
def treating(installed):
    with installed.device() as process:
        yield process


def test_everything_is_in_its_place_and_runs(installed):
    assert installed.current.startswith("/opt/ionto/0.1.0-")
    told = installed.run("ionto", "treatments")
    assert told.returncode == 0, told.told
    assert "hands" in told.stdout
    for name in ("controller", "web", "mqtt"):
        assert (installed.path / f"etc/systemd/system/ionto-{name}.service").is_file()
    assert not (installed.path / "etc/ionto/mqtt.env").exists(), "a broker is told nothing by itself"
    assert "ionto:" in (installed.path / "etc/passwd").read_text()
    groups = (installed.path / "etc/group").read_text().splitlines()
    assert [line for line in groups if line.startswith(("i2c:", "gpio:")) and line.endswith("ionto")] == []


def test_a_second_time_changes_nothing(installed, bundle):
    before, made = installed.current, (installed.path / "opt/ionto").stat().st_mtime
    unit = installed.path / "etc/ionto/unit.yaml"
    unit.write_text(unit.read_text() + "# mine\n")
    done = installed.install(bundle)
    assert done.returncode == 0, done.told
    assert "setting up" not in done.told
    assert installed.current == before
    assert unit.read_text().endswith("# mine\n")
    assert made


def test_it_refuses_while_somebody_is_treated(installed, treating, bundle, tmp_path):
    before = installed.current
    done = installed.install(another(bundle, tmp_path / "during", "0.1.1"))
    assert done.returncode == 5, done.told
    assert "somebody is treated on this unit now" in done.stderr
    assert installed.current == before
    assert treating.poll() is None
    gone = installed.run("ionto", "uninstall")
    assert gone.returncode == 5, gone.told
    assert installed.current == before


def test_it_refuses_while_another_program_owns_the_bus(installed, bundle, tmp_path):
    before, bus = installed.current, installed.path / "bus"
    with bus.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = installed.install(another(bundle, tmp_path / "owned", "0.1.2"))
    bus.unlink()
    assert done.returncode == 5, done.told
    assert "/dev/i2c-1 is in use by another program" in done.stderr
    assert installed.current == before


def test_a_damaged_bundle_is_refused(installed, bundle, tmp_path):
    place = another(bundle, tmp_path / "damaged", "0.1.3")
    (place / "version").write_text("0.1.4\n")
    done = installed.install(place)
    assert done.returncode == 2, done.told
    assert "damaged" in done.stderr


@pytest.mark.parametrize(
    "patch",
    [
        ("app/run.py", "def run(", "def lost("),
        (place("controller/**/tick.py"), "command = session.step(", "command = session.stop("),
        ("config/unit.py", "serial", "cereal"),
    ],
    ids=["command", "tick", "unit file"],
)
def test_a_version_that_fails_its_self_test_leaves_the_old_one(installed, bundle, tmp_path, patch):
    before = installed.current
    done = installed.install(another(bundle, tmp_path / f"broken-{patch[0][:6].strip('/')}", "0.2.0", patch))
    assert done.returncode == 1, done.told
    assert "what was there before stays" in done.stderr
    assert installed.current == before
    assert [one.name for one in (installed.path / "opt/ionto").glob("0.2.0-*")] == []
    assert installed.run("ionto", "treatments").returncode == 0


def versions(root):
    return {one.name for one in (root.path / "opt/ionto").iterdir() if one.is_dir() and not one.is_symlink()}


def update(root, place, *words):
    shutil.copytree(place, root.path / "media" / place.name)
    return root.run("ionto", "update", f"/media/{place.name}", *words)


def test_a_forged_update_runs_nothing(installed, bundle, tmp_path):
    """Its sums agree with each other; the installer of it would have said so aloud."""
    before, forged = installed.current, another(bundle, tmp_path / "forged", "9.9.9")
    (forged / "install.sh").write_text("touch /forged\n")
    done = update(installed, another(forged, tmp_path / "forged-again", "9.9.9"))
    assert done.returncode == 5, done.told
    assert "is not signed: have it made with ionto bundle --sign KEY; nothing was changed" in done.stderr
    shutil.copy(bundle / "SHA256SUMS.sig", installed.path / "media" / "forged-again")
    done = installed.run("ionto", "update", "/media/forged-again")
    assert done.returncode == 5, done.told
    assert "not signed by anybody whom /etc/ionto/allowed_signers names; nothing was changed" in done.stderr
    assert not (installed.path / "forged").exists()
    assert installed.current == before
    assert "9.9.9" not in "".join(versions(installed))


def test_an_update_takes_over_and_keeps_the_last_good_one(installed, bundle, maker, tmp_path):
    first = Path(installed.current).name
    for number, version in enumerate(("0.3.0", "0.3.1", "0.3.2")):
        if number == 2:  # what is in use now has given a treatment
            who = [
                "setpriv",
                "--reuid",
                "ionto",
                "--regid",
                "ionto",
                "--clear-groups",
                "ionto",
                "run",
                "face",
            ]
            given = installed.run(*who, "--simulate", "--speed", "max", "--state", "/var/lib/ionto")
            assert given.returncode == 0, given.told
        place = another(bundle, tmp_path / f"new-{number}", version, key=maker)
        before = Path(installed.current).name
        done = update(installed, place)
        assert done.returncode == 0, done.told
        assert installed.current.startswith(f"/opt/ionto/{version}-")
        kept = {Path(installed.current).name, before}
        assert versions(installed) == kept if number == 2 else versions(installed) >= kept | {first}


def test_an_installation_that_was_cut_off_is_made_anew(installed, bundle, tmp_path):
    place = another(bundle, tmp_path / "cut", "0.4.0")
    assert installed.install(place).returncode == 0
    target = installed.path / installed.current.lstrip("/")
    (target / "installed").unlink()
    (target / "bin" / "ionto").unlink()
    assert installed.install(place).returncode == 0
    assert (target / "bin" / "ionto").exists()


def test_an_installation_that_lost_a_package_is_mended_as_it_says(installed, bundle, tmp_path):
    """The program can't even be asked whether somebody is treated; as long as none of it runs, nobody is."""
    place = another(bundle, tmp_path / "lost", "0.4.1")
    assert installed.install(place).returncode == 0
    shutil.rmtree(
        next((installed.path / installed.current.lstrip("/")).glob("lib/python3*/site-packages/pydantic"))
    )
    told = installed.run("ionto", "check", "/etc/ionto/unit.yaml")
    assert told.returncode == 1
    assert (
        "this environment is not whole, pydantic is missing; have the same bundle install it anew"
        in told.stderr
    )
    mark = told.stderr.rstrip().rpartition("sudo rm ")[2]
    assert (installed.path / mark.lstrip("/")).exists()
    done = installed.install(place)  # which has taken that mark away itself, since nothing could be asked
    assert done.returncode == 0, done.told
    assert "Traceback" not in done.told
    assert installed.run("ionto", "check", "/etc/ionto/unit.yaml").returncode == 0


def test_with_a_read_only_root_every_write_lands_in_its_place(installed):
    with installed.device(frozen=True):
        pass
    told = installed.run("ionto", "history", "list", "--state", "/var/lib/ionto", "--json")
    assert told.returncode == 0, told.told
    assert "feet" in told.stdout
    denied = installed.run("touch", "/etc/ionto/anything", frozen=True)
    assert "Read-only file system" in denied.stderr


def test_uninstalling_keeps_records_and_settings(installed):
    done = installed.run("ionto", "uninstall")
    assert done.returncode == 0, done.told
    assert not (installed.path / "opt/ionto").exists()
    assert list((installed.path / "etc/systemd/system").glob("ionto-*")) == []
    assert not (installed.path / "usr/local/bin/ionto").is_symlink()
    assert (installed.path / "var/lib/ionto/journal.db").is_file()
    assert (installed.path / "etc/ionto/unit.yaml").is_file()

"""What ships: its licences, its bill of materials, and that every part is there as a wheel for a Pi."""

import json
import os
import re
import shutil
import subprocess
import sys
from email.message import Message
from importlib.metadata import distributions
from pathlib import Path

import pytest
from licences_page import PAGE, page, shipped
from packaging.utils import canonicalize_name
from ports import free_port

from app.appliance import locks
from app.appliance.bill import UPLOT, bill_of, metadata_of
from app.appliance.bundle import PYTHONS, Order, bundle, fetch, locked
from app.appliance.exchange import uninstall, update
from app.appliance.licences import COMPATIBLE, UnknownLicence, licence_of
from app.appliance.system import PARTS
from app.output import UsageError

ROOT = Path(__file__).parents[2]


def metadata(**lines):
    message = Message()
    for key, value in lines.items():
        message[key.replace("_", "-")] = value
    return message


def test_the_page_of_licences_is_true():
    assert PAGE.read_text() == page(), "run tests/support/licences_page.py"


def test_a_bundle_has_the_core_and_the_listener():
    names = dict(shipped())
    assert "paho-mqtt" in names
    assert "pydantic" in names
    assert "pytest" not in names
    assert locked(ROOT).count("\npaho-mqtt==") == 1


@pytest.mark.parametrize("extra", locks.EXTRAS)
def test_a_bundle_may_hold_any_extra(extra):
    """Each licence was read; else `ionto bundle --with` would end after all was fetched."""
    here = {canonicalize_name(one.metadata["Name"]): one.metadata for one in distributions()}
    names = set(locks.of_parts(ROOT, ("core", extra))) & set(here)  # and no other machine's
    assert set(locks.EXTRAS[extra]) <= names
    assert {licence_of(here[name]) for name in names} <= COMPATIBLE


def test_a_bundle_without_a_network_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{free_port()}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(UsageError, match=r"^the package index can't be reached: connect this machine, "):
        bundle(Order(tmp_path / "new", "aarch64"))
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_where_nothing_can_be_written_says_why(monkeypatch):
    with pytest.raises(UsageError, match=r"^/proc/new could not be made: "):
        bundle(Order(Path("/proc/new"), "aarch64"))


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        ({"License_Expression": "MIT"}, "MIT"),
        ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        ({"License": "UNKNOWN", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
    ],
)
def test_what_a_package_says_is_taken(lines, licence):
    assert licence_of(metadata(Name="some", **lines)) == licence


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"License": "BSD"},
        {"License_Expression": "GPL-3.0-only"},
        {"License_Expression": "AGPL-3.0-or-later"},
        {"Classifier": "License :: OSI Approved :: BSD License"},
        {"Classifier": "License :: Other/Proprietary License"},
    ],
)
def test_what_it_does_not_say_is_not_guessed(lines):
    with pytest.raises(UnknownLicence, match="some says of its licence"):
        licence_of(metadata(Name="some", **lines))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Wheels as they look from outside: our real one, and one of a package."""
    import zipfile

    place = tmp_path_factory.mktemp("wheels")
    ours, other = place / "ionto-0.1.0-py3-none-any.whl", place / "some-2.0-py3-none-any.whl"
    for wheel, name, version, licence in (
        (ours, "ionto", "0.1.0", "Apache-2.0"),
        (other, "Some.Thing", "2.0", "MIT"),
    ):
        with zipfile.ZipFile(wheel, "w") as packed:
            text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nLicense-Expression: {licence}\n"
            packed.writestr(f"{name}-{version}.dist-info/METADATA", text)
            if wheel == ours:
                packed.write(ROOT / UPLOT, UPLOT)
    return ours, [other]


def test_the_bill_names_everything_once_with_hash_and_licence(wheels):
    ours, others = wheels
    bill = bill_of(ours, others)
    assert bill == bill_of(ours, others)
    assert json.loads(json.dumps(bill)) == bill
    assert bill["metadata"]["component"]["name"] == "ionto"
    assert [part["name"] for part in shipped_of(bill)] == ["some-thing", "uplot"]
    references = {part["bom-ref"] for part in bill["components"]}
    assert set(bill["dependencies"][0]["dependsOn"]) == references
    for part in shipped_of(bill):
        assert len(part["hashes"][0]["content"]) == 64
        assert part["licenses"]
    assert metadata_of(ours)["Name"] == "ionto"


def shipped_of(bill):
    return [part for part in bill["components"] if not part["bom-ref"].startswith("system:")]


def test_the_bill_names_what_the_system_gives_and_claims_no_version_of_it(wheels):
    ours, others = wheels
    bill = bill_of(ours, others)
    system = [part for part in bill["components"] if part not in shipped_of(bill)]
    assert [part["name"] for part in system] == [part.package for part in PARTS]
    for part in system:
        assert "version" not in part
        assert "hashes" not in part
        assert {"name": "ionto:from", "value": "the system"} in part["properties"]


BROUGHT_BY = {
    "coreutils": "cat cut dirname head id install ln mkdir mv readlink rm sha256sum sleep tail tr",
    "grep": "grep",
    "kmod": "modprobe",
    "libc6": "getent",
    "openssh-client": "ssh-keygen",
    "passwd": "groupadd useradd",
    "python3": "python3",
    "systemd": "systemctl",
    "udev": "udevadm",
    "util-linux": "flock setpriv",
}
"""Programs that the installer calls, by the part that brings them."""
COMMAND = re.compile(
    r"(?:^\s*|[|&;]\s+|\$\(|\(|\bif |\bthen |\bdo |\bexec |! |-- )([a-z][a-z0-9-]+)(?=[ \n])", re.MULTILINE
)


def test_every_program_of_the_system_that_the_installer_calls_has_its_part():
    script = (ROOT / "app" / "appliance" / "install.sh").read_text()
    script = re.sub(r"^\s*#.*$", "", script, flags=re.M)
    ours = set(re.findall(r"^([a-z_]+)\(\)", script, re.M))
    named = set(COMMAND.findall(script))
    called = {name for name in named if shutil.which(name)} - ours  # words of its sentences are no programs
    called -= {"cd", "command", "echo", "printf", "pwd", "read", "set", "test", "umask"}  # the shell's own
    known = {name for programs in BROUGHT_BY.values() for name in programs.split()}
    assert called <= known
    assert known <= named, "whether this machine has them or not"
    assert BROUGHT_BY.keys() <= {part.package for part in PARTS}


def test_the_system_s_parts_are_those_whose_faults_are_looked_after():
    """What the safety case says of the software of others names the system's too."""
    told = (ROOT / "docs" / "safety" / "provenance.yaml").read_text()
    for name in ("CPython", "Linux", "lgpio", "SQLite", "systemd"):
        assert f'"{name}' in told
    named = " ".join(part.package for part in PARTS)
    for package in ("python3", "linux-image", "python3-lgpio", "libsqlite3-0", "systemd"):
        assert package in named


def test_a_directory_that_exists_is_left_alone(tmp_path):
    with pytest.raises(UsageError, match="exists: name a new directory"):
        bundle(Order(tmp_path, "aarch64"))
    with pytest.raises(UsageError, match="does not exist"):
        bundle(Order(tmp_path / "no" / "where", "aarch64"))


def test_a_package_without_a_wheel_is_said_and_nothing_is_left(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text(f"nothing-like-this==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(
        UsageError, match=r"not every package is there as a wheel for Python 3\.11 on aarch64"
    ):
        fetch(lock, tmp_path, "3.11", "aarch64")


def test_only_a_bundle_is_installed_and_only_by_root(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match="is no bundle"):
        update(tmp_path, None)
    (tmp_path / "install.sh").touch()
    (tmp_path / "SHA256SUMS").touch()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(UsageError, match="sudo ionto update"):
        update(tmp_path, None)
    with pytest.raises(UsageError, match="sudo ionto uninstall"):
        uninstall(tmp_path)
    with pytest.raises(UsageError, match="nothing is installed here"):
        uninstall(tmp_path / "opt")


def test_the_installer_is_plain_shell():
    for shell in ("sh", "dash"):
        if shutil.which(shell):
            script = ROOT / "app" / "appliance" / "install.sh"
            subprocess.run([shell, "-n", script], check=True, timeout=600)


@pytest.mark.nightly
@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
@pytest.mark.parametrize("python", PYTHONS)
def test_every_locked_package_is_a_wheel_there(tmp_path, python, machine):
    lock = tmp_path / "lock"
    lock.write_text(locked(ROOT))
    fetch(lock, tmp_path / "wheels", python, machine)
    found = list((tmp_path / "wheels").glob("*.whl"))
    assert len(found) == len(shipped())
    native = [wheel.name for wheel in found if not wheel.name.endswith("-any.whl")]
    assert all(name.endswith(f"{machine}.whl") for name in native)
    assert any(name.startswith("pydantic_core") for name in native)


@pytest.fixture(scope="module")
def auditors(tmp_path_factory):
    """Tools of the supply chain in an environment of their own."""
    place = tmp_path_factory.mktemp("auditors")
    subprocess.run([sys.executable, "-I", "-m", "venv", place], check=True, timeout=600)
    pip = [place / "bin" / "python", "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "cyclonedx-python-lib[json-validation]", "pip-audit"], check=True, timeout=600)
    return place / "bin"


VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong) if wrong else 0)
"""


@pytest.mark.nightly
def test_the_bill_of_a_bundle_is_valid_cyclonedx(auditors, tmp_path):
    bundle(Order(tmp_path / "bundle", "aarch64"))
    bill = tmp_path / "bundle" / "sbom.cdx.json"
    subprocess.run([auditors / "python", "-c", VALIDATE, bill], check=True, timeout=600)
    parts = shipped_of(json.loads(bill.read_text()))
    assert {part["name"] for part in parts} == {name for name, _ in shipped()} | {"uplot"}
    told = {
        licence.get("expression") or licence["license"]["id"]
        for part in parts
        for licence in part["licenses"]
    }
    assert told <= COMPATIBLE


@pytest.mark.nightly
def test_no_locked_package_has_a_known_vulnerability(auditors):
    audit = [auditors / "pip-audit", "--no-deps", "--disable-pip", "--format", "json", "-r"]
    done = subprocess.run(
        [*audit, ROOT / "requirements.lock"], capture_output=True, text=True, timeout=600, check=False
    )
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except ValueError:
        pytest.skip(f"the vulnerability service could not be asked: {done.stderr.strip()[-200:]}")
    unasked = [row["name"] for row in rows if "skip_reason" in row]
    if len(unasked) == len(rows):
        pytest.skip("the vulnerability service could not be asked about any package")
    assert unasked == [], "these could not be asked about"
    assert [row["name"] for row in rows if row.get("vulns")] == []

"""What is shipped: our names are ours alone, and the locks are whole, hashed and tied to no index."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("protocols", "config", "controller", "drivers", "sim", "app")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCKS = ("requirements.lock", "requirements-dev.lock")


def locked(name):
    """The lock's entries, each with its hashes."""
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    pins = [re.match(r"([a-z0-9-]+)==([^\s;]+)", block) for block in blocks]
    return {pin[1]: (pin[2], block) for pin, block in zip(pins, blocks, strict=True) if pin}


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_provides_a_room_of_ours(room):
    assert set(packages_distributions().get(room, [])) <= {"ionto"}
    for distribution in distributions():
        if distribution.metadata["Name"] != "ionto":
            tops = {Path(file).parts[0].removesuffix(".py") for file in distribution.files or ()}
            assert room not in tops, distribution.metadata["Name"]


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_come_from_this_checkout(room):
    probe = f"import {room}; print({room}.__path__[0])"
    found = subprocess.run([sys.executable, "-I", "-c", probe], capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == ROOT / room


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_hashes(name):
    packages = locked(name)
    assert len(packages) > 20
    for package, (_, block) in packages.items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), package


@pytest.mark.parametrize("name", LOCKS)
def test_the_locks_name_no_index_and_no_path(name):
    text = (ROOT / name).read_text()
    assert not re.search(r"https?:|file:|^\s*--(index|extra|find|trusted)|^-e| @ |/home/|/tmp/", text, re.M)


def named(requirement):
    return re.match(r"[A-Za-z0-9_-]+", requirement)[0].lower().replace("_", "-")


def test_what_the_project_needs_is_locked():
    assert {named(need) for need in PROJECT["dependencies"]} <= set(locked("requirements.lock"))
    assert {named(need) for need in PROJECT["optional-dependencies"]["dev"]} <= set(
        locked("requirements-dev.lock")
    )


def test_both_locks_agree():
    core, dev = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: version for name, (version, _) in core.items()}.items() <= {
        name: version for name, (version, _) in dev.items()
    }.items()


def test_what_builds_the_project_is_locked():
    """The wrapper installs the checkout without an index, so its build tool has to be there."""
    version, _ = locked("requirements.lock")["setuptools"]
    assert int(version.split(".")[0]) >= 77


def test_it_cannot_be_published_by_mistake():
    assert "Private :: Do Not Upload" in PROJECT["classifiers"]

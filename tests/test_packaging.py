"""What is shipped: our names are ours alone, and the locks are whole, hashed and tied to no index."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.appliance import locks

ROOT = Path(__file__).parents[1]
ROOMS = ("protocols", "config", "controller", "drivers", "sim", "app")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LARGER = "requirements-dev.lock"
LOCKS = ("requirements.lock", LARGER)


def locked(name):
    """The lock's entries, each with its hashes."""
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    pins = [re.match(r"([a-z0-9-]+)==([^\s;]+)", block) for block in blocks]
    return {pin[1]: (pin[2], block) for pin, block in zip(pins, blocks, strict=True) if pin}


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_provides_a_room_of_ours(room):
    assert set(packages_distributions().get(room, [])) <= {"ionto"}
    for found in distributions():
        if found.metadata["Name"] != "ionto":
            tops = {Path(file).parts[0].removesuffix(".py") for file in found.files or ()}
            assert room not in tops, found.metadata["Name"]


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


def machines():
    """The environments that the locks are for, as markers see them."""
    for python in ("3.11", "3.13"):
        for machine in ("x86_64", "aarch64"):
            yield default_environment() | {
                "python_version": python,
                "python_full_version": f"{python}.2",
                "implementation_version": f"{python}.2",
                "platform_machine": machine,
            }


def lacking(entries, machine, wanted):
    """What `wanted`, and what that wants in turn, extras included, has on `machine` and the lock has not."""
    installed = {name for name, (_, block) in entries.items() if holds(block, machine)}
    seen, found, queue = set(), [], [(None, "", need) for need in wanted]
    while queue:
        by, extra, need = queue.pop()
        need = Requirement(need)
        if need.marker is not None and not need.marker.evaluate({**machine, "extra": extra}):
            continue
        name = canonicalize_name(need.name)
        if name not in installed or not need.specifier.contains(entries[name][0], prereleases=True):
            found.append(f"{by} wants {need}")
            continue
        for part in {"", *need.extras} - {part for package, part in seen if package == name}:
            seen.add((name, part))
            queue += [(name, part, one) for one in requirements(name)]
    return found


def holds(block, machine):
    marker = re.match(r"[^\n;\\]+;([^\n\\]+)", block)
    return marker is None or Marker(marker[1]).evaluate(machine)


def requirements(name):
    """What a package says it needs. One that isn't for this Python is asked on the other."""
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        assert not holds(locked("requirements-dev.lock")[name][1], default_environment()), name
        return []


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize(
    "machine", list(machines()), ids=lambda one: "{python_version} {platform_machine}".format(**one)
)
def test_the_locks_are_closed(name, machine):
    """Set-up installs what is locked and asks no package for more: what one wants has to be there."""
    wanted = list(PROJECT["dependencies"])
    if name == LARGER:
        wanted += [need for extra in PROJECT["optional-dependencies"].values() for need in extra]
    assert lacking(locked(name), machine, wanted) == []


def test_a_lock_with_a_gap_is_noticed():
    entries, machine = locked(LARGER), next(machines())
    needs = [need for extra in PROJECT["optional-dependencies"].values() for need in extra]
    del entries["coverage"]
    assert lacking(entries, machine, needs) == ["pytest-cov wants coverage[toml]>=7.10.6"]
    more = lacking(entries, machine, ["pytest-cov[testing]"])
    assert 'pytest-cov wants virtualenv; extra == "testing"' in more


def test_extras_are_named_once_and_their_notes_in_the_lock_are_true():
    """What `./ionto setup mqtt` installs is read from the lock's notes; the packages have to agree."""
    named_here = PROJECT["optional-dependencies"]
    assert set(locks.EXTRAS) == set(named_here) - {"dev"}
    for extra, roots in locks.EXTRAS.items():
        assert [canonicalize_name(Requirement(need).name) for need in named_here[extra]] == list(roots)
        entries = {name: locked(LARGER)[name] for name in locks.of_parts(ROOT, ("core", extra))}
        for machine in machines():
            assert lacking(entries, machine, named_here[extra]) == []


def test_no_advice_names_a_package_that_somebody_else_could_register():
    """Ours is in no index: a name to install it or its extras by would be anybody's who takes it."""
    shown = [path for room in (*ROOMS, "docs", "environment") for path in (ROOT / room).rglob("*.*")]
    for path in [*shown, ROOT / "ionto", *ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
        if path.suffix in {"", ".md", ".py", ".sh", ".html", ".js", ".po", ".service", ".toml"}:
            text = path.read_text()
            assert not re.search(r"pip3? install[^\n]*\bionto\b", text), path
            assert not re.search(r"\bionto\[[a-z,]+\]", text), path


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

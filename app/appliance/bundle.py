"""`ionto bundle`: everything a unit's installation needs, in one directory, for machines without a network.

Law: wheels only, each by the hash in the lock; a bundle is whole or not there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, NamedTuple

import app
from app.appliance import locks
from app.appliance.bill import bill_of
from app.appliance.signed import SIGNERS, SUMS, sign, signer_line
from app.extras import IN_EVERY_BUNDLE
from app.output import ExitCode, UsageError, say
from controller.host.disk import told

PYTHONS: Final = ("3.11", "3.13")
"""Of Debian 12 and 13, and so of Raspberry Pi OS Bookworm and Trixie."""
GLIBC: Final = 36
"""Debian 12 has glibc 2.36; wheels for anything later would not run there."""
ALWAYS: Final = ("core", *IN_EVERY_BUNDLE)
"""`ionto mqtt` besides, on a unit of a fleet; other extras are packed when asked for."""
ROOMS: Final = ("protocols", "config", "controller", "drivers", "sim", "app")
_FILES: Final = ("pyproject.toml", "README.md", "LICENSE")


class Order(NamedTuple):
    """What the command line asks for: the new directory, `aarch64` or `x86_64`, extras by name, and a key."""

    directory: Path
    machine: str
    extras: Sequence[str] = ()
    sign: Path | None = None


def bundle(order: Order) -> ExitCode:
    """Make the bundle; takes a minute or two.

    Raises:
        UsageError: the directory exists or can't be made, this is no checkout, a package can't be had as a
            wheel, or no package index answers.

    """
    root, target = Path(app.__path__[0]).parent, order.directory.absolute()
    if not (root / "requirements.lock").is_file():
        raise UsageError("a bundle is made from a checkout: run ./ionto bundle there")
    if target.exists():
        raise UsageError(f"{order.directory} exists: name a new directory")
    if not target.parent.is_dir():
        raise UsageError(f"the folder {target.parent} does not exist")
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".bundle-") as place:
            draft = Path(place) / "bundle"
            signed_as = None if order.sign is None else signer_line(order.sign)  # before all the fetching
            _fill(draft, root, order, signed_as)
            signer = "" if order.sign is None else sign(draft, order.sign)
            draft.rename(target)
    except shutil.Error as error:  # of many files, each with the system's words
        raise UsageError(f"{order.directory} could not be made: {error.args[0][0][2]}") from error
    except OSError as error:
        raise UsageError(f"{order.directory} could not be made: {told(error, target.parent)}") from error
    name = shlex.quote(target.name)
    if signer:
        say(f"{order.directory} is complete, signed with {signer}.")
        say(f"On a unit that knows this key: sudo ionto update {name}")
    else:
        say(f"{order.directory} is complete, and not signed: no unit takes it as an update.")
    say(f"On a new unit: sudo sh {name}/install.sh")
    return ExitCode.COMPLETED


def _fill(draft: Path, root: Path, order: Order, signed_as: str | None) -> None:
    (draft / "wheels").mkdir(parents=True)
    (draft / "requirements.lock").write_text(locked(root, order.extras))
    for python in PYTHONS:
        say(f"Fetching the wheels for Python {python} on {order.machine} ...")
        fetch(draft / "requirements.lock", draft / "wheels", python, order.machine)
    _build(root, draft)
    shutil.copy(root / "app" / "appliance" / "install.sh", draft)
    (draft / "version").write_text(f"{version('ionto')}\n")
    bill = bill_of(next(draft.glob("*.whl")), list((draft / "wheels").iterdir()))
    (draft / "sbom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n")
    if signed_as is not None:
        (draft / SIGNERS).write_text(signed_as)
    _seal(draft)


def locked(root: Path, extras: Sequence[str] = ()) -> str:
    """Return the lock of a unit: the core's entries, and those of what is always or asked to be with them."""
    entries = locks.of_parts(root, (*ALWAYS, *extras)).values()
    return "".join(f"{entry.text}\n" for entry in entries)


def platforms(machine: str) -> list[str]:
    """Return the tags of wheels that run on Debian 12's C library or a later one, newest first."""
    return [f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC, 16, -1)] + [f"manylinux2014_{machine}"]


def fetch(lock: Path, into: Path, python: str, machine: str) -> None:
    """Fetch every locked package as a wheel for one Python and one machine. Raises UsageError."""
    tag = f"cp{python.replace('.', '')}"
    words = [
        *("download", "--quiet", "--require-hashes", "--only-binary", ":all:", "--no-deps"),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in (tag, "abi3", "none") for word in ("--abi", abi)),
        *(word for tag in platforms(machine) for word in ("--platform", tag)),
        *("--requirement", str(lock), "--dest", str(into)),
    ]
    _pip(words, f"not every package is there as a wheel for Python {python} on {machine}")


def _build(root: Path, draft: Path) -> None:
    """Build our own wheel, from a copy, so that the checkout stays clean."""
    with tempfile.TemporaryDirectory(dir=draft.parent) as place:
        for room in ROOMS:
            shutil.copytree(
                root / room, Path(place) / room, ignore=shutil.ignore_patterns("__pycache__", ".*")
            )
        for name in _FILES:
            shutil.copy(root / name, place)
        words = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
        _pip([*words, "--wheel-dir", str(draft), place], "our own wheel could not be built")


def _pip(words: list[str], failure: str) -> None:
    command = [sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        if "No space left on device" in done.stderr:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if "WARNING: Retrying" in done.stderr and "(from versions: none)" in done.stderr:
            raise UsageError(
                "the package index can't be reached: connect this machine, or correct its proxy, "
                "and try again"
            )
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise UsageError(f"{failure}: {(errors or ['pip gave no reason'])[0].removeprefix('ERROR: ')}")


def _seal(draft: Path) -> None:
    files = sorted(path for path in draft.rglob("*") if path.is_file())
    sums = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(draft)}\n" for file in files]
    (draft / SUMS).write_text("".join(sums))


def is_whole(bundle: Path) -> bool:
    """Tell whether there is a bundle, and every file of it as it was packed."""
    try:
        lines = (bundle / SUMS).read_text(encoding="utf-8").splitlines()
        told = [line.split("  ", 1) for line in lines]
        there = all(hashlib.sha256((bundle / name).read_bytes()).hexdigest() == sum_ for sum_, name in told)
    except (OSError, ValueError):
        return False
    return there and any(name == "install.sh" for _, name in told)

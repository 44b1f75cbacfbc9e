"""What a unit takes from its system: not shipped, and yet part of what runs, by Debian's names of packages.

Law: the bill of a bundle names each of these without a version, since the bundle doesn't bring it; which
version a machine has, only that machine can tell.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import Final, NamedTuple


class Part(NamedTuple):
    """A package of Debian's: what it is to CycloneDX, other names that it goes by, and what it does here."""

    package: str
    kind: str
    does: str
    also: tuple[str, ...] = ()


PARTS: Final = (
    Part(
        "linux-image-arm64",
        "operating-system",
        "schedules the loop, moves pins, drives the bus",
        ("linux-image-rpi-v8", "linux-image-rpi-2712", "linux-image-amd64"),
    ),
    Part("raspi-firmware", "firmware", "starts a Pi, tells of its supply and heat", ("rpi-eeprom",)),
    Part("python3", "platform", "runs everything", ("python3.11", "python3.13")),
    Part("python3-venv", "application", "makes the program's environment, in the installer"),
    Part("libc6", "library", "under all of it", ("libc-bin",)),
    Part("libsqlite3-0", "library", "keeps the journal and the household's book"),
    Part("libssl3t64", "library", "the pages' certificate, a broker's", ("libssl3",)),
    Part("libffi8", "library", "locks the loop's memory"),
    Part("libyaml-0-2", "library", "reads YAML faster, where PyYAML has it"),
    Part("python3-lgpio", "library", "the pins", ("liblgpio1",)),
    Part("systemd", "application", "starts, watches and ends the services", ("libsystemd0",)),
    Part("udev", "application", "gives pins and buses to their groups"),
    Part("openssh-client", "application", "checks who signed an update"),
    Part("util-linux", "application", "locks, and another account's rights, in the installer"),
    Part("coreutils", "application", "checksums and files, in the installer"),
    Part("grep", "application", "looks for udev's rules, in the installer"),
    Part("kmod", "application", "loads the bus's module"),
    Part("passwd", "application", "makes the account, in the installer"),
    Part("dash", "application", "runs the installer, and the service's wait"),
    Part("tzdata", "data", "what day it is in the household"),
)
_ASK_S: Final = 20.0


def versions() -> dict[str, str]:
    """Return the version of each part that is installed here, by package; empty where no dpkg can tell."""
    program = shutil.which("dpkg-query")
    if program is None:
        return {}
    names = [name for part in PARTS for name in (part.package, *part.also)]
    words = [program, "--show", "--showformat", "${Package} ${db:Status-Status} ${Version}\n", *names]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_ASK_S, check=False)  # noqa: S603 - ours
    except (OSError, subprocess.TimeoutExpired):
        return {}
    rows = (line.split(" ") for line in done.stdout.splitlines())
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1] == "installed"}

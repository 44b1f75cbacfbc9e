"""What is compiled, and the name of a build: everything that went into it.

Law: found by patterns, never by a list of files; a build is used for the very sources it was made from.
"""

from __future__ import annotations

import hashlib
import platform
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("config", "controller", "drivers", "protocols", "sim")
"""Rooms below the faces; a build holds a copy of them all, so that none is mixed with another version."""
COMPILED: Final = (
    "protocols/ceilings.py",
    "controller/core/**/*.py",
    *(
        f"controller/**/{name}.py"
        for name in ("tick", "rig", "roles", "recorder", "pace", "ports", "telemetry", "advice")
    ),
    *(f"drivers/{name}.py" for name in ("adc", "bus", "dac", "panel", "relays")),
    "sim/**/*.py",
)
"""What a session goes through in every tick."""
INTERPRETED: Final = (
    "**/__init__.py",
    "sim/chips/pins.py",
    "sim/scenario.py",
    "sim/meter.py",
    "sim/remote/*.py",
    "sim/circuit/*.py",
)
"""What can't be compiled (a class of gpiozero's, models of pydantic) or is in no tick."""
MYPY_INI: Final = "[mypy]\nplugins = pydantic.mypy\nignore_missing_imports = true\ncache_dir = build/mypy\n"
RECIPE: Final = {
    "MYPYC_OPT_LEVEL": "2",
    "MYPYC_DEBUG_LEVEL": "0",
    "CFLAGS": f"{sysconfig.get_config_var('CFLAGS') or ''} -ffp-contract=off".strip(),
}
"""How it is made: with Python's own flags, but that no product and sum become one operation that rounds once
(compilers do that for a Pi): those would be other bits than Python's."""


def compiled_files(root: Path = ROOT) -> list[str]:
    """Return the files to compile, by their names below `root`, in order."""
    left = {path for pattern in INTERPRETED for path in root.glob(pattern)}
    found = {path for pattern in COMPILED for path in root.glob(pattern)} - left
    return sorted(path.relative_to(root).as_posix() for path in found)


def copied_files(root: Path = ROOT) -> Iterator[Path]:
    """Give every file of the rooms, in order, but for what Python keeps beside them."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*")):
            if path.is_file() and path.suffix not in {".pyc", ".so"}:
                yield path


def key(root: Path = ROOT) -> str:
    """Return the name of the build: a digest of the sources, of Python and mypy, and of how it is made."""
    digest = hashlib.sha256()
    made_by = (sys.version, platform.machine(), sysconfig.get_config_var("EXT_SUFFIX"), version("mypy"))
    digest.update(repr((made_by, MYPY_INI, RECIPE, compiled_files(root))).encode())
    for path in copied_files(root):
        name = path.relative_to(root).as_posix()
        digest.update(f"{name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:24]

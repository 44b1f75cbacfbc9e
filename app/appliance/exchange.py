"""`ionto update` and `ionto uninstall`: hand over to the installer, which looks whether anybody is treated.

Law: nothing is decided here; the installer that a bundle brings knows how to install it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NoReturn

from app.output import UsageError

INSTALLED: Final = Path("/opt/ionto")
"""Where `install.sh` puts the program."""


def update(bundle: Path) -> NoReturn:
    """Become the bundle's installer. Raises UsageError when there is none, or this is not root."""
    script = bundle.absolute() / "install.sh"
    if not script.is_file() or not script.with_name("SHA256SUMS").is_file():
        raise UsageError(f"{bundle} is no bundle: make one with ionto bundle")
    _become(script, "update")


def uninstall(base: Path = INSTALLED) -> NoReturn:
    """Become the installer that was shipped with this program, to take it away. Raises UsageError."""
    if not base.exists():
        raise UsageError(
            f"nothing is installed here: there is no {base}. A checkout is taken away by removing its folder"
        )
    _become(Path(__file__).with_name("install.sh"), "uninstall", "--uninstall")


def _become(script: Path, command: str, *words: str) -> NoReturn:
    if os.geteuid() != 0:
        raise UsageError(f"this changes the machine's programs: sudo ionto {command}")
    os.chdir("/")  # the installer may remove the directory that this program runs from
    os.execv("/bin/sh", ["sh", str(script), *words])  # noqa: S606 - no shell syntax is involved

"""`ionto update` and `ionto uninstall`: hand over to an installer, which looks whether anybody is treated.

Law: the installer that a bundle brings knows how to install it, and runs only after this program, which is
installed already, has found it signed by somebody whom the unit knows, in a copy that only root can write.
An older version is taken for a reason that somebody gives. Every update is written down.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, NoReturn

from app.appliance.signed import SIGNERS, SUMS, Untrusted, take
from app.output import ExitCode, UsageError, complain
from controller.host.disk import told

INSTALLED: Final = Path("/opt/ionto")
"""Where `install.sh` puts the program."""
SETTINGS: Final = Path("/etc/ionto")
LOG: Final = "updates.log"
"""In the program's folder: a line for every update that was begun, and for every one that was refused."""
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*")


def update(bundle: Path, older: str | None, base: Path = INSTALLED, settings: Path = SETTINGS) -> ExitCode:
    """Check a bundle and run its installer; `older` is why an older version is to be installed, or None.

    Raises:
        UsageError: there is no bundle, nothing is installed, this is not root, or another update runs.

    """
    bundle = bundle.absolute()
    if not (bundle / "install.sh").is_file() or not (bundle / SUMS).is_file():
        raise UsageError(f"{bundle} is no bundle: make one with ionto bundle")
    _require_root("update")
    if not base.is_dir():
        raise UsageError(f"nothing is installed here, there is no {base}: sudo sh {bundle}/install.sh")
    reason = None if older is None else " ".join(older.split())
    if reason == "" or (reason is not None and not reason.isprintable()):
        raise UsageError("--older: say in words why an older version is to be installed")
    with _private(base) as copy:
        before = _installed(base)
        try:
            signer = take(bundle, copy, settings / SIGNERS)
            wanted = (copy / "version").read_text(encoding="utf-8").strip()
            _require_newer(wanted, before, reason)
        except Untrusted as error:
            _note(base, f"refused: {error}")
            complain(f"ionto: {error}; nothing was changed")
            return ExitCode.REFUSED
        except OSError as error:
            raise UsageError(f"the bundle could not be copied to {base}: {told(error, base)}") from error
        why = "" if reason is None else f", older because: {reason}"
        _note(base, f"{before} -> {wanted}, signed with {signer}{why}")
        ended = _install(copy / "install.sh")
        _note(base, f"{before} -> {wanted}, ended with {ended.value}")
        return ended


def uninstall(base: Path = INSTALLED) -> NoReturn:
    """Become the installer that was shipped with this program, to take it away. Raises UsageError."""
    if not base.exists():
        raise UsageError(
            f"nothing is installed here: there is no {base}. A checkout is taken away by removing its folder"
        )
    _require_root("uninstall")
    os.chdir("/")  # the installer removes the directory that this program runs from
    script = Path(__file__).with_name("install.sh")
    os.execv("/bin/sh", ["sh", str(script), "--uninstall"])  # noqa: S606 - no shell syntax is involved


def _require_root(command: str) -> None:
    if os.geteuid() != 0:
        raise UsageError(f"this changes the machine's programs: sudo ionto {command}")


@contextmanager
def _private(base: Path) -> Iterator[Path]:
    """Give a new folder that only root can look into, taken away at the end. Raises UsageError."""
    # Whoever could open it could lock it.
    with os.fdopen(os.open(base / ".updating", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)) as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("another update runs: wait for it") from error
        copy = base / ".update"
        shutil.rmtree(copy, ignore_errors=True)  # what a power cut left
        copy.mkdir(mode=0o700)
        try:
            yield copy
        finally:
            shutil.rmtree(copy, ignore_errors=True)


def _installed(base: Path) -> str:
    """Return the version that is in use, whose folder is called VERSION-CONTENT."""
    link = base / "current"
    return link.readlink().name.rpartition("-")[0] if link.is_symlink() else version("ionto")


def _require_newer(wanted: str, before: str, reason: str | None) -> None:
    """Refuse an older version without a reason. Raises Untrusted."""
    if not _VERSION.fullmatch(wanted):
        raise Untrusted("the bundle doesn't say its version: make it with ionto bundle")
    if reason is None and _VERSION.fullmatch(before) and _numbers(wanted) < _numbers(before):
        raise Untrusted(
            f"the bundle's version {wanted} is older than {before}, which is installed, and faults that "
            f'were mended come back with it: add --older "REASON" to install it all the same'
        )


def _numbers(text: str) -> list[int]:
    """Give a version's numbers; 1.0 is 1.0.0."""
    numbers = [int(number) for number in text.split(".")]
    while numbers[-1:] == [0]:
        numbers.pop()
    return numbers


def _install(script: Path) -> ExitCode:
    """Run the installer to its end; Ctrl-C is heard by it too, and its to heed."""
    words = ["/bin/sh", str(script)]
    with subprocess.Popen(words, cwd="/") as installer:  # noqa: S603 - no shell syntax is involved
        while True:
            try:
                code = installer.wait()
            except KeyboardInterrupt:
                continue
            return ExitCode(code) if code in set(ExitCode) else ExitCode.INTERNAL


def _note(base: Path, what: str) -> None:
    """Write a line into the log of updates."""
    with (base / LOG).open("a", encoding="utf-8") as log:
        log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {what}\n")

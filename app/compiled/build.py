"""Makes and finds the compiled copy, in the user's cache.

Law: a build is whole or absent: made beside, renamed at the end, under a lock that ends with its holder.
Where it can't be made, that is one sentence, and simulations run as ever.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeAlias

from app.compiled.sources import MYPY_INI, RECIPE, ROOT, compiled_files, copied_files, key

Tell: TypeAlias = Callable[[str], None]

ENVIRONMENT: Final = "IONTO_INTERPRETED"
"""Set to anything, it asks for interpreted simulations, as --interpreted does."""
KEPT_S: Final = 30 * 86_400.0
"""A build that was not used for so long is removed."""
TOLD_EVERY_S: Final = (1.0, 30.0)
"""Progress is told so often: on a terminal, which shows the newest line alone, and elsewhere."""


class NotCompiled(Exception):
    """Simulations run interpreted; `str()` says why, and what would change that."""


def compiled(*, interpreted: bool, make: bool, tell: Tell) -> Path | None:
    """Return the folder of the build for today's sources, to be first on the path of a simulating process.

    It is made if it is not there and `make`; None when simulations are to run interpreted, as asked for or
    because there is no other way, which is then told.
    """
    if interpreted or os.environ.get(ENVIRONMENT):
        return None
    try:
        return build(cache(), make=make, tell=tell)
    except NotCompiled as reason:
        tell(f"ionto: simulating interpreted, not compiled: {reason}")
        return None


def build(place: Path, *, make: bool, tell: Tell) -> Path:
    """Return the folder of the build in `place`, made now if need be. Raises NotCompiled."""
    if reason := lacking():
        raise NotCompiled(reason)
    name = key()
    whole, failed = place / name, place / f"{name}.log"
    if whole.is_dir():
        with suppress(OSError):
            os.utime(whole)  # for `_prune`
        return whole
    if failed.exists():
        raise NotCompiled(f"it failed before; {failed} tells why (remove it to try again)")
    if not make:
        raise NotCompiled("this takes less time than compiling; any other campaign makes the build")
    try:
        with _locked(place, tell):
            if not whole.is_dir():
                _make(place, whole, failed, tell)
            _prune(place, whole)
    except OSError as error:
        raise NotCompiled(f"{place} can't be used ({error.strerror or error})") from error
    return whole


def lacking() -> str:
    """Tell what a build would need and this machine has not, or nothing."""
    if platform.python_implementation() != "CPython":
        return f"that is for CPython, and this is {platform.python_implementation()}"
    if not find_spec("mypyc") or not find_spec("setuptools"):
        return "mypyc is missing in this environment (./ionto setup test, in the checkout, installs it)"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        return f"the C compiler {compiler} is missing (sudo apt install gcc)"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return "Python's headers are missing (sudo apt install python3-dev)"
    return ""


def cache() -> Path:
    """Return where builds are kept, made if need be: `$XDG_CACHE_HOME/ionto/compiled`, else in `~/.cache`."""
    given = os.path.expanduser(os.environ.get("XDG_CACHE_HOME", ""))  # noqa: PTH111 - may be no path at all
    try:
        home = Path(given) if given.startswith("/") else Path.home() / ".cache"
        place = home / "ionto" / "compiled"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = place.stat()
    except (OSError, RuntimeError) as error:
        raise NotCompiled(f"there is no place to keep a build ({error})") from error
    if facts.st_uid != os.geteuid() or facts.st_mode & 0o022:  # what lies there will be run
        raise NotCompiled(f"{place} may be written by others (chmod go-w, or remove it)")
    return place


@contextmanager
def _locked(place: Path, tell: Tell) -> Iterator[None]:
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("ionto: waiting for another ionto that is compiling the simulator ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(place: Path, whole: Path, failed: Path, tell: Tell) -> None:
    for abandoned in place.glob("part-*"):  # whoever made it is dead: this process has the lock
        shutil.rmtree(abandoned, ignore_errors=True)
    begun_s = time.monotonic()
    tell("ionto: compiling the simulator, once for these sources; it takes some two minutes ...")
    part = Path(tempfile.mkdtemp(prefix="part-", dir=place))
    try:
        for path in copied_files():
            copy = part / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        if key(part) != whole.name:
            raise NotCompiled("the sources changed while they were copied")
        (part / "mypy.ini").write_text(MYPY_INI)
        log = part / "log"
        if not _compile(part, log, tell, begun_s):
            log.replace(failed)
            raise NotCompiled(f"the compiler failed; {failed} tells why")
        shutil.rmtree(part / "build")
        part.rename(whole)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    tell(f"ionto: compiled in {time.monotonic() - begun_s:.0f} s")


def _compile(part: Path, log: Path, tell: Tell, begun_s: float) -> bool:
    """Let mypyc compile in place, in a process group of its own that ends in any case; False if it failed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MYPY"))}
    command = [sys.executable, "-P", "-m", "mypyc", *compiled_files(part)]
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own files
            command,
            cwd=part,
            env=kept | RECIPE,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        terminal = sys.stderr is not None and sys.stderr.isatty()
        again, every_s = ("\x1b[1A\x1b[2K", TOLD_EVERY_S[0]) if terminal else ("", TOLD_EVERY_S[1])
        try:
            while True:
                try:
                    return process.wait(every_s) == 0
                except subprocess.TimeoutExpired:
                    tell(f"{again}ionto: compiling, {time.monotonic() - begun_s:.0f} s ...")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _prune(place: Path, whole: Path) -> None:
    """Remove what no campaign has begun with for long, and old failures."""
    oldest_s = time.time() - KEPT_S
    for entry in place.iterdir():
        if entry not in {whole, place / "lock"} and entry.stat().st_mtime < oldest_s:
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

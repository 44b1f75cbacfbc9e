"""Where environments live: each in a folder of its own under `.venvs`, never moved; `.venv` points to one.

Law: a folder is in use when `.venv` points to it or a run holds a shared lock on its stamp, and is then left
alone. A folder without a stamp is what a killed set-up left. One set-up at a time, by a lock that ends with
its holder.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from environment.failure import SetUpFailed

STAMP: Final = "ionto-stamp"
_LOOK_AGAIN_S: Final = 0.2


class Stamp(NamedTuple):
    """What a whole environment was made for and from; `./ionto` compares it at every start."""

    parts: str
    basis: str
    interpreter: str

    def write(self, place: Path) -> None:
        """Mark `place` as whole."""
        (place / STAMP).write_text("".join(f"{line}\n" for line in self), encoding="utf-8")


def stamp_of(place: Path) -> Stamp | None:
    """Read the stamp of `place`, or None where it is not whole or not of this kind."""
    try:
        lines = (place / STAMP).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    return Stamp(*lines) if len(lines) == len(Stamp._fields) else None


def interpreter_of(place: Path) -> str:
    """Return the interpreter behind the environment's link, which an upgrade of the system exchanges."""
    return str((place / "bin/python").resolve())


class Places:
    """The environments of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.link = root / ".venv"
        self.store = root / ".venvs"
        self._before = root / ".venv.lock"

    def check(self) -> None:
        """Raise SetUpFailed where an environment can't be made here, before anything is fetched."""
        if strange := _strange(str(self.root)):
            raise SetUpFailed(
                f"the path of the checkout, {str(self.root)!a}, holds {strange}, with which Python "
                "makes no environment; give that folder another name"
            )
        if os.path.lexists(self.store) and not self.store.is_dir():
            raise SetUpFailed(f"{self.store} is no folder, and environments have to live there; remove it")
        flags = os.statvfs(self.root).f_flag
        if flags & os.ST_RDONLY:
            raise SetUpFailed(
                f"{self.root} lies on a read-only file system, and its environment has to live there; "
                "copy the checkout to a place that can be written"
            )
        if flags & os.ST_NOEXEC:
            raise SetUpFailed(
                f"{self.root} lies on a file system mounted noexec, on which no program of its environment "
                "may run; copy the checkout to another place"
            )
        for path in self._to_write():
            if not os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0)):
                raise SetUpFailed(not_ours(path, self.root))
        if self._is_of_old():
            with self._unused():
                pass

    def _to_write(self) -> Iterator[Path]:
        yield self.root
        if self._is_of_old():
            yield self.link
        for path in (self.store, self.store / "lock"):
            if path.exists():
                yield path

    @contextmanager
    def gate(self, wait_s: float, tell: Callable[[str], None]) -> Iterator[None]:
        """Be the only set-up; raise SetUpFailed when another one takes longer than `wait_s`."""
        self.store.mkdir(exist_ok=True)
        file = os.open(self.store / "lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _hold(file, wait_s, tell)
            yield
        finally:
            os.close(file)

    def current(self) -> Path | None:
        """Return the environment in use, or None."""
        return self.link.resolve() if self.link.exists() else None

    def new(self) -> Path:
        """Make the folder of a new environment, by a number that none has."""
        taken = [int(path.name) for path in self.store.iterdir() if path.name.isdecimal()]
        place = self.store / str(max(taken, default=0) + 1)
        place.mkdir()
        return place

    def exchange(self, place: Path) -> None:
        """Let `.venv` point to `place`, at one stroke."""
        following = self.store / "next"
        following.unlink(missing_ok=True)
        following.symlink_to(place.relative_to(self.root))
        if self._is_of_old():
            self._retire(following)
        else:
            following.replace(self.link)

    def _is_of_old(self) -> bool:
        """Tell whether `.venv` is an environment itself, as it once was."""
        return self.link.is_dir() and not self.link.is_symlink()

    @contextmanager
    def _unused(self) -> Iterator[None]:
        """Hold an environment of old, beside which runs hold a lock; raise SetUpFailed where one does."""
        with _opened(self._before) as file:
            if file is not None and not _try(file, fcntl.LOCK_EX):
                raise SetUpFailed(
                    f"another ionto uses {self.link}, which has to be exchanged; end that one first"
                )
            yield

    def _retire(self, following: Path) -> None:
        """Replace an environment of old."""
        with self._unused():
            retired = self.store / "retired"
            shutil.rmtree(retired, ignore_errors=True)
            self.link.rename(retired)
            try:
                following.replace(self.link)
            except BaseException:
                retired.rename(self.link)
                raise
        for old in (self._before, self.root / ".venv-setup.log"):
            with suppress(OSError):
                old.unlink()

    def clean(self) -> None:
        """Remove what nobody uses: unfinished environments, and whole ones that no run holds."""
        current = self.current()
        for place in self.store.iterdir():
            if place.is_symlink() or not place.is_dir() or place.resolve() == current:
                continue
            with _opened(place / STAMP) as stamp:
                if stamp is None or _try(stamp, fcntl.LOCK_EX):
                    shutil.rmtree(place, ignore_errors=True)


def _strange(path: str) -> str:
    """Name what an environment's path can't hold, or nothing: folders are listed by lines and colons."""
    if ":" in path:
        return "a colon"
    if len(path.splitlines()) > 1:
        return "a line break"
    try:
        path.encode()
    except UnicodeEncodeError:
        return "a byte that is no UTF-8"
    return ""


def not_ours(path: Path, root: Path) -> str:
    """Say that `path` can't be written, whose it is, and what helps."""
    there = path if path.exists() else path.parent
    owner, user, quoted = there.stat().st_uid, os.geteuid(), shlex.quote(str(root))
    if owner == user:
        return f"{path} is write-protected; lift that with: chmod -R u+rwX {quoted}"
    return (
        f"{path} belongs to {_name(owner)}, and {_name(user)} may not write there; make it yours with: "
        f"sudo chown -R {_name(user)} {quoted}"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def _try(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _hold(file: int, wait_s: float, tell: Callable[[str], None]) -> None:
    end_s, told = time.monotonic() + wait_s, False
    while not _try(file, fcntl.LOCK_EX):
        if not told:
            tell("waiting for another ionto that is setting up the environment ...")
            told = True
        if time.monotonic() > end_s:
            raise SetUpFailed(
                f"another ionto has been setting it up for more than {wait_s:g} s; try again later"
            )
        time.sleep(_LOOK_AGAIN_S)

"""Where environments live: each in a folder of its own under `.venvs`, never moved; `current` points to one.

Law: a folder is in use when `current` points to it or a run holds a shared lock on its stamp, and is then
left alone. A folder without a stamp is what a killed set-up left. One set-up at a time, by a lock that ends
with its holder. `.venv` points to `current` for people's convenience; one that a person made stays as it is.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from environment.failure import SetUpFailed

STAMP: Final = "ionto-stamp"
_LOOK_AGAIN_S: Final = 0.2
_NO_LINKS: Final = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
"""What a file system answers that has no symbolic links: symlink(2) has the first, others are seen too."""


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


def whole(place: Path) -> bool:
    """Tell whether an environment has its Python and what was installed last, as `./ionto` looks for."""
    records = place.glob("lib/python3*/site-packages/ionto-*.dist-info/RECORD")
    return os.access(place / "bin/python", os.X_OK) and any(records)


def interpreter_of(place: Path) -> str:
    """Return the interpreter behind the environment's link, which an upgrade of the system exchanges."""
    return str((place / "bin/python").resolve())


class Places:
    """The environments of one checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = root / ".venvs"
        self.link = self.store / "current"
        self.shown = root / ".venv"

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

    def _to_write(self) -> Iterator[Path]:
        yield self.root
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
        """Return the environment in use, or None; `.venv` was the link to it in former days."""
        link = self.shown if self._shows() and not self.link.is_symlink() else self.link
        return link.resolve() if link.exists() else None

    def new(self) -> Path:
        """Make the folder of a new environment, by a number that none has."""
        taken = [int(path.name) for path in self.store.iterdir() if path.name.isdecimal()]
        place = self.store / str(max(taken, default=0) + 1)
        place.mkdir()
        try:
            (place / "tmp").symlink_to("nowhere")  # a try: an environment is full of links
            (place / "tmp").unlink()
        except OSError as error:
            place.rmdir()
            if error.errno not in _NO_LINKS:
                raise
            raise SetUpFailed(
                f"{self.root} lies on a file system without symbolic links, such as FAT, and an environment "
                "needs them; copy the checkout to a disk of this system's own, such as into your home"
            ) from error
        return place

    def exchange(self, place: Path) -> None:
        """Let `current` point to `place`, at one stroke, and `.venv` to it unless that is somebody's own."""
        self._point(self.link, place.name)
        if self._shows() or not os.path.lexists(self.shown):
            self._point(self.shown, str(self.link.relative_to(self.root)))

    def _point(self, link: Path, target: str) -> None:
        following = self.store / "next"
        following.unlink(missing_ok=True)
        following.symlink_to(target)
        following.replace(link)

    def _shows(self) -> bool:
        """Tell whether `.venv` is our link."""
        return self.shown.is_symlink() and (self.root / self.shown.readlink()).parent == self.store

    def is_apart(self) -> bool:
        """Tell whether a `.venv` of somebody's own stands beside the environment in use."""
        return os.path.lexists(self.shown) and not self._shows()

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

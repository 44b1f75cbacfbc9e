"""Why a file of ours can't be read or written: the true cause in words, and the remedy that fits it.

Law: one place for all files. What a system or a database says in its own words never reaches a person, and
"make room" is said of a full disk only.
"""

from __future__ import annotations

import errno
import os
import pwd
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from controller.host.shortage import SHORTAGES, shortage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Why(NamedTuple):
    """A cause, as it stands in brackets, and what to do about it."""

    cause: str
    remedy: str


_FULL: Final = Why("the disk is full", "make room on that disk")
_DENIED: Final = Why("no permission", "give this account permission, or use the account that it belongs to")
_READ_ONLY: Final = Why("the disk is read-only", "make that disk writable")
_BROKEN: Final = Why("the disk reports an error", "look at that disk, and replace it if it fails")
_BUSY: Final = Why("another program is using it", "end that program, or wait and try again")
_DAMAGED: Final = Why("the file is damaged", "keep the file, and put back a copy of it")
_FOREIGN: Final = Why("the file is no database of ours", "move that file away")
_UNOPENED: Final = Why("it can't be opened", "look at that folder and its files")
_ERRNO: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: Why("this account's share of the disk is used up", "make room, or raise the share"),
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EROFS: _READ_ONLY,
    errno.EIO: _BROKEN,
    errno.ENXIO: _BROKEN,
    errno.ENODEV: _BROKEN,
    errno.ENOENT: Why("it does not exist", "look at the path"),
    errno.ENOTDIR: Why("a part of the path is no folder", "look at the path"),
    errno.EEXIST: Why("a part of the path is no folder", "look at the path"),
    errno.EISDIR: Why("it is a folder, not a file", "move that folder away"),
    errno.ELOOP: Why("its links lead in a circle", "look at the path"),
    errno.ENOLINK: Why("its link leads to nothing", "connect what it leads to, or take the link away"),
    errno.ESPIPE: Why("it is no regular file", "move it away"),
    errno.ENAMETOOLONG: Why("its name is too long", "choose a shorter path"),
    errno.EBUSY: _BUSY,
    errno.ETXTBSY: _BUSY,
    **{number: Why(*words) for number, words in SHORTAGES.items()},
}
OURS_NOT: Final = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOTDIR),
        *(errno.EISDIR, errno.ELOOP, errno.ENOLINK, errno.ESPIPE, errno.ENAMETOOLONG),
    }
)
"""What an account, a disk or a path that was named is to blame for, and never a program."""
_SQLITE: Final = {
    3: _DENIED,
    5: _BUSY,
    6: _BUSY,
    7: _ERRNO[errno.ENOMEM],
    8: _DENIED,
    10: _BROKEN,
    11: _DAMAGED,
    13: _FULL,
    14: _UNOPENED,
    26: _FOREIGN,
}
"""By the primary result code (SQLite, Result and Error Codes): the module that has names for them costs the
loop's process a megabyte, and a process without it meets no such error."""
_UNKNOWN: Final = Why("its tables are not those of this version", "use the program that wrote it")


def why(error: Exception, place: Path | None = None) -> Why:
    """Tell the cause of a file system's or a database's error, and its remedy.

    `place` is the file or folder that was wanted; with it a permission is traced to what denies it.
    """
    database = any(kind.__module__ == "sqlite3" for kind in type(error).__mro__)
    if database:
        found = _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, _UNKNOWN)
    elif isinstance(error, OSError) and error.errno is not None:
        found = _ERRNO.get(error.errno) or Why(os.strerror(error.errno), "look at that")
    else:
        found = _DAMAGED
    if found is _UNOPENED and (short := shortage(error)) is not None:
        return Why(*short)
    if place is not None and database:
        databases = [place] if place.suffix == ".db" else list(place.glob("*.db"))
        if any(_is_folder(one) for one in databases):
            return _ERRNO[errno.EISDIR]
        if found is _UNOPENED and any(one.is_symlink() and not _is_seen(one) for one in databases):
            return _ERRNO[errno.ENOLINK]
    if place is not None and found in (_DENIED, _UNOPENED):
        return _denied(place) or found
    return found


def there(path: Path) -> bool:
    """Tell whether something is at `path`; what can't be known is never taken for no.

    Raises:
        OSError: a folder on the way is closed to this account, or a link leads to nothing or in a circle.

    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if any(one.is_symlink() and not _is_seen(one) for one in (path, *path.parents)):
            raise OSError(errno.ENOLINK, os.strerror(errno.ENOLINK), str(path)) from None
        return False
    return True


def require_regular(path: Path) -> None:
    """Refuse what would keep who opens it waiting, such as a pipe. Raises OSError."""
    mode = path.stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), str(path))


def told(error: OSError, place: Path | None = None) -> str:
    """Tell cause and remedy as the end of a sentence that names the file."""
    found = why(error, place)
    return f"{found.cause}: {found.remedy}"


def _denied(place: Path) -> Why | None:
    """Find what keeps this account from writing at `place`, or beside it."""
    for one in _touched(place):
        try:
            if os.access(one, os.W_OK):
                continue
            if os.statvfs(one).f_flag & os.ST_RDONLY:
                return _READ_ONLY
            owner = _account(one.stat().st_uid)
        except OSError:
            return None
        return Why(
            f"no permission for {one}, which belongs to {owner}",
            f"give this account permission, or use the account {owner}",
        )
    return None


def _touched(place: Path) -> Iterator[Path]:
    """Give what a write at `place` touches, as far as it is there: the folder, and the files of state."""
    around = place if _is_folder(place) else place.parent
    while not _is_seen(around) and around != around.parent:
        around = around.parent
    yield around
    files = [place] if not _is_folder(place) else sorted(place.glob("*.db"))
    for file in files:
        beside = (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm")))
        yield from (one for one in beside if _is_seen(one))


def _is_folder(path: Path) -> bool:
    """Tell as `os.path` does, which never raises: that this account can't see it may be the very cause."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_seen(path: Path) -> bool:
    """Tell likewise."""
    return os.path.exists(path)  # noqa: PTH110


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)

"""Files that people ask for: whether they can be written is known before a session, and they come whole.

Law: a file of ours is complete or absent, also when the disk is full or the power goes.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Final

from app.output import UsageError
from controller.host.disk import told, why

_BLOCK: Final = 4096
"""Bytes; what a full disk has no room for."""


def check_target(path: Path, named: str) -> None:
    """Refuse a picture's file that could not be written, before anything begins; `named` is how it was given.

    Raises:
        UsageError: not named .svg, a folder, or in a folder that is missing or can't be written.

    """
    if path.suffix.lower() != ".svg":
        raise UsageError(f"{named}: the plot is an SVG file, so its name has to end in .svg")
    try:
        target = path.resolve()
        if target.is_symlink():  # as Python from 3.13 on leaves a circle of links
            raise OSError(errno.ELOOP, "")
        if target.is_dir():
            raise UsageError(f"{named}: this is a folder, not a file")
        if not target.parent.is_dir():
            raise UsageError(f"{named}: the folder {target.parent} does not exist")
    except RuntimeError as error:  # as Python before 3.13 tells of it
        raise UsageError(f"{named}: {told(OSError(errno.ELOOP, ''))}") from error
    except OSError as error:
        raise UsageError(f"{named}: {told(error, path)}") from error
    _try(target, named)


def check_folder(folder: Path, named: str) -> None:
    """Make the folder for results, and refuse one that can't be written. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{named}: {told(error, folder)}") from error
    _try(folder / "file", named)


def _try(target: Path, named: str) -> None:
    """Write a draft as it will be written, and take it away."""
    try:
        handle, draft = _draft(target)
        try:
            os.write(handle, bytes(_BLOCK))
        finally:
            os.close(handle)
            draft.unlink()
    except OSError as error:
        cause, remedy = why(error, target.parent)
        raise UsageError(f"{named}: can't be written ({cause}): {remedy}") from error


def _draft(target: Path) -> tuple[int, Path]:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    return handle, Path(name)


def write_whole(path: Path, text: str) -> None:
    """Write a UTF-8 file by way of a draft beside it.

    Raises:
        OSError: as of the file system; neither half a file nor the draft is left.

    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by way of a draft beside it.

    Raises:
        OSError: as of the file system, with `path` as its name; neither half a file nor the draft is left.

    """
    target = path.resolve()
    try:
        _write_by_draft(target, content)
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _write_by_draft(target: Path, content: bytes) -> None:
    handle, draft = _draft(target)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        draft.chmod(0o644)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise

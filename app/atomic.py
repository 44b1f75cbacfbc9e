"""Files that people ask for: whether they can be written is known before a session, and they come whole.

Law: a file of ours is complete or absent, also when the disk is full or the power goes.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from app.output import UsageError


def check_target(path: Path) -> None:
    """Refuse a plot file that could not be written, before a session begins.

    Raises:
        UsageError: not named .svg, a folder, or in a folder that is missing or not writable.

    """
    folder = path.resolve().parent
    if path.suffix.lower() != ".svg":
        raise UsageError(f"--plot {path}: the plot is an SVG file, so its name has to end in .svg")
    if path.is_dir():
        raise UsageError(f"--plot {path}: this is a folder, not a file")
    if not folder.is_dir():
        raise UsageError(f"--plot {path}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"--plot {path}: the folder {folder} is not writable")


def write_whole(path: Path, text: str) -> None:
    """Write a UTF-8 file by way of a draft beside it.

    Raises:
        OSError: as of the file system; neither half a file nor the draft is left.

    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file by way of a draft beside it.

    Raises:
        OSError: as of the file system; neither half a file nor the draft is left.

    """
    target = path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
    draft = Path(name)
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

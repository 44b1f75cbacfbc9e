"""The treatments that come with the controller, and how a name or a path becomes a `Treatment`.

Law: a library name wins over a file of the same name; anything else must be a path that reads cleanly.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Final

from config.reader import BadFile, read
from protocols.treatment import Treatment

LIBRARY: Final = Path(__file__).with_name("library")
"""The folder with one YAML file for each treatment; the file's stem is the treatment's name."""


def names() -> list[str]:
    """Give the names of the library's treatments in alphabetical order."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def find(name_or_path: str) -> Treatment:
    """Read the library's treatment of this name, else the YAML file at this path.

    Raises `BadFile` for an unknown name, with the names there are, and for a file with errors.
    """
    if name_or_path in names():
        return read(LIBRARY / f"{name_or_path}.yaml", Treatment)
    path = Path(os.path.expanduser(name_or_path))  # noqa: PTH111 - a home that is unknown stays as it is
    if path.suffix in {".yaml", ".yml"} or os.sep in name_or_path:
        return read(path, Treatment)
    close = difflib.get_close_matches(name_or_path[:60], names(), n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    raise BadFile(
        [
            f"no treatment is named {name_or_path[:60]!r}{hint}; the library has {', '.join(names())}; "
            "for a file of your own give its path, ending in .yaml"
        ]
    )

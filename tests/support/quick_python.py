"""A Python of our own for set-ups: this one's program and library, but for what brings pip.

The true ensurepip unpacks and compiles pip anew for 5 s each time. The one here, `quick`, links the pip that
is installed beside the tests; pip itself, venv and all else are as they are. Without any it is as Debian's
without python3-venv.
"""

import shutil
import sys
import sysconfig
from importlib.metadata import distribution
from pathlib import Path

NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
BASE = Path(sys._base_executable).resolve()
LIBRARY = Path(sysconfig.get_path("stdlib"))
LINK_PIP = """
import os, sysconfig
for path in {paths!r}:
    os.symlink(path, os.path.join(sysconfig.get_path("purelib"), os.path.basename(path)))
"""


def python_in(folder, *, brings=None):
    """Make it in `folder`; return the folder that belongs on PATH."""
    library = folder / "lib" / NAME
    library.mkdir(parents=True)
    for entry in LIBRARY.iterdir():
        if entry.name not in {"site-packages", "ensurepip"}:
            (library / entry.name).symlink_to(entry)
    if brings:
        (library / "ensurepip").symlink_to(brings)
    (folder / "bin").mkdir()
    shutil.copy(BASE, folder / "bin" / NAME)
    (folder / "bin/python3").symlink_to(NAME)
    return folder / "bin"


def quick(folder):
    """Make the module that links pip, in `folder`; return its place."""
    folder.mkdir(parents=True)
    pip = distribution("pip")
    paths = sorted({str(pip.locate_file(file.parts[0])) for file in pip.files if file.parts[0] != ".."})
    (folder / "__init__.py").write_text(f"def version():\n    return {pip.version!r}\n")
    (folder / "__main__.py").write_text(LINK_PIP.format(paths=paths))
    return folder

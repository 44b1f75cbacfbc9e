"""The locks install next year as today: by the oldest pip, from an index where everything has moved on.

Names, versions and what each package wants are those of the true lock; the packages themselves are empty, but
for setuptools, which installs the checkout. Of each the index has a newer release, which can't be installed.
"""

import ensurepip
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from front_door import PYTHON_FOLDER, ROOT, Checkout, an_index, entry, repacked, wheel
from packaging.markers import Marker
from quick_python import python_in

OLDEST = "23.0.1"
"""Debian 12's pip, the oldest on a Python that we support; it can't run on Python 3.12 or later."""
BUNDLED = Path("/usr/share/python-wheels") / f"pip-{OLDEST}-py3-none-any.whl"
EMPTY = {"pytest": [("pytest/__init__.py", ""), ("pytest/__main__.py", "print('the tests ran')\n")]}


def with_oldest_pip(folder):
    """A Python whose ensurepip brings the oldest pip that runs on it: its folder, and that pip's version."""
    if ensurepip.version() == OLDEST or sys.version_info >= (3, 12):
        return PYTHON_FOLDER, ensurepip.version()
    wheel_of_pip = BUNDLED
    if not wheel_of_pip.exists():
        words = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, f"pip=={OLDEST}"]
        if subprocess.run(words, capture_output=True, timeout=600, check=False).returncode:
            return PYTHON_FOLDER, ensurepip.version()
        wheel_of_pip = folder / BUNDLED.name
    true, changed = Path(ensurepip.__path__[0]), folder / "ensurepip"
    shutil.copytree(true, changed, ignore=shutil.ignore_patterns("__pycache__", "pip-*.whl"))
    shutil.copy(wheel_of_pip, changed / "_bundled")
    text = (changed / "__init__.py").read_text()
    (changed / "__init__.py").write_text(text.replace(ensurepip.version(), OLDEST))
    return python_in(folder / "oldest", brings=changed), OLDEST


def moved_on(checkout, name):
    """Let the index have empty packages of what is locked, and newer releases; return how many are locked."""
    entries = []
    for block in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
        pin = re.match(r"([a-z0-9-]+)==([^\s;]+)( ; [^\\\n]+)?", block)
        if pin is None:
            continue
        package, version, marker = pin[1], pin[2], pin[3] or ""
        try:
            wants = distribution(package).requires or []
            extras = distribution(package).metadata.get_all("Provides-Extra") or []
        except PackageNotFoundError:
            wants, extras = [], []
        file, content = wheel(package, version, EMPTY.get(package, ()), wants, extras)
        if package == "setuptools":
            file, content = repacked("setuptools")
        checkout.index.add(package, file, content)
        newer, _ = wheel(package, "9999")
        checkout.index.add(package, newer, b"no wheel")
        first, _, rest = entry(package, version, content).partition(" \\")
        entries.append(f"{first}{marker.rstrip()} \\{rest}")
    (checkout.root / name).write_text("".join(entries))
    return len(entries)


def holds(marker):
    """Is a package with that marker for this machine? One for Windows alone is not, say."""
    return not marker or Marker(marker).evaluate()


def test_a_set_up_by_the_oldest_pip_where_everything_has_moved_on(tmp_path):
    with an_index() as index:
        checkout = Checkout(tmp_path / "checkout", index, whole=True)
        count = moved_on(checkout, "requirements-dev.lock")
        moved_on(checkout, "requirements.lock")
        python, pip = with_oldest_pip(tmp_path)
        done = checkout.run("test", PATH=f"{python}:/usr/bin:/bin")
    assert (done.returncode, done.stdout) == (0, "the tests ran\n"), done.stderr
    listed = [checkout.root / ".venv/bin/python", "-I", "-m", "pip", "--version"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout.startswith(f"pip {pip} ")
    packages = checkout.root.glob(".venv/lib/python3.*/site-packages/*.dist-info")
    installed = dict(path.name.removesuffix(".dist-info").rsplit("-", 1) for path in packages)
    pins = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; ([^\\\n]+))?", re.M)
    locked = pins.findall((ROOT / "requirements-dev.lock").read_text())
    assert count == len(locked) > 80
    assert "coverage" in installed
    assert {name.replace("-", "_"): version for name, version, marker in locked if holds(marker)} == {
        name: version for name, version in installed.items() if name not in {"pip", "ionto"}
    }

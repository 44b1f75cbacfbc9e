"""Which rooms a change touches, and which tests are nearest to it.

Law: pure; paths are as git tells them, from the root of the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Final

OF_ALL: Final = (
    "tests/test_links.py",
    "tests/test_references.py",
    "tests/test_recipes.py",
    "tests/test_rooms.py",
)
"""Short, and held by every change."""
FOR_RUN: Final = (
    *("tests/chaos/", "tests/kernel/", "tests/booted/", "tests/frontdoor/", "tests/mutation/"),
    "tests/app/test_compiled.py",
)
"""Hours, compilers and the clock: never within a minute; nor in browsers."""
IN_BROWSERS: Final = re.compile(r"^from (?:chromium|firefox) import", re.M)
MOST: Final = 40
"""Files of tests that are looked through at once; each costs a tenth of a second before its first test."""


def is_for_run(test: str, text: str) -> bool:
    """Tell whether a file of tests is left to `.ci/run`, whatever was changed."""
    return test.startswith(FOR_RUN) or IN_BROWSERS.search(text) is not None


def room(file: str) -> str:
    """Give the room a file lies in: `controller/core`, `app/web`, `drivers`; "" at the root."""
    return "/".join(PurePosixPath(file).parent.parts[:2])


def folders(file: str, tests: Collection[str]) -> frozenset[str]:
    """Give the folder of tests that mirrors a file's room; none where there is none."""
    parts = PurePosixPath(file).parent.parts
    tried = ["/".join(("tests", *parts[:length])) for length in range(len(parts), 0, -1)]
    if parts[:1] == ("app",) and len(parts) > 1:
        tried.insert(0, f"tests/{parts[1]}")
    there = {str(PurePosixPath(test).parent) for test in tests}
    return frozenset(next(([one] for one in tried if one in there), []))


def _names(file: str) -> re.Pattern[str]:
    """Give what a test says that knows a file: its path, or its module however it is imported."""
    path = PurePosixPath(file)
    said = [re.escape(file)]
    if path.suffix == ".py":
        module = [*path.parent.parts, *([] if path.stem == "__init__" else [path.stem])]
        said.append(rf"\b{re.escape('.'.join(module))}\b")
        if len(module) > 1:
            said.append(rf"from {re.escape('.'.join(module[:-1]))} import [^\n]*\b{re.escape(module[-1])}\b")
        if file.startswith(("tests/support/", ".ci/")):
            said.append(rf"^(?:from|import) {re.escape(path.stem)}\b")
    return re.compile("|".join(said), re.M)


def nearest(files: Collection[str], tests: Mapping[str, str]) -> list[str]:
    """Give the tests of a change, nearest first; `tests` are all there are, with their texts.

    First those that were changed, then those called after a changed module, those of its room that name one,
    what every change is held to, others that name one, and at last the rest of the rooms' folders.
    """
    known = [_names(file) for file in files if not file.startswith("tests/test_")]
    called = {f"test_{PurePosixPath(file).stem}" for file in files}
    theirs = frozenset(folder for file in files for folder in folders(file, tests))

    def rank(test: str) -> tuple[int, int, str]:
        path = PurePosixPath(test)
        here = str(path.parent) in theirs
        names = sum(pattern.search(tests[test]) is not None for pattern in known)
        if test in files:
            place = 0
        elif here and path.stem in called:
            place = 1
        elif names and here:
            place = 2
        elif test in OF_ALL:
            place = 3
        elif names:
            place = 4
        else:
            place = 5 if here else 6
        return place, -names, test

    ranked = sorted(rank(test) for test in tests)
    return [test for place, _, test in ranked if place < 6]

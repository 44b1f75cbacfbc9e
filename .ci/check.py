"""The quick look at a change; `check` beside this file says how it is called.

Law: what fails is shown whole and fails the run; what was left out is named in the last line.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from machine import Failed, need, say
from touched import MOST, is_for_run, nearest, room

CHECKOUT = Path(__file__).resolve().parents[1]
HERE = CHECKOUT / ".venvs/current/bin"
BOUND_S = 52.0
"""Of it all, so that a minute is kept with what their end takes."""
LONGEST_S = 600.0
"""Of any one tool: types from nothing take minutes on a Pi. What did not end by then counts as failed."""
STEPS = {
    "style": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "contracts": ("lint-imports",),
    "types": ("mypy",),
}


class Done(NamedTuple):
    """How a step ended."""

    code: int
    said: str
    took_s: float


def git(*words: str) -> list[str]:
    """Ask git; gives lines. Raises Failed."""
    asked = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise Failed(f"git {' '.join(words)}: {asked.stderr.strip()}")
    return asked.stdout.splitlines()


def changed(ref: str) -> list[str]:
    """Give the files that differ from where this branch left `ref`, with what git does not know yet."""
    (base,) = git("merge-base", ref, "HEAD")
    new = git("ls-files", "--others", "--exclude-standard")
    return sorted({*git("diff", "--name-only", "--no-renames", base), *new})


def run(*words: str | Path, longest_s: float = LONGEST_S) -> Done:
    """Run a command to its end, and end with it whatever it began."""
    began_s = time.monotonic()
    with TemporaryFile(
        "w+", encoding="utf-8", errors="replace"
    ) as said:  # no pipe, which outlives its writer
        process = subprocess.Popen(
            list(map(str, words)),
            cwd=CHECKOUT,
            env={**os.environ, "IONTO_INTERPRETED": "1"},  # nothing here is worth two minutes of compiling
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(longest_s)
        except subprocess.TimeoutExpired:
            code = 124
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        said.seek(0)
        return Done(code, said.read(), time.monotonic() - began_s)


def tests_of(files: list[str]) -> tuple[list[str], list[str]]:
    """Give the tests of a change that are run here, nearest first, and those that are not."""
    there = sorted((CHECKOUT / "tests").rglob("test_*.py"))
    texts = {str(path.relative_to(CHECKOUT)): path.read_text(encoding="utf-8") for path in there}
    near = nearest(files, texts)
    quick = [one for one in near if not is_for_run(one, texts[one])]
    return quick[:MOST], quick[MOST:] + [one for one in near if one not in quick]


def by_folder(files: list[str]) -> str:
    """Say how many files of tests there are in which folders; one alone by its name."""
    count = Counter(str(Path(file).parent) for file in files)
    alone = {str(Path(file).parent): file for file in files}
    return ", ".join(alone[one] if number == 1 else f"{number} of {one}" for one, number in count.items())


def told(name: str, done: Done) -> bool:
    """Show a step; tells whether it passed."""
    say(f"== {name}: {'ok' if done.code == 0 else 'FAILED'}, {done.took_s:.0f} s")
    if done.code:
        say("\n".join(line for line in done.said.splitlines() if not line.startswith("LEFT ")))
    return done.code == 0


def main(words: list[str]) -> int:
    """Look at what differs from `main`, or from the one word given; returns 0 when all passed."""
    os.chdir(CHECKOUT)
    try:
        if not (HERE / "python").exists():
            need("./ionto", "setup", "test")
        files = changed(words[0] if words else "main")
    except Failed as failed:
        say(f"== FAILED: {failed}")
        return 1
    began_s = time.monotonic()
    near, left = tests_of(files)
    rooms = ", ".join(sorted({room(file) or "the root" for file in files})) or "nothing"
    say(f"== {len(files)} files differ, in {rooms}; {len(near) + len(left)} files of tests are near")
    with ThreadPoolExecutor(1) as aside:
        within = [HERE / "python", ".ci/within.py", f"{BOUND_S - (time.monotonic() - began_s):.1f}", *near]
        tests = aside.submit(run, *within) if near else None
        good = [told(name, run(HERE / step[0], *step[1:])) for name, step in STEPS.items()]
        done = tests.result() if tests else Done(0, "", 0.0)
    good.append(told("tests", done))
    passed = next((line[7:] for line in done.said.splitlines() if line.startswith("PASSED ")), "no test")
    left = [line[5:] for line in done.said.splitlines() if line.startswith("LEFT ")] + left
    out = [f"of the tests that are near {by_folder(left)}"] if left else []
    out += ["what goes by the clock", "other rooms", "the campaign and the circuit"]
    verdict = f"{'all passed' if all(good) else 'FAILED'} in {time.monotonic() - began_s:.0f} s"
    say(f"== {verdict}, tests: {passed}; left out, and for .ci/run: {'; '.join(out)}")
    return 0 if all(good) else 1

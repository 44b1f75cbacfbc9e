"""The samples of output in the README, and the same by the program of today.

    .venv/bin/python tests/support/readme_samples.py        writes them anew, after a change that is meant

Law: a sample is what the program says to the command above it, shortened by one rule: of lines one after the
other that differ in figures alone the first is shown. One that begins with dots begins at its next line.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from compiled_form import environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "README.md"
SAMPLE = re.compile(
    r"(?<=^```\n)\$ \./ionto (?P<words>[^\n|]*?)(?: \| cat)?\n(?P<said>.*?)(?=^```$)", re.M | re.S
)
FILE = re.compile(r"`([\w-]+\.yaml)` holding\s+`([^`]+)`")
"""A file that the README tells the reader to write: name and content."""
DOTS = "   ...\n"
LONGEST_S = 900.0


def samples(page: str) -> dict[str, str]:
    """Give what the page shows, by the words of its command."""
    return {found["words"]: found["said"] for found in SAMPLE.finditer(page)}


def said(words: str, page: str) -> str:
    """Run the command as a reader would, with the files that the page names; returns what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILE.findall(page):
            Path(folder, name).write_text(f"{content}\n", encoding="utf-8")
        command = [sys.executable, "-P", "-m", "app.main", *shlex.split(words)]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    return done.stdout


def shortened(text: str, shown: str) -> str:
    """Leave out of `text` what a sample leaves out that is now `shown`."""
    lines = text.splitlines(keepends=True)
    kept: list[str] = []
    if shown.startswith(DOTS):
        first = _worded(shown.splitlines()[1])
        while lines and _worded(lines[0]) != first:
            lines.pop(0)
        kept.append(DOTS)
    before = ""
    for line in lines:
        if _worded(line) != before:
            kept.append(line)
        elif kept[-1] != DOTS:
            kept.append(DOTS)
        before = _worded(line)
    return "".join(kept)


def _worded(line: str) -> str:
    """Take the figures out of a line."""
    return re.sub(r"[\d.:,+-]+", "", line).strip()


def main() -> None:
    """Write the samples anew."""
    page = PAGE.read_text(encoding="utf-8")
    for words, shown in samples(page).items():
        page = page.replace(shown, shortened(said(words, page), shown))
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

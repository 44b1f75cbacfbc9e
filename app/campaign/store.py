"""The folder that a campaign leaves: one line per finished session, and the files that repeat a failure.

Law: a session that was finished is never lost and never run twice; a line that was cut off counts for
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import yaml

from app.campaign.cells import short
from app.campaign.sessions import LOST, Result
from app.output import UsageError
from controller.host.disk import told
from protocols.treatment import find

RESULTS = "results.jsonl"


class Store:
    """Results by name, in memory and, where there is a folder, on disk."""

    def __init__(self, folder: Path | None, *, resume: bool) -> None:
        """Open the folder; with `resume`, take what it holds as done.

        Raises:
            UsageError: the folder can't be used, or holds results and `resume` is not given.

        """
        self.folder = folder
        self._done: dict[str, Result] = {}
        self._file: TextIO | None = None
        if folder is None:
            return
        lines = folder / RESULTS
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if lines.exists():
                if not resume:
                    raise UsageError(
                        f"{folder} holds a campaign already: add --resume, or choose another --out"
                    )
                self._done = _read(lines)
            self._file = lines.open("a", encoding="utf-8")
            self._file.write("\n" if lines.stat().st_size else "")  # after a line that was cut off
        except OSError as error:
            raise UsageError(f"--out {folder}: {told(error, folder)}") from error

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def done(self, name: str, scenario: dict[str, Any]) -> Result | None:
        """Return the result of a session that was finished before, under the same circumstances."""
        result = self._done.get(name)
        if result is None or result["scenario"] != scenario or result.get("outcome") == LOST:
            return None
        return result

    def keep(self, result: Result) -> None:
        """Write a finished session down. Raises OSError as of the file system."""
        if self._file is not None:
            self._file.write(json.dumps(result) + "\n")
            self._file.flush()

    def repeatable(self, result: Result, slug: str, treatment: str, seed: int) -> str:
        """Write the files that repeat a session and return the command. Raises OSError."""
        if self.folder is None:
            return "give --out DIR for the scenario that repeats it"
        scenario = self.folder / "failures" / f"{slug}.yaml"
        scenario.parent.mkdir(exist_ok=True)
        shown = result.get("simplest", result["scenario"])
        scenario.write_text(yaml.safe_dump(shown, sort_keys=False), encoding="utf-8")
        what = treatment
        if result["kind"] != "life":
            path = self.folder / "failures" / f"{treatment}.yaml"
            shortened = short(treatment)
            changed = {"total_min": shortened.total_min}
            text = {**find(treatment).model_dump(exclude_defaults=True), **changed}
            path.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
            what = str(path)
        return f"ionto run {what} --simulate {scenario} --seed {seed} --speed max"


def _read(path: Path) -> dict[str, Result]:
    done: dict[str, Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            result = json.loads(line)
            done[result["name"]] = result
        except (ValueError, TypeError, KeyError):
            continue
    return done

"""That Stop's test was passed, kept for programs that begin on the unit before its computer starts again.

Law: it holds for one start of the computer (Linux's boot id) and one unit, and tells how long ago that was by
the monotonic clock. What can't be read or written is no mark: then the test is asked for again.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE: Final = "stop-tested.json"
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class StopMark:
    """The mark of the unit called `unit`, in `folder`."""

    def __init__(self, folder: Path, unit: str, boot_id: Path = BOOT_ID) -> None:
        self._file, self._unit, self._boot_id = folder / FILE, unit, boot_id

    def ago_s(self) -> float | None:
        """Return how long ago the test was passed, s; None where it wasn't since the computer started."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            now_s, at_s = time.monotonic(), float(kept["at_s"])
            same = (kept["unit"], kept["boot"]) == (self._unit, self._boot())
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return now_s - at_s if same and at_s <= now_s else None

    def put(self) -> None:
        """Keep that it was passed now."""
        draft = self._file.with_suffix(".new")
        with suppress(OSError):
            kept = {"unit": self._unit, "boot": self._boot(), "at_s": time.monotonic()}
            draft.write_text(json.dumps(kept), encoding="utf-8")
            draft.replace(self._file)

    def _boot(self) -> str:
        return self._boot_id.read_text(encoding="ascii").strip()

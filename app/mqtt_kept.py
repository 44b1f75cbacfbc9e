"""What a broker keeps of ours, remembered across restarts: which topics, and by whose connection.

Law: it is written before the broker is told, so that whatever is retained there can be taken back. A memory
that can't be read or written costs just that, said once, and never the telling.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from app.atomic import write_whole
from app.mqtt_topics import is_ours
from app.output import complain
from controller.host.disk import there, told, why
from controller.host.ownership import InUse, own


class Kept:
    """The topics retained at one broker, in a file of `folder`; only in memory without a folder.

    `client` is this listener's name at the broker. It stays the same, so that a connection which the broker
    still takes for alive after a power cut is replaced, and its last will said, before the new one speaks.
    One listener at a time has the file, since two of one name would end each other's connection.
    """

    def __init__(self, folder: Path | None, broker: tuple[str, int]) -> None:
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{broker[0]}-{broker[1]}")
        self._file = None if folder is None else folder / f"{name}.json"
        self._lock: int | None = None
        self.client = f"ionto{secrets.token_hex(8)}"  # 23 characters are what every broker takes
        self.topics: frozenset[str] = frozenset()
        self._written: tuple[str, frozenset[str]] | None = None
        if self._file is not None and self._is_there(self._file):
            self._hold(self._file)
            self._read()

    def remember(self, topics: Iterable[str]) -> None:
        """Add topics that are about to be retained."""
        self._keep(self.topics.union(topics))

    def forget(self, topics: Iterable[str]) -> None:
        """Take out topics that the broker retains no longer."""
        self._keep(self.topics.difference(topics))

    def _hold(self, file: Path) -> None:
        if self._lock is not None:
            return
        try:
            file.parent.mkdir(exist_ok=True)
            self._lock = own(file.with_suffix(".lock"), "this memory")
        except (OSError, InUse) as error:
            self._without(error)

    def _is_there(self, file: Path) -> bool:
        try:
            return there(file)
        except OSError as error:
            self._without(error)
            return False

    def _read(self) -> None:
        if self._file is None:
            return
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            client, topics = found["client"], frozenset(found["topics"])
            if not re.fullmatch(r"ionto[0-9a-f]{16}", client) or not all(map(is_ours, topics)):
                raise ValueError("it is not ours")
        except (OSError, ValueError, KeyError, TypeError) as error:
            found = why(error, self._file)
            complain(
                f"ionto: {self._file}: can't be read ({found.cause}), so a unit told of before stays at the "
                f"broker: {found.remedy}"
            )
            return
        self.client, self.topics = client, topics
        self._written = (client, topics)

    def _keep(self, topics: frozenset[str]) -> None:
        self.topics = topics
        if self._file is not None and self._written != (self.client, topics):
            self._hold(self._file)
        if self._file is None or self._written == (self.client, topics):
            return
        try:
            write_whole(self._file, json.dumps({"client": self.client, "topics": sorted(topics)}))
        except OSError as error:
            self._without(error)
            return
        self._written = (self.client, topics)

    def _without(self, error: OSError | InUse) -> None:
        """Go on without a file, and say so once."""
        why = told(error, self._file) if isinstance(error, OSError) else error
        complain(
            f"ionto: {self._file}: can't be kept, so that a restart forgets what the broker retains: {why}"
        )
        self._file = None

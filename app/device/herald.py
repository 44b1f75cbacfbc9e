"""The herald: a process of its own that tells what happens now to whoever listens at `live.sock`.

Law: it passes on and never decides. Who doesn't read is dropped, what isn't understood is refused, and
nothing that it can pass on starts a treatment. A Stop is never lost, not even from a listener that is gone.
`docs/device.md` describes the lines.

Run as `python -m app.device.herald FACTS`: `socket`, `next` (paths), `hello` (object), `attach` (path or
null). Its input ends with the device, and then so does it.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from controller.host.disk import told
from controller.host.lines import LineSplitter
from controller.orders import allowed
from controller.orders.file import LARGEST, Found, digest_of, found

CLIENTS: Final = 200
"""Listeners at once; the next one is turned away."""
LONGEST: Final = 1024
"""Bytes of a client's line."""
PATIENCE_S: Final = 1.0
"""Who has not read for so long is dropped."""
LOOK_S: Final = 0.5
"""How often `next.json` is looked at."""
SNAPSHOT_S: Final = 0.1
LAST_WORDS: Final = 256
"""Reads of a listener that is let go: all that its socket can hold (Linux, net.core.wmem_default)."""
STOPS: Final = 2
"""Stops that wait for room on the way to the device: the soft one and the one that cuts."""
BUTTONS: Final = ("start", "stop", "up", "down")


class Client:
    """One listener."""

    def __init__(self, line: socket.socket, hello: bytes) -> None:
        self.line = line
        self.heard = LineSplitter()
        self.unsent = hello
        self.stuck_since_s = time.monotonic()
        self.fresh = False
        """Whether it has yet to get the newest snapshot."""
        self.gone = False
        """Whether it takes no answers any more."""


class Herald:
    """Serves the socket until its input ends."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._socket, self._next = Path(facts["socket"]), Path(facts["next"])
        self._attach: str | None = facts["attach"]
        self._simulated = bool(facts["hello"]["simulated"])
        self._hello = _line({"hello": facts["hello"]})
        self._newest = b""
        self._newest_s = 0.0
        self._sent_s = 0.0
        self._look_due_s = 0.0
        self._seen: object = ()
        self._allowed = self._next.with_name(allowed.FILE)
        self._whose: str | None = None
        """For whom something was prepared last, or is left."""
        self._held_to: object = None
        """What the device was told last of what they may be given."""
        self._was_there = False
        self._told = LineSplitter()
        self._owed_stops = 0
        self._clients: dict[int, Client] = {}
        self._selector = selectors.DefaultSelector()
        self._door = _door(self._socket)
        self._selector.register(self._door, selectors.EVENT_READ)
        self._selector.register(0, selectors.EVENT_READ)

    def serve(self) -> None:
        """Serve until the device is gone; then take the socket away."""
        try:
            while self._turn():
                continue
        finally:
            self._socket.unlink(missing_ok=True)

    def _turn(self) -> bool:
        for key, events in self._selector.select(SNAPSHOT_S / 2):
            if key.fileobj == 0:
                if not self._listen():
                    return False
            elif key.fileobj is self._door:
                self._welcome()
            elif (client := self._clients.get(key.fd)) is not None:
                if events & selectors.EVENT_READ:
                    self._hear(client)
                if events & selectors.EVENT_WRITE and client.line.fileno() >= 0:
                    self._push(client)
        now_s = time.monotonic()
        if self._newest and now_s - self._sent_s >= SNAPSHOT_S:
            self._spread(now_s)
        if now_s >= self._look_due_s:
            self._look_due_s = now_s + LOOK_S
            self._look()
            self._look_after()
        for client in [one for one in self._clients.values() if one.unsent]:
            if now_s - client.stuck_since_s > PATIENCE_S:
                self._let_go(client)
        if self._owed_stops:
            self._stop(0)
        return True

    # --- the device -------------------------------------------------------------------------------------

    def _listen(self) -> bool:
        chunk = os.read(0, 1 << 16)
        for line in self._told.feed(chunk):
            message = json.loads(line)
            if "snapshot" in message:
                self._newest, self._newest_s = line + b"\n", time.monotonic()
                self._whose = message["snapshot"].get("person") or self._whose
                for client in self._clients.values():
                    client.fresh = True
            elif "spent" in message:
                self._spend(message["spent"])
        return bool(chunk)

    def _pass_on(self, message: dict[str, Any]) -> bool:
        try:
            os.write(1, _line(message))
        except BlockingIOError:  # the device is busy with much else
            return False
        except OSError:  # a device that is gone needs nothing
            return True
        return True

    def _stop(self, more: int) -> None:
        """Pass on Stops, those first that found no room before."""
        self._owed_stops = min(STOPS, self._owed_stops + more)
        while self._owed_stops and self._pass_on({"do": "stop"}):
            self._owed_stops -= 1

    def _look(self) -> None:
        """Hand on what is prepared, when that has changed."""
        try:
            data = self._next.read_bytes()[: LARGEST + 1]
        except FileNotFoundError:
            data = b""
        except OSError as error:
            unread = {"do": "order", "error": f"next.json can't be read: {error.strerror}"}
            if self._seen != str(error) and self._pass_on(unread):
                self._seen = str(error)
            return
        if data != self._seen:
            order = found(data, datetime.now(UTC)) if data else Found()
            if self._pass_on({"do": "order", **order}):  # else at the next look
                self._seen = data

    def _look_after(self) -> None:
        """Hand on what the person may be given for whom something is prepared, when that has changed."""
        if self._whose is None:
            return
        try:
            data: bytes | None = self._allowed.read_bytes()[: allowed.LARGEST + 1]
            self._was_there = True
        except FileNotFoundError:
            if not self._was_there:
                return
            data = None
        except OSError:
            data = None
        most_ma = allowed.of(data, self._whose)
        if most_ma is None or self._held_to == (self._whose, most_ma):
            return
        if self._pass_on({"do": "allowed", "person": self._whose, "most_ma": most_ma}):
            self._held_to = (self._whose, most_ma)

    def _spend(self, digest: str) -> None:
        """Remove the order that was used, and no newer one."""
        with suppress(OSError):
            if digest_of(self._next.read_bytes()) == digest:
                self._next.unlink()

    # --- the listeners -----------------------------------------------------------------------------------

    def _welcome(self) -> None:
        line, _ = self._door.accept()
        if len(self._clients) >= CLIENTS:
            line.close()
            return
        line.setblocking(False)  # noqa: FBT003 - the standard library's signature
        # What the device said before it fell silent would be taken for what it does now.
        now = self._newest if time.monotonic() - self._newest_s < PATIENCE_S else b""
        client = self._clients[line.fileno()] = Client(line, self._hello + now)
        self._selector.register(line, selectors.EVENT_READ)
        self._push(client)

    def _spread(self, now_s: float) -> None:
        self._sent_s = now_s
        for client in [one for one in self._clients.values() if one.fresh and not one.unsent]:
            client.fresh = False
            client.unsent = self._newest
            client.stuck_since_s = now_s
            self._push(client)

    def _push(self, client: Client) -> None:
        try:
            sent = client.line.send(client.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._let_go(client)
            return
        client.unsent = client.unsent[sent:]
        waits = selectors.EVENT_WRITE if client.unsent else 0
        self._selector.modify(client.line, selectors.EVENT_READ | waits)

    def _hear(self, client: Client) -> bool:
        """Do what has come from this listener; tell whether there may be more."""
        try:
            chunk = client.line.recv(LONGEST)
        except BlockingIOError:
            return False
        except OSError:
            chunk = b""
        lines = client.heard.feed(chunk)
        if not chunk and client.heard.rest:  # the end of all ends a line too
            lines = [client.heard.rest]
        for line in lines:
            refused = self._do(line)
            if refused is not None and len(client.unsent) < LONGEST:
                client.unsent += _line({"error": refused})
                client.stuck_since_s = time.monotonic()
        if not chunk or len(client.heard.rest) > LONGEST:
            self._drop(client)
            return False
        if client.unsent and not client.gone:
            self._push(client)
        return True

    def _let_go(self, client: Client) -> None:
        """Take a listener's last words, then drop it."""
        client.gone = True
        for _ in range(LAST_WORDS):
            if not self._hear(client):
                break
        self._drop(client)

    def _do(self, line: bytes) -> str | None:
        """Pass on what a client asks for; return why not."""
        try:
            asked = json.loads(line)
            do = asked.pop("do")
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
            return 'a line is an object with "do"'
        if do == "stop" and not asked:
            self._stop(1)
            return None
        if do not in ("press", "hand"):
            return "do is stop, and on a simulated unit press or hand"
        if not self._simulated:
            return "this is no simulated unit: its buttons are on it"
        return self._press(asked) if do == "press" else self._hand(asked)

    def _press(self, asked: dict[str, Any]) -> str | None:
        held_s = asked.get("held_s", 0.3)
        if (
            asked.get("button") not in BUTTONS
            or isinstance(held_s, bool)
            or not asked.keys() <= {"button", "held_s"}
        ):
            return f"press takes button, one of {', '.join(BUTTONS)}, and held_s"
        if not isinstance(held_s, int | float) or not 0.05 <= held_s <= 60.0:
            return "held_s is 0.05 to 60"
        if self._attach is not None:
            return self._tell_unit("press", button=asked["button"], for_s=float(held_s))
        self._pass_on({"do": "press", "button": asked["button"], "held_s": float(held_s)})
        return None

    def _hand(self, asked: dict[str, Any]) -> str | None:
        if not isinstance(asked.get("out"), bool) or len(asked) != 1:
            return "hand takes out, true or false"
        if self._attach is not None:
            return self._tell_unit("inject", fault="hand_out" if asked["out"] else "hand_in", params={})
        self._pass_on({"do": "hand", "out": asked["out"]})
        return None

    def _tell_unit(self, question: str, **details: Any) -> str | None:
        from controller.backends.attached import tell_unit
        from controller.backends.bench import NotReady

        try:
            tell_unit(Path(str(self._attach)), question, **details)
        except NotReady as error:
            return str(error)
        return None

    def _drop(self, client: Client) -> None:
        if client.line.fileno() >= 0:
            self._selector.unregister(client.line)
            self._clients.pop(client.line.fileno(), None)
            client.line.close()


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _door(path: Path) -> socket.socket:
    """Listen at `path`, for this user only. What lies there is a dead herald's: the unit's lock is held."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        door.bind(str(draft))
    finally:
        os.umask(before)
    door.listen(CLIENTS)
    door.setblocking(False)  # noqa: FBT003 - the standard library's signature
    draft.replace(path)
    return door


def main(facts: dict[str, Any]) -> None:
    """Be the herald until standard input ends."""
    # The terminal's signals are the device's business.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    os.set_blocking(1, False)
    try:
        Herald(facts).serve()
    except OSError as error:
        socket = Path(facts["socket"])
        sys.stderr.write(f"ionto: the herald can't serve {socket}: {told(error, socket)}\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

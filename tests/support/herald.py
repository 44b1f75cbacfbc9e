"""A herald without a unit: serves `live.sock` as docs/device.md says, with whatever snapshot a test sets."""

import fcntl
import json
import socket
import struct
import termios
import threading
import time
from contextlib import suppress

PATIENCE_S = 300.0
"""Of every wait for another process: long enough for a machine that is busy with much else."""
SNAPSHOT = {
    "state": "idle",
    "time_s": 1.0,
    "phase": "ready",
    "polarity": "forward",
    "target_ma": 0.0,
    "limit_ma": 0.0,
    "setpoint_ma": 0.0,
    "measured_ma": None,
    "voltage_v": None,
    "resistance_ohm": None,
    "left_s": 0.0,
    "total_s": 0.0,
    "charge_forward_ma_min": 0.0,
    "charge_reverse_ma_min": 0.0,
    "trip_cause": None,
    "trip_evidence": None,
    "simulated": True,
    "late_ticks": 0,
    "missed_ticks": 0,
    "note": "",
    "person": None,
    "treatment": None,
    "session": None,
    "since_start_s": None,
    "linked_to": None,
    "held": None,
    "contact": None,
    "contact_ohm": None,
    "limited_by": None,
    "led": {"colour": "white", "on": True, "signal": "ready"},
    "buzzer": False,
    "code": None,
    "next": "prepare",
    "rest_s": None,
    "order": None,
    "lock": None,
    "last": None,
}
TREATING = {
    "state": "treating",
    "time_s": 300.0,
    "phase": "hold",
    "target_ma": 12.0,
    "limit_ma": 12.0,
    "setpoint_ma": 12.0,
    "measured_ma": 11.98,
    "voltage_v": 14.2,
    "resistance_ohm": 1185.0,
    "left_s": 905.0,
    "total_s": 1200.0,
    "charge_forward_ma_min": 57.1,
    "person": "1",
    "treatment": "hands",
    "session": 1,
    "since_start_s": 295.0,
    "contact": "good",
    "next": "keep_still",
}


class Herald:
    """Serves on `state`/live.sock until closed; `told` is what clients said."""

    def __init__(self, state, *, simulated=True, unit="Test", most_ma=25.0):
        self.snapshot = dict(SNAPSHOT, simulated=simulated)
        self.told = []
        self._hello = {"api": 1, "version": "0", "unit": unit, "serial": "", "simulated": simulated}
        self._hello["max_current_ma"] = most_ma
        self._version, self._taken = 0, {}
        self._news = threading.Condition()
        self._ended = threading.Event()
        self.quiet = threading.Event()
        self._socket = socket.socket(socket.AF_UNIX)
        (state / "live.sock").unlink(missing_ok=True)  # a dead one's
        self._socket.bind(str(state / "live.sock"))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def set(self, **changes):
        with self._news:
            self.snapshot = {**self.snapshot, **changes}
            self._version += 1
            self._news.notify_all()

    def show(self, **changes):
        """Set, and wait until every client has taken it in; a first client is waited for."""
        self.set(**changes)
        with self._news:
            shown = self._news.wait_for(
                lambda: self._taken and min(self._taken.values()) >= self._version, PATIENCE_S
            )
        assert shown, "no client took it in"

    def close(self):
        self._ended.set()
        with self._news:
            self._news.notify_all()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self):
        while not self._ended.is_set():
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(client,), daemon=True).start()
            threading.Thread(target=self._listen, args=(client,), daemon=True).start()

    def _speak(self, client):
        try:
            client.sendall(json.dumps({"hello": self._hello}).encode() + b"\n")
            while not self._ended.is_set():
                with self._news:
                    version, snapshot = self._version, self.snapshot
                quiet = self.quiet.is_set()
                if not quiet:
                    client.sendall(json.dumps({"snapshot": snapshot}).encode() + b"\n")
                    while unread(client) and not self._ended.is_set():
                        time.sleep(0.001)
                with self._news:
                    self._taken[client] = -1 if quiet else version
                    self._news.notify_all()
                    if self._version == version and not self._ended.is_set():
                        self._news.wait(0.03)
            client.shutdown(socket.SHUT_RDWR)  # _listen still reads it
        except OSError:  # the client is gone
            pass
        finally:
            with self._news:
                self._taken.pop(client, None)
                self._news.notify_all()
            client.close()

    def _listen(self, client):
        with suppress(OSError), client.makefile("rb") as lines:
            for line in lines:
                self.told.append(json.loads(line))


def unread(line):
    """Bytes on a local socket that its other end has not read yet."""
    return struct.unpack("i", fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4)))[0]


def wait_for(condition, patience_s=PATIENCE_S):
    """Poll until `condition()` is true, and give it back."""
    deadline_s = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError("it did not come in time")
        time.sleep(0.02)
    return found

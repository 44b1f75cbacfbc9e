"""`ionto device --simulate` as a process of its own, and the hands of the person in front of it."""

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress

from herald import PATIENCE_S, wait_for

PROGRAM = ("-m", "app.main")
"""What Python runs; another one may look on."""


class Appliance:
    """The simulated unit with its state in `state`, so many times real time, until closed."""

    def __init__(self, state, speed, program=PROGRAM, options=()):
        command = [sys.executable, *program, "device", "--state", str(state), "--simulate", *options]
        self._log = (state / "device.log").open("w")
        self._process = subprocess.Popen(
            [*command, "--speed", str(speed), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._place = state / "live.sock"
        wait_for(self._place.exists)
        self.snapshot, self._heard = {}, 0
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(self._place))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        wait_for(lambda: self.snapshot)

    def _listen(self):
        with suppress(OSError, ValueError), self._line.makefile("rb") as lines:
            for text in lines:
                self.snapshot = json.loads(text).get("snapshot", self.snapshot)
                self._heard += 1

    @property
    def pid(self):
        return self._process.pid

    def settle(self):
        """Wait until what is so now has been seen by all."""
        wanted = self._heard + 3
        wait_for(lambda: self._heard >= wanted)

    def tell(self, **what):
        self._line.sendall(json.dumps(what).encode() + b"\n")

    def press(self, button, held_s=0.5):
        self.tell(do="press", button=button, held_s=held_s)

    def hand(self, *, out):
        self.tell(do="hand", out=out)

    def kill(self):
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._let_go()
        wait_for(lambda: not self._place.exists())  # the herald has gone after it

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._let_go()

    def _let_go(self):
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._listener.join(PATIENCE_S)
        self._line.close()
        self._log.close()

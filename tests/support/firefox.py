"""Debian's Firefox, driven by WebDriver BiDi, which it speaks itself; without it what needs it is skipped.

Only what a test of ours asks: tabs, cookies and expressions. https://w3c.github.io/webdriver-bidi/
"""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress

from kill_bench import Reader
from tornado.websocket import websocket_connect

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
MISSING = "" if FIREFOX else "Firefox is missing: sudo apt install firefox-esr"
PATIENCE_S = 60.0
STARTS = 3


class Firefox:
    """One browser, with `call` for its commands; `loop` runs in a thread of its own."""

    def __init__(self, loop, address):
        self._loop, self._number = loop, 0
        self._line = self._wait(self._connect(address))

    def call(self, method, **params):
        self._number += 1
        return self._wait(self._ask({"id": self._number, "method": method, "params": params}))

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)

    async def _connect(self, address):
        return await websocket_connect(f"{address}/session")

    async def _ask(self, command):
        await self._line.write_message(json.dumps(command))
        while said := await self._line.read_message():
            message = json.loads(said)
            if message.get("id") == command["id"]:
                assert "error" not in message, message
                return message["result"]
        raise AssertionError("Firefox is gone")

    def close(self):
        with suppress(AssertionError):  # it may be gone before it has answered
            self.call("browser.close")
        self._wait(self._hang_up())

    async def _hang_up(self):
        self._line.close()
        while await self._line.read_message() is not None:
            continue

    def cookie(self, name, value, host):
        text = {"type": "string", "value": value}
        self.call("storage.setCookie", cookie={"name": name, "value": text, "domain": host})

    def tab(self, address):
        """Open a tab there, and wait until it is loaded."""
        context = self.call("browsingContext.create", type="tab")["context"]
        self.call("browsingContext.navigate", context=context, url=address, wait="complete")
        return Tab(self, context)


class Tab:
    """One tab."""

    def __init__(self, firefox, context):
        self._firefox, self._context = firefox, context

    def run(self, expression):
        """Evaluate it in the page, and give back what is a string or a boolean."""
        told = self._firefox.call(
            "script.evaluate", expression=expression, target={"context": self._context}, awaitPromise=True
        )
        assert told["type"] == "success", told
        return told["result"].get("value")


def started(profile):
    """A Firefox that listens, and where; one that does not say so within its time is ended and begun anew."""
    command = [FIREFOX, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0"]
    for _ in range(STARTS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = Reader(process.stderr)
        if line := said.wait("BiDi listening on ", PATIENCE_S):
            return process, re.search(r"ws://\S+", line)[0]
        process.kill()
        process.wait(PATIENCE_S)
    raise AssertionError(said.lines)


@contextmanager
def firefox():
    """Run a browser without a window."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process, address = started(profile)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            browser = Firefox(loop, address)
            browser.call("session.new", capabilities={})
            yield browser
            browser.close()
        finally:
            process.kill()
            process.wait(PATIENCE_S)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(PATIENCE_S)
            loop.close()

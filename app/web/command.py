"""`ionto web` serves the pages; `ionto nurse-code` sets the code that raises limits and records words.

Law: bound to this computer until a person turns the network on; a second process, which the unit never needs.
"""

from __future__ import annotations

import getpass
import logging
import signal
import socket
import sqlite3
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import uvicorn

from app.household.store import FILE, Household, StoreRefused
from app.locale.terminal import t
from app.output import ExitCode, UsageError, say
from app.web.connection import Connection
from app.web.gate import HEAD_BYTES
from app.web.site import Site
from controller.host.disk import why
from controller.journal.writer import JournalRefused, default_state

LOOPBACK: Final = "127.0.0.1"
MOST_CONNECTIONS: Final = 256
GRACE_S: Final = 2
"""How long open pages may hold up the end."""


class _Server(uvicorn.Server):
    """A server for which Ctrl-C and SIGTERM are an ordinary end; a second one doesn't wait for open pages."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals, and give none on."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Order(NamedTuple):
    """What the command line asks for."""

    state: Path | None
    port: int
    network: bool
    name: list[str]
    certificate: Path | None


def web(order: Order) -> ExitCode:
    """Serve until stopped. Raises UsageError."""
    state = _state(order.state)
    names = {"localhost", *order.name}
    if order.network:
        names |= {socket.gethostname(), f"{socket.gethostname()}.local"}
    _household(state)
    site = Site(state, names, network=order.network)
    config = _config(site, order)
    listener = _listener(order)
    scheme = "http" if order.certificate is None else "https"
    place = socket.gethostname() if order.network else LOOPBACK
    address = f"{scheme}://{place}:{listener.getsockname()[1]}/"
    say(
        t(
            "The companion is at {address} with the state in {folder}; Ctrl-C ends it.",
            address=address,
            folder=state,
        )
    )
    if order.network and order.certificate is None:
        say(t("Without --certificate whoever shares the network can read along: use one that you trust."))
    _Server(config).run(sockets=[listener])
    return ExitCode.COMPLETED


def nurse_code(state: Path | None) -> ExitCode:
    """Ask for the nurse's code twice and keep it. Raises UsageError."""
    if not sys.stdin.isatty():
        code = again = sys.stdin.readline().rstrip("\n")
    else:
        code = getpass.getpass(t("New nurse's code: "))
        again = getpass.getpass(t("Once more: "))
    if code != again:
        raise UsageError("the two codes differ: nothing was changed")
    try:
        _household(_state(state)).set_code(code)
    except StoreRefused as error:
        raise UsageError(str(error)) from error
    say(t("The nurse's code is set."))
    return ExitCode.COMPLETED


def _household(state: Path) -> Household:
    """Open the household's book. Raises UsageError."""
    try:
        return Household(state)
    except StoreRefused as error:
        raise UsageError(f"--state {state}: the household's book can't be kept there: {error}") from error
    except (sqlite3.Error, OSError) as error:
        found = why(error, state / FILE)
        raise UsageError(
            f"--state {state}: the household's book can't be kept there ({found.cause}): {found.remedy}"
        ) from error


def _state(given: Path | None) -> Path:
    try:
        return default_state() if given is None else given
    except JournalRefused as error:
        raise UsageError(str(error)) from error


def _listener(order: Order) -> socket.socket:
    address = "0.0.0.0" if order.network else LOOPBACK  # noqa: S104 - a person asked for it with --network
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, order.port))
        listener.listen(MOST_CONNECTIONS)  # before the address is told, so that it answers from then on
    except OSError as error:
        listener.close()
        raise UsageError(f"--port {order.port}: can't listen there: {error.strerror}") from error
    return listener


def _config(site: Site, order: Order) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        site.app,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=GRACE_S,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    if order.certificate is not None:
        config.ssl_certfile = order.certificate
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"--certificate {order.certificate}: can't be used: {error}") from error
    return config

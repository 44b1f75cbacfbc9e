"""Who runs the sessions: processes of this machine, or a Dask cluster, through one standard interface.

Law: nothing here knows what it runs; a campaign needs no more than `concurrent.futures.Executor`.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any, Final, NamedTuple

from app.extras import missing
from app.output import UsageError

AHEAD: Final = 2
"""Sessions handed out per worker before the first is back: enough to keep it busy, few to wait for."""
CLUSTER: Final = 128
"""The same for a whole cluster, whose size may change."""
CONNECT_S: Final = 10.0
GARBAGE: Final = 50_000
"""A simulating process looks for cycles when so many more objects were made than freed, not at 700: a tick
makes none, and a session leaves one, its world."""


class Crew(NamedTuple):
    """An executor and how many sessions to hand it at a time."""

    executor: Executor
    ahead: int


@contextmanager
def crew(jobs: int, dask: str | None, sources: Path | None = None) -> Iterator[Crew]:
    """Hire `jobs` processes, or the Dask cluster at an address; they are let go at the end.

    The processes look for their modules in the folder `sources` first, where one is given.

    Raises:
        UsageError: Dask is not installed, or nobody answers at the address.

    """
    if dask is not None:
        with _cluster(dask) as executor:
            yield Crew(executor, CLUSTER)
        return
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin_work)
    try:
        with _first_on_path(sources):
            yield Crew(pool, AHEAD * jobs)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _first_on_path(folder: Path | None) -> Iterator[None]:
    """Let processes that are spawned look there first: they are given this one's path, whose modules stay."""
    if folder is None:
        yield
        return
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    try:
        client_of = import_module("distributed").Client
    except ImportError as error:
        raise UsageError(missing("dask")) from error
    try:
        client = client_of(address, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise UsageError(f"--dask {address}: no scheduler answers there ({error})") from error
    with client:
        yield client.get_executor()


def collect_seldom() -> None:
    """Let this process run sessions with next to no search for cycles."""
    gc.set_threshold(GARBAGE)


def _begin_work() -> None:
    """Leave Ctrl-C to the parent, which keeps what is finished; and end with the parent, however it ends."""
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def results(
    hired: Crew, call: Callable[..., Any], tasks: Iterable[tuple[Any, ...]], until_s: float | None = None
) -> Iterator[Any]:
    """Yield `call(*task)` of every task as they come; hand out nothing more after `until_s` (monotonic)."""
    waiting = iter(tasks)
    running: set[Future[Any]] = set()
    more = True
    while more or running:
        while more and len(running) < hired.ahead:
            task = next(waiting, None)
            more = task is not None and (until_s is None or time.monotonic() < until_s)
            if more and task is not None:
                running.add(hired.executor.submit(call, *task))
        if running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()

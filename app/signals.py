"""The signals that end a session, and what each says about why.

Law: a closed terminal, an end by the system and Ctrl-C are three causes, and none of them is the Stop button.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from controller.core.types import StopCause

SIGNALS: Final = {
    signal.SIGINT: StopCause.KEYBOARD,
    signal.SIGTERM: StopCause.TERMINATED,
    signal.SIGHUP: StopCause.HANGUP,
}


@contextmanager
def heeding(end: Callable[[StopCause], None]) -> Iterator[None]:
    """Call `end` with the cause at each such signal; a closed terminal is none under nohup."""

    def heard(number: int, _frame: FrameType | None) -> None:
        end(SIGNALS[signal.Signals(number)])

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, heard) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

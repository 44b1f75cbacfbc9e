"""What a signal says about why a session is to end.

Law: a closed terminal, an end by the system and Ctrl-C are three causes, and none of them is the Stop button.
"""

from __future__ import annotations

import signal
from typing import Final

from controller.core.types import StopCause

SIGNALS: Final = {
    signal.SIGINT: StopCause.KEYBOARD,
    signal.SIGTERM: StopCause.TERMINATED,
    signal.SIGHUP: StopCause.HANGUP,
}

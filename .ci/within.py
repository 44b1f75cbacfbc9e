"""Runs pytest on files in the order given until a time is over: `within.py SECONDS FILE...`.

Law: what the time did not reach is named, never counted as passed; a failure fails, however early it came.
"""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

GRACE_S = 3.0
"""What a test that is broken off may take to tidy up."""
MARKS = "not nightly and not bench and not booted and not real_time"


class Within:
    """What was to be run, and how far it came."""

    def __init__(self) -> None:
        self.collected: dict[str, str] = {}
        self.passed = 0
        self.failed: list[str] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what is to come."""
        self.collected = {item.nodeid: item.nodeid.partition("::")[0] for item in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what is over."""
        if report.failed:
            self.failed.append(report.nodeid)
        self.passed += report.when == "call" and report.passed
        if report.when == "teardown":
            self.collected.pop(report.nodeid, None)

    def left(self) -> list[str]:
        """Name the files that were not run to their end."""
        return list(dict.fromkeys(self.collected.values()))


def main(words: list[str]) -> int:
    """Run; prints lines that begin with PASSED, FAILED and LEFT, for `check`."""
    began_s, within = time.monotonic(), Within()
    out = os.fdopen(os.dup(1), "w")  # pytest takes the other while a test runs

    def told() -> None:
        out.write(f"\nPASSED {within.passed:,} in {time.monotonic() - began_s:.0f} s\n")
        out.writelines(f"FAILED {test}\n" for test in within.failed)
        out.writelines(f"LEFT {file}\n" for file in within.left())
        out.flush()

    def at_once(*_: object) -> None:  # what a test began, and now waits for, is ended by whoever called
        told()
        os._exit(1 if within.failed else 0)

    def over(*_: object) -> None:
        if not within.collected:  # an end while tests are looked for would read as a file that is broken
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            return
        signal.signal(signal.SIGALRM, at_once)
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)
        pytest.exit("the time is over", returncode=0)

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, float(words[0]))
    code = pytest.main(["-n", "0", "-q", "--tb=short", "-m", MARKS, *words[1:]], plugins=[within])
    signal.setitimer(signal.ITIMER_REAL, 0)
    told()
    fine = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return 1 if within.failed or code not in fine else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

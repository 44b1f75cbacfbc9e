"""Runs pytest on files in the order given until a time is over: `within.py SECONDS FILE...`.

Law: what the time did not reach is named, never counted as passed; a failure fails, however early it came.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Generator

import pytest

GRACE_S = 3.0
"""What a test that is broken off may take to tidy up."""
MARKS = "not nightly and not bench and not booted and not real_time"


class TimeIsOver(BaseException):
    """Breaks a test off; no program of ours catches it, as some do an Exception or Ctrl-C."""


class Within:
    """What was to be run, and how far it came."""

    def __init__(self) -> None:
        self.session: pytest.Session | None = None
        self.coming: dict[str, str] = {}
        self.passed = 0
        self.failed: list[str] = []
        self.over = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what is to come."""
        self.session = session
        self.coming = {item.nodeid: item.nodeid.partition("::")[0] for item in session.items}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Call a test that was broken off no failure."""
        report = yield
        if self.over and call.excinfo is not None:
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, "the time is over")
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what is over."""
        if report.failed:
            self.failed.append(report.nodeid)
        self.passed += report.when == "call" and report.passed
        if report.when == "teardown" and not self.over:
            self.coming.pop(report.nodeid, None)

    def end(self) -> None:
        """Break off what runs, and let nothing follow. While tests are looked for that has to wait."""
        if self.session is None:
            signal.setitimer(signal.ITIMER_REAL, 0.5)
            return
        self.over, self.session.shouldstop = True, "the time is over"
        raise TimeIsOver

    def left(self) -> list[str]:
        """Name the files that were not run to their end."""
        return list(dict.fromkeys(self.coming.values()))


def main(words: list[str]) -> int:
    """Run; prints lines that begin with PASSED, FAILED and LEFT, for `check`."""
    began_s, within = time.monotonic(), Within()
    out = os.fdopen(os.dup(1), "w")  # pytest takes the other while a test runs

    def told() -> None:
        out.write(f"\nPASSED {within.passed:,} in {time.monotonic() - began_s:.0f} s\n")
        out.writelines(f"FAILED {test}\n" for test in within.failed)
        out.writelines(f"LEFT {file}\n" for file in within.left())
        out.flush()

    def over(*_: object) -> None:
        if within.over:  # and still it waits, for something that it began; whoever called us ends that
            told()
            os._exit(1 if within.failed else 0)
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)
        within.end()

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, float(words[0]))
    code = pytest.main(["-n", "0", "-q", "--tb=short", "-m", MARKS, *words[1:]], plugins=[within])
    signal.setitimer(signal.ITIMER_REAL, 0)
    told()
    fine = within.over or code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return 0 if fine and not within.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What a run of the tests left out, whether it may, and what the last line says.

Law: pure; a skip is listed with its reason and its number, or it fails the run. A listed one that did not
happen is told.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as Tree


@dataclass(frozen=True)
class Skip:
    """A test that was left out, by its full name, and why."""

    test: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """How a run of the tests ended."""

    where: str
    passed: int
    failures: tuple[str, ...]
    skips: tuple[Skip, ...]

    @property
    def failed(self) -> int:
        """How many failed."""
        return len(self.failures)


@dataclass(frozen=True)
class Allowed:
    """Skips that may happen: of tests whose name begins so, for a reason that begins so.

    `count` is the most of them, and the number that is expected. `when` names facts of the run that must all
    hold, such as "python 3.13" or "no root".
    """

    tests: str
    reason: str
    count: int
    why: str
    when: tuple[str, ...] = ()

    def covers(self, skip: Skip) -> bool:
        """Tell whether it is one of these."""
        return skip.test.startswith(self.tests) and skip.reason.startswith(self.reason)


@dataclass
class Judgement:
    """What is wrong with the skips of a run (`faults`), and what is only worth telling."""

    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def read_suite(where: str, junit: str) -> Suite:
    """Read pytest's report in JUnit's form."""
    passed, failures, skips = 0, [], []
    for case in Tree.fromstring(junit).iter("testcase"):  # noqa: S314 - our own pytest wrote it
        name = f"{case.get('classname')}.{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            failures.append(name)
        elif skipped is not None:
            skips.append(Skip(name, skipped.get("message") or ""))
        else:
            passed += 1
    return Suite(where, passed, tuple(failures), tuple(skips))


def read_list(text: str) -> list[Allowed]:
    """Read the list of skips. Raises ValueError where an entry gives no reason why it may happen."""
    rows: list[dict[str, Any]] = tomllib.loads(text)["skip"]
    listed = [Allowed(**{**row, "when": tuple(row.get("when", ()))}) for row in rows]
    for one in listed:
        if len(one.why) < 20 or not one.reason or not one.tests:
            raise ValueError(
                f"the skip of {one.tests or '?'} needs its tests, its reason and why it may happen"
            )
    return listed


def judge(suite: Suite, listed: Iterable[Allowed], facts: frozenset[str]) -> Judgement:
    """Hold the skips of `suite` to the list, as far as it speaks of a run with these `facts`."""
    found = Judgement()
    left = list(suite.skips)
    for entry in (one for one in listed if facts.issuperset(one.when)):
        these = [skip for skip in left if entry.covers(skip)]
        left = [skip for skip in left if skip not in these]
        if len(these) > entry.count:
            found.faults.append(
                f"{len(these)} of {entry.tests} were skipped, listed are {entry.count}: {these[0].reason}"
            )
        elif len(these) < entry.count:
            found.told.append(
                f"{entry.count} skips of {entry.tests} are listed, {len(these)} happened: {entry.reason}"
            )
    found.faults += [f"{skip.test} was skipped, which is not listed: {skip.reason}" for skip in left]
    return found


def last_line(suites: Iterable[Suite], not_run: Iterable[str], nightly: Iterable[str], minutes: float) -> str:
    """Say what passed, what a registry or this machine did not give, and what the night runs."""
    tests = ", ".join(
        f"{suite.passed:,} tests on {suite.where} ({len(suite.skips)} skipped, as listed)" for suite in suites
    )
    parts = [f"all passed in {minutes:.0f} min: {tests}"]
    parts += [f"NOT RUN: {', '.join(gone)}" for gone in [list(not_run)] if gone]
    parts += [f"left for nightly: {', '.join(later)}" for later in [list(nightly)] if later]
    return "== " + "; ".join(parts)

"""The steps, in their order; `run` beside this file says how they are called.

Law: every step is named and shows its time, and nothing is left out but what the last line names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from machine import (
    LONGEST_NIGHT_S,
    TRIES,
    Failed,
    NotGiven,
    as_root,
    ask_registry,
    do,
    found,
    need,
    say,
    step,
)
from roots import BOOTED, DEBIANS, Debian, Root, make
from verdict import Suite, judge, last_line, read_list, read_suite

CHECKOUT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ionto-ci"
OURS = CHECKOUT / ".venvs/current/bin/python"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PROGRAMS = {
    "chromium": "chromium",  # shows the pages
    "firefox-esr": "firefox-esr",  # as another engine does
    "mosquitto": "mosquitto",  # is the broker
    "openssl": "openssl",
    "systemd-analyze": "systemd",  # judges the services
    "soffice": "libreoffice-calc-nogui",  # reads what is exported for it
    "gcc": "gcc",  # compiles simulations
    "mmdebstrap": "mmdebstrap",  # unpacks Debians
    "ssh-keygen": "openssh-client",  # signs bundles
    "ngspice": "ngspice",  # simulates the reference circuit
}
"""Debian's programs that are driven for real, by the package that brings them."""
LIBRARIES = {
    "libatomic1": ("usr/lib/*/libatomic.so.1",),  # Playwright's own Node needs it
    "python3-dev": ("usr/include/python3*/Python.h", "usr/local/include/python3*/Python.h"),
}
"""Packages that are no programs, by one of the files that they bring."""
IN_REAL_TIME = ("tests/chaos", "tests/web", "tests/kernel")
"""Folders whose tests wait for the clock and for browsers: by day on this machine's own Python alone."""
TAIL_LINES = 60


def libraries_missing(place: Path) -> set[str]:
    """Tell which packages of `LIBRARIES` are not in a machine whose files begin at `place`."""
    return {
        package
        for package, files in LIBRARIES.items()
        if not any(path for file in files for path in place.glob(file))
    }


def absent(programs: Iterable[str]) -> set[str]:
    """Give the facts by which the list of skips knows that programs or older commits are missing."""
    asked = ["git", "rev-parse", "--is-shallow-repository"]
    whole = (
        subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout == "false\n"
    )
    return {f"no {program}" for program in programs} | (set() if whole else {"a shallow clone"})


def tail(log: Path) -> None:
    """Show the end of what a command said."""
    say("\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]))


class Run:
    """One run of everything: what passed, and what could not be run."""

    def __init__(self, *, nightly: bool, scratch: Path) -> None:
        self.nightly, self.scratch = nightly, scratch
        self.suites: list[Suite] = []
        self.not_run: list[str] = []
        self.later: list[str] = [] if nightly else ["the tests marked nightly"]
        self.listed = read_list((CHECKOUT / ".ci" / "skips.toml").read_text(encoding="utf-8"))

    def log(self, name: str) -> Path:
        """Give a file for what a command says."""
        return self.scratch / f"{name}.log"

    def programs(self) -> set[str]:
        """Install what is missing; returns what a registry did not give."""
        missing = [program for program in PROGRAMS if not found(program)]
        packages = [*(PROGRAMS[program] for program in missing), *sorted(libraries_missing(Path("/")))]
        if not packages:
            return set()
        with step(f"programs: {', '.join(packages)}"):
            install = as_root("apt-get", "install", "-y", "--no-install-recommends")
            words = [as_root("apt-get", "update"), *([*install, package] for package in packages)]
            for what, one in zip(["apt's lists", *packages], words, strict=True):
                try:
                    ask_registry(what, *one, log=self.log("apt"))
                except NotGiven as gone:
                    self.not_run.append(f"what needs {gone}")
        missing = [program for program in missing if not found(program)]
        return {*missing, *libraries_missing(Path("/"))}

    def why_not(self, lane: str) -> str:
        """Ask a lane, a module of `tests/support`, why it can't run here; "" where it can."""
        words = [OURS, "-c", f"import {lane}; print({lane}.why_not() or '')"]
        beside = {**os.environ, "PYTHONPATH": f"{CHECKOUT}:tests/support:.ci"}
        return subprocess.run(words, env=beside, capture_output=True, text=True, check=True).stdout.strip()

    def kernel(self) -> str:
        """Have a kernel for the kernel lane, built if it has to be; returns why there is none."""
        if "no kernel is at hand" in self.why_not("kernel_lane"):
            with step("a kernel for the kernel lane, built once"):
                do(OURS, "tests/support/kernel_recipe.py", log=self.log("kernel"))
        if why := self.why_not("kernel_lane"):
            self.not_run.append(f"the kernel lane ({why})")
        return why

    def readme(self, missing: set[str]) -> None:
        """Do what the README says first, and hold the skips to the list."""
        need("./ionto", "run", "hands", "--simulate")
        need("./ionto", "test", "--version")  # sets up, so that the lane can be asked what it lacks
        facts = absent(missing) | {"root" if os.geteuid() == 0 else "no root"}
        facts |= {"no kernel lane"} if self.kernel() else set()
        report = self.scratch / "here.xml"
        words = ["./ionto", "test", f"--junitxml={report}", *(["--nightly"] if self.nightly else [])]
        need(*words, longest_s=LONGEST_NIGHT_S if self.nightly else 3600.0)
        self.judge(read_suite(f"Python {PYTHON}", report.read_text()), facts | {f"python {PYTHON}"})

    def to_boot(self) -> tuple[Debian, ...]:
        """Choose which Debians are booted: by day none, for they treat in real time and want the machine."""
        if self.nightly:
            return DEBIANS
        self.later.append("the booted systems")
        return ()

    def booted(self, made: dict[Debian, Future[Path]]) -> None:
        """Boot a true systemd with the bundle installed, and treat, kill and update. Raises Failed."""
        if why := self.why_not("booted"):
            self.not_run.append(f"the booted system ({why})")
            return
        for debian, packed in made.items():
            try:
                packed.result()
            except NotGiven as gone:
                self.not_run.append(f"the booted system ({gone})")
                continue
            report = self.scratch / f"booted-{debian.suite}.xml"
            words = ["./ionto", "test", "-n", "2", "-m", "booted", "-k", debian.suite, "tests/booted"]
            need(*words, f"--junitxml={report}")
            self.judge(read_suite(f"a booted {debian.name}", report.read_text()), {"booted"})

    def emulated(self) -> None:
        """Boot a whole computer with a Pi's processor and header; install, kill, panic. Raises Failed."""
        if why := self.why_not("emulated"):
            self.not_run.append(f"the emulated computer ({why})")
            return
        with step("the parts of an emulated computer, made once a month"):
            if do(OURS, "tests/support/emulated_recipe.py", log=self.log("emulated")):
                tail(self.log("emulated"))
                self.not_run.append("the emulated computer (its parts could not be made)")
                return
        report = self.scratch / "emulated.xml"
        words = ["./ionto", "test", "-n", "0", "-o", "faulthandler_timeout=36000", "-m", "booted"]
        need(*words, "tests/emulated", f"--junitxml={report}", longest_s=LONGEST_NIGHT_S)
        self.judge(read_suite("an emulated computer", report.read_text()), {"emulated"})

    def judge(self, suite: Suite, facts: set[str], ignored: tuple[str, ...] = ()) -> None:
        """Hold the skips of a suite that ignored some folders to the list. Raises Failed."""
        gone = tuple(folder.replace("/", ".") for folder in ignored)
        listed = [one for one in self.listed if not one.tests.startswith(gone)]
        when = "at night" if self.nightly else "by day"
        judgement = judge(suite, listed, frozenset(facts | {when}))
        say(f"{suite.where}: {suite.passed:,} passed, {suite.failed} failed, {len(suite.skips)} skipped")
        for line in (*(f"FAILED {test}" for test in suite.failures), *judgement.told, *judgement.faults):
            say(f"  {line}")
        if judgement.faults or suite.failed:
            raise Failed(
                f"the suite on {suite.where}: {suite.failed} failed, {len(judgement.faults)} faults of skips"
            )
        self.suites.append(suite)

    def checks(self) -> None:
        """Hold coverage of the core, style, types, the rooms' imports, and the small campaign."""
        # The core at its bounds: simulated sessions, thrice as slow if traced, have no branch of theirs.
        core = ["-m", "core and not nightly", "tests/protocols", "tests/controller"]
        cover = ["--cov=controller/core", "--cov=protocols", "--cov-branch", "--cov-fail-under=100"]
        need("./ionto", "test", *cover, "--cov-report=term-missing:skip-covered", *core)
        need(".venvs/current/bin/ruff", "check", ".")
        need(".venvs/current/bin/ruff", "format", "--check", ".")
        need(".venvs/current/bin/mypy")
        need(".venvs/current/bin/lint-imports")
        need(".venvs/current/bin/python", "-m", "app.main", "campaign", "--quick")
        draws = ["--programs", "10000"] if self.nightly else ["--quick", "--programs", "1000"]
        longest_s = LONGEST_NIGHT_S if self.nightly else 600.0
        need(".venvs/current/bin/python", "-m", "app.main", "campaign", *draws, longest_s=longest_s)
        draws = ["--recurring", "40"] if self.nightly else ["--quick", "--recurring", "6"]
        need(".venvs/current/bin/python", "-m", "app.main", "campaign", *draws, longest_s=longest_s)
        if found("ngspice"):  # where apt did not give it, the last line says so
            draws = ["--draws", "200"] if self.nightly else []
            need(".venvs/current/bin/python", "-m", "app.main", "circuit", *draws)

    def newcomer(self, debian: Debian, packed: Path) -> Root:
        """Set up from nothing in `debian` and treat, as its first user would. Raises Failed, NotGiven."""
        log = self.log(debian.suite)
        root = Root(debian, packed, self.scratch / debian.suite, CHECKOUT)
        with step(f"set-up and a treatment in {debian.name} from nothing"):
            self.in_root(root, "./ionto run hands --simulate --speed max", log)
        return root

    def in_root(self, root: Root, line: str, log: Path, longest_s: float = 3600.0) -> None:
        """Run what sets itself up from the package index. Raises NotGiven if that is silent, or Failed."""
        for _ in range(TRIES):
            if root.run(line, log, longest_s=longest_s) == 0:
                return
            if root.registry_gives(log):
                tail(log)
                raise Failed(f"{line} in {root.debian.name}")
        raise NotGiven(f"{line} in {root.debian.name}: the package index did not answer")

    def other_python(self, root: Root) -> None:
        """Run the suite in `root`: by day without what waits for the clock. Raises as above."""
        where, log = (
            f"Python {root.debian.python} in {root.debian.name}",
            self.log(f"{root.debian.suite}-suite"),
        )
        ignored = () if self.nightly else IN_REAL_TIME
        report = root.checkout / ".report.xml"
        words = ["./ionto test", f"--junitxml={report.name}", *(f"--ignore={folder}" for folder in ignored)]
        if self.nightly:
            self.programs_in(root)
        with step(" but for ".join([f"the suite on {where}", *filter(None, [", ".join(ignored)])])):
            self.in_root(root, "./ionto test --version", log)
            if root.run(" ".join(words), log, longest_s=LONGEST_NIGHT_S):
                tail(log)
        if not report.exists():
            raise Failed(f"the suite on {where} broke off")
        missing = root.lacks(PROGRAMS) | libraries_missing(root.place)
        facts = absent(missing) | {f"python {root.debian.python}", "no root", "no kernel lane"}
        self.judge(read_suite(where, report.read_text()), facts, ignored)
        if ignored:
            self.later.append(f"{', '.join(ignored)} on {where}")

    def programs_in(self, root: Root) -> None:
        """Install the programs in a root."""
        line = f"apt-get update && apt-get install -y {' '.join([*PROGRAMS.values(), *LIBRARIES])}"
        if root.run(line, self.log("apt"), who="root"):
            missing = sorted(root.lacks(PROGRAMS) | libraries_missing(root.place))
            self.not_run.append(f"what needs {', '.join(missing)} in {root.debian.name}")

    def debians(self, made: dict[Debian, Future[Path]]) -> None:
        """Begin from nothing in each Debian, and run the suite on the Python that this machine has not."""
        others = [debian for debian in DEBIANS if debian.python != PYTHON]
        if os.geteuid() != 0:
            self.not_run.append("Debian 12 and 13 from nothing (that takes root)")
            return
        for debian, packed in made.items():
            try:
                root = self.newcomer(debian, packed.result())
                if debian == others[-1] or self.nightly:
                    self.other_python(root)
            except NotGiven as gone:
                self.not_run.append(str(gone))


def main(words: list[str]) -> int:
    """Run it all; returns 0 when everything passed."""
    if strange := set(words) - {"--nightly"}:
        say(f".ci/run takes --nightly or nothing, not {' '.join(sorted(strange))}")
        return 2
    began_s = time.monotonic()
    os.chdir(CHECKOUT)
    os.environ["IONTO_ROOTS"] = str(CACHE)
    with tempfile.TemporaryDirectory(prefix="ionto-ci-") as scratch, ThreadPoolExecutor(1) as aside:
        run = Run(nightly="--nightly" in words, scratch=Path(scratch))
        try:
            missing = run.programs()
            # Meanwhile, since that waits for the network most of its time.
            log = run.log("mmdebstrap")
            made = {debian: aside.submit(make, debian, CACHE, log) for debian in DEBIANS}
            boot = run.to_boot()
            to_boot = {debian: aside.submit(make, debian, CACHE, log, BOOTED) for debian in boot}
            if run.nightly:
                wait(made.values())  # the night's tests unpack them too
            else:
                run.later.append("the emulated computer")
            run.readme(missing)
            run.checks()
            run.booted(to_boot)
            if run.nightly:
                run.emulated()
            run.debians(made)
        except Failed as failed:
            aside.shutdown(wait=False, cancel_futures=True)
            say(f"== FAILED: {failed}")
            return 1
    say(last_line(run.suites, run.not_run, run.later, (time.monotonic() - began_s) / 60.0))
    return 0

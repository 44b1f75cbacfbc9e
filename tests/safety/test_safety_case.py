"""The safety case holds, and its checker finds what it has to find."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from places import place
from safety_case import PAGE, Case, Figure, Item, errors_of, load
from safety_page import render
from safety_tests import why_not_shown

from app.known_problems import Problem
from config.reader import BadFile

ROOT = Path(__file__).parents[2]
HOW = "run `.venv/bin/python tests/support/safety_case.py --write`"


@pytest.fixture(scope="module")
def case() -> Case:
    return load()


def test_every_link_of_the_safety_case_holds(case: Case) -> None:
    assert errors_of(case) == []


def test_the_page_is_up_to_date(case: Case) -> None:
    assert PAGE.read_text(encoding="utf-8") == render(case), HOW


def test_every_id_on_the_page_has_its_anchor(case: Case) -> None:
    page = PAGE.read_text(encoding="utf-8")
    ids = [*case.hazards, *case.controls, *case.hardware, *case.requirements, *case.figures]
    ids += [name for group in case.items.values() for name in group]
    assert len(ids) == len({name.lower() for name in ids})
    for name in ids:
        assert page.count(f'<a id="{name.lower()}"></a>') == 1, name
        if name not in case.hazards and not any(name in group for group in case.items.values()):
            assert f"](#{name.lower()})" in page, f"nothing links to {name}"


PROSE = (
    ("docs/campaign.md", r"worst latency ([\d.,]+) ms of 20", "F-16"),
    ("docs/campaign.md", r"whole treatments of ordinary people, ([\d.,]+) simulated hours", "F-20"),
    ("docs/safety/answers_to.yaml", r"([\d.,]+) hours were run once", "F-20"),
    (
        "docs/safety/answers_to.yaml",
        r"the last transfer of a tick takes up to ([\d.,]+) ms",
        "F-02",
    ),
    ("docs/safety/perishable.md", r"`hung` took up to ([\d.,]+) ms", "F-02"),
)
"""Where a sentence tells a measured figure."""


@pytest.mark.parametrize(("page", "sentence", "figure"), PROSE)
def test_a_figure_in_a_sentence_is_the_measured_one(
    case: Case, page: str, sentence: str, figure: str
) -> None:
    told = re.findall(sentence, (ROOT / page).read_text(encoding="utf-8"))
    assert [float(one.replace(",", "")) for one in told] == [case.figures[figure].value]


def changed(case: Case, part: str, name: str, **changes: Any) -> Case:
    rows = dict(getattr(case, part))
    rows[name] = rows[name].model_copy(update=changes)
    return case._replace(**{part: rows})


def without(case: Case, part: str, name: str) -> Case:
    rows = dict(getattr(case, part))
    del rows[name]
    return case._replace(**{part: rows})


def with_figure(case: Case) -> Case:
    return case._replace(figures={**case.figures, "F-99": Figure(what="x", value=0, unit="ms", source="x")})


def with_item(case: Case, gap: str | None) -> Case:
    laws = {**case.items["laws"], "LAW-99": Item(text="a new law", gap=gap)}
    return case._replace(items={**case.items, "laws": laws})


def with_peer(case: Case, test: str) -> Case:
    peers = {**case.items["peers"], "PEER-99": Item(text="x", tests=(test,))}
    return case._replace(items={**case.items, "peers": peers})


def with_package(case: Case, name: str) -> Case:
    rows = dict(case.provenance)
    rows["P-01"] = rows["P-01"].model_copy(update={"packages": (name,)})
    return case._replace(provenance=rows)


def with_gap(case: Case) -> Case:
    laws = {**case.items["laws"], "LAW-04": Item(text="x", gap="not yet")}
    return case._replace(items={**case.items, "laws": laws})


def with_problem(case: Case) -> Case:
    return case._replace(known=(*case.known, Problem("KP-99", "H-99", "x", "y")))


GUARD = place("tests/**/test_guard.py")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda c: changed(c, "hazards", "H-01", controls=()), "hazard H-01 has no control"),
        (lambda c: changed(c, "hazards", "H-08", hardware=()), "hazard H-08 has no control"),
        (lambda c: changed(c, "hazards", "H-01", controls=("C-99",)), "cites C-99, which does not exist"),
        (lambda c: changed(c, "hazards", "H-01", hardware=("HW-99",)), "cites HW-99, which does not exist"),
        (lambda c: changed(c, "hazards", "H-01", covers=("LEA-99",)), "cites LEA-99, which does not exist"),
        (lambda c: changed(c, "hazards", "H-08", hardware=("HW-01",)), "hardware HW-07 is cited by nothing"),
        (lambda c: changed(c, "controls", "C-01", requirements=()), "control C-01 has no requirement"),
        (lambda c: changed(c, "controls", "C-01", requirements=("SR-99",)), "cites SR-99"),
        (lambda c: changed(c, "controls", "C-16", requirements=("SR-01",)), "SR-41 is cited by nothing"),
        (lambda c: without(c, "requirements", "SR-01"), "control C-01 cites SR-01, which does not exist"),
        (lambda c: changed(c, "requirements", "SR-01", tests=()), "requirement SR-01 has no test"),
        (lambda c: changed(c, "requirements", "SR-01", tests=(f"{GUARD}::test_x",)), "which does not exist"),
        (lambda c: changed(c, "requirements", "SR-01", tests=("tests/x.py::test_x",)), "file that does not"),
        (lambda c: changed(c, "requirements", "SR-01", tests=(f"{GUARD}::driven",)), "which does not exist"),
        (lambda c: changed(c, "requirements", "SR-01", where=("controller/core/x.py",)), "is said to be in"),
        (lambda c: changed(c, "requirements", "SR-01", figures=("F-99",)), "cites F-99"),
        (lambda c: changed(c, "requirements", "SR-01", faults=("flood",)), "cites flood"),
        (lambda c: changed(c, "requirements", "SR-01", covers=("LAW-99",)), "cites LAW-99"),
        (lambda c: changed(c, "requirements", "SR-03", faults=()), "current_spike is cited by nothing"),
        (lambda c: changed(c, "requirements", "SR-01", covers=()), "LAW-04"),
        (lambda c: changed(c, "figures", "F-01", value=20.1), "figure F-01 is 20.1 ms, bound 20"),
        (with_figure, "figure F-99 is cited by nothing"),
        (lambda c: with_item(c, gap=None), "LAW-99 (a new law) is answered by nothing"),
        (lambda c: with_peer(c, f"{GUARD}::test_x"), f"PEER-99 cites {GUARD}::test_x"),
        (with_problem, "known problem KP-99 cites H-99, which does not exist"),
        (lambda c: changed(c, "provenance", "P-01", held_by=("SR-999",)), "software P-01 cites SR-999"),
        (lambda c: without(c, "provenance", "P-12"), "package babel is in the lock only"),
        (lambda c: with_package(c, "left-pad"), "package left-pad is in docs/safety/provenance.yaml only"),
        (lambda c: with_package(c, "babel"), "package babel is told twice"),
        (with_gap, "LAW-04 is answered, yet told as a gap"),
    ],
)
def test_a_broken_link_is_told(case: Case, spoil: Callable[[Case], Case], told: str) -> None:
    assert any(told in error for error in errors_of(spoil(case)))


def test_a_gap_that_is_told_is_accepted(case: Case) -> None:
    assert errors_of(with_item(case, gap="nobody has built it")) == []


def test_every_bug_of_the_projects_that_build_the_same_is_a_test_by_name(case: Case) -> None:
    assert len(case.items["peers"]) == 8
    assert all(item.tests for item in case.items["peers"].values())


SOURCES = {
    "plain": ("def test_it(): assert 1", ""),
    "a class": ("class TestIt: pass", ""),
    "an alias": ("TestIt = object", ""),
    "another name": ("def test_other(): pass", "does not exist"),
    "skip": ("@pytest.mark.skip\ndef test_it(): pass", "is marked skip"),
    "skipif": ("@pytest.mark.skipif(True, reason='x')\ndef test_it(): pass", "is marked skipif"),
    "xfail": ("@pytest.mark.xfail\ndef test_it(): pass", "is marked xfail"),
    "nightly": ("@pytest.mark.nightly\ndef test_it(): pass", "is marked nightly"),
    "a mark of the module": ("pytestmark = [pytest.mark.bench]\ndef test_it(): pass", "may be skipped"),
    "a call in the module": ("pytest.importorskip('x')\ndef test_it(): pass", "may be skipped"),
    "a call in the test": ("def test_it():\n if 1: pytest.skip('x')", "may be skipped in test_it"),
    "a call in a fixture": (
        "@pytest.fixture\ndef root():\n pytest.skip('x')\n@pytest.fixture\ndef unit(root): pass\n"
        "def test_it(unit): pass",
        "may be skipped in root",
    ),
    "a call in a helper": ("def need():\n pytest.skip('x')\ndef test_it(): need()", "may be skipped in need"),
    "a call elsewhere": ("def test_other():\n pytest.skip('x')\ndef test_it(): pass", ""),
}


@pytest.mark.parametrize("what", SOURCES)
def test_a_test_that_may_not_run_shows_nothing(tmp_path: Path, what: str) -> None:
    source, told = SOURCES[what]
    tmp_path.joinpath("test_file.py").write_text(f"import pytest\n{source}\n", encoding="utf-8")
    name = "TestIt" if "TestIt" in source else "test_it"
    reason = why_not_shown(f"test_file.py::{name}", tmp_path)
    assert told in reason
    assert bool(told) == bool(reason)


def test_a_fixture_of_a_conftest_counts_too(tmp_path: Path) -> None:
    tmp_path.joinpath("conftest.py").write_text(
        "import pytest\ndef root(): pytest.skip('x')\n", encoding="utf-8"
    )
    tmp_path.joinpath("test_file.py").write_text("def test_it(root): pass\n", encoding="utf-8")
    assert why_not_shown("test_file.py::test_it", tmp_path) == "may be skipped in root"


def test_the_data_are_read_strictly(tmp_path: Path) -> None:
    for path in (ROOT / "docs/safety").glob("*.yaml"):
        tmp_path.joinpath(path.name).write_bytes(path.read_bytes())
    assert load(tmp_path) == load()
    hazards = tmp_path / "hazards.yaml"
    hazards.write_text(hazards.read_text(encoding="utf-8").replace("severity: serious", "severity: bad", 1))
    with pytest.raises(BadFile, match="severity"):
        load(tmp_path)


def test_what_is_said_to_be_outside_the_loops_process_is_not_loaded_there(case: Case) -> None:
    whole = "import sys, app.run, app.device.command, controller.backends.rigging, drivers.smbus"
    asked = f"{whole}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True)
    names = set(done.stdout.split()) - {"_distutils_hack"}  # which setuptools puts into every start of Python
    distributions = packages_distributions()
    loaded = {one.lower().replace("_", "-") for name in names for one in distributions.get(name, [])}
    for name, row in case.provenance.items():
        assert row.in_loop or not loaded & set(row.packages), name
    assert "adafruit-circuitpython-mcp4725" in loaded, "it is seen what is loaded"

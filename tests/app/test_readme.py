"""The README shows what the program says: its samples are run as they stand there, and compared whole."""

import re

import pytest
from readme_samples import DOTS, FILE, PAGE, said, samples, shortened

README = PAGE.read_text(encoding="utf-8")
SAMPLES = samples(README)


@pytest.mark.parametrize("words", SAMPLES)
def test_a_sample_is_what_the_program_says(words):
    shown = SAMPLES[words]
    assert shortened(said(words, README), shown) == shown, "write anew: tests/support/readme_samples.py"


def test_it_says_what_each_line_costs_and_how_long_the_tests_take():
    (costs,) = (part for part in README.split("\n\n") if " MB of disk" in part)
    assert [line for line in ("`run`", "`test`", "network") if line not in costs] == []
    assert re.search(r"the tests take about \d+ minutes on two processors", costs)


def test_every_sample_and_its_file_is_found():
    assert len(SAMPLES) == README.count("\n$ ./ionto") == 2
    assert [name for name, _ in FILE.findall(README)] == ["hand-out.yaml"]


def test_lines_that_differ_in_figures_alone_are_shown_once():
    said = "begins\n 0:27 hold, 12.00 mA\n 1:03 hold, 11.99 mA\n 2:03 hold, 12.00 mA\n 2:04 ends, 0.00 mA\n"
    assert shortened(said, "begins\n") == f"begins\n 0:27 hold, 12.00 mA\n{DOTS} 2:04 ends, 0.00 mA\n"
    assert shortened(said, f"{DOTS} 9:99 ends, -0.01 mA\nmore\n") == f"{DOTS} 2:04 ends, 0.00 mA\n"
    assert shortened(said, f"{DOTS} never said\n") == DOTS

"""Every command of docs/install.md is run by the booted lane, or it is said why it isn't."""

import re
from pathlib import Path

import install_page

LANE = Path(__file__).parents[1] / "booted"


def test_every_command_is_run_or_told():
    known = (*install_page.RUN.values(), *install_page.NOT_HERE)
    assert [line for line in install_page.commands() if not line.startswith(known)] == []


def test_nothing_is_told_of_that_the_page_does_not_say():
    lines = install_page.commands()
    for begin in (*install_page.RUN.values(), *install_page.NOT_HERE):
        assert any(line.startswith(begin) for line in lines), begin


def test_what_is_said_to_be_run_is_run():
    beside = (LANE.parent / "support" / name for name in ("booted.py", "bundles.py"))
    lane = (*LANE.glob("*.py"), *beside)
    code = "".join(file.read_text() for file in lane)
    assert set(re.findall(r"command\([\"'](\w+)[\"']\)", code)) == set(install_page.RUN)

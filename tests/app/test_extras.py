"""What is said where an extra is missing is a command that can be given, on a unit as in a checkout."""

import re
import shlex

import pytest

from app import extras
from app.appliance import locks
from app.main import parser


@pytest.mark.parametrize("name", extras.EXTRAS)
def test_on_a_unit_each_command_of_the_advice_is_one(name, tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "ROOT", tmp_path)  # nothing of a checkout is there
    bundle, update = re.search(
        r": \./ionto (bundle .*?); .*: sudo ionto (update .*)", extras.missing(name)
    ).groups()
    ordered = parser().parse_args(shlex.split(bundle))
    assert ordered.extras == [name]
    assert parser().parse_args(shlex.split(update)).bundle == ordered.directory


def test_each_extra_that_is_asked_for_is_one_of_the_locks():
    assert set(extras.EXTRAS) == set(locks.EXTRAS)

"""What is said where an extra is missing is a command that can be given, on a unit as in a checkout."""

import platform
import re
import shlex
import sys

import pytest

from app import extras
from app.appliance import locks
from app.main import main, parser


@pytest.fixture
def unit(tmp_path, monkeypatch):
    """A unit with nothing of a checkout, on which extras are those of the list."""
    here = []
    monkeypatch.setattr(extras, "ROOT", tmp_path)
    monkeypatch.setattr(extras, "_is_here", lambda name: name in here)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    return here


def ordered(sentence):
    """What the commands of an advice order, which have to be ones that can be given."""
    words = re.search(r": \./ionto (bundle .*?); .*: sudo ionto (update .*)", sentence).groups()
    made, taken = (parser().parse_args(shlex.split(one)) for one in words)
    assert taken.bundle == made.directory
    return made


@pytest.mark.parametrize("name", extras.EXTRAS)
def test_on_a_unit_each_command_of_the_advice_is_one(name, unit):
    assert (ordered(extras.missing(name)).extras, ordered(extras.missing(name)).machine) == (
        [name],
        "aarch64",
    )


def test_the_bundle_of_the_advice_is_for_this_machine_and_keeps_what_the_unit_has(unit, monkeypatch):
    """Else it could not be installed here, or took another extra away that worked."""
    unit += ["mqtt", "oled"]
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    made = ordered(extras.missing("meter"))
    assert (sorted(made.extras), made.machine) == (["meter", "oled"], "x86_64")


def test_an_extra_that_is_here_and_cannot_be_used_is_not_called_missing(unit, monkeypatch):
    unit.append("mqtt")
    monkeypatch.setattr(sys, "prefix", "/opt/ionto/1")
    assert extras.missing("mqtt") == (
        "`ionto mqtt` needs paho-mqtt, which is here but not as locked; "
        "have the same bundle install it anew, after: sudo rm /opt/ionto/1/installed"
    )


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    for name in ("ionto", locks.LARGER):
        (tmp_path / name).touch()
    (tmp_path / "ionto").chmod(0o755)
    monkeypatch.setattr(extras, "ROOT", tmp_path)
    monkeypatch.setattr(extras, "_is_here", lambda _: False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venvs/1"))
    return tmp_path


def test_who_runs_from_another_environment_is_told_that_the_extra_goes_into_ours(checkout, monkeypatch):
    assert extras.missing("oled").endswith(f" gets it by the project's lock: {checkout}/ionto setup oled")
    monkeypatch.setattr(sys, "prefix", "/home/somebody/venv")
    into = "lock into ./ionto's own environment (this is another one, /home/somebody/venv): "
    assert extras.missing("oled").endswith(f"{into}{checkout}/ionto setup oled")


def test_a_script_that_lost_its_bit_is_called_by_the_shell(checkout):
    (checkout / "ionto").chmod(0o644)
    assert extras.missing("oled").endswith(f": sh {checkout}/ionto setup oled")


def test_an_environment_that_lost_a_package_is_told_as_that(checkout, monkeypatch, capsys):
    error = ModuleNotFoundError("No module named 'yaml'", name="yaml")
    monkeypatch.setattr("app.main.offer", lambda *_: (_ for _ in ()).throw(error))
    assert main(["treatments"]) == 1
    assert capsys.readouterr().err == (
        "ionto: this environment is not whole, yaml is missing; "
        f"remove {checkout}/.venvs/current and call {checkout}/ionto, which makes it anew\n"
    )


def test_each_extra_that_is_asked_for_is_one_of_the_locks():
    assert set(extras.EXTRAS) == set(locks.EXTRAS)

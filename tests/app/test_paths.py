"""A path is what a shell would have made of it, however it was written."""

import argparse
from pathlib import Path

import pytest

from app import main as command
from app.arguments import named_file, path
from app.output import ExitCode
from app.state import state_directory
from protocols.treatment import find


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "below"), [("~", ""), ("~/x", "x"), ("~/a b/~", "a b/~"), ("~root", None), ("~root/x", None)]
)
def test_a_home_at_the_beginning_is_a_home(home, text, below):
    expected = home / below if below is not None else Path(text).expanduser()
    assert path(text) == expected
    assert not str(path(text)).startswith("~")


@pytest.mark.parametrize("text", ["x~", "./~/x", "/a/~", "a b", "$HOME/x", "x*"])
def test_everything_else_is_literal(home, text):
    assert path(text) == Path(text)


@pytest.mark.parametrize("text", ["", " ", "~no-such-account-here/x"])
def test_what_is_no_path_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        path(text)


def test_a_word_that_stands_for_a_file_stays(home):
    assert named_file("simulated") == "simulated"
    assert named_file("") == ""
    assert named_file("~/x.yaml") == str(home / "x.yaml")


def test_every_option_that_is_a_path_knows_a_home():
    """No command takes a path in another way."""

    def actions(parser):
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for below in action.choices.values():
                    yield from actions(below)
            else:
                yield action

    found = [one for one in actions(command.parser()) if one.type is Path]
    assert found == []
    assert sum(one.type is path for one in actions(command.parser())) > 40


def test_the_state_in_a_home_is_looked_for_there(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    assert command.main(["history", "list", "--state=~/x"]) == ExitCode.BAD_INPUT
    assert f"no journal in {home / 'x'}" in capsys.readouterr().err
    assert not (home / "~").exists()
    assert command.main(["history", "list", "--state="]) == ExitCode.BAD_INPUT
    assert "empty" in capsys.readouterr().err


def test_so_are_the_environment_and_a_treatments_file(home, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "~/kept")
    assert state_directory(None) == home / "kept" / "ionto"
    (home / "mine.yaml").write_text("name: mine\narea: hands\ncurrent_ma: 8.5\ntotal_min: 10\n")
    assert find("~/mine.yaml").name == "mine"


@pytest.mark.parametrize(
    ("given", "expected"), [("/var/lib/here", "/var/lib/here/ionto"), ("here", None), (None, None)]
)
def test_the_state_lies_where_the_xdg_specification_says(given, expected, monkeypatch):
    monkeypatch.setenv("HOME", "/home/nurse")
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if given is not None:
        monkeypatch.setenv("XDG_STATE_HOME", given)
    assert str(state_directory(None)) == (expected or "/home/nurse/.local/state/ionto")

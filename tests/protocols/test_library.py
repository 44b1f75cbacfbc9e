"""The library holds the treatments that were agreed on, each readable by its name or its path."""

from pathlib import Path

import pytest

from config.reader import BadFile
from protocols.treatment import LIBRARY, find, names

pytestmark = pytest.mark.core

AGREED = {
    "face": ("face", "tap_water", 2.0, 20.0),
    "feet": ("feet", "tap_water", 15.0, 30.0),
    "hands": ("hands", "tap_water", 12.0, 20.0),
    "hands-glycopyrrolate": ("hands", "glycopyrrolate", 8.0, 20.0),
    "underarms": ("underarms", "tap_water", 3.0, 20.0),
}


def test_the_library_is_what_was_agreed() -> None:
    assert names() == list(AGREED)


@pytest.mark.parametrize("name", AGREED)
def test_each_treatment(name: str) -> None:
    found = find(name)
    assert (found.name, found.age_group, found.reversal) == (name, "adult", "midpoint")
    assert (found.area, found.electrolyte, found.current_ma, found.total_min) == AGREED[name]
    assert find(str(LIBRARY / f"{name}.yaml")) == found


def test_a_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "name: mine\narea: feet\ncurrent_ma: 9\ntotal_min: 15\n"
    (tmp_path / "mine.yaml").write_text(text)
    (tmp_path / "plain").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert find("mine.yaml").current_ma == 9.0
    assert find("./plain").area == "feet"
    assert find(str(tmp_path / "plain")).area == "feet"


def test_a_library_name_wins_over_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hands").write_text("name: other\narea: feet\ncurrent_ma: 9\ntotal_min: 15\n")
    monkeypatch.chdir(tmp_path)
    assert find("hands").area == "hands"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("hnads", "no treatment is named 'hnads' (did you mean hands?); the library has face, feet, hands, "),
        ("", "no treatment is named ''; the library has"),
        ("HANDS", "no treatment is named 'HANDS' (did you mean hands?)"),
        (
            "h\u0430nds",
            "no treatment is named 'h\u0430nds' (it holds cyrillic small letter a (U+0430), write",
        ),
        (
            "hands\u2013glycopyrrolate",
            "no treatment is named 'hands\u2013glycopyrrolate' (it holds en dash (U+2013), write -)",
        ),
        ("Hands\n", "no treatment is named 'Hands\\n'"),
        ("nowhere.yaml", "nowhere.yaml:1:1: (file): does not exist"),
        ("../nowhere", "../nowhere:1:1: (file): does not exist"),
        ("a\0.yaml", "a\\x00.yaml:1:1: (file): cannot be read"),
    ],
)
def test_what_is_not_there_is_said(asked: str, says: str) -> None:
    with pytest.raises(BadFile) as caught:
        find(asked)
    assert len(caught.value.errors) == 1
    assert str(caught.value).startswith(says)

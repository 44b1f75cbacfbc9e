"""A sealed record is read as it was written, whatever its words and its checksum look like."""

from pathlib import Path
from typing import Any

import pytest

from app.technician.records import text_of
from config.calibration import checksum_of
from config.reader import BadFile, parse
from config.sealed import read_sealed, seal


def that_sums_to(start: str) -> dict[str, Any]:
    """Give a content whose checksum begins so."""
    number = next(number for number in range(100_000) if checksum_of({"n": number}).startswith(start))
    return {"n": number}


@pytest.mark.parametrize("start", ["0b", "00", "1e", "9"])
def test_a_checksum_that_looks_like_a_number_is_read_as_it_was_written(start: str, tmp_path: Path) -> None:
    content = that_sums_to(start)
    path = tmp_path / "sealed.yaml"
    path.write_text(seal(content), encoding="utf-8")
    assert read_sealed(path) == content
    assert parse(text_of(content).encode(), "record").data["checksum"] == checksum_of(content)


@pytest.mark.parametrize(
    "word", ["0b10", "12", "1e5", "0012", "1_000", "yes", "null", "~", "1:30", "A-7", "", "a\nb"]
)
def test_words_of_people_stay_words(word: str, tmp_path: Path) -> None:
    content = {"technician": word, "serial": "A-1"}
    path = tmp_path / "sealed.yaml"
    path.write_text(seal(content), encoding="utf-8")
    assert read_sealed(path) == content
    assert parse(text_of(content).encode(), "record").data["technician"] == word


def test_a_changed_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sealed.yaml"
    path.write_text(seal({"n": 1}).replace("n: 1", "n: 2"), encoding="utf-8")
    with pytest.raises(BadFile, match="its checksum does not fit"):
        read_sealed(path)

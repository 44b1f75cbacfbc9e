"""The mark of Stop's test: of one start of the computer and one unit, or none at all."""

import json
import time

import pytest

from controller.host.stop_mark import FILE, StopMark


@pytest.fixture
def boot(tmp_path):
    file = tmp_path / "boot_id"
    file.write_text("one\n")
    return file


def test_it_tells_how_long_ago_the_test_was(tmp_path, boot):
    mark = StopMark(tmp_path, "unit", boot)
    assert mark.ago_s() is None
    mark.put()
    assert 0.0 <= mark.ago_s() < 60.0
    kept = json.loads((tmp_path / FILE).read_text())
    kept["at_s"] -= 1000.0
    (tmp_path / FILE).write_text(json.dumps(kept))
    assert 1000.0 <= StopMark(tmp_path, "unit", boot).ago_s() < 1060.0


def test_it_is_of_no_other_unit_and_of_no_other_start_of_the_computer(tmp_path, boot):
    StopMark(tmp_path, "unit", boot).put()
    assert StopMark(tmp_path, "another", boot).ago_s() is None
    boot.write_text("two\n")
    assert StopMark(tmp_path, "unit", boot).ago_s() is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"unit": "unit"}', '{"unit": "unit", "boot": "one", "at_s": "x"}', "\0"],
)
def test_what_can_t_be_read_is_none(tmp_path, boot, text):
    (tmp_path / FILE).write_text(text)
    assert StopMark(tmp_path, "unit", boot).ago_s() is None


def test_one_from_the_future_is_none(tmp_path, boot):
    later = {"unit": "unit", "boot": "one", "at_s": time.monotonic() + 100.0}
    (tmp_path / FILE).write_text(json.dumps(later))
    assert StopMark(tmp_path, "unit", boot).ago_s() is None


def test_where_nothing_can_be_written_or_no_boot_id_is_there_it_is_asked_again(tmp_path, boot):
    nowhere = StopMark(tmp_path / "missing", "unit", boot)
    nowhere.put()
    assert nowhere.ago_s() is None
    without = StopMark(tmp_path, "unit", tmp_path / "no_boot_id")
    without.put()
    assert without.ago_s() is None

"""Lines of `live.sock` as listeners read them, from a device of this version and of others."""

import json
import re

import pytest
from herald import SNAPSHOT
from places import ROOT

from controller.appliance.live_state import Hello, Last, LiveState, OrderState, read


def line(told):
    return json.dumps(told).encode()


def test_a_snapshot_is_read_as_it_was_told():
    assert read(line({"snapshot": SNAPSHOT})) == {"snapshot": SNAPSHOT}
    assert list(SNAPSHOT.keys() ^ LiveState.__annotations__.keys()) == []


def test_what_another_version_doesn_t_tell_is_null_and_what_it_adds_stays():
    seen = read(line({"snapshot": {"state": "treating", "smell": "none"}}))["snapshot"]
    assert seen == {**dict.fromkeys(LiveState.__annotations__), "state": "treating", "smell": "none"}
    assert read(line({"hello": {"unit": "A"}}))["hello"] == {
        **dict.fromkeys(Hello.__annotations__),
        "unit": "A",
    }


@pytest.mark.parametrize("told", [1, [], {}, {"weather": "fine"}, {"snapshot": None}, {"hello": 1}, None])
def test_a_kind_that_is_not_known_is_left(told):
    assert read(line(told)) == {}


def test_an_error_is_read_and_half_a_line_is_none():
    assert read(b'{"error": "held_s is 0.05 to 60"}') == {"error": "held_s is 0.05 to 60"}
    with pytest.raises(ValueError, match="line 1"):
        read(b'{"snapshot"')


def test_the_page_describes_every_key():
    page = (ROOT / "docs/device.md").read_text(encoding="utf-8")
    rows = page.partition("| key of `snapshot` | value |")[2].partition("\n\n")[0].splitlines()[2:]
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert keys == LiveState.__annotations__.keys()
    described = set(re.findall(r'"(\w+)"', page))
    assert {*Hello.__annotations__, *OrderState.__annotations__} <= described
    assert {*Last.__annotations__} - {"real_time"} <= described

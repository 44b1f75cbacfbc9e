"""`allowed.json`: what each person may be given now, and that whatever can't be read allows nothing."""

import pytest

from controller.orders import allowed

KNOWN = {"1": {"hands": 12.0, "feet": 7.5}, "2": {}}


def test_what_is_written_is_read_and_who_is_not_in_it_is_not_known():
    data = allowed.written(KNOWN).encode()
    assert {person: allowed.of(data, person) for person in ("1", "2", "3")} == {**KNOWN, "3": None}


@pytest.mark.parametrize(
    "data",
    [None, b"", b"\xff", b"[]", b'"1"', b"{", b'{"1": [1]}', b'{"1": {"hands": "much"}}',
     b'{"1": {"hands": null}}', b"[" * 60_000, b'{"1": {"hands": 12.0}}' + b" " * allowed.LARGEST],
)  # fmt: skip
def test_a_file_that_is_gone_or_none_allows_nobody_anything(data):
    assert allowed.of(data, "1") == {}

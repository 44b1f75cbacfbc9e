"""What is prepared, from the page's file to what Start begins: `next.json`."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from golden import held
from herald import wait_for
from played import LIBRARY, ORDER

from app.device.line import HeraldLine
from app.household.order import write
from config.calibration import Calibration
from config.unit import Unit
from controller.orders.file import Order
from controller.orders.judgement import OrderRefused, judge

SOON = (datetime.now(UTC) + timedelta(hours=12)).replace(microsecond=0)
ORDERED = Order("7", "hands", 8.0, 9.5, "reverse", SOON)
AS_WRITTEN = SOON.isoformat().replace("+00:00", "Z")
NOMINAL = Calibration.nominal()
WEAK = Unit.model_validate({"limits": {"max_current_ma": 18.0}})
HELLO = {"unit": "Test", "serial": "7", "simulated": True, "version": "0"}


@pytest.fixture
def passed_on(tmp_path):
    """What the device gets to know of the file with this content."""
    facts = {"socket": str(tmp_path / "live.sock"), "next": str(tmp_path / "next.json"), "attach": None}
    near, place = HeraldLine({**facts, "hello": HELLO}), tmp_path / "next.json"

    def passing(content):
        draft = tmp_path / "draft"
        draft.write_bytes(content)
        draft.replace(place)
        return wait_for(lambda: next((one for one in near.take() if len(one) > 1), None))

    yield passing
    near.close()


def test_an_order_as_the_page_writes_it_and_the_device_gets_it(tmp_path, passed_on):
    folder = tmp_path / "state"
    folder.mkdir()
    write(folder, ORDERED)
    data = (folder / "next.json").read_bytes()
    held("next.json", data.decode().replace(AS_WRITTEN, "<instant>"))
    told = passed_on(data)
    assert 0.0 < told.pop("valid_for_s") <= 12 * 3600.0
    assert told == {"do": "order", "order": json.loads(data), "digest": hashlib.sha256(data).hexdigest()}
    assert told["order"]["valid_until_utc"] == AS_WRITTEN
    prepared = judge(told["order"], LIBRARY, Unit(), NOMINAL, "d")
    assert prepared._replace(treatment=None) == ("hands", None, 9.5, "7", "d")
    hands = LIBRARY["hands"].model_dump()
    assert prepared.treatment.model_dump() == {**hands, "current_ma": 8.0, "first_polarity": "reverse"}


def raw(**changes):
    return json.dumps({**ORDER, "valid_until_utc": AS_WRITTEN, **changes}).encode()


FILES = {
    "no JSON": b"{",
    "no object": b"[]",
    "bytes": b"\xff",
    "empty but for a space": b" ",
    "a key twice": b'{"a": 1, "a": 2}',
    "no number": raw(current_ma=float("nan")),
    "too long": raw(more="x" * 5000),
    "NUL bytes": bytes(200),
    "null": b"null",
    "a text": b'"hands"',
    "UTF-16": raw().decode().encode("utf-16"),
    "null as time": raw(valid_until_utc=None),
    "no time": b"{}",
    "a number as time": raw(valid_until_utc=1),
    "no instant": raw(valid_until_utc="soon"),
    "no zone": raw(valid_until_utc="2030-01-01T00:00:00"),
    "another zone": raw(valid_until_utc="2030-01-01T00:00:00+02:00"),
    "over": raw(valid_until_utc="2020-01-01T00:00:00Z"),
    "too far ahead": raw(valid_until_utc=(SOON + timedelta(hours=25)).isoformat()),
}
"""What a file may hold that is no order for now."""
ORDERS = {
    "a key too many": {"more": 1},
    "nobody": {"person": ""},
    "two lines": {"person": "a\nb"},
    "unknown": {"treatment": "nose"},
    "a word for a number": {"current_ma": "8"},
    "too little": {"current_ma": 0.4},
    "above the person's limit": {"current_ma": 9.5},
    "above the treatment's ceiling": {"limit_ma": 16.0},
    "above the unit's limit": {"treatment": "feet", "limit_ma": 20.0},
    "no direction": {"first_polarity": "both"},
}
"""What an order may say that is not treated."""


def test_files_that_are_no_order(passed_on):
    told = {name: passed_on(content) for name, content in FILES.items()}
    assert all(one["do"] == "order" and len(one) == 2 for one in told.values())
    deep = passed_on(b"[" * 3000)["error"]  # how deep a file may be nested is each Python's own
    assert deep.removeprefix("next.json is no order: it is ") in {
        "nested too deeply",
        "no JSON from line 1, column 3001 on",
    }
    held("next-refused-file.json", {name: one["error"] for name, one in told.items()})


def test_orders_that_are_refused():
    told = {}
    for name, changes in ORDERS.items():
        with pytest.raises(OrderRefused) as refused:
            judge({**ORDER, **changes}, LIBRARY, WEAK, NOMINAL, "")
        told[name] = str(refused.value)
    without = {key: value for key, value in ORDER.items() if key != "person"}
    with pytest.raises(OrderRefused) as refused:
        judge(without, LIBRARY, WEAK, NOMINAL, "")
    held("next-refused-order.json", {**told, "no person": str(refused.value)})

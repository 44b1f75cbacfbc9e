"""A companion beside a unit that a test speaks for, and a device that is paired with it."""

from types import SimpleNamespace

import pytest
from browser import Browser
from companion import Companion
from herald import SNAPSHOT, Herald, wait_for


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A served household: `state`, `herald`, `port`."""
    state = tmp_path_factory.mktemp("state")
    herald = Herald(state)
    companion = Companion(state)
    yield SimpleNamespace(state=state, herald=herald, port=companion.port, companion=companion)
    companion.close()
    herald.close()


@pytest.fixture(autouse=True)
def at_rest(request):
    """Let each test begin with the unit at rest."""
    if "house" in request.fixturenames:
        herald = request.getfixturevalue("house").herald
        herald.snapshot = dict(SNAPSHOT)
        herald.told.clear()
    if "phone" in request.fixturenames:
        request.getfixturevalue("phone").move()


@pytest.fixture
def stranger(house):
    return Browser(house.port)


def pair(herald, port):
    """Pair a device as a person does: ask, then hold Up."""
    browser = Browser(port)
    wait_for(lambda: "simulated" in browser.get("/").text)
    browser.submit("/", "/pair", name="phone")
    assert "hold the button Up" in browser.get("/").page.text
    herald.show(held=None)
    herald.show(held="up")
    assert browser.get("/").status == 303
    assert "ionto_device" in browser.cookies
    herald.show(held=None)
    return browser


@pytest.fixture(scope="module")
def phone(house):
    return pair(house.herald, house.port)

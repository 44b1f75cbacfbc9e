"""A companion beside a unit that a test speaks for, and a device that is paired with it."""

from types import SimpleNamespace

import pytest
from browser import Browser
from companion import Companion
from herald import SNAPSHOT, Herald
from pairs import pair


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
        if herald.snapshot != SNAPSHOT:
            herald.show(**SNAPSHOT)
        herald.told.clear()
    if "phone" in request.fixturenames:
        request.getfixturevalue("phone").move()


@pytest.fixture
def stranger(house):
    return Browser(house.port)


@pytest.fixture(scope="module")
def phone(house):
    return pair(house.herald, house.port)

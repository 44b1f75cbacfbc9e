"""What holds for all tests alike: a busy machine is no fault of the code."""

import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from turns import turn

# No assertion about time in property tests. On what is loaded already: where CI is set that is a profile
# whose examples are the same in every run.
settings.register_profile(
    "ours", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ours")

HASTY = (
    "controller.journal.writer.PATIENCE_S",
    "sim.remote.unit_client.ANSWER_S",
    "app.device.line._FAREWELL_S",
    "app.view._FAREWELL_S",
)
"""How long other processes are waited for. What happens when they don't come is tested with shorter ones."""


# Under nohup each program that a test begins would be deaf to a closed terminal.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

LONGEST = (
    "chaos/test_kills.py",  # have the machine to themselves, while nothing else has begun
    "chaos/test_attached.py",
    "app/test_compiled.py",  # compiles, for tests that come later
    "kernel/test_kernel_lane.py",
    "frontdoor/test_setup.py",
)
"""Files that take longest: they begin first, so that none is left to run alone in the end."""


def pytest_configure(config):
    """Let a checkout that can't be written, as after one `sudo ./ionto test`, be no fault either."""
    for kind in ("default::pytest.PytestCacheWarning", "default:The database setting is not configured"):
        config.addinivalue_line("filterwarnings", kind)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Give what goes by the clock the machine to itself: beside others, treatments in real time break off."""
    with turn(alone=item.get_closest_marker("real_time") is not None):
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Have one worker more than processors: there is always one that waits, for a clock or a browser."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    first = {(here / name).resolve(strict=True): place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(first)))


@pytest.fixture(scope="session", autouse=True)
def patient():
    """Wait long enough for the processes that tests begin, on any machine."""
    with pytest.MonkeyPatch.context() as patched:
        for bound in HASTY:
            patched.setattr(bound, 300.0)
        yield


@pytest.fixture
def berlin(monkeypatch):
    """This process lives where summer time begins and ends."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()

"""The appliance on the simulated unit, in virtual time, and stories of what a person does with it."""

from contextlib import ExitStack

from config.calibration import Calibration
from config.unit import Unit, reference_unit
from controller.appliance.device import Device
from controller.appliance.supervision import Supervision
from controller.backends.rigging import rig_on
from controller.backends.simulated import simulated
from controller.journal.history import open_history
from controller.loop.clock import SessionClock
from controller.orders.judgement import own
from protocols.treatment import Treatment, find, names
from sim.scenario import PersonSpec, Scenario

LIBRARY = {name: find(name) for name in names()}
SHORT = Treatment(name="short", area="hands", current_ma=6.0, total_min=2.0)
UNHURRIED = Unit.model_validate({"loop": {"rate_hz": 50}})
"""A unit of fewer ticks, for the tests that wait for minutes."""
ORDER = {
    "person": "anna",
    "treatment": "hands",
    "current_ma": 8.0,
    "first_polarity": "reverse",
    "valid_until_utc": "2030-01-01T00:00:00+00:00",
    "limit_ma": 9.0,
}


class Play:
    """The herald's place: a story tells what a person does, and waits for what is then seen.

    A story is a generator: it yields conditions on the snapshot and goes on when one is met.
    """

    def __init__(self, story, patience_s=400.0):
        self.seen = []
        self.events = []
        self._messages = []
        self._story = story(self)
        self._due = next(self._story)
        self._patience_s = patience_s
        self.device = None

    def press(self, button="start", held_s=0.3):
        self._messages.append({"do": "press", "button": button, "held_s": held_s})

    def hand(self, out):
        self._messages.append({"do": "hand", "out": out})

    def say(self, **message):
        self._messages.append(message)

    def send(self, message):
        if "snapshot" not in message:
            self.events.append(message)
            return
        seen = message["snapshot"]
        self.seen.append(seen)
        if self._due is None:
            return
        assert self.device.clock.whole_s < self._patience_s, seen
        if self._due(seen):
            self._due = next(self._story, None)
            if self._due is None:
                self.device.end()

    def take(self):
        taken, self._messages = self._messages, []
        return taken


def serve(
    story,
    state,
    *,
    default=SHORT,
    scenario=None,
    unit=None,
    patience_s=400.0,
    real=False,
    uncommissioned="",
    stop_test=False,
    stop_mark=None,
):
    """Run a device through a story; returns the play and the events told.

    `real` lets the simulated unit pass for a real one, of whose first power `uncommissioned` is said.
    """
    play, told = Play(story, patience_s), []
    unit = unit or reference_unit()
    with ExitStack() as stack:
        scenario = scenario or Scenario(person=PersonSpec(start_at_s=None))
        bench = simulated(unit, "hands", scenario, 1, None)._replace(simulated=not real)
        clock = SessionClock(bench.clock)
        rig = rig_on(bench._replace(clock=clock), unit, Calibration.nominal(), stack)
        prepared = None if default is None else own("short", default, unit, Calibration.nominal())
        device = Device(
            bench,
            rig,
            clock,
            unit,
            Calibration.nominal(),
            state=state,
            library=LIBRARY,
            default=prepared,
            line=play,
            tell=told.append,
            supervision=Supervision({}),
            uncommissioned=uncommissioned,
            stop_test=stop_test,
            stop_mark=stop_mark,
        )
        play.device = device
        device.serve()
        play.truth = bench.truth()
    assert play._due is None, "the story was told to its end"
    return play, told


def sessions(state):
    with open_history(state) as history:
        assert history.verify().problems == []
        return list(reversed(history.sessions()))


def phase(name):
    return lambda seen: seen["phase"] == name


def idle(seen):
    return seen["phase"] == "ready"


def after(session):
    return lambda seen: seen["phase"] == "ready" and seen["last"] and seen["last"]["session"] == session

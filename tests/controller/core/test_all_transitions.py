"""Every phase with every event, and with every class of reading and every button, against the table.

A session is brought into a phase by real steps, then copied for each kind of input.
"""

from __future__ import annotations

import copy
import math
from itertools import product
from typing import Any

import pytest
from core_bench import DUMMY, Bench

from controller.core.limits import STUCK_S
from controller.core.phases import DRIVING, TERMINAL, TRANSITIONS, Event
from controller.core.types import Buttons, Cause, Drive, Failure, Off, Phase, Refusal

NAN = math.nan
BUTTONS = {
    "none": Buttons(),
    "start": Buttons(start=True),
    "stop": Buttons(stop=True),
    "stop asked by a face": Buttons(stop_asked=True),
    "up and down": Buttons(up=True, down=True),
    "all": Buttons(start=True, stop=True, up=True, down=True, stop_asked=True),
}
CURRENTS = {
    "nothing": None,
    "not a number": NAN,
    "infinite": math.inf,
    "negative": -0.05,
    "zero": 0.0,
    "below reversal": 0.19,
    "above reversal": 0.21,
    "sensing": 0.3,
    "treatment": 5.0,
    "spike": 9.0,
    "over": 30.0,
}
VOLTAGES = {"nothing": None, "not a number": NAN, "short": 0.01, "body": 8.0, "compliance": 60.0}
SUPPLIES = {"nothing": None, "not a number": NAN, "low": 40.0, "high": 80.0}
READINGS: dict[str, dict[str, Any]] = {
    "sound": {},
    **{f"guard {word}": {"guard_ma": ma} for word, ma in CURRENTS.items()},
    **{f"control {word}": {"current_ma": ma} for word, ma in CURRENTS.items()},
    **{f"both {word}": {"guard_ma": ma, "current_ma": ma} for word, ma in CURRENTS.items()},
    **{
        f"open, voltage {word}": {"guard_ma": 0.0, "current_ma": 0.0, "voltage_v": volts}
        for word, volts in VOLTAGES.items()
    },
    **{f"voltage {word}": {"voltage_v": volts, "sampled": "voltage"} for word, volts in VOLTAGES.items()},
    **{f"supply {word}": {"supply_v": volts, "sampled": "supply"} for word, volts in SUPPLIES.items()},
    **{f"return {word}": {"return_ma": ma, "sampled": "return"} for word, ma in CURRENTS.items()},
    "nothing sampled": {"sampled": "", "sampled_code": None},
    "guard at full scale": {"guard_code": 32767},
    "control at full scale": {"sampled_code": 32767},
    "guard repeats": {"guard_code": 1234},
    "control repeats": {"sampled_code": 1234},
    **{f"failed: {cause}": {"failure": Failure(cause, "made by the test")} for cause in Cause},
}
LONG_TICKS = 45
"""Longer than every count of samples and than the time that a deviation or a stuck output may last."""
Step = tuple[Phase, Event]


class Watched(Bench):
    """A bench that writes down every transition and allows no other way from phase to phase."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.steps: list[Step] = []
        session = self.session
        kind = type(session)

        class WatchedSession(kind):  # type: ignore[misc, valid-type]
            steps = self.steps

            def _go(self, event: Event) -> None:
                before = self.phase
                super()._go(event)
                self.steps.append((before, event))

        session.__class__ = WatchedSession

    def copy(self) -> Watched:
        twin = copy.deepcopy(self)
        twin.steps = []
        vars(twin)["session"].steps = twin.steps
        return twin

    def tick(self, **changes: Any) -> Any:
        """One tick, judged: only ways of the table were gone, and terminal phases are off for ever."""
        before, gone = self.session.phase, len(self.steps)
        trip = super().tick(**changes)
        here = before
        for phase, event in self.steps[gone:]:
            assert phase is here
            here = TRANSITIONS[phase][event]
        assert self.session.phase is here, "the phase changed past the table"
        if before in TERMINAL:
            stuck = trip is not None and trip.cause is Cause.OUTPUT_STUCK and before is not Phase.TRIPPED
            assert here is before or (stuck and here is Phase.TRIPPED)
        if here in TERMINAL or here not in DRIVING | {Phase.TRIAL, Phase.STOP_TEST}:
            assert isinstance(self.applied, Off)
        if here is Phase.TRIAL and isinstance(self.applied, Drive):
            assert not (self.applied.series and self.applied.beat), "the output is never closed in a trial"
        if here is Phase.STOP_TEST and isinstance(self.applied, Drive):
            assert self.applied.trip in {"force", "rearm"}
            assert self.tripped or not self.applied.series, "it is closed with the trip's switch open alone"
            assert self.plant_ma() == 0.0
        if trip:
            assert here in TERMINAL
            assert isinstance(self.applied, Off)
        if isinstance(self.applied, Drive):
            most_ma = DUMMY.highest_ma if self.applied.dummy else self.plan.target_ma + 1e-9
            assert 0.0 <= self.applied.setpoint_ma <= most_ma
        return trip


def brought_to(phase: Phase) -> Watched:
    """Return a bench whose session came into `phase` by real steps."""
    bench = Watched(dummy=phase is Phase.TRIAL, stop_test=phase is Phase.STOP_TEST)
    if phase is Phase.STOP_TEST:
        while not bench.closed:
            bench.tick()
    elif phase is Phase.STOPPING:
        bench.run_until(Phase.HOLD)
        bench.tick(buttons=Buttons(stop=True))
    elif phase is Phase.STOPPED:
        bench.tick(buttons=Buttons(stop_asked=True))
    elif phase is Phase.REFUSED:
        while not bench.session.finished:
            bench.tick(buttons=Buttons(start=True))
    elif phase is Phase.TRIPPED:
        bench.run_until(Phase.HOLD)
        bench.tick(failure=Failure(Cause.DAC_SILENT, "made by the test"))
    elif phase is not Phase.SELF_TEST:
        bench.run_until(phase)
    assert bench.session.phase is phase
    bench.commands.clear()  # nobody looks at them here, and every copy would carry thousands
    return bench


@pytest.fixture(scope="module")
def benches() -> dict[Phase, Watched]:
    return {phase: brought_to(phase) for phase in Phase}


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("buttons", BUTTONS)
def test_every_input_in_every_phase_leads_where_the_table_allows(
    benches: dict[Phase, Watched], phase: Phase, buttons: str
) -> None:
    for name, reading in READINGS.items():
        bench = benches[phase].copy()
        try:
            bench.tick(buttons=BUTTONS[buttons], **reading)
            for _ in range(LONG_TICKS):
                bench.tick(buttons=BUTTONS[buttons], **reading)
        except AssertionError as error:
            raise AssertionError(f"{phase}, {buttons} pressed, {name}: {error}") from error


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("late_s", [0.03, 0.07, 0.2, 5.0, 4000.0])
def test_a_late_tick_in_every_phase(benches: dict[Phase, Watched], phase: Phase, late_s: float) -> None:
    bench = benches[phase].copy()
    was_driving = isinstance(bench.applied, Drive)
    bench.now_s += late_s
    trip = bench.tick()
    if phase is not Phase.TRIPPED:
        assert (trip is not None and trip.cause is Cause.LATE_TICK) == (was_driving and late_s > 0.035)
    for _ in range(LONG_TICKS):
        bench.tick()


@pytest.mark.parametrize(("phase", "event"), list(product(Phase, Event)))
def test_an_event_outside_the_table_is_an_error_and_changes_nothing(
    benches: dict[Phase, Watched], phase: Phase, event: Event
) -> None:
    session = benches[phase].copy().session
    if event in TRANSITIONS[phase]:
        session._go(event)
        assert session.phase is TRANSITIONS[phase][event]
    else:
        with pytest.raises(KeyError):
            session._go(event)
        assert session.phase is phase


@pytest.mark.parametrize("phase", Phase)
def test_stop_and_cut_in_every_phase(benches: dict[Phase, Watched], phase: Phase) -> None:
    for cut in (False, True):
        bench = benches[phase].copy()
        if cut:
            bench.session.cut("made by the test")
        bench.tick(buttons=Buttons(stop_asked=True))
        expected = TRANSITIONS[phase].get(Event.STOP, phase)
        if phase in TERMINAL:
            assert bench.session.phase is phase
        elif cut:
            assert bench.session.phase is Phase.STOPPED
            assert isinstance(bench.applied, Off)
        else:
            assert bench.session.phase in {expected, Phase.STOPPED}


def test_every_way_of_the_table_is_gone_by_some_session(benches: dict[Phase, Watched]) -> None:
    gone: set[Step] = set()

    def run(bench: Watched, limit: int = 70_000, **changes: Any) -> None:
        while not bench.session.finished and limit:
            bench.tick(**changes)
            limit -= 1
        gone.update(bench.steps)

    for phase in set(Phase) - TERMINAL:
        for changes in ({"buttons": Buttons(stop_asked=True)}, {"failure": Failure(Cause.BUS_HUNG, "made")}):
            run(benches[phase].copy(), **changes)
    run(Watched())
    run(Watched(), buttons=Buttons(start=True))
    run(Watched(), buttons=Buttons())
    for phase in TERMINAL - {Phase.TRIPPED}:
        stuck = benches[phase].copy()
        for _ in range(int(STUCK_S / stuck.tick_s) + 3):
            stuck.tick(guard_ma=5.0, current_ma=5.0)
        assert stuck.session.phase is Phase.TRIPPED
        gone.update(stuck.steps)
    nobody = Watched()
    nobody.run_until(Phase.CONTACT)
    run(nobody, guard_ma=0.0, current_ma=0.0, voltage_v=60.0)
    deaf = Watched()
    deaf.run_until(Phase.CONTACT)
    run(deaf, guard_ma=0.3, current_ma=0.3, voltage_v=1.2)
    run(Watched(dummy=True, half_s=9.0))
    run(Watched(stop_test=True, half_s=9.0))
    unseen = Watched(stop_test=True)
    unseen.run_until(Phase.STOP_TEST)
    run(unseen, buttons=Buttons(start=True))
    closed = Watched(dummy=True)
    closed.run_until(Phase.TRIAL)
    run(closed, voltage_v=20.0)
    welded = Watched()
    welded.run_until(Phase.PROOF)
    run(welded, voltage_v=20.0)
    alone = Watched()
    alone.session.alone = True
    run(alone)
    assert (alone.session.phase, alone.session.proven) == (Phase.STOPPED, True)
    unrecorded = Watched()
    unrecorded.run_until(Phase.READY)
    unrecorded.session.recorded = False
    unrecorded.session.refuse(Refusal.NO_RECORD, "the disk is full")
    unrecorded.tick()
    run(unrecorded)
    run(Watched(half_s=9.0))
    assert gone == {(phase, event) for phase, row in TRANSITIONS.items() for event in row}

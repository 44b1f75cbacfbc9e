"""No sequence of readings and buttons makes the core do what the laws forbid."""

from __future__ import annotations

import math
from typing import Any

from core_bench import Bench
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controller.core.limits import MAX_STEP_MA, PROOF_MA, REVERSE_BELOW_MA
from controller.core.phases import DRIVING, TERMINAL
from controller.core.types import Buttons, Cause, Drive, Failure, Measurement, Phase

CODE_MA = 25.0 / 4095
readings = st.none() | st.floats(-1.0, 45.0) | st.sampled_from([0.0, 0.19, 0.21, 5.0])
volts = st.none() | st.floats(-1.0, 70.0)
buttons = st.builds(Buttons, st.booleans(), st.booleans(), st.booleans(), st.booleans())


class Core(RuleBasedStateMachine):
    """Session and guard; `guarded` False takes the guard away, so that the session is judged alone."""

    guarded = True

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(target_ma=2.0, half_s=12.0)
        self.was_tripped = False
        self.seen: Measurement | None = None

    def one(self, **changes: Any) -> None:
        bench = self.bench
        before = bench.applied
        if self.guarded:
            bench.tick(**changes)
        else:
            bench.now_s += bench.tick_s
            bench.ticks += 1
            self.seen = bench.measure(**changes)
            bench.applied = bench.session.step(bench.now_s, self.seen)
        self.judge(before, changes)

    def judge(self, before: Any, changes: dict[str, Any]) -> None:
        bench, after = self.bench, self.bench.applied
        plan = bench.plan
        if isinstance(after, Drive):
            assert 0.0 <= after.setpoint_ma <= plan.target_ma + 1e-9
            assert 0 <= after.code * CODE_MA <= plan.target_ma * 1.07 + 0.35 + 2 * CODE_MA
            assert bench.session.phase in DRIVING | {Phase.STOPPED}, "driven outside the driving phases"
            set_before = before.setpoint_ma if isinstance(before, Drive) else 0.0
            code_before = before.code if isinstance(before, Drive) else 0
            rise = after.setpoint_ma - set_before
            # The proof connects its 0.07 mA at once, which law 6 allows; all else climbs by the ramp.
            proving = after.sensing and after.setpoint_ma == PROOF_MA
            step_ma = MAX_STEP_MA if proving else min(plan.ramp_ma_per_s * plan.tick_s, MAX_STEP_MA)
            assert rise <= step_ma + 1e-9
            allowed_codes = math.ceil(1.1 * step_ma / CODE_MA) + 1
            assert after.code - code_before <= allowed_codes
        if after.polarity != before.polarity:
            assert not isinstance(before, Drive)
            assert not isinstance(after, Drive)
            seen = self.seen or bench.measure(**changes)
            for current_ma in (seen.guard_ma, seen.current_ma):
                assert current_ma is not None
                assert current_ma < REVERSE_BELOW_MA
        if self.was_tripped:
            assert bench.session.phase is Phase.TRIPPED
            assert not isinstance(after, Drive)
        self.was_tripped = self.was_tripped or bench.session.phase is Phase.TRIPPED

    @rule(ticks=st.integers(1, 400))
    def behave(self, ticks: int) -> None:
        for _ in range(ticks):
            self.one()

    @rule()
    def press_start(self) -> None:
        for pressed in (False, True, False):
            self.one(buttons=Buttons(start=pressed))

    @rule(buttons=buttons, ticks=st.integers(1, 30))
    def press_anything(self, buttons: Buttons, ticks: int) -> None:
        for _ in range(ticks):
            self.one(buttons=buttons)

    @rule(guard_ma=readings, current_ma=readings, voltage_v=volts, ticks=st.integers(1, 60))
    def read_anything(
        self, guard_ma: float | None, current_ma: float | None, voltage_v: float | None, ticks: int
    ) -> None:
        for _ in range(ticks):
            self.one(guard_ma=guard_ma, current_ma=current_ma, voltage_v=voltage_v)

    @rule(cause=st.sampled_from(Cause))
    def fail(self, cause: Cause) -> None:
        self.one(failure=Failure(cause, "made by the test"))

    @precondition(lambda self: self.bench.session.phase in TERMINAL)
    @rule()
    def nothing_leaves_the_end(self) -> None:
        phase = self.bench.session.phase
        self.press_start()
        self.one()
        assert self.bench.session.phase is phase

    @invariant()
    def off_at_the_end(self) -> None:
        if self.bench.session.phase in TERMINAL:
            self.one()
            assert not isinstance(self.bench.applied, Drive)


class Unguarded(Core):
    guarded = False


TestCore = Core.TestCase
TestUnguarded = Unguarded.TestCase
for case in (TestCore, TestUnguarded):
    case.settings = settings(max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck))

"""The largest rise of the true current where the voltage ends: hands that dip, and a supply that sags.

    .venv/bin/python tests/support/dips.py        measures all, 10 minutes, and writes the table into the docs

Law: judged by the true current's mean over every millisecond, whoever was asked for what: a rise is by how
much one lies above the lowest of a tick before it, with both hands in the water all the time.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from simulated import requested, treatment

from config.unit import Unit, reference_unit
from controller.loop.tick import StopSwitch
from controller.session.wiring import run_session
from sim import world as sim_world
from sim.felt import Felt

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
GRAIN_S = 0.001
STEP_S = 0.00025
"""What moves does so in steps of this: a supply's stairs are notches in the current where it ends."""
FROM_S, EVERY_S = 36.0, 25.0
"""By then dry skin has all the voltage; a hand that seemed to leave has its current back by the next time."""


class Rises(Felt):
    """Keeps the largest rise in a tick, from `from_s` on."""

    def __init__(self, tick_s: float, from_s: float) -> None:
        super().__init__()
        self.worst_ma = 0.0
        self._means: deque[float] = deque(maxlen=round(tick_s / GRAIN_S))
        self._now, self._ma_s = round(from_s / GRAIN_S), 0.0

    def take(
        self,
        start_s: float,
        end_s: float,
        target_ma: float,
        deviation_ma: float,
        tau_s: float,
        asked_ma: float,
        *,
        whole: bool,
    ) -> None:
        super().take(start_s, end_s, target_ma, deviation_ma, tau_s, asked_ma, whole=whole)
        at_s = max(start_s, self._now * GRAIN_S)
        while at_s < end_s:
            until_s = min(end_s, (self._now + 1) * GRAIN_S)
            self._ma_s += target_ma * (until_s - at_s)
            if deviation_ma:
                left = math.exp((start_s - at_s) / tau_s) - math.exp((start_s - until_s) / tau_s)
                self._ma_s += deviation_ma * tau_s * left
            if until_s < end_s:
                self._see(self._ma_s / GRAIN_S)
                self._now, self._ma_s = self._now + 1, 0.0
            at_s = until_s

    def _see(self, mean_ma: float) -> None:
        if self._means:
            self.worst_ma = max(self.worst_ma, mean_ma - min(self._means))
        self._means.append(mean_ma)


class Moved(sim_world.World):
    """A world in which something moves as `movements` say."""

    movements: tuple[Callable[[Moved], None], ...] = ()
    tick_s = from_s = 0.0
    rises: Rises

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trace.felt = Moved.rises = Rises(self.tick_s, self.from_s)

    def _plan(self, scenario: Any) -> None:
        super()._plan(scenario)
        for movement in self.movements:
            movement(self)

    def move(self, at_s: float, over_s: float, put: Callable[[float], None]) -> None:
        """Let `put` go from 0 to 1 evenly over the first half of `over_s`, and back over the other."""
        count = math.ceil(over_s / 2 / STEP_S)
        for n in range(1, count + 1):
            there = n / count
            self.at(at_s + over_s / 2 * there, lambda _t_s, there=there: put(there))
            self.at(at_s + over_s / 2 * (1 + there), lambda _t_s, there=there: put(1 - there))


def dip(at_s: float, over_s: float, to: float) -> Callable[[Moved], None]:
    """One hand goes out of the water until `to` of it is left, and in again, all within `over_s`."""

    def plan(world: Moved) -> None:
        def put(there: float) -> None:
            world.person._present[1] = 1 - (1 - to) * there
            world.person._wet()

        world.move(at_s, over_s, put)

    return plan


def sag(at_s: float, over_s: float, to_v: float) -> Callable[[Moved], None]:
    """The supply goes down to `to_v` and up again, all within `over_s`."""

    def plan(world: Moved) -> None:
        healthy_v = world.supply_v

        def put(there: float) -> None:
            world.supply_v = healthy_v + (to_v - healthy_v) * there

        world.move(at_s, over_s, put)

    return plan


def unit(rate_hz: int, *, guard: bool) -> Unit:
    """The reference unit at another rate, and without its guard's converter."""
    data = reference_unit().model_dump(mode="json", by_alias=True)
    data["loop"]["rate_hz"] = rate_hz
    if not guard:
        data |= {"guard_adc": None, "trip": None}
        data["pins"] |= {"alert": None, "rearm": None}
    return Unit.model_validate(data)


class Course(NamedTuple):
    """What became of a session: its summary, and the largest rise in a tick, mA."""

    summary: dict[str, Any]
    worst_ma: float


def course(
    movement: Callable[..., Callable[[Moved], None]],
    over_s: float,
    to: float,
    *,
    rate_hz: int = 200,
    guard: bool = True,
    seed: int = 1,
    times: int = 3,
    from_s: float = FROM_S,
    **changes: Any,
) -> Course:
    """A session of somebody with dry skin in which that happens `times`, each at another phase of a tick."""
    at = [from_s + n * (EVERY_S + 0.29 / rate_hz) for n in range(times)]
    Moved.movements = tuple(movement(at_s, over_s, to) for at_s in at)
    Moved.tick_s, Moved.from_s = 1 / rate_hz, from_s - 0.1
    stop, ends_s = StopSwitch(), at[-1] + over_s + 2.5

    def look(snapshot: Any) -> None:
        if snapshot["time_s"] > ends_s:
            stop.cut()

    what = treatment(**{"current_ma": 15.0, "total_min": 10.0, **changes})
    request = requested(
        what,
        seed=seed,
        unit=unit(rate_hz, guard=guard),
        load={"skin": "dry"},
        person={"fidgets": False},
    )
    plain, sim_world.World = sim_world.World, Moved  # type: ignore[misc]
    try:
        result = run_session(request._replace(plant_alone=True), look, stop)
    finally:
        sim_world.World = plain  # type: ignore[misc]
    return Course(result.summary, Moved.rises.worst_ma)


UNITS = tuple((rate_hz, guard) for rate_hz in (200, 100, 50) for guard in (True, False))
DIPS_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
SAGS_S = (0.1, 0.5, 1.0)
SEEDS = (1, 2)
LOWEST_V = 58.2
"""Just above the least that a supply may read."""


def cells(
    movement: Callable[..., Callable[[Moved], None]], over: Iterable[float], to: float
) -> Iterator[str]:
    """The largest rises of every unit, a row for each length."""
    for over_s in over:
        worst = [
            max(
                course(movement, over_s, to, rate_hz=rate_hz, guard=guard, seed=seed, times=4).worst_ma
                for seed in SEEDS
            )
            for rate_hz, guard in UNITS
        ]
        yield f"{over_s:g} s | " + " | ".join(f"**{ma:.2f}**" if ma > 0.1 else f"{ma:.2f}" for ma in worst)


def rows() -> Iterator[str]:
    """The rows of the table, each as soon as it is measured."""
    for words, movement, over, to in (
        ("half out and back in", dip, DIPS_S, 0.5),
        ("three quarters out and back in", dip, DIPS_S, 0.25),
        (f"supply to {LOWEST_V:g} V and back", sag, SAGS_S, LOWEST_V),
    ):
        for row in cells(movement, over, to):
            yield f"| {words}, {row} |"


def write(measured: Iterable[str]) -> None:
    """Put the rows into the page."""
    head = " | ".join(f"{rate_hz} Hz" + ("" if guard else ", one converter") for rate_hz, guard in UNITS)
    table = [
        f"Made on {datetime.now(UTC):%Y-%m-%d}: {len(SEEDS)} units and persons, 4 phases of a tick each.",
        "",
        f"| | {head} |",
        "|---" * (1 + len(UNITS)) + "|",
        *measured,
    ]
    page, found = re.subn(
        r"(<!-- dips: [^\n]*\n).*?(<!-- end of dips -->)",
        lambda mark: mark[1] + "\n".join(table) + "\n" + mark[2],
        PAGE.read_text(encoding="utf-8"),
        flags=re.S,
    )
    assert found == 1
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write(rows())

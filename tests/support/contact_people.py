"""Ordinary people and small contacts before the ramp, on the simulated unit; run from the checkout's root:

    .venv/bin/python tests/support/contact_people.py [COUNT]

Law: what is judged is what the unit did with its own converters: treated, or not. The people are those of
`ionto campaign --hours`, a small contact is one of them with a finger in. Writes the table of
`docs/contact.md` between its marks, and `docs/images/contact.svg`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from simulated import requested

from app.axes import LEFT, RIGHT, WIDTH, Panel, value_axis
from app.campaign.sessions import life
from controller.core.limits import SMALL_FACE_OHM, SMALL_OHM
from controller.core.session import Session
from controller.core.types import Phase
from controller.loop.tick import Loop, StopSwitch
from controller.session.wiring import run_session
from protocols.treatment import find

SMALL_CM2 = (1.0, 5.0)
BOTH_SIDES = 0.4
"""Share of the small contacts in which both sides are; else it is one finger, and the other hand whole."""
ALLOWED_REFUSED, ALLOWED_MISSED = 0.005, 0.01
"""Design: ordinary people refused, small contacts missed."""
AREAS = ("hands", "feet", "underarms", "face")
DOCS = Path(__file__).parents[2] / "docs"
PANEL = Panel(50, 330, 100)
HEIGHT = 470
MOST_OHM, LEAST_OHM = 100_000.0, 500.0


class Seen(NamedTuple):
    """One person: `ohm` is the first look's contact resistance, None where there was none.

    `treated` is what came of it within the time that was waited.
    """

    area: str
    small_cm2: tuple[float | None, float | None] | None
    ohm: float | None
    slope_ohm: float | None
    treated: bool

    @property
    def one_sided(self) -> bool:
        return self.small_cm2 is not None and None in self.small_cm2


class Watching:
    """Notes the first look, and ends the session when it is clear whether the person is treated."""

    def __init__(self, session: Session, stop: StopSwitch, patience_s: float) -> None:
        self.session, self.stop, self.patience_s = session, stop, patience_s
        self.ohm: float | None = None
        self.slope_ohm: float | None = None
        self.treated = False
        self._since_s: float | None = None

    def tick(self, measurement: Any) -> None:
        contact = self.session.contact
        if self.ohm is None and contact.contact_ohm is not None:
            self.ohm, self.slope_ohm = contact.contact_ohm, contact.slope_ohm
            self._since_s = measurement.time_s
        self.treated = self.treated or self.session.phase is Phase.RAMP_UP
        waited = self._since_s is not None and measurement.time_s - self._since_s > self.patience_s
        if self.treated or (waited and contact.small):
            self.stop.cut()


def small_of(number: int) -> tuple[float | None, float | None]:
    """Return how much of each side the `number`th small contact is, cm2."""
    rng = Random(f"small|{number}")
    one = round(rng.uniform(*SMALL_CM2), 2)
    other = round(rng.uniform(*SMALL_CM2), 2) if rng.random() < BOTH_SIDES else None
    return (one, other) if rng.random() < 0.5 else (other, one)


def seen(number: int, *, small: bool, patience_s: float = 60.0) -> Seen:
    """Let the `number`th person come, whole or with a finger, and wait at most `patience_s` for more."""
    who = life(number)
    what = find(who.treatment)
    person = {**who.scenario["person"], "hands_in_at_s": 0.0, "start_at_s": 0.5, "start_for_s": 0.3}
    skin_cm2 = small_of(number) if small else None
    scenario = {**who.scenario, "person": {**person, "skin_cm2": skin_cm2}}
    stop, watching = StopSwitch(), []

    def watch(_bench: object, loop: Loop[Session]) -> Watching:
        watching.append(Watching(loop.session, stop, patience_s))
        return watching[0]

    request = requested(what, seed=number, **scenario)._replace(plant_alone=True)
    run_session(request, None, stop, watch=watch)
    found = watching[0]
    return Seen(what.area, skin_cm2, found.ohm, found.slope_ohm, found.treated)


def most(count: int, share: float, beyond: float = 0.001) -> int:
    """Return the number of `count` that chance exceeds by at most `beyond`, where `share` is true."""
    term = chance = (1.0 - share) ** count
    number = 0
    while 1.0 - chance > beyond:
        term *= (count - number) / (number + 1) * share / (1.0 - share)
        number += 1
        chance += term
    return number


def row(name: str, people: Sequence[Seen], small: Sequence[Seen]) -> str:
    def share(of: Sequence[Seen], wrong: Callable[[Seen], bool]) -> str:
        return "-" if not of else f"{sum(map(wrong, of))} of {len(of)}"

    one = [s for s in small if s.one_sided]
    both = [s for s in small if not s.one_sided]
    return (
        f"| {name} | {share(people, lambda s: not s.treated)} | {share(one, lambda s: s.treated)} "
        f"| {share(both, lambda s: s.treated)} |"
    )


def table(people: Sequence[Seen], small: Sequence[Seen]) -> list[str]:
    lines = ["| area | ordinary people refused | one finger missed | a finger on each side missed |"]
    lines.append("|---|---|---|---|")
    for area in AREAS:
        lines.append(row(area, [s for s in people if s.area == area], [s for s in small if s.area == area]))
    return [*lines, row("all", people, small)]


def x(ohm: float) -> float:
    """Pixel on a logarithmic axis."""
    share = math.log(max(LEAST_OHM, min(MOST_OHM, ohm)) / LEAST_OHM) / math.log(MOST_OHM / LEAST_OHM)
    return LEFT + (RIGHT - LEFT) * share


def curve(ohms: Iterable[float], *, above: bool, style: str) -> str:
    """Draw how many of a hundred lie above an ohm, or below."""
    inorder = sorted(ohms, reverse=above)
    points = [(x(ohm), PANEL.y(100 * (n + 1) / len(inorder))) for n, ohm in enumerate(inorder)]
    return f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}" fill="none" {style}/>'


def draw(people: Sequence[Seen], small: Sequence[Seen]) -> str:
    def ohms(of: Sequence[Seen], *, face: bool) -> list[float]:
        return [s.ohm for s in of if s.ohm is not None and (s.area == "face") is face]

    ticks = [
        f'<text x="{x(ohm):.1f}" y="{PANEL.bottom + 20}" text-anchor="middle">{ohm / 1000:g}</text>'
        for ohm in (500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
    ]
    bounds = [
        f'<line x1="{x(ohm):.1f}" x2="{x(ohm):.1f}" y1="{PANEL.y(100):.1f}" y2="{PANEL.bottom}" '
        f'stroke="#777777" stroke-width="1.2" stroke-dasharray="{dashes}"/>'
        for ohm, dashes in ((SMALL_OHM, "2 4"), (SMALL_FACE_OHM, "7 4"))
    ]
    legend = (
        ("#0072B2", "", "ordinary people above: hands, feet, underarms"),
        ("#0072B2", "7 4", "ordinary people above: face"),
        ("#D55E00", "", "small contacts below: hands, feet, underarms"),
        ("#D55E00", "7 4", "small contacts below: face"),
    )
    lines, words = [], []
    for number, (colour, dashes, said) in enumerate(legend):
        style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
        of, above = (people, True) if colour == "#0072B2" else (small, False)
        lines.append(curve(ohms(of, face=bool(dashes)), above=above, style=style))
        left, y = LEFT + (number // 2) * (RIGHT - LEFT) / 2, PANEL.bottom + 70 + number % 2 * 20
        words.append(f'<line x1="{left:.0f}" x2="{left + 30:.0f}" y1="{y - 4}" y2="{y - 4}" {style}/>')
        words.append(f'<text x="{left + 36:.0f}" y="{y}">{said}</text>')
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" fill="#222222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="18" font-weight="bold">Contact resistance at the first look, '
        f"{len(people)} people and {len(small)} small contacts</text>",
        f'<text x="{RIGHT}" y="46" font-size="18" font-weight="bold" fill="#a3195b" '
        'text-anchor="end">SIMULATED</text>',
        *value_axis(PANEL, "share / %"),
        *ticks,
        f'<text x="{(LEFT + RIGHT) / 2}" y="{PANEL.bottom + 40}" text-anchor="middle">'
        "contact resistance / kohm (logarithmic); small from the dotted line on, with a mask from the dashed"
        "</text>",
        *bounds,
        *lines,
        *words,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main(count: int) -> None:
    people = [seen(number, small=False) for number in range(count)]
    small = [seen(number, small=True, patience_s=4.0) for number in range(count)]
    DOCS.joinpath("images/contact.svg").write_text(draw(people, small), encoding="utf-8")
    page = DOCS / "contact.md"
    before, _, rest = page.read_text(encoding="utf-8").partition("<!-- table -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    lines = "\n".join(table(people, small))
    page.write_text(f"{before}<!-- table -->\n{lines}\n<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)

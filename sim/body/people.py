"""Who sits there: three persons by name, and ordinary people as they differ from each other.

Law of this module: what a figure is drawn from is a source's or is marked as an assumption; the anchors that
the people are held to stand in `docs/simulator.md`, and a test works them out.
"""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random
from typing import Final

from sim.body.load import SKIN_NF_PER_CM2, SPREAD_LN, LoadParams

BODY_FACTOR: Final = 1.45
BODY_SPREAD_LN: Final = 0.42
BODY_FACTORS: Final[tuple[float, ...]] = (0.8, 3.8)
"""The body's resistance in that of a typical person: middle, spread (natural log) and bounds. With the rise
that makes 1 to 6 kohm of hands at 12 mA after 10 min: units are rated at 2, and 4 to 6 are not unusual."""
ANODE_V: Final = 0.9
CATHODE_V: Final = 0.6
"""Conditioned skin without the electrodes: fit to the trace of patrick-herke.com, where Springer's 4.6 V
would leave nothing for a current at 8.5 V."""
HIGHEST_FALL_V: Final = 5.0
FALLS_S: Final[tuple[float, ...]] = (120.0, 300.0)
HIGHEST_RISE: Final = 1.0
AGAINST_EACH_OTHER: Final = 0.1
"""Those who fall by much rise by little: nobody can do as in Vienna 1986 and as patrick-herke.com. So wide is
the spread about that, as a share of either."""
MIDDLE_LEANS: Final = math.sqrt(0.5)
ELECTRODES_V: Final[tuple[float, ...]] = (1.2, 2.5)
"""Splitting water takes 1.23 V; the rest is an assumption until it is measured."""
CAPACITY_SPREAD_LN: Final = 0.3
KNEE_SPREAD_LN: Final = 0.5
"""Spread of the skin's capacitance and of the knees of its resistance (natural log), twice so much at most:
assumptions, since what is known is that the capacitance of one skin hardly moves (Oh 1993)."""


AREAS: Final[dict[str, LoadParams]] = {
    "hands": LoadParams(),
    "feet": LoadParams(area_cm2=200.0, body_ohm=700.0, moisture=0.95),
    "underarms": LoadParams(area_cm2=100.0, body_ohm=300.0, moisture=0.5, water_depth_cm=1.0),
    "face": LoadParams(area_cm2=60.0, body_ohm=250.0, moisture=0.5, water_depth_cm=1.0),
}
"""Electrode area and path by treated area: underarm pads of 100 cm2 (KaWe SwiSto3: pockets of
90 x 110 mm), the rest our assumption, the trays of 150 cm2 too."""


def person(area: str, skin: str) -> LoadParams:
    """Return a `typical`, `dry` or `wet` person for an area of `AREAS`; KeyError for any other area.

    Each is one person, whom tests can rely on. Dry: 4 to 6 kohm at first, giving way over minutes; 60 V then
    drive about 10 mA (iontocentre users).
    """
    base = AREAS[area]
    if skin == "dry":
        return replace(base, moisture=3.4, conditioned=0.6, conditioning_s=180.0)
    if skin == "wet":
        return replace(base, moisture=0.6 * base.moisture, body_ohm=base.body_ohm - 50.0)
    return base


def ordinary(area: str, rng: Random | None) -> LoadParams:
    """Return somebody drawn by `rng` from ordinary people, the middle one without; KeyError for no area."""
    typical = AREAS[area]
    body_ohm, fresh_v = BODY_FACTOR * typical.body_ohm, typical.fresh_v
    rise, fall = MIDDLE_LEANS, 1.0 - MIDDLE_LEANS
    electrode_v, fall_s = sum(ELECTRODES_V) / 2, sum(FALLS_S) / 2
    skin_nf, knee = SKIN_NF_PER_CM2, 1.0
    if rng is not None:
        leans = math.sqrt(rng.random())  # to the rise, of which there is a whole trace
        rise = min(1.0, max(0.0, rng.gauss(leans, AGAINST_EACH_OTHER)))
        fall = min(1.0, max(0.0, rng.gauss(1.0 - leans, AGAINST_EACH_OTHER)))
        low, high = (factor * typical.body_ohm for factor in BODY_FACTORS)
        body_ohm = min(high, max(low, body_ohm * rng.lognormvariate(0.0, BODY_SPREAD_LN)))
        fresh_v *= rng.lognormvariate(0.0, SPREAD_LN)
        electrode_v, fall_s = rng.uniform(*ELECTRODES_V), rng.uniform(*FALLS_S)
        skin_nf *= math.exp(CAPACITY_SPREAD_LN * max(-2.0, min(2.0, rng.gauss(0.0, 1.0))))
        knee = math.exp(KNEE_SPREAD_LN * max(-2.0, min(2.0, rng.gauss(0.0, 1.0))))
    return replace(
        typical,
        body_ohm=body_ohm,
        fresh_v=fresh_v,
        anode_v=ANODE_V,
        cathode_v=CATHODE_V,
        fall_v=HIGHEST_FALL_V * fall,
        fall_s=fall_s,
        rise=HIGHEST_RISE * rise,
        electrode_v=electrode_v,
        skin_nf_per_cm2=skin_nf,
        knee=knee,
    )

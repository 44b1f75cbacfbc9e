"""The absolute ceilings: what no file, no setting and no person may exceed.

Law: ceilings live in code, under YAML, under the person's settings. A combination that is not listed is
not treated: its ceiling is zero. Where sources disagree the lower figure stands, and that is said here.

Where the figures come from:

- hands, adult, 15 mA: German Wikipedia, "Leitungswasseriontophorese". The usual range is 10 to 18 mA
  (R.A. Fischer), so the lower figure cuts off the top of what some people are treated with.
- feet, adult, 20 mA: a UK hospital leaflet (WPR26540) allows adults 20 mA on any area; German Wikipedia
  says 25 mA for feet. The lower stands.
- hands and feet, child, 15 mA: the same leaflet allows children 15 mA on any area, no more than the hands
  of an adult get here.
- underarms 5 mA, face 3 mA, adult: no paper was found, only usual practice (1 to 5 and 1 to 3 mA), so they
  are low. For children, 3 and 2 mA: no source at all, so they are lower still.
- glycopyrrolate 8 mA: 7.5 to 8.0 mA works best and side effects rise above 8 mA (Leow & Tey).
- durations: a session takes 20 to 30 minutes depending on the area (patient leaflet of the British
  Association of Dermatologists); for the face, where nothing more is known, the lower end.
- ramps: 30 s up and down is the practice of transcranial stimulation (PMC6851475); makers of these units
  say only "slow". 0.5 mA/s takes 30 s to the 15 mA of the hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Area: TypeAlias = Literal["hands", "feet", "underarms", "face"]
"""The part of the body that is treated."""
AgeGroup: TypeAlias = Literal["adult", "child"]
"""A child is 5 to 15 years old; under 5 nobody is treated (British Association of Dermatologists)."""
Electrolyte: TypeAlias = Literal["tap_water", "glycopyrrolate"]
"""What the trays or pads are wet with."""

ABSOLUTE_MAX_MA: Final = 25.0
"""Full scale of the reference unit's current stage; no ceiling and no limit of a unit lies above it."""
MIN_CURRENT_MA: Final = 0.5
"""The lowest target; the usual ranges of the most sensitive areas begin at 1 mA, so less is a mistake."""
MIN_RAMP_MA_PER_S: Final = 0.05
"""A slower ramp would fill the session with ramps."""
MAX_RAMP_MA_PER_S: Final = 0.5
"""The steepest rise of current; see the module's text."""
MIN_TOTAL_MIN: Final = 2.0
"""The shortest treatment, in minutes."""
MIN_HOLD_S: Final = 10.0
"""What each direction must hold between its two ramps, so that a treatment is more than ramps."""

_CEILINGS_MA: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        ("hands", "adult"): 15.0,
        ("hands", "child"): 15.0,
        ("feet", "adult"): 20.0,
        ("feet", "child"): 15.0,
        ("underarms", "adult"): 5.0,
        ("underarms", "child"): 3.0,
        ("face", "adult"): 3.0,
        ("face", "child"): 2.0,
    }
)

_ELECTROLYTE_MA: Final[Mapping[str, float]] = MappingProxyType(
    {"tap_water": ABSOLUTE_MAX_MA, "glycopyrrolate": 8.0}
)

_LONGEST_MIN: Final[Mapping[str, float]] = MappingProxyType(
    {"hands": 30.0, "feet": 30.0, "underarms": 30.0, "face": 20.0}
)


def ceiling_ma(area: str, age_group: str, electrolyte: str) -> float:
    """Give the highest current in mA for a treatment; 0.0 for any combination that is not listed."""
    return min(_CEILINGS_MA.get((area, age_group), 0.0), _ELECTROLYTE_MA.get(electrolyte, 0.0))


def longest_min(area: str) -> float:
    """Give the longest time with current in minutes, both directions together; 0.0 for an unlisted area."""
    return _LONGEST_MIN.get(area, 0.0)

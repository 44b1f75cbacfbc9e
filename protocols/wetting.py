"""Electrodes and what they are wet with: the least size, the least water, and why.

Law: pure figures, for pages and manual to tell; nothing here moves a current. The ceilings are elsewhere.

Where the figures come from:

- sizes: our own, so that no area's ceiling gives more than 0.1 mA/cm2 over its electrode: a fifth of the
  0.5 mA/cm2 of general reviews, a twentieth of the 2 mA/cm2 above which AS 60601.2.10 asks for attention.
  Makers' are larger or about so: plates of 330 cm2, pads of 99 cm2 (KaWe SwiSto3).
- water: charge makes acid at the one pole and lye at the other (Faraday). Water that holds nothing to take it
  up, as very soft water does, reaches pH 2.9 in a pad of 40 ml at 5 mA in 15 min. The least volumes are our
  own: at every ceiling and longest half none gets below pH 3.3, and a tray stays near 4, as sour as tomatoes.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from types import MappingProxyType
from typing import Final

from protocols.ceilings import Area

LEAST_CM2: Final[Mapping[Area, int]] = MappingProxyType(
    {"hands": 150, "feet": 200, "underarms": 90, "face": 60}
)
"""Least size of each electrode."""
LEAST_ML: Final[Mapping[Area, int]] = MappingProxyType(
    {"hands": 1500, "feet": 1500, "underarms": 100, "face": 40}
)
"""Least water of each tray, pad or half of the mask."""
SMALL_PAD_ML: Final = 40
"""A pad that holds too little; what is told of it."""
SOUREST_PH: Final = 3.3
"""No water of the least volume gets more acid at a ceiling within the longest half."""
_FARADAY_C_PER_MOL: Final = 96485.33


def density_ma_per_cm2(area: Area, current_ma: float) -> float:
    """Give the current density over the smallest electrode."""
    return current_ma / LEAST_CM2[area]


def acid_ph(current_ma: float, half_min: float, volume_ml: float) -> float:
    """Give the pH that water which buffers nothing has at the positive pole after `half_min` one way.

    All of the charge counts as splitting water, and all of the acid stays in the water.
    """
    moles = current_ma / 1000 * half_min * 60 / _FARADAY_C_PER_MOL
    return -log10(moles / (volume_ml / 1000) + 1e-7)

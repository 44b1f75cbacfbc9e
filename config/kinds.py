"""Which of our YAML files a file is, and whether it is a good one.

Law: the keys at the root decide, never the file's name. Treatments and scenarios are known elsewhere, so
the caller brings their models.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from config.calibration import Calibration, require_as_written
from config.circuit import Circuit
from config.reader import parse, read_bytes, read_text, refused
from config.unit import Unit

SIGNS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "treatment": frozenset({"area", "current_ma", "total_min"}),
        "calibration": frozenset({"channels", "unit_serial"}),
        "scenario": frozenset({"events", "load", "person"}),
        "circuit": frozenset({"conditions", "kinds", "parts"}),
        "unit": frozenset({"i2c", "pins", "dac", "control_adc", "guard_adc", "stage", "limits", "loop"}),
    }
)
"""Root keys by which each kind is known; the kind with the most of them is meant."""


def check_file(path: Path, extra: Mapping[str, type[BaseModel]]) -> str:
    """Read `path` as what it is and give its kind, one of `SIGNS`; raise `BadFile` with every error.

    `extra` are the models of the kinds that this room does not know: `treatment` and `scenario`.
    """
    content = read_bytes(path)
    models: dict[str, type[BaseModel]] = {
        "unit": Unit,
        "calibration": Calibration,
        "circuit": Circuit,
        **extra,
    }
    data = parse(content, str(path)).data
    kind = _kind(set(data), models)
    if kind is None:
        known = "; ".join(f"{name} ({', '.join(sorted(SIGNS[name]))})" for name in SIGNS if name in models)
        raise refused(str(path), f"no key tells what this file is, expected keys of a {known}")
    if kind == "calibration":
        require_as_written(data, str(path))
    read_text(content, str(path), models[kind])
    return kind


def _kind(keys: set[str], models: Mapping[str, type[BaseModel]]) -> str | None:
    hits = {kind: len(signs & keys) for kind, signs in SIGNS.items() if kind in models}
    best = max(hits, key=lambda kind: hits[kind])
    return best if hits[best] else None

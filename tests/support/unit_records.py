"""The two records that a real unit needs before it treats anybody, as technicians' commands write them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.technician.records import COMMISSIONING, FOLDER, text_of
from config.sealed import seal

POINTS = {"gain": 1.0, "offset": 0.0, "points": [[0.0, 0.0], [20.0, 20.0]]}
CHANNELS = ("output", "control_current", "guard_current", "voltage", "return")


def calibration_text(
    serial: str, *, days_ago: int = 1, without: tuple[str, ...] = (), always: bool = False
) -> str:
    """A calibration record of so many days ago, which holds for a year, or `always`."""
    made = date(1970, 1, 1) if always else date.today() - timedelta(days=days_ago)
    return text_of(
        {
            "record": 2,
            "unit_serial": serial,
            "date": made.isoformat(),
            "expires": "2099-12-31" if always else (made + timedelta(days=365)).isoformat(),
            "technician": "A. Person",
            "meter": "DMM",
            "channels": {name: POINTS for name in CHANNELS if name not in without},
        }
    )


def commissioning_text(serial: str, **changes: Any) -> str:
    """A commissioning record, as far as a treatment looks at it."""
    content = {"commissioned": True, "simulated": False, "unit": {"name": "Mine", "serial": serial}}
    return seal(content | {"date": date.today().isoformat()} | changes)


def put_calibration(state: Path, serial: str, **how: Any) -> Path:
    return _put(state / FOLDER / f"{serial}.yaml", calibration_text(serial, **how))


def put_commissioning(state: Path, serial: str, **changes: Any) -> Path:
    whose = changes.pop("of", serial)
    return _put(state / COMMISSIONING / f"commissioning-{serial}.yaml", commissioning_text(whose, **changes))


def _put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path

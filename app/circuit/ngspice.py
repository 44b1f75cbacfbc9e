"""Runs ngspice on a netlist and gives its waves.

Law: every run has a folder of its own, an end, and nobody's settings; what ngspice could not simulate is an
error with its own words, never a row that passes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sim.circuit.measure import Waves

LONGEST_S: Final = 120.0
OTHERWISE: Final = (
    "",
    ".options method=trap\n",
    ".options method=trap reltol=1e-3 abstol=1e-9 vntol=1e-5\n",
    ".options method=gear reltol=5e-4 trtol=1\n",
)
"""How a simulation is tried whose steps grow too small: as written, then with other rules of integration."""
LACKING: Final = "ngspice is not installed: sudo apt install ngspice"


class NotSimulated(Exception):
    """ngspice did not come to the end; `str()` is its last line."""


def found() -> bool:
    """Tell whether ngspice is here."""
    return shutil.which("ngspice") is not None


def version() -> str:
    """Return the version of ngspice, such as `ngspice-39`; empty where it tells none."""
    ran = subprocess.run(["ngspice", "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S607
    return next((word for word in ran.stdout.split() if word.startswith("ngspice-")), "")


def simulate(netlist: str, waves: Mapping[str, str]) -> Waves:
    """Simulate `netlist` and give the waves by name, and `t`. Raises NotSimulated."""
    lets = "\n".join(f"let w{number} = {expression}" for number, expression in enumerate(waves.values()))
    names = " ".join(f"w{number}" for number in range(len(waves)))
    control = f".control\nset wr_singlescale\nrun\n{lets}\nwrdata waves {names}\nquit\n.endc\n.end\n"
    said = ""
    for options in OTHERWISE:
        said, text = _run(netlist + options + control)
        if "Timestep too small" in said:
            continue
        columns = list(
            zip(*([float(word) for word in line.split()] for line in text.splitlines()), strict=True)
        )
        if len(columns) != len(waves) + 1:
            break
        return {"t": columns[0], **dict(zip(waves, columns[1:], strict=True))}
    raise NotSimulated(_reason(said))


def _run(netlist: str) -> tuple[str, str]:
    """Run ngspice; returns what it said and what it wrote, nothing where it broke off."""
    with tempfile.TemporaryDirectory(prefix="ionto-circuit-") as place:
        Path(place, "n.cir").write_text(netlist, encoding="ascii")
        settled = {**os.environ, "HOME": place, "OMP_NUM_THREADS": "1"}
        words = ["ngspice", "-n", "-b", "n.cir"]
        try:
            ran = subprocess.run(  # noqa: S603 - our own netlist, by the name that was looked for
                words, cwd=place, env=settled, capture_output=True, text=True, timeout=LONGEST_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise NotSimulated(f"ngspice took longer than {LONGEST_S:.0f} s") from None
        said = f"{ran.stdout}\n{ran.stderr}"
        written = next(
            (one for one in (Path(place, "waves.data"), Path(place, "waves")) if one.exists()), None
        )
        return said, "" if written is None or "aborted" in said else written.read_text()


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [
        line for line in lines if any(word in line.lower() for word in ("error", "too small", "unknown"))
    ]
    return (telling or lines or ["it said nothing"])[0]

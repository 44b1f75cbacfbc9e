"""Draws the sheets of the schematic into docs/images/, from `config/circuit.yaml` and `app/circuit/sheets/`.

.venv/bin/python tests/support/circuit_sheets.py
"""

from pathlib import Path

from app.circuit.sheets import drawn
from config.circuit import load_circuit

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def files():
    """What belongs into docs/images/: name and text of each sheet."""
    return {IMAGES / f"circuit-{sheet.name}.svg": sheet.svg() for sheet in drawn(load_circuit())}


if __name__ == "__main__":
    for path in set(IMAGES.glob("circuit*.svg")) - set(files()):
        path.unlink()
    for path, text in files().items():
        path.write_text(text)

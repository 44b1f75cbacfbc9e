"""Writes parts list and lane's table into docs/hardware.md, from `config/circuit.yaml` and docs/circuit/.

.venv/bin/python tests/support/hardware_page.py

The table itself comes from `ionto circuit --json docs/circuit/corners.json`.
"""

import json
import re
from itertools import groupby
from pathlib import Path

from config.circuit import load_circuit

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "hardware.md"
CORNERS = ROOT / "docs" / "circuit" / "corners.json"


def cell(text):
    return text.replace("|", "\\|")


def parts():
    """The parts list, block by block."""
    lines = []
    for block, found in groupby(load_circuit().parts, key=lambda part: part.block):
        lines += [f"**{block}**", "", "| part | buy | rating | for |", "|---|---|---|---|"]
        lines += [
            f"| {part.ref} | {cell(part.buy)} | {cell(part.rating) or '-'} | {cell(part.role)} |"
            for part in found
        ]
        lines.append("")
    return "\n".join(lines[:-1])


def lane():
    """The table of the last run over the corners."""
    kept = json.loads(CORNERS.read_text())
    lines = [
        f"Made on {kept['date']} with {kept['ngspice']}, circuit {kept['circuit']}, by `ionto circuit`: each "
        "figure alone at both ends",
        "of its spread, then all together at the ends that make a row worse.",
        "",
        "| block | case | figure | middle | spread | bound | worst |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in kept["rows"]:
        held = "" if row["holds"] else " **fails**"
        spread = f"{row['low']:.3g} to {row['high']:.3g} {row['unit']}".rstrip()
        lines.append(
            f"| {row['block']} | {row['case']} | {row['what']} | {row['middle']:.3g} | {spread} "
            f"| {row['bound']} | {row['worst']:.3g}{held} |"
        )
    return "\n".join(lines)


def page(text):
    """The page with both put in between their marks."""
    for name, content in (("parts", parts()), ("lane", lane())):
        pattern = re.compile(rf"(<!-- {name}: .*? -->\n).*?(<!-- end of {name} -->)", re.S)
        assert len(pattern.findall(text)) == 1, name
        text = pattern.sub(lambda found, made=content: f"{found[1]}{made}\n{found[2]}", text)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))

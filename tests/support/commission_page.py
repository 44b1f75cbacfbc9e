"""Writes the sample record into docs/commissioning.md, from a commissioning of the simulated unit.

.venv/bin/python tests/support/commission_page.py
"""

import contextlib
import io
import re
import tempfile
from datetime import date
from pathlib import Path

from app.main import main

PAGE = Path(__file__).parents[2] / "docs" / "commissioning.md"
DAY = "2026-11-28"


def record():
    """The file that a builder sends in; what differs from run to run is put in the page's own words."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        code = main(
            ["commission", "--simulate", "--answers", "simulated", "--state", folder, "--out", folder]
        )
        text = (Path(folder) / "commissioning-SIM-1.yaml").read_text() if code == 0 else f"exit code {code}"
    text = text.replace(date.today().isoformat(), DAY)
    described = "description:\\n  # every key of the unit's file\\nmeasured:"
    text = re.sub(r"(?ms)^description:\n.*?^measured:", described, text)
    return re.sub(r"(?m)^checksum: [0-9a-f]{64}$", "checksum: ...", text)


def page(text, content):
    """The page with `content` between its marks."""
    return re.sub(
        r"(?s)(<!-- record: .*? -->\n).*?(<!-- end of record -->)",
        lambda found: f"{found[1]}```yaml\n{content}```\n{found[2]}",
        text,
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(), record()))

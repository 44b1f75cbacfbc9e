"""The manuals tell every blink code and every signal as the unit shows and the page words them."""

from pathlib import Path

import pytest
from panel_tables import put, tables

from controller.loop import advice

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "operator.md").read_text()


@pytest.mark.parametrize(("path", "table"), list(tables()), ids=lambda one: getattr(one, "name", ""))
def test_the_tables_of_the_manuals_are_those_of_the_code(path, table):
    page = path.read_text(encoding="utf-8")
    assert put(page, table) == page, "run: python tests/support/panel_tables.py"


def test_every_next_step_has_its_sentence():
    assert set(advice.NEXT.values()) <= set(advice.SENTENCES)
    table = (ROOT / "docs" / "device.md").read_text()
    for name, sentence in advice.SENTENCES.items():
        assert f"| `{name}` | {sentence} |" in table


def test_every_picture_of_the_manual_is_there():
    for name in MANUAL.split("](images/")[1:]:
        assert (ROOT / "docs" / "images" / name.partition(")")[0]).stat().st_size > (
            2_000 if name.partition(")")[0].endswith(".svg") else 10_000
        )

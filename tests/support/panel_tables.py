"""The tables of codes in the manuals, from the catalogue.

    python tests/support/panel_tables.py      after a row has changed

Law: a table holds what the code says and nothing of its own; what explains it stands around it in the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from controller.core.reasons import REASONS, SERVICE

DOCS: Final = Path(__file__).parents[2] / "docs"
Table: TypeAlias = list[str]


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *([str(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _technical() -> Table:
    """Give the codes as other programs and technicians need them."""
    rows = ((row.code, f"`{name}`", row.title, row.mender) for name, row in REASONS.items())
    return _table(("code", "name", "what happened", "who mends it"), rows)


def _for_people() -> Table:
    """Give the codes as a person at home needs them."""
    rows = (
        (row.code, row.title, "Technician." if row.advice == SERVICE else row.to_do(rest=True))
        for row in REASONS.values()
    )
    return _table(("code", "means", "do"), rows)


def tables() -> Iterator[tuple[Path, Table]]:
    """Give each table and the page it stands in."""
    yield DOCS / "device.md", _technical()
    yield DOCS / "operator.md", _for_people()


def put(page: str, table: Table) -> str:
    """Give the page with this table in place of the one that has its head."""
    there = re.compile(re.escape(table[0]) + r"\n(\|.*\n)+")
    if len(there.findall(page)) != 1:
        raise ValueError(f"no such table, or two: {table[0]}")
    return there.sub(lambda _: "\n".join(table) + "\n", page)


def main() -> None:
    """Bring the pages up to date."""
    for path, table in tables():
        path.write_text(put(path.read_text(encoding="utf-8"), table), encoding="utf-8")


if __name__ == "__main__":
    main()

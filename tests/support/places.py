"""Where a file is that others cite: by its path, or by a pattern that outlives moves, `controller/**/rig.py`.

Law: a pattern stands for exactly one file; none or two are told like a path to nothing.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def place(cited: str, root: Path = ROOT) -> str:
    """Return the path from the root of the one file that is cited, with what follows `::`; else as it was."""
    pattern, *rest = cited.split("::", 1)
    found = list(root.glob(pattern)) if "*" in pattern else []
    return "::".join([found[0].relative_to(root).as_posix(), *rest]) if len(found) == 1 else cited

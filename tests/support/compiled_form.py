"""Whole sessions as processes of their own run compiled where that build is at hand: their bits are the same.

Tests of this process, and what they patch, run the source (docs/decisions/0018-compiled-simulations.md).
"""

import os

from app.compiled import build
from app.compiled.build import NotCompiled


def environment():
    """Return this process's environment, in which Python finds the compiled rooms first if there are any."""
    try:
        place = build.build(build.cache(), make=False, tell=lambda _: None)
    except NotCompiled:
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": str(place)}

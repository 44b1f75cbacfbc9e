"""Fixtures for the core: see `support/core_bench.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from core_bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    return Bench

"""The terminal as the panel: everything in it is whole in a terminal of 80 columns, in every language."""

import io

import pytest
from herald import SNAPSHOT, TREATING
from rich.console import Console

from app.device import panel
from app.locale.terminal import SOURCE, available, speak, t


@pytest.fixture(params=sorted(available()))
def language(request):
    speak(request.param)
    yield request.param
    speak(SOURCE)


def test_no_key_is_torn_in_a_narrow_terminal(language):
    out = io.StringIO()
    seen = {**SNAPSHOT, **TREATING, "limited_by": "soft_water"}
    Console(width=80, file=out).print(panel.picture(seen, hand_out=False))
    lines = out.getvalue().splitlines()
    assert {len(line) for line in lines} == {80}
    keys = t(panel.HELP).split("   ")
    assert len(keys) == 8
    for key in keys:
        assert any(key in line for line in lines), key

"""What each emulated computer begins with: a unit outside, and the bundle for a Pi."""

import shutil
from contextlib import contextmanager

import pytest
from booted import Unit
from bundles import as_the_page_says
from emulated import Machine, make_disk, why_not
from emulated_recipe import parts, workshop

SERIAL = "EM-1"
BENCH = "person: {start_at_s: null, fidgets: false}\nload: {skin: 2000}\n"
"""A technician's: a resistor at the terminals, and nobody who touches anything unasked."""


@pytest.fixture(scope="session", autouse=True)
def possible():
    if why := why_not():
        pytest.skip(f"nothing can be emulated here: {why}")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """What the page's first commands make: for 64-bit Arm, as they stand there."""
    return as_the_page_says(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def unit(tmp_path_factory):
    """The unit outside, switched on."""
    unit = Unit(tmp_path_factory.mktemp("outside") / "unit")
    described = unit.description.read_text()
    unit.description.write_text(described.replace('serial: ""', f'serial: "{SERIAL}"'))
    (unit.folder / "scenario.yaml").write_text(BENCH)
    unit.switch_on()
    yield unit
    unit.switch_off()


@pytest.fixture(scope="module")
def computer(unit, tmp_path_factory):
    """Have a computer with folders and texts on its disk, switched off."""

    @contextmanager
    def computer(folders, texts, prepare=lambda _shop, _place: None):
        place = tmp_path_factory.mktemp("machine")
        made, shop = parts(), workshop()
        make_disk(shop, made, place, folders, texts)
        prepare(shop, place)
        machine = Machine(shop, place, unit)
        try:
            yield machine
        finally:
            machine.pull_the_plug()
            shutil.rmtree(place)

    return computer

"""For each file a Debian that booted from nothing; the bundle of this checkout was copied to it."""

import shutil

import pytest
from booted import HOME, Machine, outside, unpack, why_not
from bundles import as_the_page_says


@pytest.fixture(scope="session", autouse=True)
def possible():
    if why := why_not():
        pytest.skip(f"nothing can be booted here: {why}")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """What the page's first commands make, but for a PC; the key lies beside it."""
    return as_the_page_says(tmp_path_factory.mktemp("bundle"), "--machine", "x86_64")


@pytest.fixture(scope="session", params=["trixie", "bookworm"])
def suite(request):
    return request.param


@pytest.fixture(scope="module")
def machine(suite, bundle, tmp_path_factory):
    """It has booted, with the bundle copied to it and nothing installed; the unit outside is on."""
    place = tmp_path_factory.mktemp(suite)
    root = unpack(suite, place / "root")
    shutil.copytree(bundle, root / HOME.lstrip("/") / bundle.name)
    with outside(place / "unit") as unit:
        machine = Machine(root, unit)
        try:
            machine.boot()
            yield machine
        finally:
            machine.pull_the_plug()
            shutil.rmtree(root, ignore_errors=True)

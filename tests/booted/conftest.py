"""For each file a Debian that booted from nothing; the bundle of this checkout was copied to it."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import install_page
import pytest
from booted import HOME, Machine, outside, unpack, why_not

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def possible():
    if why := why_not():
        pytest.skip(f"nothing can be booted here: {why}")


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """What the page's first commands make, but for a PC; the key lies beside it."""
    place = tmp_path_factory.mktemp("bundle")
    make_key = [*shlex.split(install_page.command("key")), "-N", ""]
    subprocess.run(make_key, check=True, cwd=place, stdout=subprocess.DEVNULL, timeout=600)
    program, *words = shlex.split(install_page.command("bundle"))
    assert program == "./ionto"
    command = [sys.executable, "-P", "-m", "app.main", *words, "--machine", "x86_64"]
    subprocess.run(
        command, check=True, cwd=place, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}, timeout=600
    )
    return place / words[1]


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

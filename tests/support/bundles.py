"""Bundles: the real one of a page's commands, and some with only an installer of a few lines in them."""

import hashlib
import shlex
import subprocess
import sys
from pathlib import Path

import install_page

from app.appliance import signed

ROOT = Path(__file__).parents[2]

INSTALLER = """#!/bin/sh
here=$(dirname "$0")
echo "$here $(cat "$here/version") $*" >>{ran}
"""


def key(place, name="key"):
    """A key of ssh-keygen's without a passphrase."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a maker", "-f", place / name]
    subprocess.run(words, check=True, capture_output=True)
    return place / name


def seal(folder):
    """Write the list of the bundle's files, as `ionto bundle` does."""
    files = sorted(
        one for one in folder.rglob("*") if one.is_file() and not one.name.startswith("SHA256SUMS")
    )
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.relative_to(folder)}\n" for one in files]
    (folder / "SHA256SUMS").write_text("".join(sums))


def bundle(folder, version, ran, signer=None):
    """Make a bundle whose installer appends a line to the file `ran`."""
    (folder / "wheels").mkdir(parents=True)
    (folder / "install.sh").write_text(INSTALLER.format(ran=ran))
    (folder / "version").write_text(f"{version}\n")
    (folder / "requirements.lock").write_text("")
    (folder / "wheels" / "some_thing-1.0+x!1-py3-none-any.whl").write_text("wheel")
    if signer is not None:
        (folder / "allowed_signers").write_text(signed.signer_line(signer))
    seal(folder)
    if signer is not None:
        signed.sign(folder, signer)
    return folder


def as_the_page_says(place, *more):
    """What the first commands of docs/install.md make in a folder, with `more` options, beside the key."""
    make_key = [*shlex.split(install_page.command("key")), "-N", ""]
    subprocess.run(make_key, check=True, cwd=place, stdout=subprocess.DEVNULL, timeout=600)
    program, *words = shlex.split(install_page.command("bundle"))
    assert program == "./ionto"
    command = [sys.executable, "-P", "-m", "app.main", *words, *more]
    beside = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    subprocess.run(command, check=True, cwd=place, env=beside, timeout=600)
    return place / words[1]

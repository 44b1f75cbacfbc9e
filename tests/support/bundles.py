"""Bundles with nothing in them but an installer of a few lines, signed by real keys or not."""

import hashlib
import subprocess

from app.appliance import signed

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

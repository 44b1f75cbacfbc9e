"""Whose a bundle is, by OpenSSH itself: a signed one of a maker whose key is gone, and what forgers do to it.

Law: none of it may be skipped. Where ssh-keygen is missing the good one is refused too, and by that name.
"""

import hashlib
import shutil
from pathlib import Path

import pytest

from app.appliance.signed import SIGNATURE, SIGNERS, SUMS, Untrusted, take

GOOD = Path(__file__).parent / "signed_bundle"
MAKER = "SHA256:dhKfxTPnYt+Ls6ZTxsjb4F4hxIIbuspQ0+6HSlYEvUc"
VERIFIES = shutil.which("ssh-keygen") is not None


class Brought:
    """A bundle somebody brought, and a unit that knows the maker."""

    def __init__(self, place):
        self.folder, self.signers, self._into = place / "bundle", place / "known", place / "taken"
        shutil.copytree(GOOD, self.folder)
        self.signers.write_text((GOOD / SIGNERS).read_text())
        self.signers.chmod(0o644)
        self._into.mkdir()

    def taken(self):
        return take(self.folder, self._into, self.signers)

    def sealed(self):
        """The list anew, as whoever has no key can make it."""
        lines = (self.folder / SUMS).read_text().splitlines()
        names = [line.split("  ")[1] for line in lines]
        sums = [hashlib.sha256((self.folder / name).read_bytes()).hexdigest() for name in names]
        (self.folder / SUMS).write_text(
            "".join(f"{one}  {name}\n" for one, name in zip(sums, names, strict=True))
        )

    def refused(self, why):
        """It is, for that reason; what raises is never run (`app.appliance.exchange`)."""
        with pytest.raises(Untrusted, match=why if VERIFIES else "ssh-keygen is missing"):
            self.taken()


@pytest.fixture
def brought(tmp_path):
    return Brought(tmp_path)


def test_what_the_known_maker_signed_is_taken_and_without_ssh_keygen_nothing_is(brought, monkeypatch):
    if VERIFIES:
        assert brought.taken() == MAKER
    monkeypatch.setenv("PATH", "/nonexistent")
    (again := brought.signers.parent / "again").mkdir()
    with pytest.raises(Untrusted, match="ssh-keygen is missing"):
        take(brought.folder, again, brought.signers)
    assert not (again / "install.sh").exists()


def test_a_forged_installer_is_refused_though_its_sums_match(brought):
    (brought.folder / "install.sh").write_text("touch /ran\n")
    brought.sealed()
    brought.refused("not signed by anybody whom")


def test_a_strangers_signature_is_refused_though_the_bundle_vouches_for_them(brought):
    shutil.copy(brought.folder / "stranger.sig", brought.folder / SIGNATURE)
    brought.refused("not signed by anybody whom")


def test_what_the_maker_signed_for_another_purpose_is_refused(brought):
    shutil.copy(brought.folder / "purpose.sig", brought.folder / SIGNATURE)
    brought.refused("not signed by anybody whom")


def test_a_maker_whom_this_unit_does_not_know_is_refused(brought):
    brought.signers.write_text("# nobody yet\n")
    brought.refused("not signed by anybody whom")


@pytest.mark.parametrize("gone", ["signature", "known"])
def test_without_a_signature_or_anybody_known_nothing_is_taken(brought, gone):
    (brought.folder / SIGNATURE if gone == "signature" else brought.signers).unlink()
    with pytest.raises(Untrusted, match=r"is not signed|nobody is known here"):
        brought.taken()


def test_a_file_that_was_changed_after_the_signing_is_refused(brought):
    (brought.folder / "version").write_text("0.4.0\n")
    brought.refused("version is not the file that was signed")

"""Only a bundle that is signed by somebody known runs: forged, changed, exchanged and older ones don't."""

import fcntl
import os
import re
import subprocess
from pathlib import Path

import pytest
from bundles import bundle, key, seal

from app.appliance import exchange, signed
from app.appliance.bundle import Order
from app.appliance.bundle import bundle as make_bundle
from app.appliance.exchange import LOG, update
from app.main import main
from app.output import UsageError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="updating needs root")


class Unit:
    """A unit on which 0.2.0 is installed, and which knows one maker."""

    def __init__(self, place):
        self.place, self.base, self.settings = place, place / "opt", place / "etc"
        self.ran = place / "ran"
        (self.base / "0.2.0-12345678").mkdir(parents=True)
        (self.base / "current").symlink_to(self.base / "0.2.0-12345678")
        self.settings.mkdir()
        self.maker, self.other = key(place), key(place, "other")
        (self.settings / "allowed_signers").write_text(f"# ours\n{signed.signer_line(self.maker)}")

    def bundle(self, name="bundle", version="0.3.0", signer="maker"):
        return bundle(self.place / name, version, self.ran, getattr(self, signer) if signer else None)

    def update(self, folder, older=None):
        return update(folder, older, self.base, self.settings)

    @property
    def log(self):
        file = self.base / LOG
        return file.read_text().splitlines() if file.exists() else []

    def files(self):
        """What is on the unit besides the log and the lock."""
        return sorted(
            str(one.relative_to(self.place))
            for root in (self.base, self.settings)
            for one in root.rglob("*")
            if one.name not in {LOG, ".updating"}
        )


@pytest.fixture
def unit(tmp_path):
    return Unit(tmp_path)


def test_what_is_signed_runs_from_a_copy_that_is_roots_alone_and_is_gone_afterwards(unit):
    before = unit.files()
    assert unit.update(unit.bundle()) == 0
    assert unit.ran.read_text() == f"{unit.base}/.update 0.3.0 \n"
    assert unit.files() == before
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", f"{unit.maker}.pub"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    assert unit.log[0].endswith(f" 0.2.0 -> 0.3.0, signed with {fingerprint}")
    assert unit.log[1].endswith(" 0.2.0 -> 0.3.0, ended with 0")


def refused(unit, folder, said, capsys, older=None):
    """Nothing ran and nothing changed; one sentence says why, and so does the log."""
    before = unit.files()
    assert unit.update(folder, older) == 5
    told = capsys.readouterr().err
    assert re.fullmatch(rf"ionto: .*{said}.*; nothing was changed\n", told), told
    assert not unit.ran.exists()
    assert unit.files() == before
    assert "refused: " in unit.log[-1]


def test_what_is_not_signed_is_refused(unit, capsys):
    refused(unit, unit.bundle(signer=None), "is not signed", capsys)


def test_somebody_elses_signature_is_refused_though_the_bundle_vouches_for_them(unit, capsys):
    refused(unit, unit.bundle(signer="other"), "not signed by anybody whom .*allowed_signers names", capsys)


def test_a_forged_installer_with_matching_sums_is_refused(unit, capsys):
    folder = unit.bundle()
    (folder / "install.sh").write_text(f"touch {unit.ran}\n")
    seal(folder)
    refused(unit, folder, "not signed by anybody whom", capsys)


def test_a_changed_file_is_refused(unit, capsys):
    folder = unit.bundle()
    (folder / "wheels" / "some_thing-1.0+x!1-py3-none-any.whl").write_text("whale")
    refused(unit, folder, "some_thing.* is not the file that was signed", capsys)


def test_the_same_key_for_another_purpose_is_refused(unit, capsys):
    folder = unit.bundle()
    (folder / "SHA256SUMS.sig").unlink()
    words = ["ssh-keygen", "-q", "-Y", "sign", "-f", unit.maker, "-n", "file", folder / "SHA256SUMS"]
    subprocess.run(words, check=True, capture_output=True)
    refused(unit, folder, "not signed by anybody whom", capsys)


@pytest.mark.parametrize("name", ["install.sh", "version", "SHA256SUMS", "SHA256SUMS.sig"])
def test_a_link_in_a_files_place_is_not_followed(unit, name, capsys):
    folder = unit.bundle()
    (folder / name).rename(unit.place / name)
    (folder / name).symlink_to(unit.place / name)
    refused(unit, folder, "(is not the file that was signed|is no bundle|is not signed)", capsys)


def test_a_link_in_a_folders_place_is_not_followed(unit, capsys):
    folder = unit.bundle()
    (folder / "wheels").rename(unit.place / "wheels")
    (folder / "wheels").symlink_to(unit.place / "wheels")
    refused(unit, folder, "is not the file that was signed", capsys)


def test_a_pipe_keeps_nobody_waiting(unit, capsys):
    folder = unit.bundle()
    (folder / "requirements.lock").unlink()
    os.mkfifo(folder / "requirements.lock")
    refused(unit, folder, "requirements.lock is not the file that was signed", capsys)


@pytest.mark.parametrize(
    "path", ["../evil", "/etc/evil", "wheels/../../evil", ".hidden", "a//b", "a\\b", "./x"]
)
def test_no_path_of_the_list_leads_out_of_the_copy_even_when_it_is_signed(unit, path, capsys):
    folder = unit.bundle()
    sums = (folder / "SHA256SUMS").read_text()
    (folder / "SHA256SUMS").write_text(f"{sums}{'0' * 64}  {path}\n")
    (folder / "SHA256SUMS.sig").unlink()
    signed.sign(folder, unit.maker)
    refused(unit, folder, "SHA256SUMS is no list of a bundle's files", capsys)


def test_what_the_list_does_not_name_is_not_taken(unit):
    folder = unit.bundle()
    (folder / "wheels" / "more-1.0-py3-none-any.whl").write_text("an unsigned guest")
    copy = unit.place / "copy"
    copy.mkdir()
    signed.take(folder, copy, unit.settings / "allowed_signers")
    assert [one.name for one in (copy / "wheels").iterdir()] == ["some_thing-1.0+x!1-py3-none-any.whl"]


def test_what_is_exchanged_between_check_and_use_is_refused(unit, monkeypatch, capsys):
    folder, check = unit.bundle(), signed._signer

    def then_exchanged(*words):
        found = check(*words)
        (folder / "install.sh").write_text(f"touch {unit.ran}\n")
        seal(folder)
        return found

    monkeypatch.setattr(signed, "_signer", then_exchanged)
    refused(unit, folder, "install.sh is not the file that was signed", capsys)


def test_what_is_exchanged_after_the_check_is_not_what_runs(unit, monkeypatch):
    folder, check = unit.bundle(), exchange.take

    def then_exchanged(*words):
        found = check(*words)
        (folder / "install.sh").write_text(f"echo forged >{unit.ran}\n")
        return found

    monkeypatch.setattr(exchange, "take", then_exchanged)
    assert unit.update(folder) == 0
    assert "forged" not in unit.ran.read_text()


def test_an_older_version_needs_a_reason_which_is_written_down(unit, capsys):
    folder = unit.bundle(version="0.1.9")
    refused(unit, folder, r'0\.1\.9 is older than 0\.2\.0.*add --older "REASON"', capsys)
    for empty in ("", "  \n"):
        with pytest.raises(UsageError, match="say in words why"):
            unit.update(folder, empty)
    assert unit.update(folder, "the new pages\nfail on our phone") == 0
    assert "older because: the new pages fail on our phone" in unit.log[-2]


@pytest.mark.parametrize(
    ("version", "older"),
    [("0.2.0", False), ("0.10.0", False), ("0.2", False), ("0.2.0.1", False), ("0.1.10", True), ("0", True)],
)
def test_versions_are_compared_as_numbers(unit, version, older):
    assert unit.update(unit.bundle(version=version)) == (5 if older else 0)


def test_a_version_that_is_none_is_refused(unit, capsys):
    refused(unit, unit.bundle(version="../../etc"), "doesn't say its version", capsys)


def test_without_a_list_of_signers_nothing_is_taken(unit, capsys):
    (unit.settings / "allowed_signers").unlink()
    refused(unit, unit.bundle(), "nobody is known here who may sign a bundle", capsys)


def test_a_list_of_signers_that_others_may_write_vouches_for_nobody(unit, capsys):
    (unit.settings / "allowed_signers").chmod(0o666)
    refused(unit, unit.bundle(), "not root's alone to write", capsys)


def test_an_installers_exit_code_is_the_updates(unit):
    folder = unit.bundle()
    (folder / "install.sh").write_text("exit 5\n")
    seal(folder)
    (folder / "SHA256SUMS.sig").unlink()
    signed.sign(folder, unit.maker)
    assert unit.update(folder) == 5
    assert unit.log[-1].endswith("ended with 5")


def test_two_updates_at_once_are_one(unit):
    with (unit.base / ".updating").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another update runs"):
            unit.update(unit.bundle())
    assert not unit.ran.exists()


def test_what_a_power_cut_left_of_an_update_is_taken_away(unit):
    (unit.base / ".update" / "wheels").mkdir(parents=True)
    (unit.base / ".update" / "wheels" / "left-1.0-py3-none-any.whl").write_text("half")
    assert unit.update(unit.bundle()) == 0
    assert not (unit.base / ".update").exists()


def test_where_nothing_is_installed_the_bundle_installs_itself(unit, tmp_path):
    with pytest.raises(UsageError, match=r"nothing is installed here.*: sudo sh .*/install\.sh"):
        update(unit.bundle(), None, tmp_path / "absent", unit.settings)


def test_a_key_that_can_not_sign_is_said_before_anything_is_fetched(tmp_path, capsys):
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(UsageError, match=r"^--sign .*/key: can't be used: "):
        make_bundle(Order(tmp_path / "new", "aarch64", sign=tmp_path / "key"))
    assert "Fetching" not in capsys.readouterr().out
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_the_command_line_has_both(tmp_path, capsys):
    assert main(["update", str(tmp_path / "absent"), "--older", "because"]) == 2
    assert "is no bundle" in capsys.readouterr().err
    assert main(["update", str(Path("/dev/null")), "--older"]) == 2

"""Whose a bundle is: signing one, and taking only one that is signed by somebody whom this unit knows.

Law: nothing of a bundle runs, or is kept, before the program that is installed has checked its signature and
then every file by the signed list. What is checked is a copy in a folder that nobody else can write, and what
is used is that copy; of the bundle only what the list names is taken, and only regular files.

Signatures are OpenSSH's (ssh-keygen -Y), of the file `SHA256SUMS`. On the unit `allowed_signers` names who
may sign, a line each: `ionto namespaces="ionto-bundle" ssh-ed25519 AAAA...`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Final

from app.output import UsageError

SUMS: Final = "SHA256SUMS"
SIGNATURE: Final = "SHA256SUMS.sig"
SIGNERS: Final = "allowed_signers"
"""In a bundle whom its maker signs as; in the unit's settings whom the unit takes bundles from."""
PRINCIPAL: Final = "ionto"
NAMESPACE: Final = "ionto-bundle"
"""What else somebody signs with the same key is no bundle."""
LONGEST_LIST_BYTES: Final = 1 << 20
MOST_BYTES: Final = 1 << 30
"""Of all files together; a bundle with every extra has a tenth of that."""
_PART: Final = r"[A-Za-z0-9][A-Za-z0-9._+!-]*"
_ENTRY: Final = re.compile(rf"([0-9a-f]{{64}})  ({_PART}(?:/{_PART})*)")
"""A line of the list. No part of a path begins with a dot or slash: none leads out of the bundle."""
_NEEDED: Final = frozenset({"install.sh", "version", "requirements.lock"})
_GOOD: Final = re.compile(rf'Good "{NAMESPACE}" signature for {PRINCIPAL} with \S+ key (SHA256:\S+)')


class Untrusted(Exception):
    """A bundle that is not taken; `str()` is one sentence with what to do."""


def signer_line(key: Path) -> str:
    """Return the line of `allowed_signers` for whoever signs with `key`. Raises UsageError."""
    if key.suffix == ".pub":  # of a key that an agent or a token holds
        try:
            words = key.read_text(encoding="utf-8").split()
        except (OSError, ValueError) as error:
            raise UsageError(f"--sign {key}: can't be read as a public key of ssh-keygen") from error
    else:
        words = _ssh_keygen(key, "-y", "-f", str(key)).stdout.split()
    if len(words) < 2:
        raise UsageError(f"--sign {key}: this is no key of ssh-keygen")
    return f'{PRINCIPAL} namespaces="{NAMESPACE}" {words[0]} {words[1]}\n'


def sign(bundle: Path, key: Path) -> str:
    """Sign a bundle's list with `key` and return the key's fingerprint. Raises UsageError."""
    _ssh_keygen(key, "-Y", "sign", "-f", str(key), "-n", NAMESPACE, str(bundle / SUMS))
    try:
        return _signer(bundle, bundle / SIGNERS)
    except Untrusted as error:
        raise UsageError(f"--sign {key}: {error}") from error


def _ssh_keygen(key: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Do something with a key; a passphrase is asked for at the terminal. Raises UsageError."""
    try:
        done = subprocess.run(["ssh-keygen", *words], capture_output=True, text=True, check=False)  # noqa: S603, S607 - our own words
    except FileNotFoundError as error:
        raise UsageError("ssh-keygen is missing: sudo apt install openssh-client") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["ssh-keygen gave no reason"])[-1]
        raise UsageError(f"--sign {key}: can't be used: {said}")
    return done


def take(bundle: Path, into: Path, signers: Path) -> str:
    """Copy a bundle into the empty folder `into`, checked; return the fingerprint of who signed it.

    Raises:
        Untrusted: it is not signed, not by one of `signers`, or not as it was signed.
        OSError: the copy can't be written.

    """
    require_signers(signers)
    try:
        folder = os.open(bundle, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Untrusted(f"{bundle} is no bundle: make one with ionto bundle") from error
    try:
        for name, lacking in (
            (SUMS, f"{bundle} is no bundle: make one with ionto bundle"),
            (SIGNATURE, f"the bundle in {bundle} is not signed: have it made with ionto bundle --sign KEY"),
        ):
            if _copy(folder, name, into, LONGEST_LIST_BYTES) is None:
                raise Untrusted(lacking)
        fingerprint = _signer(into, signers)
        _copy_listed(folder, bundle, into)
    finally:
        os.close(folder)
    return fingerprint


def require_signers(signers: Path) -> None:
    """Refuse to go by a list that is missing, or that others may write. Raises Untrusted."""
    try:
        seen = signers.stat()
    except OSError as error:
        raise Untrusted(
            f"nobody is known here who may sign a bundle: name them in {signers} (docs/install.md, Who signs)"
        ) from error
    if not stat.S_ISREG(seen.st_mode) or seen.st_uid not in {0, os.geteuid()} or seen.st_mode & 0o022:
        mend = f"sudo chown root {signers}; sudo chmod 644 {signers}"
        raise Untrusted(f"{signers} is not root's alone to write, so it vouches for nobody: {mend}")


def _signer(folder: Path, signers: Path) -> str:
    """Return the fingerprint of the key that signed the list in `folder`. Raises Untrusted."""
    words = ["-Y", "verify", "-f", str(signers), "-I", PRINCIPAL, "-n", NAMESPACE]
    with (folder / SUMS).open("rb") as signed:
        try:
            done = subprocess.run(  # noqa: S603 - our own words
                ["ssh-keygen", *words, "-s", str(folder / SIGNATURE)],  # noqa: S607 - root's PATH is sudo's
                stdin=signed,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise Untrusted("ssh-keygen is missing: sudo apt install openssh-client") from error
    good = _GOOD.match(done.stdout)
    if done.returncode or good is None:
        raise Untrusted(f"the bundle is not signed by anybody whom {signers} names")
    return good[1]


def _copy_listed(folder: int, bundle: Path, into: Path) -> None:
    """Copy what the signed list names, each file by its sum. Raises Untrusted, OSError."""
    damaged = f"the bundle in {bundle} is damaged or was changed"
    lines = (into / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    entries = [_ENTRY.fullmatch(line) for line in lines]
    listed = {entry[2]: entry[1] for entry in entries if entry is not None}
    if len(listed) != len(lines) or not listed.keys() >= _NEEDED or listed.keys() & {SUMS, SIGNATURE}:
        raise Untrusted(f"{damaged}: {SUMS} is no list of a bundle's files")
    left = MOST_BYTES
    for name, wanted in listed.items():
        (into / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copied = _copy(folder, name, into, left)
        if copied is None or copied[0] != wanted:
            raise Untrusted(f"{damaged}: {name} is not the file that was signed: copy it again")
        left -= copied[1]


def _copy(folder: int, name: str, into: Path, most: int) -> tuple[str, int] | None:
    """Copy a regular file of at most so many bytes by way of no link; return its SHA-256 and size.

    None where there is none such. Raises OSError where the copy can't be written.
    """
    try:
        source = _opened(folder, name)
    except OSError:
        return None
    sum_, size = hashlib.sha256(), 0
    with os.fdopen(source, "rb") as read, (into / name).open("xb") as written:
        while chunk := read.read(1 << 16):
            size += len(chunk)
            if size > most:
                return None
            sum_.update(chunk)
            written.write(chunk)
    return sum_.hexdigest(), size


def _opened(folder: int, name: str) -> int:
    """Open a regular file below `folder`, following no link. Raises OSError."""
    *folders, file = name.split("/")
    at = os.dup(folder)
    try:
        for one in folders:
            inner = os.open(one, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = inner
        found = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(found).st_mode):
        os.close(found)
        raise OSError(f"{name} is no regular file")
    return found

"""Debians made from nothing, with what the README asks for and no more; in them an ordinary person works.

Law: the mirror and its proxies are those of this machine's own apt. A root is kept as it was unpacked, for a
week, and every run works in a copy, which it takes away.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from machine import NotGiven, ask_registry, do

PACKAGES = ("python3", "python3-venv", "git")
"""What the README asks for."""
BOOTED = (
    "systemd-sysv",
    "dbus",
    "sudo",
    "python3",
    "python3-venv",
    "openssh-client",
    "openssh-server",
    "cloud-init",
    "netplan.io",
)
"""What a Raspberry Pi OS Lite has, of all that an installed unit uses."""
FRESH_S = 7 * 86_400.0
PERSON = "somebody"
GIVEN = (
    *("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_DEFAULT_TIMEOUT"),
)
"""Settings of this machine by which a registry is reached; nothing else of its environment goes in."""
REACHED_BY = ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
"""Files of this machine for the same."""
ENTER = """
set -e
root=$1 who=$2 program=$3
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
for one in null zero full urandom random tty; do
    touch "$root/dev/$one"
    mount --bind "/dev/$one" "$root/dev/$one"
done
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
cd "$root"
mkdir -p .outside
pivot_root . .outside  # and no chroot, in which nobody may make a namespace
umount -l /.outside
exec setpriv --reuid "$who" --regid "$who" --init-groups --reset-env sh -c "$program"
"""


@dataclass(frozen=True)
class Debian:
    """A release: its suite, number and Python."""

    suite: str
    number: int
    python: str

    @property
    def name(self) -> str:
        """As people call it."""
        return f"Debian {self.number}"


DEBIANS = (Debian("bookworm", 12, "3.11"), Debian("trixie", 13, "3.13"))


def mirror(targets: str) -> str:
    """Choose Debian's mirror among lines `label component site` of apt's index targets. Raises NotGiven."""
    for line in targets.splitlines():
        label, component, site = line.split(" ", 2)
        if (label, component) == ("Debian", "main"):
            return site
    raise NotGiven("Debian 12 and 13 from nothing (this machine's apt names no mirror of Debian)")


def _asked(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False).stdout


def packed_root(cache: Path, suite: str, packages: tuple[str, ...]) -> Path:
    """Tell where the packed root of `suite` with these packages lies: other packages, another file."""
    return cache / f"{suite}-{hashlib.sha256(' '.join(packages).encode()).hexdigest()[:8]}.tar"


def sources() -> tuple[str, list[str]]:
    """Give the mirror of this machine's apt, and its proxies as options of mmdebstrap. Raises NotGiven."""
    listing = ["apt-get", "indextargets", "--format", "$(LABEL) $(COMPONENT) $(SITE)", "Created-By: Packages"]
    proxies = [
        f"--aptopt={line.rstrip(';')}"
        for line in _asked("apt-config", "dump").splitlines()
        if line.startswith(("Acquire::http::", "Acquire::https::"))
    ]
    return mirror(_asked(*listing)), proxies


def make(debian: Debian, cache: Path, log: Path, packages: tuple[str, ...] = PACKAGES) -> Path:
    """Give the packed root of `debian` with these packages, made anew after a week. Raises NotGiven."""
    packed = packed_root(cache, debian.suite, packages)
    if packed.exists() and time.time() - packed.stat().st_mtime < FRESH_S:
        return packed
    cache.mkdir(parents=True, exist_ok=True)
    for old in cache.glob("*.tar"):
        if time.time() - old.stat().st_mtime > 2 * FRESH_S:  # of packages that nobody asks for any more
            old.unlink(missing_ok=True)
    site, proxies = sources()
    partial = packed.with_name(f"{packed.stem}.{os.getpid()}.tar")
    words = ["--variant=minbase", f"--include={','.join(packages)}", *proxies, debian.suite, partial, site]
    try:
        ask_registry(f"{debian.name} from nothing", "nice", "mmdebstrap", *words, log=log)
        partial.rename(packed)
    finally:
        partial.unlink(missing_ok=True)
    return packed


class Root:
    """A copy of a packed root in `place`, with a clone of `checkout` in the person's folder."""

    def __init__(self, debian: Debian, packed: Path, place: Path, checkout: Path) -> None:
        self.debian, self.place = debian, place
        place.mkdir(parents=True)
        subprocess.run(["tar", "-xf", packed, "-C", place, "--exclude=./dev/*"], check=True)
        for file in map(Path, REACHED_BY):
            if file.is_file():
                inside = self.place / file.relative_to("/")
                inside.parent.mkdir(parents=True, exist_ok=True)
                inside.unlink(missing_ok=True)
                shutil.copyfile(file, inside)
        subprocess.run(["chroot", place, "useradd", "--create-home", PERSON], check=True)
        clone = ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks"]
        subprocess.run([*clone, checkout, self.checkout], check=True)
        subprocess.run(["chroot", place, "chown", "-R", f"{PERSON}:", f"/home/{PERSON}"], check=True)

    @property
    def checkout(self) -> Path:
        """Where the clone is, seen from outside."""
        return self.place / "home" / PERSON / "ionto"

    def run(self, line: str, log: Path | None = None, *, who: str = PERSON, longest_s: float = 3600.0) -> int:
        """Run a line of shell in the clone, with this machine's network and none of its files."""
        given = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in GIVEN if name in os.environ)
        program = f"export LANG=C.UTF-8 {given}; cd /home/{PERSON}/ionto && {line}"
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return do(*apart, "sh", "-c", ENTER, "sh", self.place, who, program, log=log, longest_s=longest_s)

    def lacks(self, programs: Iterable[str]) -> set[str]:
        """Tell which programs are not in this root."""
        folders = (self.place / "usr/bin", self.place / "usr/sbin")
        return {one for one in programs if not any((folder / one).exists() for folder in folders)}

    def registry_gives(self, log: Path) -> bool:
        """Tell whether the package index gives this root one of our packages by pip's own hand."""
        pin = "$(grep -om1 '^[a-z0-9-]*==[^ ;]*' requirements.lock)"
        fetch = f'"$place"/bin/pip download --no-deps --dest "$place" "{pin}"'
        return self.run(f'place=$(mktemp -d) && python3 -m venv "$place" && {fetch}', log) == 0

"""An unpacked Debian in which commands run as on a machine of its own, without a network."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import zipfile
from contextlib import contextmanager
from pathlib import Path

from herald import wait_for
from roots import BOOTED, packed_root

from app.appliance import signed

PREPARE = """
mount --make-rprivate /
mount --bind "$1" "$1"
mount -t tmpfs tmpfs "$1/tmp"
mount -t tmpfs tmpfs "$1/run"
mount -t tmpfs tmpfs "$1/dev"
for one in null zero urandom random; do touch "$1/dev/$one"; mount --bind /dev/$one "$1/dev/$one"; done
[ ! -e "$1/bus" ] || { touch "$1/dev/i2c-1"; mount --bind "$1/bus" "$1/dev/i2c-1"; }
mount -t proc proc "$1/proc"
"""
FROZEN = """
mkdir -p "$1/run/ionto"
chroot "$1" chown ionto /run/ionto
mount --bind "$1/var/lib/ionto" "$1/var/lib/ionto"
mount -o remount,bind,ro "$1"
"""
ENTER = """
root=$1
shift
exec chroot "$root" /usr/bin/env -i \\
    PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
"""


def why_not():
    """Why no root can be unpacked here, or an empty string."""
    if os.geteuid() != 0:
        return "unpacking a Debian needs root"
    if not shutil.which("ssh-keygen"):
        return "ssh-keygen is not here (apt: openssh-client)"
    return "" if shutil.which("mmdebstrap") else "mmdebstrap is not here (apt: mmdebstrap)"


def unpack(suite, place):
    """Unpack Debian `suite`: a packed one in the folder that IONTO_ROOTS names, as `.ci/run` keeps them.

    The one that boots has what an installed unit uses, the one of the README no ssh-keygen.
    """
    packed = packed_root(Path(os.environ.get("IONTO_ROOTS", "/nonexistent")), suite, BOOTED)
    if packed.is_file():
        place.mkdir(parents=True)
        subprocess.run(["tar", "-xf", packed, "-C", place, "--exclude=./dev/*"], check=True)
    else:
        words = ["--mode=root", "--variant=minbase", "--include=python3,python3-venv,openssh-client"]
        subprocess.run(["mmdebstrap", "--quiet", *words, suite, place], check=True, timeout=900)
    return Root(place)


class Root:
    def __init__(self, path):
        self.path = path

    def command(self, *words, frozen=False):
        script = f"set -e\n{PREPARE}{FROZEN if frozen else ''}{ENTER}"
        apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        return [*apart, "sh", "-c", script, "sh", str(self.path), *words]

    def run(self, *words, frozen=False):
        done = subprocess.run(
            self.command(*words, frozen=frozen), capture_output=True, text=True, timeout=600, check=False
        )
        done.told = done.stdout + done.stderr
        return done

    def install(self, bundle):
        inside = self.path / "media" / bundle.name
        if not inside.exists():
            shutil.copytree(bundle, inside)
        return self.run("sh", f"/media/{bundle.name}/install.sh")

    @contextmanager
    def device(self, *, frozen=False):
        """The simulated appliance, with the installed program and account, in the midst of a treatment."""
        who = ["setpriv", "--reuid", "ionto", "--regid", "ionto", "--clear-groups"]
        # Another area on the second occasion: one is treated once a day.
        area = "feet" if frozen else "hands"
        serve = ["/opt/ionto/current/bin/ionto", "device", area, "--simulate", "--json"]
        state = ["--state", "/var/lib/ionto", "--unit", "/etc/ionto/unit.yaml"]
        process = subprocess.Popen(
            self.command(*who, *serve, *state, frozen=frozen), stdout=subprocess.DEVNULL
        )
        try:
            wait_for((self.path / "var/lib/ionto/live.sock").exists, 60.0)
            self.press_start()
            yield process
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
            os.kill(int(children), signal.SIGTERM)  # to the device: unshare(1) itself ignores it
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait(30)

    @property
    def current(self):
        return str((self.path / "opt/ionto/current").readlink())

    def press_start(self):
        """Press Start once the unit is ready, and wait until it treats."""
        press = json.dumps({"do": "press", "button": "start", "held_s": 0.5}).encode() + b"\n"
        pressed = False
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(600.0)
            line.connect(str(self.path / "var/lib/ionto/live.sock"))
            with line.makefile("rb") as told:
                for text in told:
                    seen = json.loads(text).get("snapshot", {})
                    if seen.get("state") == "treating":
                        return
                    if seen.get("phase") == "ready" and not pressed:
                        line.sendall(press)
                        pressed = True
        raise AssertionError("the device went away")


def another(bundle, place, version, patch=None, key=None):
    """A copy of a bundle with another version, text of a module of ours exchanged, signed with `key`."""
    shutil.copytree(bundle, place, ignore=shutil.ignore_patterns("SHA256SUMS.sig"))
    (place / "version").write_text(f"{version}\n")
    if patch is not None:
        module, old, new = patch
        wheel = next(place.glob("ionto-*.whl"))
        with zipfile.ZipFile(wheel) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        assert old.encode() in files[module]
        files[module] = files[module].replace(old.encode(), new.encode())
        with zipfile.ZipFile(wheel, "w") as packed:
            for name, content in files.items():
                packed.writestr(name, content)
    sums = (place / "SHA256SUMS").read_text()
    names = re.findall(r"^\S+  (.*)$", sums, re.M)
    digests = [hashlib.sha256((place / name).read_bytes()).hexdigest() for name in names]
    (place / "SHA256SUMS").write_text("".join(f"{d}  {n}\n" for d, n in zip(digests, names, strict=True)))
    if key is not None:
        signed.sign(place, key)
    return place

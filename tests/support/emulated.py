"""A whole computer, emulated: arm64, Debian's own kernel, a hardware watchdog, and a Pi's header.

Law: the unit is outside, in real time, and its record is the truth. Whatever happens inside costs a computer
that is slow as no Pi is: order and words may be asserted of it, never times. No part of it outlives the
process that began it, and it reaches no network.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import install_page
from booted import Done, Unit
from emulated_recipe import BOARD, Parts, Workshop
from herald import wait_for

HERE = Path(__file__).parent
LONGEST_S = 900.0
"""Of any one command in there, and of booting or ending: a minute on a quiet machine."""
PAUSE_S = 5.0
"""Between two questions: each costs the machine a second that the appliance then lacks."""
STATE = "/var/lib/ionto"
HOME = "/root"
DISK = "4G"
COMMAND_LINE = "root=/dev/vda console=ttyAMA0 panic=0 systemd.debug_shell=hvc0 systemd.getty_auto=no"
"""The shell at the second console is systemd's own: nothing of ours runs inside to be told what to do."""
DEVICES = """
    -display none -accel tcg,thread=multi
    -kernel /mnt/kernel -initrd /mnt/initrd -dtb /mnt/board.dtb
    -serial file:/mnt/console.log -qmp unix:/mnt/monitor.sock,server=on,wait=off
    -device virtio-rng-pci -device virtio-serial-pci
    -chardev socket,id=shell,path=/mnt/shell.sock,server=on,wait=off -device virtconsole,chardev=shell
    -device i6300esb -action reboot=reset,watchdog=reset,panic=none
    -chardev socket,id=bus,path=/mnt/bus.sock -device vhost-user-i2c-pci,chardev=bus
    -chardev socket,id=pins,path=/mnt/pins.sock -device vhost-user-gpio-pci,chardev=pins
"""
DISKS = ("disk.img", "boot.img")
"""Its disks by the names of their files, the first one with the root: /dev/vda, /dev/vdb."""
LIKE_A_PI: dict[str, str | None] = {
    # What Raspberry Pi OS loads of itself: its kernel has a Pi's bus, pins and watchdog built in.
    "etc/modules-load.d/header.conf": "i2c-virtio\ngpio-virtio\ni6300esb\n",
    "etc/fstab": "/dev/vda / ext4 rw,noatime 0 0\n",
    "etc/hostname": "ionto-pi\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 ionto-pi\n",
    "etc/cloud/cloud-init.disabled": "",  # but where a card is tried
    "etc/machine-id": "",  # a new one, and yet no first boot, which would enable every service
}
PACKED = """
set -e
truncate -s {size} /mnt/disk.img
mke2fs -q -t ext4 -d /mnt/root /mnt/disk.img
"""
BOOT_PARTITION = """
set -e
truncate -s 512M /mnt/boot.img
mkfs.vfat -F 32 -n bootfs /mnt/boot.img >/dev/null
mcopy -s -i /mnt/boot.img /mnt/boot/* ::
"""
SHELL = "exec env PS1= PS2= sh"
"""Debian's debug shell is bash, whose readline writes codes between the answers."""


def why_not() -> str:
    """Why nothing can be emulated here, or an empty string; what a mirror gives is not asked for."""
    if os.geteuid() != 0:
        return "unpacking a Debian for arm64 needs root"
    missing = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "xz": "xz-utils"}
    gone = [package for program, package in missing.items() if not shutil.which(program)]
    if gone:
        return f"{', '.join(gone)} not here (apt)"
    if "binfmt_misc" not in Path("/proc/filesystems").read_text():
        return "this kernel has no binfmt_misc, by which a Debian for arm64 is set up"
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    return "" if release >= (6, 7) else "binfmt_misc in a user namespace needs Linux 6.7"


def patiently(condition: Callable[[], Any]) -> Any:
    """Ask now and then until it is true, and give it."""
    deadline_s = time.monotonic() + LONGEST_S
    while not (found := condition()):
        assert time.monotonic() < deadline_s, "it did not come in time"
        time.sleep(PAUSE_S)
    return found


def make_disk(
    shop: Workshop, parts: Parts, place: Path, folders: dict[str, Path], texts: dict[str, str | None]
) -> None:
    """Make the root in `place`, with folders of this machine copied into it and texts in files of it.

    Both by their places there; a text that is None is left out.
    """
    root = place / "root"
    root.mkdir()
    subprocess.run(["tar", "--numeric-owner", "-xf", parts.root, "-C", root, "--exclude=./dev/*"], check=True)
    for name, text in (LIKE_A_PI | texts).items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    for inside, folder in folders.items():
        shutil.copytree(folder, root / inside.lstrip("/"))
    for part, name in ((parts.kernel, "kernel"), (parts.initrd, "initrd"), (parts.board, "board.dtb")):
        shutil.copyfile(part, place / name)
    shop.do(place, PACKED.format(size=DISK))
    shutil.rmtree(root)


def make_boot_partition(shop: Workshop, place: Path) -> None:
    """Make a FAT file system of the files in the folder `boot` of `place`: the second disk."""
    shop.do(place, BOOT_PARTITION)


class Monitor:
    """QEMU's own word of what happens to the machine (its QMP)."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.settimeout(LONGEST_S)
        self._line.connect(str(path))
        self._told = self._line.makefile("rb")
        self._events: list[dict[str, Any]] = []
        self._told.readline()  # its greeting
        self.order("qmp_capabilities")

    def order(self, name: str, **details: Any) -> Any:
        """Have something done, and give the answer."""
        self._line.sendall(json.dumps({"execute": name, "arguments": details}).encode() + b"\n")
        while True:
            told = self._next()
            if "event" in told:
                self._events.append(told)
            else:
                assert "return" in told, told
                return told["return"]

    def _next(self) -> dict[str, Any]:
        line = self._told.readline()
        assert line, "the machine is gone"
        return dict(json.loads(line))

    def events(self) -> list[str]:
        """Take what has happened until now, by name."""
        self.order("query-status")
        names, self._events = [str(told["event"]) for told in self._events], []
        return names

    def wait(self, name: str) -> None:
        """Wait until this happens."""
        while not any(told["event"] == name for told in self._events):
            self._events.append(self._next())

    def close(self) -> None:
        """Listen no longer."""
        self._told.close()
        self._line.close()


class Machine:
    """What was made in `place`, to be switched on, used, and switched off; `unit` is outside."""

    def __init__(self, shop: Workshop, place: Path, unit: Unit) -> None:
        self.place, self.unit = place, unit
        self._shop = shop
        self._qemu: subprocess.Popen[bytes] | None = None
        self._wires: subprocess.Popen[bytes] | None = None
        self._shell: socket.socket | None = None
        self._heard = b""
        self._asked = 0
        self.monitor: Monitor | None = None

    # Power.

    def boot(self) -> None:
        """Switch it on and wait until it has booted."""
        bus, pins = self.place / "bus.sock", self.place / "pins.sock"
        for socket_file in self.place.glob("*.sock"):
            socket_file.unlink()
        words = [sys.executable, HERE / "wires.py", self.unit.socket, bus, pins]
        path = {"PYTHONPATH": str(HERE.parents[1])}
        self._wires = subprocess.Popen([*map(str, words)], env={**os.environ, **path})
        wait_for(pins.exists, LONGEST_S)
        words = ["nice", "qemu-system-aarch64", *BOARD.split(), *DEVICES.split()]
        words += ["-append", COMMAND_LINE]
        for number, name in enumerate(name for name in DISKS if (self.place / name).exists()):
            words += ["-drive", f"file=/mnt/{name},if=none,id=disk{number},format=raw,cache=unsafe"]
            words += ["-device", f"virtio-blk-pci,drive=disk{number}"]
        command = ["setpriv", "--pdeathsig", "KILL", *self._shop.command(self.place, *words)]
        with (self.place / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: self._listens("monitor.sock"), LONGEST_S)
        self.monitor = Monitor(self.place / "monitor.sock")
        self.wait_until_booted()

    def _listens(self, name: str) -> bool:
        assert self._qemu is not None
        assert self._qemu.poll() is None, (self.place / "qemu.log").read_text(errors="replace")
        with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
            line.connect(str(self.place / name))
            return True
        return False

    def wait_until_booted(self) -> None:
        """Wait until its systemd has started everything."""
        self._greet()
        booted = self.run("systemctl is-system-running --wait")
        assert booted.told.strip() in ("running", "degraded"), booted.told

    @property
    def console(self) -> str:
        """What it said where a screen would be."""
        return (self.place / "console.log").read_text(errors="replace")

    def reboot(self) -> None:
        """Have it restart in good order."""
        assert self.monitor is not None
        self.monitor.events()
        self.run("systemctl reboot --no-block")
        self.monitor.wait("RESET")
        self.wait_until_booted()

    def panic(self) -> None:
        """Have its kernel give up, and do nothing about it."""
        assert self._shell is not None
        self._shell.sendall(b"echo c >/proc/sysrq-trigger\n")

    def pull_the_plug(self) -> None:
        """Take its power away; the unit outside keeps its own."""
        if self.monitor is not None:
            self.monitor.close()
        if self._shell is not None:
            self._shell.close()
        for process in (self._qemu, self._wires):
            if process is not None:
                process.kill()
                process.wait(LONGEST_S)
        self._qemu = self._wires = self._shell = self.monitor = None

    # What is done in it.

    def _greet(self) -> None:
        """Come to the shell at the second console, however often it began anew, and quieten it."""
        if self._shell is None:
            self._shell = socket.socket(socket.AF_UNIX)
            self._shell.connect(str(self.place / "shell.sock"))
        deadline_s = time.monotonic() + LONGEST_S
        while time.monotonic() < deadline_s:
            self._heard = b""
            word = self._word()
            # Its own echo is not the answer: there the word is in two.
            self._shell.sendall(f"\nstty raw -echo; echo '{word[:4]}''{word[4:]}'; {SHELL}\n".encode())
            with suppress(TimeoutError):
                self._hear_until(f"{word}\n".encode(), 5.0)
                return
        raise AssertionError(f"no shell of it answers: {self.console[-2000:]}")

    def _word(self) -> str:
        self._asked += 1
        return f"lane-{os.getpid()}-{self._asked}"

    def _hear_until(self, word: bytes, longest_s: float) -> bytes:
        assert self._shell is not None
        deadline_s = time.monotonic() + longest_s
        while word not in self._heard:
            self._shell.settimeout(max(0.01, deadline_s - time.monotonic()))
            more = self._shell.recv(65536)
            assert more, "the machine is gone"
            self._heard += more
        found, _, self._heard = self._heard.partition(word)
        return found

    def run(self, line: str, *, longest_s: float = LONGEST_S, given: str | None = None) -> Done:
        """Run a line of shell in it, as its administrator; what it said is all in `out`."""
        assert self._shell is not None
        word = self._word()
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        command = f"env -i {path} HOME=/root LANG=C.UTF-8 sh -c {shlex.quote(line)}"
        packed = base64.b64encode((given or "").encode()).decode()
        command = f"printf %s {packed} | base64 -d | {command} 2>&1; echo '{word[:4]}''{word[4:]}' $?\n"
        self._shell.sendall(command.encode())
        out = self._hear_until(word.encode(), longest_s)
        code = self._hear_until(b"\n", longest_s)
        return Done(int(code), out.decode(errors="replace"), "")

    def do(self, line: str, **how: Any) -> str:
        """Run what has to succeed, and give what it said."""
        done = self.run(line, **how)
        assert done.code == 0, f"{line}: {done.code}\n{done.told}"
        return done.out

    def ours(self, words: str, **how: Any) -> Done:
        """Run `ionto` as the services' account, with what docs/install.md gives it for a moment."""
        return self.run(f"{install_page.command('account')}\nas_unit ionto {words}", **how)

    def service(self, name: str) -> dict[str, str]:
        """What systemd knows of a service."""
        return dict(
            line.split("=", 1) for line in self.do(f"systemctl show {name}").splitlines() if "=" in line
        )

    def log(self, *of: str) -> list[str]:
        """What services said since this boot, one line each."""
        units = " ".join(f"-u {name}" for name in of)
        return self.do(f"journalctl --no-pager -o cat -b {units}").splitlines()

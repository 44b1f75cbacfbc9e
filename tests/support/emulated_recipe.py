"""What the emulated machine is made of: Debian 13 for arm64, its kernel, two modules, a library of pins.

Law: everything comes from this machine's own Debian mirror but lgpio's source, which is the package index's;
nothing is installed on this machine. What was made is kept by what it was made of, and whole or not there.

    python tests/support/emulated_recipe.py       makes it if it isn't there, and prints where it is

Tools live in a Debian 13 of their own (the workshop), so that QEMU, compiler and kernel headers are the same
wherever this runs. Needs root, mmdebstrap, 4 GB in the cache, and some minutes of two processors. The kernel
and its modules are GPL-2.0 and no part of this project: they stay in the cache.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from roots import BOOTED, sources

SUITE = "trixie"
MACHINE = "aarch64-linux-gnu"
TOOLS = (
    *("qemu-system-arm", "qemu-user", "qemu-user-binfmt", "device-tree-compiler", "cpio", "kmod", "xz-utils"),
    *("mmdebstrap", "arch-test", "mount", "e2fsprogs", "dosfstools", "mtools", "make", "swig"),
    *("gcc-14-aarch64-linux-gnu", "libc6-dev-arm64-cross"),
)
ROOT = (*BOOTED, "udev", "kmod", "zstd")
"""What the machine has: what the booted lane's Debians have, and what only a machine with devices needs."""
LGPIO = "lgpio==0.2.2.0"
"""As Raspberry Pi OS has it; for Python 3.13 the index has no wheel of it, and Debian no package."""
BUS, LABEL = 1, "pinctrl-bcm2711"
CHANGES = (
    # (file, what is there, what is put there instead)
    # A transfer that only some messages of were carried out is an error, or a missing chip looks present.
    ("i2c/busses/i2c-virtio.c", r"return count;", "return count == num ? count : -EREMOTEIO;"),
    # The header's bus is number 1 on a Pi.
    (
        "i2c/busses/i2c-virtio.c",
        r"i2c_add_adapter\(&vi->adap\)",
        f"(vi->adap.nr = {BUS}, i2c_add_numbered_adapter(&vi->adap))",
    ),
    # A Pi 4's label: by that the header is told from other chips.
    ("gpio/gpio-virtio.c", r"dev_name\(dev\);", f'"{LABEL}";'),
)
REVISION = "b03111"
"""Of a Pi 4 B with 2 GB, in hex, as gpiozero reads it from the device tree."""
BOARD = """
    -object memory-backend-memfd,id=mem,size=1024M,share=on -m 1024
    -M virt,gic-version=3,memory-backend=mem -cpu cortex-a72 -smp 2 -nic none -nodefaults -no-user-config
"""
"""Its memory is shared with whoever answers its devices from outside."""
FIRST = ("virtio_blk", "crc32c_generic", "ext4")
"""Modules without which no root is mounted."""
INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$module; done
/bin/busybox mount -t ext4 -o ro /dev/vda /root
/bin/busybox umount /sys /proc
exec /bin/busybox switch_root /root /sbin/init
"""
FRESH_S = 30 * 86_400.0
ENTER = """
set -e
root=$1 share=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$share" "$root/mnt"
if [ -n "$EMULATES" ]; then       # in a user namespace of its own, so that nobody else sees it (Linux 6.7)
    mount -t binfmt_misc binfmt_misc "$root/proc/sys/fs/binfmt_misc"
    chroot "$root" sh -c 'cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register'
fi
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
"""
FETCH = """
set -e
mkdir /srv/packages
cd /srv/packages
needs=$(apt-cache depends linux-image-arm64:arm64)
version=$(echo "$needs" | sed -n '/Depends: linux-image-[0-9]/{s/.*linux-image-//;s/:.*//;p;q}')
kernel=linux-image-$version
number=${version%-arm64}
echo "$version" >../version
apt-get download "$kernel:arm64" "linux-headers-$version:arm64" "linux-headers-$number-common" \\
    "linux-kbuild-$number" "linux-source-${version%%.*}.$(echo "$version" | cut -d . -f 2)" \\
    busybox-static:arm64 libpython3.13-dev:arm64
mkdir ../arm64
ln -s usr/lib ../arm64/lib
dpkg-deb -x "$kernel"_*.deb ../arm64
dpkg-deb -x busybox-static_*.deb ../arm64
for one in linux-headers-* linux-kbuild-* linux-source-* libpython3*; do dpkg-deb -x "$one" /; done
rm -r ../packages
"""
"""In the workshop while it is made: what is unpacked there and not installed."""
MODULES = """
set -e
version=$(cat /srv/version)
cd /mnt/modules
printf 'obj-m := %s\\n' "$(ls *.c | sed 's/c$/o/' | tr '\\n' ' ')" >Makefile
make -C "/usr/src/linux-headers-$version" M="$PWD" CONFIG_DEBUG_INFO_BTF_MODULES= modules
place="/srv/arm64/usr/lib/modules/$version"
mkdir -p "$place/extra"
cp *.ko "$place/extra/"
depmod -b /srv/arm64 "$version"
"""
LIBRARY = """
set -e
cd /mnt/lgpio
swig -python lgpio.i
aarch64-linux-gnu-gcc-14 -O2 -shared -fPIC -pthread -o _lgpio.so -Isrc -I/usr/include/python3.13 \\
    lgpio_wrap.c src/lg*.c src/rgpiod.c
"""
BOARD_FILE = """
set -e
qemu-system-aarch64 {board} -machine dumpdtb=/mnt/board.dtb
fdtput -p -t x /mnt/board.dtb /system linux,revision {revision}
"""
FIRST_FILES = """
set -e
cd /mnt/first
find . | cpio --quiet -o -H newc >/mnt/initrd
"""
PACK = """
set -e
export TMPDIR=/tmp
mmdebstrap --mode=root --variant=minbase --architectures=arm64 {options} --include={packages} \\
    --dpkgopt='path-exclude=/usr/share/ca-certificates/*' \\
    --dpkgopt='path-include=/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt' \\
    --customize-hook='cp -a /srv/arm64/usr/lib/modules "$1/usr/lib/"' \\
    --customize-hook='cp /mnt/lgpio/lgpio.py /mnt/lgpio/_lgpio.so "$1/usr/lib/python3/dist-packages/"' \\
    {suite} /mnt/root.tar {site}
"""
"""With one of the world's certificates: sorting all takes an emulated processor 10 minutes, and Debian's pip
wants one though there is no network."""


def cache() -> Path:
    """Where it is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ionto-ci-emulated"


class Workshop:
    """A Debian 13 with the tools, unpacked in `place`, into which one folder of this machine is shared."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def command(self, share: Path, *words: str | Path) -> list[str]:
        """Give the words that run a program in it, with `share` at /mnt; who ends them ends it all."""
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", *self._enter(share, *words)]

    def _enter(self, share: Path, *words: str | Path) -> list[str]:
        return ["sh", "-c", ENTER, "sh", str(self.place), str(share), *map(str, words)]

    def do(self, share: Path, script: str) -> None:
        """Run a script in it. Raises CalledProcessError."""
        _do(self.command(share, "nice", "sh", "-c", script))

    def do_emulated(self, share: Path, script: str) -> None:
        """Run a script in it that may begin programs for arm64. Raises CalledProcessError."""
        words = self._enter(share, "nice", "sh", "-c", script)
        apart = ["unshare", "--user", "--mount", "--pid", "--fork", "--kill-child"]
        waits = ["sh", "-c", 'read -r go; exec "$@"', "sh", *words]
        env = {**os.environ, "EMULATES": "yes"}
        with subprocess.Popen([*apart, *waits], stdin=subprocess.PIPE, stdout=sys.stderr, env=env) as process:
            inside = f"/proc/{process.pid}/ns/user"
            while Path(inside).readlink() == Path("/proc/self/ns/user").readlink():
                time.sleep(0.01)
            for ids in ("uid_map", "gid_map"):  # as they are: nothing of this machine is within reach by it
                Path(f"/proc/{process.pid}/{ids}").write_text("0 0 65536\n")
            process.communicate(b"go\n")
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, words)


def workshop() -> Workshop:
    """Give the workshop, made if it isn't there. Raises CalledProcessError, or NotGiven."""
    place = cache() / f"workshop-{_digest(SUITE, TOOLS, FETCH)}"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(".part")
        shutil.rmtree(partial, ignore_errors=True)
        site, proxies = sources()
        words = ["--mode=root", "--variant=minbase", "--architectures=amd64,arm64", *proxies]
        words += [f"--include={','.join(TOOLS)}", f"--customize-hook=chroot \"$1\" sh -c '{_quoted(FETCH)}'"]
        _do(["nice", "mmdebstrap", *words, SUITE, str(partial), site])
        partial.rename(place)
    return Workshop(place)


class Parts:
    """What a machine is made of, in one folder."""

    def __init__(self, place: Path) -> None:
        self.kernel, self.initrd = place / "kernel", place / "initrd"
        self.board, self.root = place / "board.dtb", place / "root.tar"


def parts() -> Parts:
    """Give the parts, made if they aren't there or are old. Raises as above, or RuntimeError."""
    made_of = (SUITE, ROOT, LGPIO, CHANGES, REVISION, BOARD, FIRST, INIT, MODULES, LIBRARY, PACK)
    place = cache() / f"parts-{_digest(*made_of)}"
    if place.exists() and time.time() - place.stat().st_mtime < FRESH_S:
        return Parts(place)
    shop, partial = workshop(), place.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    version = (shop.place / "srv/version").read_text().strip()
    shutil.copyfile(shop.place / f"srv/arm64/boot/vmlinuz-{version}", partial / "kernel")
    _modules(shop, partial)
    _first_files(shop, partial, version)
    _library(shop, partial)
    shop.do(partial, BOARD_FILE.format(board=" ".join(BOARD.split()), revision=REVISION))
    site, proxies = sources()
    packed = {"options": " ".join(proxies), "packages": ",".join(ROOT), "suite": SUITE, "site": site}
    shop.do_emulated(partial, PACK.format(**packed))
    shutil.rmtree(place, ignore_errors=True)
    partial.rename(place)
    return Parts(place)


def _modules(shop: Workshop, share: Path) -> None:
    """Build what this kernel's configuration leaves out, for this kernel, beside its own modules."""
    place = share / "modules"
    place.mkdir()
    (archive,) = (shop.place / "usr/src").glob("linux-source-*.tar.xz")
    names = sorted({name for name, _, _ in CHANGES})
    within = [f"{archive.name.removesuffix('.tar.xz')}/drivers/{name}" for name in names]
    _do(["tar", "-xf", str(archive), "-C", str(place), "--transform=s,.*/,,", *within])
    for name, there, instead in CHANGES:
        file = place / Path(name).name
        text, count = re.subn(there, instead, file.read_text())
        if count != 1:
            raise RuntimeError(f"{name} of {archive.name} is not the one that this recipe changes")
        file.write_text(text)
    shop.do(share, MODULES)


def _first_files(shop: Workshop, share: Path, version: str) -> None:
    """Pack what the kernel needs before it has a root: these modules in their order, and one program."""
    place = share / "first"
    for folder in ("bin", "modules", "proc", "sys", "dev", "root"):
        (place / folder).mkdir(parents=True)
    shutil.copy(shop.place / "srv/arm64/usr/bin/busybox", place / "bin/busybox")
    (place / "init").write_text(INIT)
    (place / "init").chmod(0o755)
    modules = shop.place / "srv/arm64/usr/lib/modules" / version
    order = in_order((modules / "modules.dep").read_text(), FIRST)
    for name in order:
        shutil.copy(modules / name, place / "modules")
    _do(["xz", "-d", *(str(file) for file in (place / "modules").glob("*.xz"))])
    names = [Path(name).name.removesuffix(".xz") for name in order]
    (place / "modules/order").write_text("\n".join(names) + "\n")
    shop.do(share, FIRST_FILES)


def in_order(told: str, wanted: tuple[str, ...]) -> list[str]:
    """Give the files of these modules and of those that they need, in the order of loading, by modules.dep.

    One that isn't among them is a part of the kernel itself.
    """
    needs = {
        file: others.split()[::-1] for file, _, others in (line.partition(":") for line in told.splitlines())
    }
    of = {Path(file).name.partition(".")[0].replace("-", "_"): file for file in needs}
    files = [file for name in wanted if name in of for file in (*needs[of[name]], of[name])]
    return list(dict.fromkeys(files))


def _library(shop: Workshop, share: Path) -> None:
    words = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", str(share), LGPIO]
    _do([sys.executable, "-m", "pip", "--disable-pip-version-check", *words])
    (archive,) = share.glob("lgpio-*.tar.gz")
    (share / "lgpio").mkdir()
    _do(["tar", "-xf", str(archive), "-C", str(share / "lgpio"), "--strip-components=1"])
    shop.do(share, LIBRARY)


def _digest(*inputs: object) -> str:
    return hashlib.sha256(repr(inputs).encode()).hexdigest()[:16]


def _quoted(script: str) -> str:
    return script.replace("'", "'\\''")


def _do(words: list[str]) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


if __name__ == "__main__":
    sys.stdout.write(f"{parts().root.parent}\n")

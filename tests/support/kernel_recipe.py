"""How the lane's kernel is made: from the kernel source that Debian ships, kept by what it was made of.

Law: the same inputs are never built twice, and a kernel in its place is a whole one.

    python tests/support/kernel_recipe.py       builds it if it isn't there, and prints where it is

Needs a Debian with apt, about 2 GB in the temporary folder, and about 7 minutes of two processors. The kernel
is GPL-2.0 and no part of this project: it stays in the cache folder, next to the patches that were applied.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[1] / "kernel" / "kernel.config"
PACKAGE = "linux-source-6.1"
"""Debian 12's kernel. UML's time travel and gpio-sim are in it; later ones are not tried."""
TOOLS = ("bc", "bison", "flex", "gcc", "libc6-dev", "make", "xz-utils")
FLOAT_AREA = 12_288
"""Bytes that the host's processor may want for its registers; 2696 is too few where it has AMX."""
CHANGES = (
    # (file, what is there, what is put there instead)
    (
        "arch/x86/um/user-offsets.c",
        r"DEFINE_LONGS\(HOST_FP_SIZE, \d+\);",
        f"DEFINE_LONGS(HOST_FP_SIZE, {FLOAT_AREA});",
    ),
    # a transfer that only some messages of were carried out is an error, or a missing chip looks present
    (
        "drivers/i2c/busses/i2c-virtio.c",
        r"(kfree\(reqs\);\s+return )count;",
        r"\g<1>count == num ? count : -EREMOTEIO;",
    ),
)


def cache() -> Path:
    """Where kernels are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ionto" / "kernel"


def built() -> Path:
    """Where the kernel of this recipe is, or would be."""
    inputs = repr((PACKAGE, CHANGES)).encode() + CONFIG.read_bytes()
    return cache() / f"linux-{hashlib.sha256(inputs).hexdigest()[:16]}"


def build() -> Path:
    """Build it if it isn't there. Raises CalledProcessError, or RuntimeError where the source has changed."""
    kernel = built()
    if kernel.exists():
        return kernel
    kernel.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        source = _source(Path(folder))
        for name, there, instead in CHANGES:
            text, count = re.subn(there, instead, (source / name).read_text())
            if count != 1:
                raise RuntimeError(f"{name} of {PACKAGE} is not the one that this recipe changes")
            (source / name).write_text(text)
        objects = Path(folder) / "objects"
        objects.mkdir()
        make = ["make", "ARCH=um", f"O={objects}", f"-j{os.cpu_count() or 1}"]
        _do([*make, "allnoconfig"], source, KCONFIG_ALLCONFIG=str(CONFIG))
        _require_config(objects / ".config")
        _do([*make, "linux"], source)
        partial = kernel.with_suffix(".part")
        _do(["strip", "-o", str(partial), str(objects / "linux")], source)
        partial.rename(kernel)
    return kernel


def _source(folder: Path) -> Path:
    if any(shutil.which(tool) is None for tool in ("bc", "bison", "flex", "gcc", "make", "xz")):
        _do(["apt-get", "install", "-y", "--no-install-recommends", *TOOLS], folder)
    _do(["apt-get", "download", PACKAGE], folder)
    package = next(folder.glob("*.deb"))
    _do(["dpkg-deb", "-x", str(package), "package"], folder)
    archive = next((folder / "package" / "usr" / "src").glob("*.tar.*"))
    _do(["tar", "-xf", str(archive)], folder)
    return folder / archive.name.split(".tar")[0]


def _require_config(config: Path) -> None:
    """Refuse a configuration that left something out, as one does whose dependency is missing."""
    text = config.read_text()
    wanted = [line for line in CONFIG.read_text().splitlines() if line.startswith("CONFIG_")]
    lost = [line for line in wanted if f"{line}\n" not in text]
    if lost:
        raise RuntimeError(f"the kernel's configuration did not take {', '.join(lost)}")


def _do(words: list[str], folder: Path, **settings: str) -> None:
    subprocess.run(words, cwd=folder, check=True, stdout=sys.stderr, env={**os.environ, **settings})


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")

"""Puts what a card needs onto the boot partition of a freshly written Raspberry Pi OS.

Law: what is there is looked at before anything is written, and what makes cloud-init act is written last: a
card that was pulled out half-way boots as if nothing had been done.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from app.card.wishes import Wishes
from app.output import UsageError

FRESH: Final = ("config.txt", "cmdline.txt", "user-data", "meta-data", "network-config")
"""What the boot partition of a Raspberry Pi OS with cloud-init has (since that of October 2025)."""
FOLDER: Final = "ionto"
AT_BOOT: Final = f"/boot/firmware/{FOLDER}"
"""Where the running system has the boot partition."""
BUS: Final = ("dtparam=i2c_arm=on", "dtparam=i2c_arm_baudrate=400000")
SCRIPT: Final = "first-boot.sh"
_CLOUD: Final = "#cloud-config\n"


class Files(NamedTuple):
    """What cloud-init reads, by name, and what is left of it after the first boot."""

    user_data: str
    meta_data: str
    network_config: str
    user_data_after: str
    network_config_after: str


def files_of(wishes: Wishes) -> Files:
    """Write what cloud-init is to read.

    The account is the system's own first one under another name, so that it keeps its groups; without a
    password, which is why it needs none for sudo.
    """
    named = {"hostname": wishes.hostname, "manage_etc_hosts": True}  # looked after at every boot
    told: dict[str, Any] = {
        **named,
        "timezone": wishes.time_zone,
        "disable_root": True,
        "ssh_pwauth": False,
        "user": {
            "name": wishes.account,
            "shell": "/bin/bash",
            "lock_passwd": True,
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
            "ssh_authorized_keys": [wishes.ssh_key],
        },
        "runcmd": [["sh", f"{AT_BOOT}/{SCRIPT}"]],
    }
    # The same instance ever after, so that nothing of it is done again.
    meta = {"dsmode": "local", "instance-id": f"ionto-{wishes.hostname}", "local-hostname": wishes.hostname}
    wired = {"ethernets": {"eth0": {"dhcp4": True, "optional": True}}}
    return Files(
        user_data=_CLOUD + _yaml(told),
        meta_data=_yaml(meta),
        network_config=_yaml({"network": {"version": 2, **wired, **_wifis(wishes)}}),
        user_data_after=f"{_CLOUD}# What else stood here was done at the first boot.\n{_yaml(named)}",
        network_config_after=_yaml({"network": {"version": 2, **wired}}),
    )


def _wifis(wishes: Wishes) -> dict[str, Any]:
    if wishes.wifi is None:
        return {}
    joined = {wishes.wifi.network: {"password": wishes.wifi.psk}}
    how = {"dhcp4": True, "optional": True, "regulatory-domain": wishes.wifi.country, "access-points": joined}
    return {"wifis": {"wlan0": how}}


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000)


def require_fresh(boot: Path) -> None:
    """Refuse what is no boot partition that was written just now. Raises UsageError."""
    missing = [name for name in FRESH if not (boot / name).is_file()]
    if missing:
        raise UsageError(
            f"{boot} is no boot partition of a Raspberry Pi OS with cloud-init ({missing[0]} is missing): "
            "write the card with Raspberry Pi OS Lite (64-bit) of October 2025 or later, and name its bootfs"
        )
    if (boot / FOLDER).exists():
        raise UsageError(f"{boot / FOLDER} is there already: write the card anew with Raspberry Pi OS first")


def write(boot: Path, bundle: Path, unit: str, wishes: Wishes, script: Path) -> None:
    """Write everything, cloud-init's own files last. Raises OSError; then the card boots as it was."""
    made, place = files_of(wishes), boot / FOLDER
    try:
        shutil.copytree(bundle, place / "bundle")
        _put(place / SCRIPT, script.read_text(encoding="utf-8"))
        _put(place / "unit.yaml", unit)
        _put(place / "user-data.after", made.user_data_after)
        _put(place / "network-config.after", made.network_config_after)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    config = (boot / "config.txt").read_text(encoding="utf-8")
    missing = [line for line in BUS if line not in config.splitlines()]
    if missing:
        _put(boot / "config.txt", "\n".join([config.rstrip("\n"), "", "[all]", *missing, ""]))
    _put(boot / "network-config", made.network_config)
    _put(boot / "meta-data", made.meta_data)
    _put(boot / "user-data", made.user_data)


def _put(file: Path, text: str) -> None:
    """Write a file whole; a FAT file system knows neither owners nor modes."""
    draft = file.with_name(f"{file.name}.new")
    with draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)

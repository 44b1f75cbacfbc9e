"""The commands that docs/install.md tells people to type, as they stand there.

Law: nothing of them is written down a second time; what the booted lane runs comes from the page, and what
it can't run is named with its reason.
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "install.md"
RUN = {
    "key": "ssh-keygen -t ed25519 ",
    "bundle": "./ionto bundle ",
    "install": "sudo sh ",
    "account": "as_unit() ",
    "check": "ionto check ",
    "doctor": "as_unit ionto doctor ",
    "commission": "as_unit ionto commission ",
    "calibrate": "as_unit ionto calibrate ",
    "enable": "sudo systemctl enable --now ionto-controller ",
    "stop": "sudo systemctl stop ",
    "update": "sudo ionto update ",
    "uninstall": "sudo ionto uninstall",
}
"""What the lane runs, by how it begins."""
NOT_HERE = {
    "sudo apt install ": "it asks a package index, and Debian has no python3-lgpio; the rest is there",
    "sudo hwclock ": "there is no clock chip",
    "echo 'IONTO_MQTT=": "there is no broker in the house without a network; tests/app has a true one",
    "sudo install -o root -g ionto ": "as the line before",
    "sudo systemctl enable --now ionto-mqtt": "as the line before",
}
"""What it does not, by how it begins, and why."""


def commands() -> list[str]:
    """Give every command of the page: its blocks by lines, continued ones whole, and those in the text."""
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"^ *```\n(.*?)^ *```$", text, re.M | re.S):
        whole = re.sub(r"(\||\\)\n\s*", lambda end: "| " if end[1] == "|" else "", block)
        found += [line.strip() for line in whole.splitlines() if line.strip()]
    for span in re.findall(r"`([^`\n]+)`", re.sub(r"^ *```\n.*?^ *```$", "", text, flags=re.M | re.S)):
        if span.startswith("sudo ") or re.match(r"ionto \w+ .*/", span):
            found.append(span)
    return [one for one in found if not any(other.startswith(f"{one} ") for other in found)]  # but mere names


def command(name: str) -> str:
    """Give the one command of `RUN` that has this name."""
    (found,) = (line for line in dict.fromkeys(commands()) if line.startswith(RUN[name]))
    return found

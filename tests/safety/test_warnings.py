"""What only words can do is said where it is read first."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def words(path: str) -> str:
    return " ".join(ROOT.joinpath(path).read_text(encoding="utf-8").replace("> ", "").split())


def test_the_readme_warns_before_it_explains() -> None:
    text = words("README.md")
    warning, _, rest = text.partition("## ")
    assert rest
    for word in (
        "not an approved medical device",
        "pacemaker",
        "isolated",
        "current limit",
        "heartbeat",
        "Stop",
    ):
        assert word in warning, word


def test_the_safety_case_says_what_was_not_shown() -> None:
    text = words("docs/safety/README.md")
    before_hazards, _, _ = text.partition("## Hazards")
    for word in ("not an approved medical device", "No real unit", "no Raspberry Pi", "ISO 14971"):
        assert word in before_hazards, word
    for word in ("isolate the output", "charge pump", "fuse", "limit the current", "in series"):
        assert word in text.partition("## What software cannot do and the hardware must")[2], word

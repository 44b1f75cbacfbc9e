"""Every link of our pages to a file of ours, or to a heading in one, leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
ELSEWHERE = re.compile(r"^[a-z]+:")


def pages():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if "/vendor/" not in name]


def anchors(page):
    """The names of headings, as code hosts make them: lower case, no punctuation, dashes for blanks."""
    found: list[str] = re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text())
    for heading in re.findall(r"^#{1,6} +(.*?)\s*#*$", FENCE.sub("", page.read_text()), re.M):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return found


def broken(page, text):
    """Links of a page that lead nowhere."""
    wrong = []
    for target in LINK.findall(re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))):
        if ELSEWHERE.match(target):
            continue
        file, _, anchor = target.partition("#")
        place = page.parent / file if file else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("name", pages())
def test_every_link_leads_somewhere(name):
    page = ROOT / name
    assert broken(page, page.read_text()) == []


def test_a_link_that_leads_nowhere_is_found():
    page = ROOT / "README.md"
    told = "[a](docs/nothing.md) [b](LICENSE) [c](#no-such-heading) [d](#commands) [e](https://nowhere.invalid/x)"
    assert broken(page, told) == ["docs/nothing.md", "#no-such-heading"]
    assert broken(page, "`[not](a-link)`\n```\n[nor](this)\n```\n") == []

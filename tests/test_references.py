"""What docs, docstrings and comments refer to is in the repository: files, laws, decisions and sources."""

import ast
import io
import re
import subprocess
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = "protocols|config|controller|drivers|sim|app|environment|benchmarks|tests|docs|\\.ci"
FILE = re.compile(rf"(?<![\w/.$>}}-])((?:{ROOMS})/[\w./*-]*\.(?:py|md|yaml|json|toml|js|css|svg|po|sh))\b")
MODULE = re.compile(r"`((?:protocols|config|controller|drivers|sim|app|environment)(?:\.[A-Za-z_]\w*)+)`")
LAW = re.compile(r"\b[Ll]aws? (\d+)")
DECISION = re.compile(r"\b[Dd]ecisions? (\d+)")
SOURCE = re.compile(
    r"\b(?:IEC|ISO|RFC|DIN|WCAG) [\d.-]*\d|\bAS \d[\d.]*\d|\b(?:PMC|WPR|SBAS)\d+|\b(?:BF|DS|UM)\d{5,}"
    r"|\braspberrypi/\w+ ?#? ?\d+|\b[A-Z][a-zîö]+,? (?:19[5-9]|200|201)\d\b"
    r"|Leow & Tey|Fischer|Wikipedia|Altmeyers|Dermadry|KaWe|British Association|iontocentre"
    r"|patrick-herke\.com"
)
NOT_HELD = {
    "CHANGELOG.md",  # tells of what was
    "docs/safety/README.md",  # rendered from what is held
    "tests/test_references.py",
}
ELSEWHERE = re.compile(r"\(design\b|\bdesign\.md|\b(?:peers|style)\.md|the facts'|\(facts\)")
"""How a page that only its writer has would be cited."""


@cache
def listed():
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return frozenset(found.splitlines())


@cache
def prose(name):
    """What a file says to people, line by line: a page whole, of a program its docstrings and comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if not name.endswith(".py"):
        return list(enumerate(text.splitlines(), start=1))
    said = [
        (node.lineno, node.value.value)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ]
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return said + [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def texts():
    """The files whose prose is held."""
    for name in sorted(listed()):
        if name.endswith((".md", ".py", ".yaml", ".toml")) and name not in NOT_HELD:
            yield name


def is_there(path, files):
    """Tell whether a path, which may be a pattern, names a file of the checkout."""
    wanted = re.escape(path).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return any(re.fullmatch(wanted, file) for file in files) if "*" in path else path in files


def module_is_there(name, files):
    """Tell whether a dotted name leads to a module or package, or to something that a module holds."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        place = "/".join(parts[:length])
        if f"{place}.py" in files:
            rest = parts[length:]
            return not rest or re.search(rf"\b{rest[0]}\b", (ROOT / f"{place}.py").read_text()) is not None
        if f"{place}/__init__.py" in files:
            return length == len(parts)
    return False


def plain(text):
    """A source as it is compared: `linux#5434` and `linux 5434` are one, and so are î and i."""
    return re.sub(r" ?# ?", " ", text.replace(",", "").replace("î", "i"))


def wrong(lines, files, laws, decisions, sources):
    """What is referred to and isn't there."""
    for number, line in lines:
        said = " ".join(line.split())
        paths = (one.replace("CODE", "de") for one in FILE.findall(said) if "NAME" not in one)
        missing = [one for one in paths if not is_there(one, files)]
        missing += [
            one for one in MODULE.findall(said) if one != "config.txt" and not module_is_there(one, files)
        ]
        missing += [f"law {one}" for one in LAW.findall(said) if one not in laws]
        missing += [f"decision {one}" for one in DECISION.findall(said) if int(one) not in decisions]
        missing += ELSEWHERE.findall(said)
        cited = map(plain, SOURCE.findall(said))
        missing += [one for one in cited if one not in sources]
        yield from (f"{number}: {one}" for one in missing)


LAWS = frozenset(re.findall(r'<a id="law-(\d+)">', (ROOT / "docs/laws.md").read_text(encoding="utf-8")))
DECISIONS = frozenset(int(name[15:19]) for name in listed() if name.startswith("docs/decisions/0"))
FACTS = (ROOT / "docs/facts.md").read_text(encoding="utf-8")
SOURCES = plain(FACTS)


@pytest.mark.parametrize("name", list(texts()))
def test_what_a_text_refers_to_is_in_the_repository(name):
    assert list(wrong(prose(name), listed(), LAWS, DECISIONS, SOURCES)) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("see docs/nothing.md", "docs/nothing.md"),
        ("`controller.core.nowhere` says", "controller.core.nowhere"),
        ("as in `sim.faults.NO_SUCH`", "sim.faults.NO_SUCH"),
        ("tests/**/test_of_nothing.py", "tests/**/test_of_nothing.py"),
        ("(law 17)", "law 17"),
        ("decision 99 has it", "decision 99"),
        ("a figure of IEC 99999-1", "IEC 99999-1"),
        ("so says Nobody 1999", "Nobody 1999"),
        ("a limit (design)", "(design"),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(line, told):
    assert list(wrong([(1, line)], listed(), LAWS, DECISIONS, SOURCES)) == [f"1: {told}"]


def test_what_is_there_is_not_called_missing():
    line = "docs/laws.md, `controller.core.limits.of`, tests/**/test_guard.py, law 6, decision 21, IEC 479-1"
    assert list(wrong([(1, line)], listed(), LAWS, DECISIONS, SOURCES)) == []


def test_every_law_is_one_of_the_safety_cases():
    case = (ROOT / "docs/safety/answers_to.yaml").read_text(encoding="utf-8")
    assert {str(int(one)) for one in re.findall(r"^  LAW-(\d+):", case, re.M)} == set(LAWS)
    assert {str(number) for number in range(1, len(LAWS) + 1)} == LAWS


def test_no_source_is_listed_that_nothing_cites():
    cited = {
        plain(one)
        for name in texts()
        if name != "docs/facts.md"
        for _, line in prose(name)
        for one in SOURCE.findall(" ".join(line.split()))
    }
    rows = [row.split("|")[1].strip() for row in FACTS.splitlines() if row.startswith("| ")]
    listed_sources = [plain(one) for row in rows for one in SOURCE.findall(row)]
    assert len(listed_sources) > 20
    assert [one for one in listed_sources if one not in cited] == []

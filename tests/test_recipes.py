"""What a contributor is told exists: the files, names, tests and skeletons of the recipes."""

import ast
import importlib
import re
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = sorted(path for path in (ROOT / "docs/recipes").glob("*.md") if path.name != "README.md")
PAGES = [
    *RECIPES,
    *(ROOT / "docs" / name for name in ("life-of-a-sample.md", "glossary.md")),
    ROOT / "CONTRIBUTING.md",
]
LINK = re.compile(r"\[`([^`]+)`\]\(([^)#]+)\)((?:(?:,| and)? `[A-Za-z_]\w*`(?:\([^)]*\))?)*)")
NEW = re.compile(r"`([\w/]*(?:NAME|CODE)[\w/.]*)`")
SKELETON = re.compile(r"^ *```python\n(.*?)^ *```$", re.M | re.S)


def named(page):
    """Each file of ours that a page names by a link, with the names that are said right after it."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    for shown, target, after in LINK.findall(text):
        place = (page.parent / target).resolve()
        yield shown, place, re.findall(r"`(\w+)`", after)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_recipe_names_is_there(page):
    found = list(named(page))
    assert found
    for shown, place, names in found:
        assert place.exists(), shown
        if "/" in shown:
            assert place == (ROOT / shown).resolve(), "a link leads where it says"
        for name in names:
            assert re.search(rf"\b{name}\b", place.read_text(encoding="utf-8")), f"{shown} has no {name}"


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_what_is_new_has_a_folder_or_is_one(page):
    for path in NEW.findall(page.read_text(encoding="utf-8")):
        whole = path.partition("NAME")[0].partition("CODE")[0]
        folder = ROOT / whole if whole.endswith("/") else (ROOT / whole).parent
        assert folder.is_dir(), path


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_skeleton_is_python_whose_imports_resolve(page):
    for skeleton in map(dedent, SKELETON.findall(page.read_text(encoding="utf-8"))):
        for node in ast.walk(ast.parse(skeleton)):
            if isinstance(node, ast.ImportFrom) and node.module != "__future__":
                module = importlib.import_module(node.module)
                assert [one.name for one in node.names if not hasattr(module, one.name)] == [], node.module


@pytest.mark.parametrize(
    "page", [page for page in RECIPES if page.stem in {"fault", "cause", "area"}], ids=lambda page: page.stem
)
def test_a_skeleton_of_a_row_makes_one(page):
    """A row's fields are those that rows have now."""
    first = dedent(SKELETON.findall(page.read_text(encoding="utf-8"))[0])
    made: dict[str, object] = {}
    exec(compile(first, page.name, "exec"), made)  # noqa: S102 - our own page
    assert made["row"]


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_recipe_says_which_files_what_holds_it_and_how_it_is_broken(page):
    text = page.read_text(encoding="utf-8")
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.M)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= 4
    assert "**Held by** [`tests/" in text or "**Held by** the contracts" in text
    assert "**Broken on purpose**: " in text


def test_the_table_names_every_recipe():
    table = (ROOT / "docs/recipes/README.md").read_text(encoding="utf-8")
    assert {page.name for page in RECIPES} == set(re.findall(r"\]\((\w+\.md)\) \|", table))


def test_contributing_fits_a_screen():
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 50
    assert all(len(line) <= 130 for line in lines)

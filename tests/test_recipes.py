"""What a contributor is told exists: the files, names, tests and skeletons of the recipes."""

import ast
import importlib
import re
from pathlib import Path
from textwrap import dedent

import pytest

from drivers.bus import BoundedBus
from drivers.errors import ChipSilent
from sim.chips.bus import SimBus
from sim.clock import VirtualClock

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


def skeletons(page):
    """The skeletons of a page, each run as a module; gives what each defines."""
    for skeleton in SKELETON.findall((ROOT / "docs/recipes" / page).read_text(encoding="utf-8")):
        made: dict[str, object] = {"Bench": object}  # as tests of the simulator call theirs
        exec(compile(dedent(skeleton), page, "exec"), made)  # noqa: S102 - our own page
        yield made


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.stem)
def test_a_skeleton_is_python_whose_imports_resolve(page):
    for skeleton in map(dedent, SKELETON.findall(page.read_text(encoding="utf-8"))):
        for node in ast.walk(ast.parse(skeleton)):
            if isinstance(node, ast.ImportFrom) and node.module != "__future__":
                module = importlib.import_module(node.module)
                assert [one.name for one in node.names if not hasattr(module, one.name)] == [], node.module


@pytest.mark.parametrize("page", ["fault.md", "cause.md", "area.md"])
def test_a_skeleton_of_a_row_makes_one(page):
    rows = [made["row"] for made in skeletons(page) if "row" in made]
    assert rows


def test_the_two_halves_of_a_chip_meet_in_their_bytes():
    driver, model = skeletons("chip.md")
    wire, clock = SimBus(VirtualClock()), VirtualClock()
    chip = model["Xyz100"]()
    wire.attach(0x20, chip)
    bus = BoundedBus(wire, lambda: clock.now_s)
    bus.allow(1.0)
    assert driver["Xyz100"](bus, 0x20).status() == 1
    chip.silent = True
    with pytest.raises(ChipSilent):
        driver["Xyz100"](bus, 0x20).status()


def test_a_command_does_what_its_skeleton_says(capsys):
    _, command, test = skeletons("command.md")
    assert command["echo"](command["Order"](None)) == 0
    assert capsys.readouterr().out == "Reference unit\n"
    assert "test_it_says_the_unit" in test


@pytest.mark.parametrize("page", ["page.md", "language.md"])
def test_what_else_is_shown_runs_as_a_module(page):
    assert all(made is not None for made in skeletons(page))


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

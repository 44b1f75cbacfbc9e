"""What one Python forgives and another reports is not done here at all."""

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
ROOMS = ("protocols", "config", "controller", "drivers", "sim", "app", "tests")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def left_open(source):
    """The lines where `with sqlite3.connect()` ends a transaction but closes nothing; 3.13 warns of it."""
    withs = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.With)]
    entered = [item.context_expr for node in withs for item in node.items]
    return [one.lineno for one in entered if ast.unparse(one).startswith("sqlite3.connect(")]


def hurried(source):
    """The lines where a property test is given a deadline of its own."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if ast.unparse(call.func).split(".")[-1] == "settings"]
    return [call.lineno for call in named if any(one.arg == "deadline" for one in call.keywords)]


@pytest.mark.parametrize("find", [left_open, hurried])
def test_no_module_holds_what_only_one_python_forgives(find):
    found = {str(path.relative_to(ROOT)): find(path.read_text(encoding="utf-8")) for path in MODULES}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_each_kind_is_seen():
    assert left_open("with a, sqlite3.connect(file) as db:\n    pass") == [1]
    assert left_open("with closing(sqlite3.connect(file)) as db:\n    pass") == []
    assert hurried("@settings(deadline=300)\ndef test(): pass") == [1]
    assert hurried("settings.register_profile('x', deadline=None)") == []


def test_no_property_test_has_a_deadline():
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check

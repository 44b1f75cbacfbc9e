"""The compiled simulator: the same bits, never stale, whole or absent, and never in the way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.campaign.crew import crew
from app.campaign.sessions import life, run_life_on_plant
from app.compiled import build as building
from app.compiled.build import NotCompiled, build, compiled
from app.compiled.sources import COMPILED, INTERPRETED, ROOMS, ROOT, compiled_files, copied_files, key

ONE_FORM = Path(__file__).parents[1] / "support" / "one_form.py"
ONE_FILE = "protocols/ceilings.py"
SESSIONS = {
    "full fidelity": [],
    "plant alone": ["plant"],
    "a hand leaves": ["hand_out", "40"],
    "a stage winds up": ["stage_winds_up", "40"],
}


@pytest.fixture(scope="module")
def whole() -> Path:
    """The build that campaigns use, made now where it is missing."""
    if reason := building.lacking():
        pytest.skip(reason)
    return build(building.cache(), make=True, tell=lambda _: None)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache of its own, in which a build compiles a single file."""
    if reason := building.lacking():
        pytest.skip(reason)
    monkeypatch.setattr(building, "compiled_files", lambda _: [ONE_FILE])
    return tmp_path


def ran(words: list[str], sources: Path) -> list[object]:
    environment = os.environ | {"PYTHONPATH": str(sources)}
    done = subprocess.run(
        [sys.executable, "-P", ONE_FORM, *words], env=environment, capture_output=True, text=True, check=True
    )
    found: list[object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("words", SESSIONS.values(), ids=SESSIONS)
def test_a_session_is_the_same_to_the_bit_in_both_forms(words: list[str], whole: Path) -> None:
    form, *interpreted = ran(words, ROOT)
    assert form == "py"
    form, *machine_code = ran(words, whole)
    assert form == "so"
    assert machine_code == interpreted
    assert int(str(interpreted[0])) > 5000


def test_the_processes_of_a_campaign_run_the_compiled_form(whole: Path) -> None:
    path = list(sys.path)
    where = (
        "[__import__(n, fromlist='x').__file__ for n in ('controller.loop.tick', 'sim.world', 'app.main')]"
    )
    with crew(1, None, whole) as hired:
        loop, world, face = hired.executor.submit(eval, where).result()
        lived = hired.executor.submit(run_life_on_plant, life(4)).result()
    assert Path(loop).suffix == Path(world).suffix == ".so"
    assert Path(loop).parent == whole / "controller" / "loop"
    assert Path(face) == ROOT / "app" / "main.py", "the faces are those of the checkout"
    assert lived["problems"] == []
    assert sys.path == path


def test_the_tests_and_a_unit_run_the_source() -> None:
    """What is patched in a compiled module would be passed by without a word."""
    for name in compiled_files():
        spec = find_spec(name.removesuffix(".py").replace("/", "."))
        assert spec is not None
        assert spec.origin == str(ROOT / name)
    for room in (*ROOMS, "app"):
        assert not list((ROOT / room).rglob("*.so"))
    for name, module in sys.modules.items():
        if name.partition(".")[0] in ROOMS:
            assert str(module.__file__).endswith(".py"), name


def test_every_pattern_finds_something() -> None:
    for pattern in (*COMPILED, *INTERPRETED):
        assert list(ROOT.glob(pattern)), pattern
    assert not {"sim/scenario.py", "controller/loop/clock.py", "drivers/errors.py"} & set(compiled_files())


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a build is made of."""
    for path in copied_files():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return tmp_path


def _edit(root: Path) -> None:
    path = root / "sim" / "world.py"
    path.write_text(path.read_text() + "\n")


def _rename(root: Path) -> None:
    (root / "sim" / "meter.py").rename(root / "sim" / "meters.py")


def _add(root: Path) -> None:
    (root / "controller" / "core" / "new.py").touch()


def _change_data(root: Path) -> None:
    (root / "protocols" / "library" / "hands.yaml").write_text("name: hands\n")


@pytest.mark.parametrize("change", [_edit, _rename, _add, _change_data])
def test_a_build_is_for_the_very_sources_it_was_made_from(
    change: Callable[[Path], None], checkout: Path
) -> None:
    assert key(checkout) == key()
    change(checkout)
    assert key(checkout) != key()


def test_bytecode_makes_no_other_build(checkout: Path) -> None:
    (checkout / "sim" / "__pycache__").mkdir()
    (checkout / "sim" / "__pycache__" / "world.cpython-311.pyc").touch()
    assert key(checkout) == key()


def test_a_build_is_made_once_though_two_want_it(small: Path) -> None:
    dead = small / "part-of-one-that-was-killed"
    dead.mkdir()
    told: list[str] = []
    with ThreadPoolExecutor(2) as two:
        first, second = two.map(lambda _: build(small, make=True, tell=told.append), range(2))
    assert first == second == small / key()
    assert sum("compiling the simulator, once" in line for line in told) == 1
    assert any("waiting for another ionto" in line for line in told)
    assert sum("compiled in" in line for line in told) == 1
    assert sorted(path.name for path in small.iterdir()) == sorted([key(), "lock"])
    assert list((first / "protocols").glob("ceilings.*.so"))
    told.clear()
    assert build(small, make=False, tell=told.append) == first
    assert told == []


def test_an_interrupted_build_leaves_nothing(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(line: str) -> None:
        if "compiling," in line:
            raise KeyboardInterrupt

    monkeypatch.setattr(building, "TOLD_EVERY_S", (0.2, 0.2))  # so that it comes in the middle
    with pytest.raises(KeyboardInterrupt):
        build(small, make=True, tell=interrupt)
    assert [path.name for path in small.iterdir()] == ["lock"]


def test_what_was_not_used_for_a_month_is_removed(small: Path) -> None:
    old, failed, new = small / "old", small / "old.log", small / "new"
    old.mkdir()
    new.mkdir()
    failed.touch()
    for path in (old, failed):
        os.utime(path, (0, 0))
    build(small, make=True, tell=lambda _: None)
    assert sorted(path.name for path in small.iterdir()) == sorted([key(), "lock", "new"])


def test_a_compiler_that_fails_is_told_and_not_tried_again(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(NotCompiled, match=r"the compiler failed; .*\.log tells why"):
        build(small, make=True, tell=lambda _: None)
    log = small / f"{key()}.log"
    assert "false" in log.read_text()
    assert sorted(path.name for path in small.iterdir()) == sorted([log.name, "lock"])
    with pytest.raises(NotCompiled, match="it failed before"):
        build(small, make=True, tell=lambda _: None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., list[str]]:
    """Asks for the compiled simulator in a cache of its own; gives what was told."""
    monkeypatch.delenv("IONTO_INTERPRETED")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def ask(*, interpreted: bool = False, make: bool = False) -> list[str]:
        told: list[str] = []
        assert compiled(interpreted=interpreted, make=make, tell=told.append) is None
        return told

    return ask


def test_without_a_compiler_that_is_one_sentence(
    asked: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-cc")
    (line,) = asked(make=True)
    assert line.startswith("ionto: simulating interpreted, not compiled: ")
    if find_spec("mypyc"):
        assert "the C compiler no-such-cc is missing" in line


def test_who_asks_for_the_source_is_told_nothing(
    asked: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked(interpreted=True) == []
    monkeypatch.setenv("IONTO_INTERPRETED", "yes")
    assert asked(make=True) == []


def test_a_quick_campaign_makes_no_build(asked: Callable[..., list[str]], tmp_path: Path) -> None:
    (line,) = asked()
    assert building.lacking() or "takes less time than compiling" in line
    assert list((tmp_path / "ionto" / "compiled").iterdir()) == []


def test_a_cache_that_others_may_write_is_not_trusted(
    asked: Callable[..., list[str]], tmp_path: Path
) -> None:
    cache = tmp_path / "ionto" / "compiled"
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    (line,) = asked(make=True)
    assert f"{cache} may be written by others" in line


def test_a_cache_that_cannot_be_made_is_one_sentence(
    asked: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    (line,) = asked(make=True)
    assert "there is no place to keep a build" in line

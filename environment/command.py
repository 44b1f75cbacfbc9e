"""`./ionto` calls this when the environment it needs is not there, or when asked to by `./ionto setup`.

    environment BASIS WAIT_S PART... [-- WORD...]

BASIS says what the environment is to be made from (`./ionto` compares it), PART is `core`, `dev` or an extra;
the words after `--` are handed back to `./ionto` when all is in place.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from app.appliance import locks
from environment import tools
from environment.causes import Scene, cause_of_system, check
from environment.failure import FAILED, STOPPED, Interrupted, SetUpFailed
from environment.places import Places, Stamp, interpreter_of, stamp_of, whole
from environment.progress import Progress, say

ROOT: Final = Path(__file__).resolve().parents[1]
PARTS: Final = ("core", "dev", *locks.EXTRAS)
SYSTEM_LGPIO: Final = Path("/usr/lib/python3/dist-packages/lgpio.py")
"""From apt on a Pi: the package index has only a stub of it (Python >= 3.13)."""
DISK_MB: Final = {"core": 110, "dev": 520}
"""What an environment takes, measured on Debian 12; of a core with extras no more than the larger."""
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Task(NamedTuple):
    """What is asked for."""

    basis: str
    wait_s: float
    parts: tuple[str, ...]
    then: list[str] | None


def main(argv: list[str]) -> int:
    """Set up what `argv` asks for and go on with its words; return the exit code where there are none."""
    before, dashes, words = argv[2:], "--" in argv, []
    if dashes:
        cut = argv.index("--")
        before, words = argv[2:cut], argv[cut + 1 :]
    try:
        wait_s = float(argv[1])
    except ValueError:
        say(f"IONTO_SETUP_WAIT_S={argv[1]!r} is no number of seconds, such as 600; correct or unset it.")
        return 2
    task = Task(argv[0], wait_s, tuple(dict.fromkeys(before)), words if dashes else None)
    if wrong := [part for part in task.parts if part not in PARTS]:
        say(f"there is no part {wrong[0]!r} to set up; there are {_as_said(PARTS)}")
        return 2
    for number in _ENDING:
        signal.signal(number, _interrupted)
    places = Places(ROOT)
    scene = Scene(ROOT, {}, _disk_mb(task.parts))
    try:
        places.check()
        with places.gate(task.wait_s, say):
            _provide(places, task)
    except Interrupted as ended:
        say(f"the set-up was ended by {ended}; nothing was changed, and the next call begins anew.")
        return STOPPED
    except (SetUpFailed, OSError) as error:
        cause = cause_of_system(error, scene) if isinstance(error, OSError) else str(error)
        say(f"the environment could not be set up: {cause}.")
        return FAILED
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    return 0 if task.then is None else _go_on(task.then)


def _as_said(parts: tuple[str, ...]) -> str:
    """Return the words that `./ionto setup` takes for `parts`."""
    return ", ".join("test" if part == "dev" else part for part in parts)


def _interrupted(number: int, _: object) -> NoReturn:
    for other in _ENDING:  # what follows is short, and has to be whole
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted("Ctrl-C" if number == signal.SIGINT else f"a signal ({signal.Signals(number).name})")


def _disk_mb(parts: tuple[str, ...]) -> int:
    return DISK_MB["core" if parts == ("core",) else "dev"]


def _provide(places: Places, task: Task) -> None:
    """Make the environment, unless another call did while this one waited."""
    current = places.current()
    had = stamp_of(current) if current else None
    parts = _parts(task, had)
    wanted = (" ".join(parts), task.basis)
    if current and whole(current) and had == Stamp(*wanted, interpreter_of(current)):
        if not places.link.exists():
            places.exchange(current)
        if task.then is None:
            say(f"already set up: {_as_said(parts)}.")
        return
    places.clean()
    place = places.new()
    try:
        began_s = time.monotonic()
        _build(place, parts)
        tools.settle(place)
        Stamp(*wanted, interpreter_of(place)).write(place)
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            places.exchange(place)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    except BaseException:
        if places.current() != place:
            shutil.rmtree(place, ignore_errors=True)
        raise
    say(f"the environment is set up, after {time.monotonic() - began_s:.0f} s.")
    if places.is_apart():
        say(f"{places.shown} is somebody's own and stays as it is; ./ionto runs from {places.link}.")
    places.clean()


def _parts(task: Task, had: Stamp | None) -> tuple[str, ...]:
    """Return the parts to have: what is asked for and what was there; `dev` holds everything."""
    wanted = {"core", *task.parts, *(had.parts.split() if had else ())}
    if "dev" in wanted:
        return ("dev",)
    return tuple(part for part in PARTS if part in wanted)


def _entries(parts: tuple[str, ...]) -> dict[str, locks.Entry]:
    """Return what is locked for `parts`; raise SetUpFailed where a lock is not as its maker left it."""
    for name in (locks.CORE, locks.LARGER):
        text = (ROOT / name).read_bytes()
        entries = locks.read(ROOT / name) if text.isascii() else {}
        conflict = any(line.startswith((b"<<<<<<<", b">>>>>>>")) for line in text.splitlines())
        if conflict or not entries or any("--hash=sha256:" not in entry.text for entry in entries.values()):
            what = "holds a merge that was not finished" if conflict else "is damaged"
            raise SetUpFailed(
                f"{ROOT / name} {what}; bring it back (git checkout HEAD {name}) or get the checkout anew"
            )
    return locks.of_parts(ROOT, parts)


def _build(place: Path, parts: tuple[str, ...]) -> None:
    python, list_of, temporary = place / "bin/python", place / "requirements.txt", place / "tmp"
    log = temporary / "pip.log"
    entries = _entries(parts)
    megabytes = _disk_mb(parts)
    say(
        f"setting up its environment in {place}, once: {len(entries)} packages, up to {megabytes} MB of disk."
    )
    temporary.mkdir()
    list_of.write_text("".join(f"{entry.text}\n" for entry in entries.values()), encoding="utf-8")
    progress = Progress(len(entries), temporary, place)
    scene = Scene(ROOT, {}, megabytes)

    def run(*words: str, hear: Callable[[str], None] = lambda _: None) -> None:
        variables = tools.environment(temporary, scene.settings)
        check(tools.run(list(words), variables, hear, progress.look), scene, log)

    try:
        run(*tools.venv_words(place, system=SYSTEM_LGPIO.exists()))
        run(str(python), "-I", "-m", "ensurepip")  # by itself: the venv module keeps to itself why it failed
        scene = replace(scene, settings=tools.network_settings(python))
        locked = (
            "--only-binary",
            ":all:",
            "--require-hashes",
            "--force-reinstall",
            "--requirement",
            str(list_of),
        )
        run(*tools.pip_words(python, "--log", str(log), *locked), hear=progress.hear)
        run(*tools.pip_words(python, "--no-index", "--no-build-isolation", "--editable", str(ROOT)))
    except OSError as error:  # before the half-made environment is removed: what room there was is told
        raise SetUpFailed(cause_of_system(error, scene)) from error
    finally:
        progress.end()
    shutil.rmtree(temporary, ignore_errors=True)


def _go_on(words: list[str]) -> Any:
    """Become `./ionto` with the caller's words; it must not call us again."""
    os.environ["IONTO_SET_UP"] = "1"
    sys.stderr.flush()
    os.execv("/bin/sh", ["sh", str(ROOT / "ionto"), *words])  # noqa: S606 - ourselves, executable or not

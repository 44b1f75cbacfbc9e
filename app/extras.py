"""What only some need: packages that are fetched when first asked for, by the project's own lock and hashes.

Law: nothing is fetched without a person's yes, and never by a name that somebody else could register in an
index. Whoever can't be asked is told the exact command.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

import app
from app.output import UsageError, complain

ROOT: Final = Path(app.__path__[0]).parent


class Extra(NamedTuple):
    """What asks for it, the package that does the work, and the module by which it is found."""

    asked_by: str
    package: str
    module: str


EXTRAS: Final = {
    "mqtt": Extra("`ionto mqtt`", "paho-mqtt", "paho"),
    "oled": Extra("`ionto oled`", "luma.oled", "luma"),
    "meter": Extra("--meter", "PyVISA", "pyvisa"),
    "dask": Extra("--dask", "distributed", "distributed"),
}
IN_EVERY_BUNDLE: Final = ("mqtt",)


def missing(name: str) -> str:
    """Say that the extra `name` is not here and how it is had; the last words are the command."""
    needs = f"{EXTRAS[name].asked_by} needs {EXTRAS[name].package}, which is not installed here"
    if _is_here(name):
        return (
            f"{EXTRAS[name].asked_by} needs {EXTRAS[name].package}, which is here but not as locked; {anew()}"
        )
    if _in_checkout():
        into = "" if _is_ours() else f" into ./ionto's own environment (this is another one, {sys.prefix})"
        return f"{needs}; with a network, this gets it by the project's lock{into}: {_command('setup', name)}"
    import platform

    kept = [one for one in EXTRAS if one == name or (one not in IN_EVERY_BUNDLE and _is_here(one))]
    words = [f"--with {one}" for one in kept]
    words += [f"--machine {platform.machine()}"] if platform.machine() == "x86_64" else []
    return (
        f"{needs}; in the checkout make a bundle that holds it: ./ionto bundle {' '.join(words)} "
        "ionto-bundle; then copy that here and install it: sudo ionto update ionto-bundle"
    )


def anew() -> str:
    """Say what helps where the environment that this runs in is not as its lock."""
    if not _in_checkout():
        return f"have the same bundle install it anew, after: sudo rm {Path(sys.prefix) / 'installed'}"
    if _is_ours():
        return f"remove {ROOT / '.venvs' / 'current'} and call {_command()}, which makes it anew"
    return f"call {_command()}, which has an environment of its own (this is another one, {sys.prefix})"


def offer(args: argparse.Namespace, words: list[str]) -> None:
    """Ask to fetch the extra that a command line asks for and that is not here, before anything has begun.

    After a yes this process becomes the set-up, and then `./ionto` with the same `words`.

    Raises:
        UsageError: the extra is not here, and nobody can be asked or the answer is no.

    """
    for name in _asked_for(args):
        if not _is_here(name):
            if not (_in_checkout() and sys.stdin.isatty() and sys.stderr.isatty() and _agreed(name)):
                raise UsageError(missing(name))
            _fetch(name, words)


def _asked_for(args: argparse.Namespace) -> list[str]:
    if args.command == "doctor":  # which looks and tells, and changes nothing
        return []
    options = (name for name in ("meter", "dask") if getattr(args, name, None) is not None)
    return [*(name for name in ("mqtt", "oled") if args.command == name), *options]


def _in_checkout() -> bool:
    from app.appliance import locks

    return (ROOT / "ionto").is_file() and (ROOT / locks.LARGER).is_file()


def _is_here(name: str) -> bool:
    return find_spec(EXTRAS[name].module) is not None


def _is_ours() -> bool:
    """Tell whether `./ionto` made the environment that this runs in."""
    return Path(sys.prefix).resolve().parent == ROOT / ".venvs"


def _command(*words: str) -> str:
    import shlex

    return shlex.join([*_program(), *words])


def _program() -> list[str]:
    """Return how the checkout's own script is called: an archive may have lost that it is a program."""
    script = ROOT / "ionto"
    return [str(script)] if os.access(script, os.X_OK) else ["sh", str(script)]


def _agreed(name: str) -> bool:
    from app.appliance import locks

    more = len(locks.of_parts(ROOT, ("core", name))) - len(locks.of_parts(ROOT, ("core",)))
    what = f"{more} packages" if more > 1 else "1 package"
    complain(
        f"ionto: {EXTRAS[name].asked_by} needs {EXTRAS[name].package}, which is not installed here: {what}, "
        "by the project's lock, into its own environment."
    )
    sys.stderr.write("ionto: fetch it now? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _fetch(name: str, words: list[str]) -> NoReturn:
    program = [*_program(), "setup", name, "--", *words]
    os.execvp(program[0], program)  # noqa: S606 - the checkout's own script

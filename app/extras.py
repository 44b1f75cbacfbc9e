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
    "pdf": Extra("--pdf", "fpdf2", "fpdf"),
    "dask": Extra("--dask", "distributed", "distributed"),
}


def missing(name: str) -> str:
    """Say that the extra `name` is not here and how it is had; the last words are the command."""
    needs = f"{EXTRAS[name].asked_by} needs {EXTRAS[name].package}, which is not installed here"
    if _in_checkout():
        return f"{needs}; with a network, this gets it by the project's lock: {_command('setup', name)}"
    return (
        f"{needs}; in the checkout make a bundle that holds it: ./ionto bundle --with {name} ionto-bundle; "
        "then install that here: sudo ionto update ionto-bundle"
    )


def offer(args: argparse.Namespace, words: list[str]) -> None:
    """Ask to fetch the extra that a command line asks for and that is not here, before anything has begun.

    After a yes this process becomes the set-up, and then `./ionto` with the same `words`.

    Raises:
        UsageError: the extra is not here, and nobody can be asked or the answer is no.

    """
    for name in _asked_for(args):
        if find_spec(EXTRAS[name].module) is None:
            if not (_in_checkout() and sys.stdin.isatty() and sys.stderr.isatty() and _agreed(name)):
                raise UsageError(missing(name))
            _fetch(name, words)


def _asked_for(args: argparse.Namespace) -> list[str]:
    if args.command == "doctor":  # which looks and tells, and changes nothing
        return []
    options = (name for name in ("meter", "pdf", "dask") if getattr(args, name, None) is not None)
    return [*(name for name in ("mqtt", "oled") if args.command == name), *options]


def _in_checkout() -> bool:
    from app.appliance import locks

    return (ROOT / "ionto").is_file() and (ROOT / locks.LARGER).is_file()


def _command(*words: str) -> str:
    import shlex

    return shlex.join([str(ROOT / "ionto"), *words])


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
    os.execv(  # noqa: S606 - the checkout's own script
        ROOT / "ionto", [str(ROOT / "ionto"), "setup", name, "--", *words]
    )

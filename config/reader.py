"""The strict reader of every YAML file of ours: treatments, units, calibrations, scenarios.

Law: a file is read whole and strictly, or refused with every error named; nothing is converted, clamped or
guessed, and no content can cause a traceback. Every error is one line,
`file:line:column: key: what is wrong, what is allowed`, with `(file)` for the key where none is meant.
"""

from __future__ import annotations

import codecs
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from config.characters import place
from config.scalars import one_line
from config.sentences import faults_of, loose_choices
from config.yaml_tree import Fault, Loc, Tree, plant

LARGEST_BYTES: Final = 64 * 1024
"""Most bytes of a file; ours have two to five thousand."""
MOST_ERRORS: Final = 100
"""Most errors that are listed; a file with more of them is not one of ours."""

T = TypeVar("T", bound=BaseModel)


class BadFile(Exception):
    """A file that was refused. `errors` holds one line for each thing wrong; `str()` joins them."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


def read(path: Path, model: type[T], context: Mapping[str, Any] | None = None) -> T:
    """Read the YAML file `path` as a `model`, or raise `BadFile` with every error.

    `context` reaches the model's validators, for what a file must agree with.
    """
    return read_text(read_bytes(path), str(path), model, context)


def read_bytes(path: Path) -> bytes:
    """Give the bytes of a regular file of at most 64 KiB; raise `BadFile` for anything else."""
    name = str(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refused(name, "is a directory, expected a YAML file")
        if not stat.S_ISREG(status.st_mode):
            raise refused(name, "is not a regular file, expected a YAML file")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise refused(name, "does not exist, expected the path of a YAML file") from None
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise refused(name, f"cannot be read ({reason}), expected a readable YAML file") from None
    return content


def read_text(text: bytes, name: str, model: type[T], context: Mapping[str, Any] | None = None) -> T:
    """Read a file's bytes as a `model`, or raise `BadFile` with every error; `name` stands in the errors."""
    tree = parse(text, name)
    result, found = None, []
    try:
        # JSON mode is as strict and takes lists for tuples and text for enums, as YAML has no other way
        result = model.model_validate_json(json.dumps(tree.data), strict=True, context=context)
    except ValidationError as error:
        found = faults_of(error, model, tree.spots)
    found += loose_choices(tree.data, model, tree.spots)
    faults = tree.faults + [fault for fault in found if not _inside(fault.loc, tree.spoilt)]
    if faults or result is None:
        raise _bad(name, faults)
    return result


def _inside(loc: Loc, spoilt: set[Loc]) -> bool:
    return any(loc[:length] in spoilt for length in range(len(loc) + 1))


def parse(text: bytes, name: str) -> Tree:
    """Read bytes to plain values with their places; raise `BadFile` when no mapping can be built."""
    if len(text) > LARGEST_BYTES:
        raise refused(name, f"is larger than {LARGEST_BYTES // 1024} KiB, expected a small YAML file")
    decoded = _decoded(text, name)
    tree, faults = plant(decoded.removeprefix("\ufeff"))
    if tree is None:
        raise _bad(name, faults)
    return tree


def whole(text: bytes, name: str) -> Tree:
    """Read bytes as `parse` does; raise `BadFile` for every value that has no one meaning, too."""
    tree = parse(text, name)
    if tree.faults:
        raise _bad(name, tree.faults)
    return tree


def misplaced(name: str, tree: Tree, loc: Loc, sentence: str) -> BadFile:
    """Make the error of one place of a file, to be raised by the caller."""
    nearest = next((loc[:length] for length in range(len(loc), 0, -1) if loc[:length] in tree.spots), None)
    at = (1, 1) if nearest is None else tree.spots[nearest].value
    return _bad(name, [Fault(at, loc, sentence)])


def _decoded(text: bytes, name: str) -> str:
    """Read bytes as UTF-8; raise `BadFile` that names the first byte that is none, or the encoding."""
    if text and not text.strip(b"\0"):
        raise refused(
            name,
            "holds nothing but NUL bytes, as a power cut may leave a file: write it anew",
        )
    wide = text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    if wide or b"\0" in (text[:1], text[1:2]):
        raise refused(name, "is UTF-16 or UTF-32 text, expected UTF-8: save it as UTF-8")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        at, byte = place(text[: error.start].decode("utf-8"), error.start), text[error.start]
        sentence = f"is not UTF-8 text (byte {error.start}, 0x{byte:02X}), expected UTF-8: save it as UTF-8"
        raise _bad(name, [Fault(at, (), sentence)]) from None


def refused(name: str, sentence: str) -> BadFile:
    """Make the error of a file that is refused as a whole, to be raised by the caller."""
    return _bad(name, [Fault((1, 1), (), sentence)])


def _bad(name: str, faults: list[Fault]) -> BadFile:
    shown = one_line(name, 1000)
    in_order = sorted(dict.fromkeys(faults), key=lambda fault: fault.at)  # a set has another order every run
    if len(in_order) > MOST_ERRORS:
        more = Fault(
            in_order[MOST_ERRORS].at, (), f"{len(in_order) - MOST_ERRORS} more errors, mend these first"
        )
        in_order = [*in_order[:MOST_ERRORS], more]
    return BadFile([f"{shown}:{f.at[0]}:{f.at[1]}: {_dotted(f.loc)}: {f.sentence}" for f in in_order])


def _dotted(loc: Loc) -> str:
    """Write a place as people do: `events[2].at_s`."""
    parts = [f"[{part}]" if isinstance(part, int) else "." + one_line(part) for part in loc]
    return "".join(parts).removeprefix(".") or "(file)"

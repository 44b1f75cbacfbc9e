"""The file of a backup: a ZIP whose manifest names everything in it with its length and SHA-256.

Law: nothing of a file counts before all of it was compared with its manifest. A name that isn't one of ours
is refused, so that no file can write anywhere else than where it is unpacked.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
UNIT_FILE: Final = "unit.yaml"
STATE: Final = "state"
"""The folder in it for what lies in the state directory, under the same names."""
FILES: Final = ("journal.db", "journal.head", "household.db", "service.jsonl", "device.yaml")
FOLDERS: Final = ("calibration", "commissioning")
"""Of the state directory: what is kept for good. The rest is of this day, or can be made anew."""
LARGEST: Final = 1 << 30
"""Bytes of one file in it; a journal of 10,000 treatments takes a tenth of that."""
_CHUNK: Final = 1 << 16
_RECORD: Final = rf"({'|'.join(FOLDERS)})/[^/\0.][^/\0]{{0,120}}\.yaml"
_NAMES: Final = re.compile(rf"{UNIT_FILE}|{STATE}/({'|'.join(map(re.escape, FILES))}|{_RECORD})")
_MANIFEST_BYTES: Final = 1 << 20


class BadBackup(Exception):
    """A file that is no backup of ours, or no whole one; `str()` ends a sentence that names it."""


def _ours(name: str) -> str:
    if not _NAMES.fullmatch(name):
        raise ValueError(f"{name!r} is no file of a backup")
    return name


class Packed(BaseModel):
    """One file in it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    size: int = Field(ge=0, le=LARGEST)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a backup says of itself. `unit` and `serial` are those of the unit's file."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    backup: Literal[1]
    made_utc: str = Field(max_length=40)
    program: str = Field(max_length=40)
    unit: str = Field(max_length=80)
    serial: str = Field(max_length=80)
    records: int = Field(ge=0)
    sessions: int = Field(ge=0)
    people: int = Field(ge=0)
    files: dict[Annotated[str, AfterValidator(_ours)], Packed]


def described(place: Path) -> dict[str, Packed]:
    """Describe every file below `place`, by its name in a backup."""
    found = {}
    for file in sorted(one for one in place.rglob("*") if one.is_file()):
        name = _ours(file.relative_to(place).as_posix())
        found[name] = Packed(size=file.stat().st_size, sha256=_digest(file))
    return found


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pack(place: Path, manifest: Manifest, target: Path) -> None:
    """Write everything below `place` to the file `target`, which only this account may read.

    Raises:
        OSError: as of the file system; then neither half a file nor a draft is left.

    """
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=".draft")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr(MANIFEST, manifest.model_dump_json(indent=1))
                for each in manifest.files:
                    packed.write(place / each, each)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def unpack(backup: Path, place: Path) -> Manifest:
    """Unpack a backup into the folder `place` and give its manifest.

    Raises:
        BadBackup: it is no backup, a damaged one, or one of a newer program.
        OSError: it can't be read, or `place` can't be written.

    """
    try:
        with zipfile.ZipFile(backup) as packed:
            manifest = _manifest(packed)
            if sorted(packed.namelist()) != sorted([MANIFEST, *manifest.files]):
                raise BadBackup("it holds other files than it names")
            for name, wanted in manifest.files.items():
                _unpack(packed, name, wanted, place / name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadBackup("it is damaged, or no backup") from error
    return manifest


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    try:
        with packed.open(MANIFEST) as stream:
            text = stream.read(_MANIFEST_BYTES)
    except KeyError:
        raise BadBackup("it is no backup of a unit") from None
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        if any(fault["loc"] == ("backup",) and fault["type"] == "literal_error" for fault in error.errors()):
            raise BadBackup("it is of a newer program: update this one first") from error
        raise BadBackup("it is damaged, or no backup") from error


def _unpack(packed: zipfile.ZipFile, name: str, wanted: Packed, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    found, size = hashlib.sha256(), 0
    with packed.open(name) as source, file.open("xb") as target:
        file.chmod(0o600)
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > wanted.size:
                break
            found.update(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    if size != wanted.size or found.hexdigest() != wanted.sha256:
        raise BadBackup(f"it is damaged: {name} in it is not what was packed")

"""The bill of materials of a bundle: every wheel and vendored file in it, as CycloneDX 1.5 (JSON).

Law: what is shipped is read from the wheels themselves, so that nothing else can be named as that. What the
system gives has no version here and no hash, and says whose it is. The same wheels give the same bill, to the
byte.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from app.appliance.licences import licence_of
from app.appliance.system import PARTS, Part

UPLOT: Final = "app/web/static/vendor/uplot/uPlot.iife.min.js"


def bill_of(ours: Path, wheels: list[Path]) -> dict[str, Any]:
    """Return the bill of our wheel and of those that it needs. Raises UnknownLicence."""
    parts = [_component(wheel) for wheel in sorted(wheels, key=lambda wheel: wheel.name)]
    main = _component(ours) | {"type": "application"}
    parts.append(_plotter(ours))
    content = "".join(part["hashes"][0]["content"] for part in (main, *parts))
    parts += [_of_system(part) for part in PARTS]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": main},
        "components": parts,
        "dependencies": [{"ref": main["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def _component(wheel: Path) -> dict[str, Any]:
    metadata = metadata_of(wheel)
    name = re.sub(r"[-_.]+", "-", str(metadata["Name"])).lower()
    licence = licence_of(metadata)
    return {
        "type": "library",
        "bom-ref": wheel.name,
        "name": name,
        "version": str(metadata["Version"]),
        "purl": f"pkg:pypi/{name}@{metadata['Version']}?file_name={wheel.name}",
        "licenses": _licences(licence),
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
    }


def _of_system(part: Part) -> dict[str, Any]:
    """Describe what is not shipped and yet runs: Debian's, or Raspberry Pi OS's."""
    return {
        "type": part.kind,
        "bom-ref": f"system:{part.package}",
        "name": part.package,
        "description": part.does,
        "scope": "required",
        "purl": f"pkg:deb/debian/{part.package}",
        "properties": [
            {"name": "ionto:from", "value": "the system"},
            *({"name": "ionto:also", "value": name} for name in part.also),
        ],
    }


def _plotter(ours: Path) -> dict[str, Any]:
    """Describe uPlot, which is not a package but a file in our wheel (MIT, LICENSE beside it)."""
    with zipfile.ZipFile(ours) as packed:
        content = packed.read(UPLOT)
    version = re.search(rb"uPlot \(v([\d.]+)\)", content)
    if version is None:
        raise ValueError(f"{UPLOT} does not say its version")
    number = version[1].decode()
    return {
        "type": "library",
        "bom-ref": f"uplot-{number}",
        "name": "uplot",
        "version": number,
        "purl": f"pkg:npm/uplot@{number}",
        "licenses": _licences("MIT"),
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
    }


def _licences(expression: str) -> list[dict[str, Any]]:
    if " " in expression:
        return [{"expression": expression}]
    return [{"license": {"id": expression}}]


def metadata_of(wheel: Path) -> Message:
    """Return a wheel's core metadata."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(one for one in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", one))
        return BytesParser().parsebytes(packed.read(name))

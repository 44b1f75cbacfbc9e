"""Under which licence each shipped package stands, by its own metadata, as an SPDX expression.

Law: nothing is guessed. What a package says in none of the known ways, or under a licence that isn't known to
go with ours, is refused; figures of speech are translated only where their meaning was read in the source.
"""

from __future__ import annotations

from email.message import Message
from typing import Final

COMPATIBLE: Final = {
    "MIT",
    "MIT-CMU",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "Apache-2.0",
    "PSF-2.0",
    "Apache-2.0 OR BSD-2-Clause",
    "EPL-2.0 OR BSD-3-Clause",
    "LGPL-3.0-only",
}
"""May be shipped beside a program under Apache-2.0; each asks for its notice, which its wheel carries, and
the LGPL for the source, which the wheel of a package without compiled parts is."""
SPOKEN: Final = {"MIT License": "MIT"}
"""Classifiers that leave no choice."""
READ: Final = {
    "defusedxml": "PSF-2.0",
    "jinja2": "BSD-3-Clause",
    "partd": "BSD-3-Clause",
    "pyserial": "BSD-3-Clause",
    "pyusb": "BSD-3-Clause",
    "sortedcontainers": "Apache-2.0",
    "zict": "BSD-3-Clause",
}
"""They say it in words of their own: which it is was read in LICENSE.txt of pyserial's repository, LICENSE of
pyusb 1.3.1, and the licence in the wheel of each other."""


class UnknownLicence(Exception):
    """A package may not be shipped before somebody has read its licence; `str()` is one sentence."""


def licence_of(metadata: Message) -> str:
    """Return the SPDX expression of a package by its core metadata. Raises UnknownLicence."""
    name = str(metadata["Name"])
    classifiers = [
        str(line).rsplit("::", 1)[1].strip()
        for line in metadata.get_all("Classifier", [])
        if str(line).startswith("License ::")
    ]
    told = [str(metadata.get("License-Expression") or ""), str(metadata.get("License") or "").strip()]
    for words in (*told, *(SPOKEN.get(one, "") for one in classifiers), READ.get(name.lower(), "")):
        if words in COMPATIBLE:
            return words
    said = ", ".join(word for word in (*told, *classifiers) if word)[:80] or "nothing"
    raise UnknownLicence(
        f"{name} says of its licence: {said}; read it, then add it to app.appliance.licences"
    )

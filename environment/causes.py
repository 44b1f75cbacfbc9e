"""From what pip or the system said to the one cause that a person can do something about.

Law: the first cause in the order below that the story bears out is the one told; where none is, pip's own
last word is. A connection that was mended by trying again is no cause. No password that an index's address
carries is repeated.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from environment.failure import SetUpFailed
from environment.places import not_ours
from environment.tools import Ended


@dataclass(frozen=True)
class Scene:
    """Where it happened: the checkout, the settings of the network, and what room is needed."""

    root: Path
    settings: dict[str, str]
    needed_mb: int

    @property
    def index(self) -> str:
        """The package index, by its host where the settings name one."""
        host = _split(self.settings.get("index-url", ""))[0]
        return f"the package index {host}" if host else "the package index"

    @property
    def proxy(self) -> str:
        """The proxy in force, without its password."""
        kinds = ("https_proxy", "http_proxy", "all_proxy")
        named = (os.environ.get(name) for kind in kinds for name in (kind, kind.upper()))
        address = self.settings.get("proxy") or next(filter(None, named), "")
        return ":".join(filter(None, _split(address if "://" in address else f"//{address}")))


def _split(address: str) -> tuple[str, str]:
    """Return host and port of an address, as far as it is one."""
    with suppress(ValueError):
        split = urlsplit(address)
        return split.hostname or "", str(split.port or "")
    return "", ""


NEWEST: Final = (3, 13)
"""The newest Python for which the locks hold every wheel."""
_Teller = Callable[[re.Match[str], Scene], str]
_PACKAGE: Final = r"([A-Za-z0-9._-]+(?:\[[a-z,]+\])?==[^\s(;]+)"


def _full(scene: Scene) -> str:
    """Say that the disk is full: of bytes, or of files."""
    place = scene.root / ".venvs"
    place = place if place.exists() else scene.root
    room = os.statvfs(place)
    free_mb = room.f_bavail * room.f_frsize / 1e6
    if room.f_files and not room.f_favail and free_mb > scene.needed_mb:
        return f"the disk that holds {place} has room but can hold no more files; remove some and try again"
    return (
        f"the disk that holds {place} is full ({free_mb:.0f} MB were left when it failed, about "
        f"{scene.needed_mb} MB are needed); make room and try again"
    )


def _denied(found: re.Match[str], scene: Scene) -> str:
    return not_ours(Path(found[1]) if found[1].startswith("/") else scene.root / found[1], scene.root)


def _missing(found: re.Match[str], scene: Scene) -> str:
    python, machine = platform.python_version(), platform.machine()
    wheel = f"no {found[1].rstrip('.')} as a wheel for Python {python} on {machine}"
    if scene.settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        return (
            f"pip's setting no-index keeps it from asking any package index, and where else it looks there "
            f"is {wheel}; unset that (pip config debug shows where it is set)"
        )
    if tuple(map(int, python.split(".")[:2])) > NEWEST:
        return (
            f"{scene.index} has {wheel}, for which the lock is too old; put Python {NEWEST[0]}.{NEWEST[1]} "
            "or 3.11 first in PATH"
        )
    return f"{scene.index} has {wheel}; see whether its address is right (pip config list)"


def _certificates(found: re.Match[str], _: Scene) -> str:
    if found[1].startswith("/etc/ssl/"):
        return f"the certificates {found[1]} are missing; install them: sudo apt install ca-certificates"
    return (
        f"a setting names certificates that are not there ({found[1]}); correct or unset it: the variable "
        "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, or pip's cert (pip config debug shows where that is set)"
    )


def _certificate(found: re.Match[str], scene: Scene) -> str:
    now = time.strftime("%d %B %Y, %H:%M")
    return (
        f"the certificate of {scene.index} was not accepted ({found[1].strip()}); see that this machine's "
        f"clock is right (it says {now}) and its certificates are there (sudo apt install ca-certificates)"
    )


_NO_PROXY_ANSWER: Final = r"ProxyError|Cannot connect to proxy|Tunnel connection failed"
_UNREACHED: Final = r"\[Errno (?:101|113)\]|Network is unreachable|No route to host"

CAUSES: Final[tuple[tuple[str, _Teller], ...]] = (
    (
        r"ensurepip is not available|No module named (?:'?ensurepip|'?venv)",
        lambda *_: "Python's venv module is missing; install it: sudo apt install python3-venv",
    ),
    (r"\[Errno 28\]|No space left on device", lambda _, scene: _full(scene)),
    (
        r"\[Errno 122\]|Disk quota exceeded",
        lambda _, scene: f"your disk quota is used up where {scene.root} lies; make room and try again",
    ),
    (
        r"\[Errno 30\] [^:\n]*: '([^'\n]+)'",
        lambda found, _: (
            f"{found[1]} lies on a read-only file system; copy the checkout to one that can be written"
        ),
    ),
    (r"(?:\[Errno 13\] [^:\n]*|\[Errno 1\] [^:\n]*|Permission denied): '([^'\n]+)'", _denied),
    (
        r"DO NOT MATCH THE HASHES(?s:.*?)" + _PACKAGE,
        lambda found, scene: (
            f"{scene.index} gave other bytes for {found[1]} than the lock names, so nothing of it was used; "
            "try again, and use another index if it stays so"
        ),
    ),
    (
        r"Can't connect to HTTPS URL because the SSL module is not available",
        lambda *_: (
            "this Python was built without SSL and can't fetch packages; install Debian's: sudo apt install "
            "python3 python3-venv"
        ),
    ),
    (
        r"Could not find a suitable TLS CA certificate bundle, invalid path: (\S+)",
        _certificates,
    ),
    (r"CERTIFICATE_VERIFY_FAILED\](?: certificate verify failed:)? ?([^(\n]*)", _certificate),
    (
        r"check proxy URL\. It is malformed|Proxy URL had|Failed to parse: |Invalid (?:IPv6 )?URL",
        lambda *_: (
            "the address of a proxy or of the package index that is set is none; correct or unset it: a "
            "variable such as https_proxy, or pip's proxy or index-url (pip config debug shows where)"
        ),
    ),
    (
        r"Missing dependencies for SOCKS support",
        lambda _, scene: (
            f"the proxy {scene.proxy or 'that is set'} is one for SOCKS, which pip can't speak; unset "
            "all_proxy and its like, or name a proxy for HTTP"
        ),
    ),
    (
        _NO_PROXY_ANSWER,
        lambda _, scene: (
            f"the proxy {scene.proxy or 'that is set'} does not let us reach {scene.index}; correct or unset "
            "the proxy and try again"
        ),
    ),
    (
        r"Name or service not known|Temporary failure in name resolution|NameResolutionError|"
        r"No address associated",
        lambda _, scene: (
            f"there is no network: the name of {scene.index} can't be resolved; connect this machine and "
            "try again"
        ),
    ),
    (
        _UNREACHED,
        lambda _, scene: (
            f"there is no network: {scene.index} can't be reached; connect this machine and try again"
        ),
    ),
    (
        r"Connection refused",
        lambda _, scene: (
            f"{scene.index} refuses the connection; see whether its address is right (pip config list) "
            "and it runs, and try again"
        ),
    ),
    (
        r"[Rr]ead timed out|ConnectTimeout|ReadTimeout|timed out",
        lambda _, scene: f"{scene.index} did not answer in time; try again when the network is better",
    ),
    (
        r"Connection (?:reset|aborted|broken)|RemoteDisconnected|IncompleteRead|ProtocolError|"
        r"ChunkedEncodingError|SSLError|SSL: ",
        lambda _, scene: f"the connection to {scene.index} broke off; try again",
    ),
    (
        r"(?!404)(\d{3}) (?:Client|Server) Error|too many (\d{3}) error|HTTP error (\d{3})",
        lambda found, scene: (
            f"{scene.index} answered with error {next(filter(None, found.groups()))}; see whether its "
            "address is right (pip config list), and try again later"
        ),
    ),
    (
        r"repository located at (\S+) is not a trusted or secure host",
        lambda found, _: (
            f"pip does not trust the package index {found[1]}, whose address begins with http; use https, "
            f"or say that it is to be trusted: pip config set global.trusted-host {found[1]}"
        ),
    ),
    (
        r"No matching distribution found for " + _PACKAGE,
        _missing,
    ),
    (
        r"\[Errno (?:37|38|95)\]",
        lambda _, scene: (
            f"the file system that holds {scene.root} has no locks (flock); copy the checkout to a disk of "
            "this machine"
        ),
    ),
    (r"MemoryError|\[Errno 12\]", lambda *_: "there is not enough memory; end other programs and try again"),
)
_RETRY: Final = re.compile(r"^\s*WARNING: Retrying .*\n?", re.M)


def cause_of(ended: Ended, scene: Scene) -> str:
    """Return the cause, as half a sentence and what helps."""
    story = _RETRY.sub("", ended.story)
    for pattern, tell in CAUSES:
        if found := re.search(pattern, story):
            return tell(found, scene)
    if ended.code < 0:
        return f"a signal ({-ended.code}) ended it, as when memory runs out; end other programs and try again"
    lines = [line.strip() for line in ended.story.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    errors = [line for line in errors if line != "Exception:"]  # a traceback follows, whose end says more
    word = (errors or lines or ["without a word"])[-1].rstrip(".")
    return f"what nobody foresaw went wrong ({word}){_kept(ended.story, scene)}"


def _kept(story: str, scene: Scene) -> str:
    kept = scene.root / ".venvs" / "setup.log"
    with suppress(OSError):
        kept.write_text(story)
        return f", and the whole story is in {kept}"
    return ""


def cause_of_system(error: OSError, scene: Scene) -> str:
    """Return the cause where the system itself refused us something."""
    if error.errno == errno.EACCES and str(error.filename).endswith("/bin/python"):
        return f"no program may run from {scene.root}; copy the checkout to a place that allows it"
    if error.errno == errno.ENOENT and Path(str(error.filename)).parent == scene.root:
        return (
            f"the checkout is not whole: {error.filename} is missing; bring it back or get the checkout anew"
        )
    return cause_of(Ended(1, f"ERROR: {error}"), scene)


def _unfetched(story: str, log: Path) -> str:
    """Return why no page of the index told of the package that pip found nowhere; only its log says so."""
    missing = re.search(r"No matching distribution found for ([A-Za-z0-9-]+)", story)
    if missing is None or not log.exists():
        return ""
    page = re.compile(rf".*Could not fetch URL \S*/{missing[1]}/: .*")
    return "".join(f"\n{line}" for line in page.findall(log.read_text(errors="replace")))


def check(ended: Ended, scene: Scene, log: Path) -> None:
    """Raise SetUpFailed where a program did not end well; `log` is what pip wrote down besides."""
    if ended.code:
        ended = ended._replace(story=ended.story + _unfetched(ended.story, log))
        raise SetUpFailed(cause_of(ended, scene))

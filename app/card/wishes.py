"""What a card is to know of its unit, from one YAML file or by questions.

Law: there is no default password, and none at all: who may log in has a key. A wrong line is refused before
anything is written.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zoneinfo
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

from app.output import UsageError, say
from config.characters import unfit_in_name

_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ACCOUNT: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PSK: Final = re.compile(r"[0-9a-f]{64}")
KEYS: Final = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "sk-ssh-ed25519@openssh.com")
TAKEN: Final = ("root", "ionto", "pi")
"""Accounts of the system's and of ours, and the one that everybody tries first."""


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("expected 1 to 63 of a-z, 0-9 and -, neither first nor last a -, such as ionto-1")
    return text


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text) or text in TAKEN:
        raise ValueError(
            f"expected 1 to 31 of a-z, 0-9, _ and -, a letter first, and none of {', '.join(TAKEN)}"
        )
    return text


def _serial(text: str) -> str:
    if not 1 <= len(text) <= 40 or unfit_in_name(text):
        raise ValueError("expected 1 to 40 printable characters, as on the type plate")
    return text


def _zone(text: str) -> str:
    if text not in zoneinfo.available_timezones():
        raise ValueError("expected a time zone such as Europe/Berlin (see timedatectl list-timezones)")
    return text


def _key(text: str) -> str:
    kind, _, rest = text.strip().partition(" ")
    try:
        inside = base64.b64decode(rest.split(" ")[0], validate=True)
    except binascii.Error:
        inside = b""
    if kind not in KEYS or not inside.startswith(len(kind).to_bytes(4, "big") + kind.encode()):
        raise ValueError(
            "expected one line of a public key, such as that in ~/.ssh/id_ed25519.pub: ssh-ed25519 AAAA..."
        )
    if not text.isprintable():
        raise ValueError("expected one line")
    return text.strip()


def _country(text: str) -> str:
    if not _COUNTRY.fullmatch(text):
        raise ValueError("expected two capital letters, such as DE: which channels are allowed goes by it")
    return text


def _network(text: str) -> str:
    if not 1 <= len(text.encode()) <= 32 or unfit_in_name(text):
        raise ValueError("expected the network's name, 1 to 32 bytes")
    return text


def _password(text: str) -> str:
    if not _PSK.fullmatch(text) and not (8 <= len(text) <= 63 and text.isascii() and text.isprintable()):
        raise ValueError(
            "expected the network's password: 8 to 63 characters of ASCII (an open network is not joined)"
        )
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Wifi(_Strict):
    """The network of the house."""

    country: Annotated[str, AfterValidator(_country)]
    network: Annotated[str, AfterValidator(_network)]
    password: Annotated[str, AfterValidator(_password)]

    @property
    def psk(self) -> str:
        """What the password becomes with the network's name (IEEE 802.11i): it joins this network alone."""
        if _PSK.fullmatch(self.password):
            return self.password
        made = hashlib.pbkdf2_hmac("sha1", self.password.encode(), self.network.encode(), 4096, 32)
        return made.hex()


class Wishes(_Strict):
    """One unit's card. `unit` is a unit's file of one's own, beside this one; else the reference unit's."""

    hostname: Annotated[str, AfterValidator(_host)]
    serial: Annotated[str, AfterValidator(_serial)]
    time_zone: Annotated[str, AfterValidator(_zone)]
    account: Annotated[str, AfterValidator(_account)]
    ssh_key: Annotated[str, AfterValidator(_key)]
    wifi: Wifi | None = None
    unit: str | None = None


QUESTIONS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "hostname": ("Name in the network, such as ionto-1", _host),
    "serial": ("The unit's serial number, as on its type plate", _serial),
    "time_zone": ("Time zone, such as Europe/Berlin", _zone),
    "account": ("Name of the account to log in with", _account),
    "ssh_key": ("Public key of whoever may log in (one line, ssh-ed25519 AAAA...)", _key),
}
WIFI_QUESTIONS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "country": ("Wi-Fi: the country, such as DE; nothing for a cable", _country),
    "network": ("Wi-Fi: the network's name", _network),
    "password": ("Wi-Fi: its password", _password),
}


def ask() -> Wishes:
    """Ask at the terminal for everything, each until it fits. Raises UsageError where nobody answers."""
    found = {key: _answer(*question) for key, question in QUESTIONS.items()}
    country = _answer(*WIFI_QUESTIONS["country"], empty=True)
    wifi = None
    if country:
        others = {key: _answer(*WIFI_QUESTIONS[key]) for key in ("network", "password")}
        wifi = Wifi(country=country, **others)
    return Wishes(wifi=wifi, **found)


def _answer(prompt: str, check: Callable[[str], str], *, empty: bool = False) -> str:
    while True:
        try:
            text = input(f"{prompt}: ").strip()
        except (EOFError, UnicodeError):
            raise UsageError(
                "nobody answers: write the answers into a file and name it with --from"
            ) from None
        if empty and not text:
            return ""
        try:
            return check(text)
        except ValueError as error:
            say(f"  {error}")


def unit_text(wishes: Wishes, beside: Path, reference: Path) -> str:
    """Give the unit's file for the card, with the serial number in it. Raises UsageError."""
    source = reference if wishes.unit is None else beside / wishes.unit
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{source} can't be read: name the unit's file beside the answers") from error
    line = f"serial: {_quoted(wishes.serial)}"
    told, count = re.subn(r"(?m)^serial:[^\n#]*?(?=\s*(#.*)?$)", lambda _: line, text)
    return told if count else f"{line}\n{text}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""How often somebody may try, and forms that count once.

Law: every table here is bounded; when one is full, the answer is no. Pure: time is an argument.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from typing import Final

_MOST_KEYS: Final = 4096
_MOST_USED: Final = 50_000
FORM_S: Final = 12 * 3600.0
"""How long a form may lie open before it is sent."""


class Bucket:
    """Lets through `burst` at once and `per_s` on average, for each key; the oldest keys are forgotten."""

    def __init__(self, burst: float, per_s: float) -> None:
        self._burst, self._per_s = burst, per_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, now_s: float) -> bool:
        """Take one for `key`, or tell that there is none left."""
        left, since_s = self._left.pop(key, (self._burst, now_s))
        left = min(self._burst, left + (now_s - since_s) * self._per_s)
        allowed = left >= 1.0
        self._left[key] = (left - 1.0 if allowed else left, now_s)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return allowed

    def give_back(self, key: str) -> None:
        """Give back one that was taken."""
        left, since_s = self._left.get(key, (self._burst, 0.0))
        self._left[key] = (min(self._burst, left + 1.0), since_s)


class Forms:
    """Tokens against forged and repeated forms: each is bound to a visitor, and used at most once.

    The key lives as long as the process, so a restart makes every open form void.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._used: OrderedDict[str, float] = OrderedDict()

    def issue(self, visitor: str, now_s: float) -> str:
        """Make a token for a form shown to `visitor`."""
        body = f"{secrets.token_hex(8)}.{int(now_s)}"
        return f"{body}.{self._seal(visitor, body)}"

    def redeem(self, visitor: str, token: str, now_s: float) -> bool:
        """Tell whether the token was issued to `visitor` within 12 h and never used; it is used now."""
        if not self.issued(visitor, token, now_s):
            return False
        body = token.rpartition(".")[0]
        while self._used and next(iter(self._used.values())) < now_s - FORM_S:
            self._used.popitem(last=False)
        if body in self._used or len(self._used) >= _MOST_USED:
            return False
        self._used[body] = now_s
        return True

    def issued(self, visitor: str, token: str, now_s: float) -> bool:
        """Tell whether the token was issued to `visitor` within 12 h, used or not."""
        body, _, seal = token.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(visitor, body).encode()):
            return False
        return now_s - float(body.rpartition(".")[2]) <= FORM_S

    def _seal(self, visitor: str, body: str) -> str:
        return hmac.new(self._key, f"{visitor}|{body}".encode(), hashlib.sha256).hexdigest()

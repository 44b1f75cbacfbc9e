"""One language: texts by gettext, numbers and dates by the Unicode CLDR (Babel).

Law: what is filled into a text goes in by name, so that a translation may order it as it needs.
"""

from __future__ import annotations

import gettext
from datetime import date, datetime, tzinfo
from functools import cache, cached_property
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from app.locale.retold import Catalogue, Retold
from app.locale.terminal import CATALOGUES, DOMAIN, SOURCE, available
from app.locale.zero import unsigned, without_minus

DASH: Final = "-"
"""Stands for a figure that there is not."""


class Language:
    """The language `code`, such as `de`; `zone` is where the clock's times are shown, None for here."""

    def __init__(self, code: str, zone: tzinfo | None = None) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self.zone = zone
        self._texts = gettext.translation(DOMAIN, CATALOGUES, [code], Catalogue, fallback=True)

    def t(self, text: str, **values: object) -> str:
        """Say `text`, with `{name}` filled in from `values`."""
        said = self._texts.gettext(text) if text else ""
        return said.format(**values) if values else said

    def n(self, one: str, many: str, count: int) -> str:
        """Say how many; `{count}` is filled in."""
        return self._texts.ngettext(one, many, count).format(count=self.number(count))

    def retell(self, text: str) -> str:
        """Say what the controller reports: an English sentence about what was measured or decided."""
        return without_minus(text if self._retold is None else self._retold.sentence(text))

    @cached_property
    def _retold(self) -> Retold | None:
        if not isinstance(self._texts, Catalogue):
            return None
        symbols = self.locale.number_symbols["latn"]
        return Retold(self._texts, str.maketrans({",": symbols["group"], ".": symbols["decimal"]}))

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with so many digits after the point or comma."""
        pattern = "#,##0" + (f".{'0' * digits}" if digits else "")
        written = format_decimal(value, pattern, locale=self.locale)
        return unsigned(written, lambda: format_decimal(abs(value), pattern, locale=self.locale))

    def ma(self, current_ma: float | None, digits: int = 1) -> str:
        """Write a current given in mA; a dash where there is none."""
        return DASH if current_ma is None else f"{self.number(current_ma, digits)} mA"

    def charge(self, charge_ma_min: float | None) -> str:
        """Write a charge given in mA min; a dash where there is none."""
        return DASH if charge_ma_min is None else f"{self.number(charge_ma_min, 1)} mA min"

    def day(self, day: date) -> str:
        """Write a day with its weekday."""
        return format_date(day, "full", locale=self.locale)

    def short_day(self, day: date) -> str:
        """Write a day in few characters."""
        return format_date(day, "medium", locale=self.locale)

    def moment(self, instant: datetime) -> str:
        """Write an aware time as day and time of this household's zone."""
        local = instant.astimezone(self.zone)
        time = format_datetime(local, "HH:mm", locale=self.locale)
        return f"{self.short_day(local.date())}, {time}"


@cache
def language(code: str) -> Language:
    """Give one of the available languages, English for any other code."""
    return Language(code if code in available() else SOURCE)


def own_name(code: str) -> str:
    """Give a language's name in itself, such as Deutsch."""
    name = Locale.parse(code).display_name or code
    return name[:1].upper() + name[1:]


def choose(wanted: str, accepted: str) -> Language:
    """Choose by what the person set (`wanted`, may be empty), else by an Accept-Language header."""
    codes = available()
    if wanted in codes:
        return language(wanted)
    offers = []
    for part in accepted[:200].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        offers.append((weight, tag.split("-")[0].lower()))
    offers.sort(key=lambda offer: -offer[0])
    return language(next((tag for weight, tag in offers if weight > 0 and tag in codes), SOURCE))

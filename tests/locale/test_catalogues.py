"""The languages: no text is missing, compiled files match their sources, figures follow the locale."""

import ast
import gettext
import string
from datetime import UTC, date, datetime

import pytest
from babel.messages.pofile import read_po

from app.locale import catalogues
from app.locale.language import Language, choose, own_name
from app.locale.terminal import available

CODES = sorted(set(available()) - {"en"})


def test_german_is_there():
    assert "de" in CODES


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_the_file_holds_exactly_the_texts_there_are(code):
    current = catalogues.updated(code)
    assert catalogues.missing(current) == []
    assert catalogues.po_file(code).read_bytes() == catalogues.written(current), (
        "run: python -m app.locale.catalogues"
    )


@pytest.mark.parametrize("code", CODES)
def test_the_compiled_file_is_up_to_date(code):
    place = catalogues.po_file(code).with_suffix(".mo")
    assert place.read_bytes() == catalogues.compiled(catalogues.updated(code)), (
        "run: python -m app.locale.catalogues"
    )
    with place.open("rb") as stream:
        assert gettext.GNUTranslations(stream).gettext("Enough") != ""


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("""f"{t(seen['polarity'])}, {t('next')}\"""", [("next",)]),
        ("""t(CAUSES["cause"])""", []),
        ("""t("far " "away", count=3)""", [("far away",)]),
        ("""say.n("{count} week", "{count} weeks", 3)""", [("{count} week", "{count} weeks")]),
        ("""n("one", many, 2)""", []),
        ("""Turned(5, "Off")""", [("Off",)]),
    ],
)
def test_a_call_is_found_wherever_it_stands_and_a_key_is_no_text(source, texts):
    assert list(catalogues.called(source)) == texts


def test_no_call_hides_its_text_from_the_catalogue():
    """Nor one in a module where nobody looked."""
    known = {part for message in catalogues.template() if message.id
             for part in ([message.id] if isinstance(message.id, str) else message.id)}  # fmt: skip
    for path in catalogues.APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "attr", getattr(called, "id", None)) in {"t", "Turned"}:
                for text in (one.value for one in node.args if isinstance(one, ast.Constant)):
                    assert not isinstance(text, str) or text in known, f"{path}:{node.lineno}: {text}"


def names(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", CODES)
def test_a_translation_fills_in_what_its_text_does(code):
    with catalogues.po_file(code).open("rb") as stream:
        for message in read_po(stream, locale=code):
            if not message.id:
                continue
            texts = message.id if isinstance(message.id, tuple) else (message.id,)
            said = message.string if isinstance(message.string, tuple) else (message.string,)
            if not any(said):
                continue  # said in English, and told by the test of what is missing
            for one in said:
                assert names(one) <= names(texts[-1]), message.id
            assert names(said[-1]) == names(texts[-1]), message.id


def test_figures_and_dates_are_the_locales():
    english, german = Language("en", UTC), Language("de", UTC)
    assert (english.ma(12.04), german.ma(12.04)) == ("12.0 mA", "12,0 mA")
    assert (english.number(1234.5, 1), german.number(1234.5, 1)) == ("1,234.5", "1.234,5")
    assert german.day(date(2026, 3, 2)) == "Montag, 2. März 2026"
    assert english.moment(datetime(2026, 3, 2, 18, 5, tzinfo=UTC)) == "Mar 2, 2026, 18:05"
    assert english.ma(None) == "-"
    assert german.n("{count} week", "{count} weeks", 1) == "1 Woche"
    assert german.n("{count} week", "{count} weeks", 3) == "3 Wochen"


@pytest.mark.parametrize(
    ("wanted", "accepted", "chosen"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "zxx,en;q=0.3,de;q=0.5", "de"),
        ("en", "de", "en"),
        ("xx", "de", "de"),
        ("../../etc", "", "en"),
        ("", "de;q=x, en;q=0", "en"),
        ("", "," * 10_000, "en"),
    ],
)
def test_the_language_is_what_was_set_else_what_the_browser_asks_for(wanted, accepted, chosen):
    assert choose(wanted, accepted).code == chosen


def test_a_third_language_needs_no_code(tmp_path, monkeypatch):
    for module in ("language", "terminal", "catalogues"):
        monkeypatch.setattr(f"app.locale.{module}.CATALOGUES", tmp_path)
    monkeypatch.setattr("sys.argv", ["catalogues", "--add", "fr"])
    catalogues.main()
    assert available() == ["en", "fr"]
    assert own_name("fr") == "Français"
    place = catalogues.po_file("fr")
    text = place.read_text().replace('msgid "Now"\nmsgstr ""', 'msgid "Now"\nmsgstr "Maintenant"')
    place.write_text(text)
    monkeypatch.setattr("sys.argv", ["catalogues"])
    catalogues.main()
    assert Language("fr").t("Now") == "Maintenant"
    assert Language("fr").t("History") == "History"

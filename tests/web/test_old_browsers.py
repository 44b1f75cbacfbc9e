"""What is served holds to the oldest browsers that docs/companion.md names; what is newer is done without."""

import json
import re
from pathlib import Path

import pytest
from browsers import OLDEST, STATIC, TABLE, features, files, too_new
from chromium import MISSING, chromium, visit
from herald import TREATING
from old_days import live_days

DONE_WITHOUT = {
    "css.at-rules.media.prefers-color-scheme": "the light page",
    "css.at-rules.media.prefers-contrast": "the usual contrast, which is enough",
    "css.at-rules.page": "the browser's own paper and margins",
    "css.properties.accent-color": "the browser's own colour of a tick",
    "css.properties.color-scheme": "light form fields",
    "css.properties.color-scheme.dark~": "light form fields",
    "css.properties.color-scheme.light~": "light form fields",
    "css.properties.hyphens": "words break without a hyphen",
    "css.properties.overflow-wrap.anywhere~": "word-break: break-word stands before it",
    "css.properties.position.sticky~": "-webkit-sticky stands before it",
    "css.selectors.focus-visible": "the browser's own ring around what has the focus",
    "global ResizeObserver~": "asked for before it is used",
    "member ResizeObserver~": "asked for before it is used",
    "member observe~": "asked for before it is used",
}
"""Newer than the oldest browser, and what is there without it."""


def newer(used):
    """Give what of it is too new, or may be, since the table doesn't know it."""
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    unknown = {
        name for name in used if name not in table and not name.endswith("~") and "-webkit-" not in name
    }
    return unknown | {name for name in used if name in table and too_new(table[name])}


def test_our_styles_and_scripts_need_no_newer_browser():
    own = features(file for file in files() if file.parent == STATIC)
    assert newer(own) == set(DONE_WITHOUT), "if it is old enough: run tests/support/browsers.py"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.css", ".bar { inset: auto 0 0 0; }"),
        ("x.css", ".bar:has(p) { top: 0; }"),
        ("x.css", "@container (width > 1px) { p { top: 0; } }"),
        ("x.js", "const a = b ?? c;"),
        ("x.js", "const a = b?.c;"),
        ("x.js", "const a = b.replaceAll('x', 'y');"),
        ("x.js", "const a = structuredClone(b);"),
        ("x.js", "new Intl.DateTimeFormat(l, { year: 'numeric', dateStyle: 'medium' });"),
    ],
)
def test_a_newer_feature_is_found(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    used = features([tmp_path / name])
    assert newer(used)


def test_the_manual_names_them():
    said = (Path(__file__).parents[2] / "docs" / "companion.md").read_text(encoding="utf-8")
    for engine, version in OLDEST.items():
        assert re.search(rf"{engine} {version:g}\b", said)


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_a_chart_is_a_picture_where_uplot_is_not_understood(house, phone):
    live_days(house.state, (1,), minutes=1)
    house.herald.show(**TREATING)
    with chromium() as browser, visit(browser, house.port, phone) as context:
        page = context.new_page()
        page.route(
            "**/uPlot.js", lambda route: route.fulfill(body="a ??!= b", content_type="text/javascript")
        )
        page.goto("/history/1")
        page.locator("img.chart").wait_for()
        assert page.locator("img.chart").get_attribute("src") == "/history/1/chart.svg"
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/history")
        page.goto("/")
        page.locator("[data-live=delivered]").filter(has_text="12").wait_for()
        house.herald.show(measured_ma=5.0)
        page.locator("[data-live=delivered]").filter(has_text="5").wait_for()
        assert all("Unexpected token" in error for error in errors), errors

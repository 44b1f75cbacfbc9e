"""Debian's Chromium, driven by Playwright; without it the tests that need it are skipped, and say so."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

import playwright
from herald import PATIENCE_S

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NODE = Path(playwright.__file__).parent / "driver" / "node"


def _missing():
    if not CHROMIUM.exists():
        return "Chromium is missing: sudo apt install chromium"
    started = subprocess.run([NODE, "--version"], capture_output=True, text=True, timeout=600, check=False)
    return started.stderr and f"Playwright does not start (sudo apt install libatomic1?): {started.stderr}"


MISSING = _missing()


@contextmanager
def chromium(*words):
    """Run a browser without a window; `words` go to its command line."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The sandbox needs a user of its own, which a build container lacks; the pages are ours.
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", *words], timeout=PATIENCE_S * 1000
        )
        try:
            yield browser
        finally:
            browser.close()


def visit(browser, port, device, *, size=PHONE, dark=False, language="en", script=True):
    """Open a window that is paired as `device` (a `browser.Browser`), or a stranger's for None."""
    context = browser.new_context(
        viewport=size,
        color_scheme="dark" if dark else "light",
        locale=language,
        java_script_enabled=script,
        base_url=f"http://127.0.0.1:{port}",
        bypass_csp=False,
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    if device is not None:
        cookies = [
            {"name": name, "value": value, "url": f"http://127.0.0.1:{port}"}
            for name, value in device.cookies.items()
        ]
        context.add_cookies(cookies)
    return context


def violations(page):
    """Give what axe-core finds, each as rule and places."""
    # Injected through the debugger, which the page's policy does not bind; the page itself stays strict.
    page.evaluate(AXE.read_text())
    found = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]

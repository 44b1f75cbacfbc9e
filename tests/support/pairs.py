"""Pairing as a person does it."""

from browser import Browser
from herald import wait_for


def pair(herald, port):
    """Pair a device as a person does: ask, then hold Up."""
    browser = Browser(port)
    wait_for(lambda: "simulated" in browser.get("/").text)
    browser.submit("/", "/pair", name="phone")
    assert "hold the button Up" in browser.get("/").page.text
    herald.show(held=None)
    herald.show(held="up")
    assert browser.get("/").status == 303
    assert "ionto_device" in browser.cookies
    herald.show(held=None)
    return browser

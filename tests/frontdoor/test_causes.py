"""Whatever ends a fetch is told as what it is: the true pip against an index on loopback, spoilt."""

import http.server
import os
import platform
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from front_door import ROOT, Checkout, an_index
from ports import free_port

sys.path.insert(0, str(ROOT))

from environment import tools
from environment.causes import Scene, cause_of, check
from environment.failure import SetUpFailed
from environment.tools import Ended


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    with an_index() as index:
        checkout = Checkout(tmp_path_factory.mktemp("causes") / "checkout", index)
        done = checkout.run("x")
        assert done.returncode == 0, done.stderr
        yield checkout


@pytest.fixture
def cause(ready, tmp_path, monkeypatch):
    """A fetch of what is locked, which has to fail; returns the cause that is told."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # which pip puts before its own setting
        monkeypatch.delenv(name, raising=False)

    def fetch(*before, index=ready.index.address, **more):
        settings = {"index-url": index, "retries": "0", "no-cache-dir": "1", **more}
        python, log = ready.root / ".venv/bin/python", tmp_path / "log"
        scene = Scene(ready.root, settings, 110)
        lock = str(ready.root / "requirements.lock")
        words = (
            "--dry-run",
            "--ignore-installed",
            "--require-hashes",
            "--log",
            str(log),
            "--requirement",
            lock,
        )
        ended = tools.run(
            [*before, *tools.pip_words(python, *words)],
            tools.environment(tmp_path, settings),
            lambda _: None,
            lambda: None,
        )
        with pytest.raises(SetUpFailed) as failed:
            check(ended, scene, log)
        return str(failed.value)

    yield fetch
    ready.index.answer = lambda path, content: (200, content)


@pytest.mark.parametrize(
    ("kind", "code", "content", "sentence"),
    [
        ("files", 200, b"other bytes", "gave other bytes for core-of-it==1.0"),
        ("simple", 200, b"<html></html>", "has no core-of-it==1.0 as a wheel for Python"),
        ("simple", 404, b"", "has no core-of-it==1.0 as a wheel for Python"),
        ("simple", 401, b"", "answered with error 401"),
        ("simple", 403, b"", "answered with error 403"),
        ("simple", 500, b"", "answered with error 500"),
        ("simple", 503, b"", "answered with error 503"),
        ("files", 503, b"", "answered with error 503"),
        ("files", 404, b"", "answered with error 404"),
    ],
)
def test_an_index_that_gives_something_else(ready, cause, kind, code, content, sentence):
    def answer(path, found):
        return (code, content) if f"/{kind}/core-of-it" in path else (200, found)

    ready.index.answer = answer
    assert f"the package index 127.0.0.1 {sentence}" in cause()


def test_where_nobody_listens(cause):
    told = cause(index=f"http://person:secret@127.0.0.1:{free_port()}/simple")
    assert "the package index 127.0.0.1 refuses the connection" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (
            "https://index.invalid/simple",
            "there is no network: the name of the package index index.invalid can't be",
        ),
        ("https://192.0.2.1/simple", "there is no network: the package index 192.0.2.1 can't be reached"),
    ],
)
def test_without_a_network(cause, index, sentence):
    assert sentence in cause("unshare", "-rn", index=index)


def test_an_index_that_hangs(cause):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = cause(index=f"http://127.0.0.1:{silent.getsockname()[1]}/simple", timeout="1")
    assert "did not answer in time" in told


def test_an_index_that_hangs_up(cause):
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up():
            while True:
                try:
                    line, _ = rude.accept()
                except OSError:
                    return
                line.recv(100)
                line.close()

        threading.Thread(target=hang_up, daemon=True).start()
        told = cause(index=f"http://127.0.0.1:{rude.getsockname()[1]}/simple")
        rude.shutdown(socket.SHUT_RDWR)
    assert "the connection to the package index 127.0.0.1 broke off" in told


def test_a_proxy_that_is_not_there(cause):
    proxy = f"http://person:secret@127.0.0.1:{free_port()}"
    told = cause(index="https://index.invalid/simple", proxy=proxy)
    assert told.startswith(f"the proxy 127.0.0.1:{proxy.rpartition(':')[2]} ")
    assert "secret" not in told


@contextmanager
def encrypted(folder):
    """An index whose certificate nobody vouches for."""
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-days",
        "1",
    ]
    files = ["-keyout", folder / "key", "-out", folder / "certificate"]
    subprocess.run([*words, *files], check=True, capture_output=True, timeout=600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.handle_error = lambda *_: None
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}/simple"
        server.shutdown()


def test_a_certificate_that_nobody_vouches_for(cause, tmp_path):
    with encrypted(tmp_path) as address:
        told = cause(index=address)
    assert told.startswith("the certificate of the package index localhost was not accepted (self")
    assert "clock is right" in told


def test_certificates_that_are_not_installed(cause, tmp_path):
    with encrypted(tmp_path) as address:
        told = cause(index=address, cert=str(tmp_path / "none"))
    assert told.startswith(f"a setting names certificates that are not there ({tmp_path}/none); correct")


def test_certificates_of_the_system_that_are_not_installed(ready):
    place = "/etc/ssl/certs/ca-certificates.crt"
    story = f"ERROR: Could not find a suitable TLS CA certificate bundle, invalid path: {place}\n"
    assert cause_of(Ended(1, story), Scene(ready.root, {}, 110)) == (
        f"the certificates {place} are missing; install them: sudo apt install ca-certificates"
    )


def test_an_index_without_encryption(cause):
    told = cause(index="http://index.invalid/simple")
    assert told.startswith(
        "pip does not trust the package index index.invalid, whose address begins with http"
    )


def test_the_index_of_a_machine_whose_pip_installs_for_its_user(ready, tmp_path, monkeypatch):
    """Pip takes the setting `user` for the wish to see one file of settings alone."""
    (tmp_path / "pip.conf").write_text("[global]\nuser = true\nindex-url = http://ours.invalid/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    settings = tools.network_settings(ready.root / ".venv/bin/python")
    assert settings["index-url"] == "http://ours.invalid/simple"


@pytest.mark.parametrize("text", ["[global\nproxy = x\n", "[global]\ntimeout = soon\n"])
def test_settings_that_pip_cannot_read(ready, tmp_path, monkeypatch, text):
    """Without them the packages would be fetched from elsewhere, and another cause be told."""
    (tmp_path / "pip.conf").write_text(text)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name in ("PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        SetUpFailed, match=r"^pip can't read its settings \([^\n]*(pip.conf|soon)[^\n]*\); correct"
    ):
        tools.network_settings(ready.root / ".venv/bin/python")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("proxy.invalid:port", "the address of a proxy or of the package index that is set is none; correct"),
        ("http://person:secret@[::1", "the address of a proxy or of the package index that is set is none; "),
        (
            "socks5://127.0.0.1:1",
            "the proxy 127.0.0.1:1 is one for SOCKS, which pip can't speak; unset",
        ),
    ],
)
def test_a_proxy_that_pip_cannot_use(cause, monkeypatch, address, sentence):
    monkeypatch.setenv("https_proxy", address)
    told = cause(index="https://index.invalid/simple")
    assert told.startswith(sentence)
    assert "secret" not in told


def test_an_address_of_the_index_that_is_none(cause):
    told = cause(index="https://person:secret@[::1/simple")
    assert told.startswith("the address of a proxy or of the package index that is set is none; correct")
    assert "secret" not in told


def test_a_pip_that_is_told_to_ask_no_index(cause):
    told = cause(**{"no-index": "true"})
    assert told.startswith("pip's setting no-index keeps it from asking any package index, and where else ")


def test_certificates_that_a_setting_names_and_nobody_has(cause, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none"))
    told = cause(index="https://index.invalid/simple")
    assert told.startswith(f"a setting names certificates that are not there ({tmp_path}/none); correct")


def test_a_python_that_is_newer_than_the_lock(ready, monkeypatch):
    monkeypatch.setattr(platform, "python_version", lambda: "3.15.0")
    told = cause_of(
        Ended(1, "ERROR: No matching distribution found for core-of-it==1.0"), Scene(ready.root, {}, 1)
    )
    assert told.endswith(
        "as a wheel for Python 3.15.0 on "
        f"{platform.machine()}, for which the lock is too old; put Python 3.13 or 3.11 first in PATH"
    )


def test_a_connection_that_was_mended_is_no_cause(ready):
    story = (
        "WARNING: Retrying (Retry(total=4, ...)) after connection broken by 'NewConnectionError(... "
        "[Errno -3] Temporary failure in name resolution')': /simple/other/\n"
        "ERROR: No matching distribution found for core-of-it==1.0\n"
    )
    assert " has no core-of-it==1.0 " in cause_of(Ended(1, story), Scene(ready.root, {}, 110))


@pytest.mark.parametrize(
    ("code", "story", "told"),
    [
        (-9, "Collecting x\n", "a signal (9) ended it"),
        (
            1,
            "ERROR: something that nobody has seen\n",
            "what nobody foresaw went wrong (something that nobody has seen), and the whole story is in ",
        ),
        (
            1,
            "ERROR: Exception:\nTraceback\nKeyError: 'x'\n",
            "what nobody foresaw went wrong (KeyError: 'x'), and ",
        ),
        (1, "OSError: [Errno 122] Disk quota exceeded: '/x'\n", "your disk quota is used up where "),
    ],
)
def test_what_is_not_of_the_network(ready, code, story, told):
    assert cause_of(Ended(code, story), Scene(ready.root, {}, 110)).startswith(told)

"""A small checkout with the true `./ionto` and what it sets up with, and a package index on loopback.

The locks are small, and so is what builds the checkout, so that a set-up takes seconds; pip, venv, hashes,
wheels and signals are real. `whole` has this machine's own Python and the true setuptools as well.
"""

import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections import defaultdict
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path

from quick_python import python_in, quick

ROOT = Path(__file__).parents[2]
PYTHON_FOLDER = Path(sys._base_executable).resolve().parent
SHIPPED = (
    *("ionto", "pyproject.toml", "README.md", "LICENSE", "environment"),
    *(
        "app/__init__.py",
        "app/extras.py",
        "app/output.py",
        "app/appliance/__init__.py",
        "app/appliance/locks.py",
    ),
)
MAIN = '''
"""Stands in for the command: shows what arrived, which packages are there, and waits when told to."""
import argparse, importlib, os, sys, time
from app.extras import offer
from app.output import UsageError

words = sys.argv[1:]
try:
    offer(argparse.Namespace(command=words[0] if words else ""), words)
except UsageError as error:
    sys.exit(f"ionto: {error}")
if words[:1] == ["wait"]:
    print("waiting", flush=True)
    sys.stdin.readline()
import core_of_it
print(core_of_it.VERSION, os.getcwd(), "".join(f"<{word}>" for word in words), flush=True)
'''
PYTEST = """
import os, sys
print("pytest", os.getcwd(), "".join(f"<{word}>" for word in sys.argv[1:]))
"""
BUILDER = '''
"""Stands in for setuptools, which takes longer than all the rest: a wheel that names the checkout."""
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "ionto-0.1.0-py3-none-any.whl", "ionto-0.1.0.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("ionto.pth", os.getcwd() + "\\n")
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: ionto\\nVersion: 0.1.0\\n")
        tag = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: ours\\n" + tag)
        wheel.writestr(info + "/RECORD", "ionto.pth,,\\n" + info + "/RECORD,,\\n")
    return name
'''


def wheel(name, version, files=(), requires=(), extras=()):
    """A wheel's file name and bytes; `files` are pairs of path and text."""
    base = f"{name.replace('-', '_')}-{version}"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Provides-Extra: {extra}" for extra in extras]
    metadata += [f"Requires-Dist: {one}" for one in requires]
    contents = [
        *files,
        (f"{base}.dist-info/METADATA", "\n".join(metadata) + "\n"),
        (
            f"{base}.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: ours\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
    ]
    return f"{base}-py3-none-any.whl", _packed(contents, f"{base}.dist-info")


def repacked(name):
    """The wheel of a package that is installed here, from its files."""
    found = distribution(name)
    folder = next(file.parts[0] for file in found.files if file.name == "METADATA")
    contents = [
        (str(file), file.locate().read_bytes())
        for file in found.files
        if ".." not in file.parts
        and file.suffix != ".pyc"
        and file.name not in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    ]
    base = folder.removesuffix(".dist-info")
    return f"{base}-py3-none-any.whl", _packed(contents, folder)


def _packed(contents, folder):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in contents:
            archive.writestr(zipfile.ZipInfo(path), content)
        record = "".join(f"{path},,\n" for path, _ in contents) + f"{folder}/RECORD,,\n"
        archive.writestr(zipfile.ZipInfo(f"{folder}/RECORD"), record)
    return packed.getvalue()


def entry(name, version, content, wanted_by=()):
    """A lock's entry, as uv writes it."""
    notes = [f"    #   {one}" for one in wanted_by]
    lines = [f"{name}=={version} \\", f"    --hash=sha256:{hashlib.sha256(content).hexdigest()}"]
    return "\n".join([*lines, *(["    # via", *notes] if notes else [])]) + "\n"


class Index:
    """A package index: `wheels` by project; `answer` may be exchanged to spoil what it gives."""

    def __init__(self):
        self.wheels = defaultdict(dict)
        self.answer = lambda path, content: (200, content)
        self.asked = []
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                index.asked.append(self.path)
                code, content = index.answer(self.path, index.find(self.path))
                if content is None:
                    code, content = (code if code != 200 else 404), b""
                self.send_response(code)
                self.send_header(
                    "Content-Type", "text/html" if self.path.endswith("/") else "application/zip"
                )
                self.send_header("Content-Length", str(len(content)))
                with suppress(ConnectionError):  # whoever asked may have been ended
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}/simple"

    def add(self, name, file, content):
        self.wheels[name][file] = content

    def find(self, path):
        _, kind, name, *rest = path.split("/")
        files = self.wheels.get(name)
        if files is None:
            return None
        if kind == "files":
            return files.get(rest[0])
        return "".join(f'<a href="/files/{name}/{file}">{file}</a>\n' for file in files).encode()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Checkout:
    """A checkout at `root` with locks of few packages, which `index` has; `home` is its user's."""

    def __init__(self, root, index, *, whole=False):
        self.root, self.index, self.whole = Path(root), index, whole
        self.root.mkdir(parents=True)
        aside = self.root.parent / "python"
        folder = PYTHON_FOLDER if whole else python_in(aside, brings=quick(aside / "ensurepip"))
        for name in SHIPPED:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.root / name)
        (self.root / "app/main.py").write_text(MAIN)
        self.home = self.root.parent / "home"
        self.home.mkdir(exist_ok=True)
        self.variables = {
            "PATH": f"{folder}:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PIP_INDEX_URL": index.address,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "1",
            "IONTO_SETUP_WAIT_S": "600",
        }
        self.lock("1.0")

    def lock(self, version):
        """Lock the core of that version, and a larger lock with pytest and an extra; the index has it all."""
        core = self.publish("core-of-it", version, [("core_of_it.py", f"VERSION = {version!r}\n")])
        if self.whole:
            tools = self.entry_of("setuptools", *repacked("setuptools"))
        else:
            files = [("setuptools/__init__.py", ""), ("setuptools/build_meta.py", BUILDER)]
            tools = self.publish("setuptools", "77.0", files)
        fake = self.publish("pytest", "9.0", [("pytest/__init__.py", ""), ("pytest/__main__.py", PYTEST)])
        paho = self.publish("paho-mqtt", "2.0", [("paho/__init__.py", "")], ["helper-of-paho[fast]"])
        helper = self.publish(
            "helper-of-paho", "3.0", [("helper_of_paho.py", "")], extras=["fast"], wanted_by=["paho-mqtt"]
        )
        (self.root / "requirements.lock").write_text(core + tools)
        (self.root / "requirements-dev.lock").write_text(core + helper + paho + fake + tools)

    def publish(self, name, version, files, requires=(), extras=(), wanted_by=("ionto (pyproject.toml)",)):
        file, content = wheel(name, version, files, requires, extras)
        self.index.add(name, file, content)
        return entry(name, version, content, wanted_by)

    def entry_of(self, name, file, content):
        self.index.add(name, file, content)
        return entry(name, distribution(name).version, content)

    def change(self):
        """Change the locks, so that a set-up is due; return what undoes it."""
        lock = self.root / "requirements.lock"
        before = lock.read_text()
        lock.write_text(before + "# changed\n")
        return lambda: lock.write_text(before)

    def run(self, *words, before=(), start=None, cwd=None, **variables):
        """Call `./ionto` with words; `before` is what it is called by, such as setpriv and its options."""
        return subprocess.run(
            [*before, start or self.root / "ionto", *words],
            cwd=cwd or self.root,
            env=self.variables | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def begin(self, *words, **variables):
        return subprocess.Popen(
            [self.root / "ionto", *words],
            cwd=self.root,
            env=self.variables | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def works(self):
        """Does the environment that is in use work, by itself?"""
        words = [
            self.root / ".venv/bin/python",
            "-I",
            "-c",
            "import app, core_of_it; print(core_of_it.VERSION)",
        ]
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
        return done.stdout.strip() or done.stderr

    def environments(self):
        places = (self.root / ".venvs").iterdir()
        return sorted(path.name for path in places if path.is_dir() and not path.is_symlink())


@contextmanager
def an_index():
    index = Index()
    try:
        yield index
    finally:
        index.close()

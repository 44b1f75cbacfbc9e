"""A set-up that fails: one true sentence, the old environment as it was, nothing half-made left behind."""

import errno
import fcntl
import os
import re
import shutil
import subprocess
import sys

import pytest
from front_door import ROOT, Checkout, an_index
from quick_python import python_in

sys.path.insert(0, str(ROOT))

from environment.causes import Scene, cause_of_system
from environment.failure import SetUpFailed
from environment.places import Places

SENTENCE = re.compile(r"^ionto: the environment could not be set up: [^\n]+\.\Z")


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    with an_index() as index:
        checkout = Checkout(tmp_path_factory.mktemp("a place") / "chéck out", index)
        done = checkout.run("x")
        assert done.returncode == 0, done.stderr
        yield checkout


@pytest.fixture
def due(ready):
    """A checkout whose set-up is due beside an environment that works; afterwards it has to be as before."""
    before = ready.environments()
    undo = ready.change()
    yield ready
    ready.index.answer = lambda path, content: (200, content)
    undo()
    assert ready.environments() == before
    assert ready.works() == "1.0"
    again = ready.run("x")
    assert (again.returncode, again.stderr) == (0, "")


def told(done):
    """The last line, which has to be the one sentence; nothing else is a complaint."""
    assert (done.returncode, done.stdout) == (1, "")
    *others, last = done.stderr.rstrip("\n").split("\n")
    assert SENTENCE.match(last), done.stderr
    assert all(re.match(r"ionto: (setting up|preparing|fetching|installing)", line) for line in others)
    return last


def with_mounts(checkout, *commands):
    """Call `./ionto` after shell commands that mount what they like; `$0` is the checkout."""
    return subprocess.run(
        [
            "unshare",
            "-rm",
            "sh",
            "-ec",
            "\n".join([*commands, 'cd "$0"', "exec sh ./ionto x"]),
            checkout.root,
        ],
        env=checkout.variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_what_came_over_the_network_is_not_what_is_locked(due):
    due.index.answer = lambda path, content: (200, b"other" if "/files/core" in path else content)
    assert "gave other bytes for core-of-it==1.0 than the lock names, so nothing of it was used" in told(
        due.run("x")
    )


def test_a_full_disk(due):
    """A small one for what is new, with the old environment beside it as it is."""
    script = [
        'mkdir -p "$HOME/old" && mount --bind "$0/.venvs" "$HOME/old"',
        'mount -t tmpfs -o size=48k none "$0/.venvs"',
        'mkdir "$0/.venvs/1" && mount --bind "$HOME/old/1" "$0/.venvs/1" && ln -s 1 "$0/.venvs/current"',
    ]
    last = told(with_mounts(due, *script))
    assert re.search(rf"the disk that holds {due.root}/.venvs is full \(\d MB were left", last)


@pytest.mark.parametrize(
    ("option", "sentence"), [("ro", "lies on a read-only file system"), ("noexec", "mounted noexec")]
)
def test_a_file_system_that_does_not_allow_it(due, option, sentence):
    last = told(with_mounts(due, 'mount --bind "$0" "$0"', f'mount -o remount,bind,{option} "$0"'))
    assert f"{due.root} lies on a" in last
    assert sentence in last


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_checkout_that_root_made(due):
    for folder in due.root.parents:
        if "pytest" in folder.name or folder.name.startswith("popen"):  # pytest's own are closed to others
            folder.chmod(0o755)
    due.root.parent.chmod(0o755)
    somebody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    last = told(due.run("x", before=somebody))
    assert f"{due.root} belongs to root, and nobody may not write there" in last
    assert last.endswith(f"sudo chown -R nobody '{due.root}'.")


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_what_root_left_in_a_users_checkout(due):
    """As after one `sudo ./ionto`."""
    due.root.chmod(0o777)
    somebody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
    last = told(due.run("x", before=somebody))
    due.root.chmod(0o755)
    assert f"{due.root}/.venvs belongs to root, and nobody may not write there" in last


def test_a_python_without_its_venv_module(due, tmp_path):
    done = due.run("x", PATH=f"{python_in(tmp_path / 'python')}:/usr/bin:/bin")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "ionto: Python's venv module is missing; install it: sudo apt install python3-venv\n"
    )


def test_a_machine_without_flock(ready, tmp_path):
    for tool in ("sh", "readlink", "dirname", "cksum", "cat"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    done = ready.run("x", PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "ionto: flock is missing; install it: sudo apt install util-linux\n"


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        (
            "case $* in *version_info*) exit 1;; *) echo Python 3.9.2;; esac",
            "3.11 or newer is needed, {folder}/python3 is Python 3.9.2; ",
        ),
        (None, "python3 is missing; install it: sudo apt install python3 python3-venv"),
    ],
)
def test_a_python_that_will_not_do(due, tmp_path, python, sentence):
    """An old Python is a script here, which answers as one would."""
    for tool in ("sh", "readlink", "dirname", "cksum", "cat", "flock"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}")
    if python:
        (tmp_path / "python3").write_text(f"#!/bin/sh\n{python}\n")
        (tmp_path / "python3").chmod(0o755)
    done = due.run("x", PATH=str(tmp_path))
    assert done.returncode == 1
    assert sentence.format(folder=tmp_path) in done.stderr
    assert done.stderr.count("\n") == 1


def test_another_that_takes_too_long(due):
    with (due.root / ".venvs/lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        done = due.run("x", IONTO_SETUP_WAIT_S="1")
    assert done.returncode == 1
    waiting, last = done.stderr.splitlines()
    assert waiting == "ionto: waiting for another ionto that is setting up the environment ..."
    assert "another ionto has been setting it up for more than 1 s; try again later" in last


@pytest.mark.parametrize(
    ("name", "what"),
    [("a:b", "a colon"), ("new\nline", "a line break"), ("by\udcfftes", "a byte that is no UTF-8")],
)
def test_a_path_that_no_environment_can_have(ready, tmp_path, name, what):
    place = tmp_path / name
    shutil.copytree(ready.root, place, ignore=shutil.ignore_patterns(".venv*"), symlinks=True)
    last = told(ready.run("x", start=place / "ionto"))
    assert f"holds {what}, with which Python makes no environment" in last
    assert not (place / ".venvs").exists()


def test_what_stands_where_environments_live(ready, tmp_path):
    place = tmp_path / "checkout"
    shutil.copytree(ready.root, place, ignore=shutil.ignore_patterns(".venv*"), symlinks=True)
    (place / ".venvs").symlink_to("nowhere")
    assert f"{place}/.venvs is no folder" in told(ready.run("x", start=place / "ionto"))


def test_a_folder_that_was_removed_under_the_caller(ready, tmp_path):
    words = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$0" x', ready.root / "ionto"]
    done = subprocess.run(
        words, cwd=tmp_path, env=ready.variables, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "ionto: the folder that this is called in was removed; go to another, such as: cd"
    )


def test_a_wait_that_is_no_number(due):
    done = due.run("x", IONTO_SETUP_WAIT_S="soon")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "ionto: IONTO_SETUP_WAIT_S='soon' is no number of seconds, such as 600; correct or unset it.\n"
    )


def test_a_file_system_without_links(tmp_path, monkeypatch):
    """Such as FAT on a stick, which no container may mount."""

    def refuse(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    places = Places(tmp_path)
    places.store.mkdir()
    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(SetUpFailed, match=r"lies on a file system without symbolic links, such as FAT, "):
        places.new()
    assert list(places.store.iterdir()) == []


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    """Such as an old NFS; what the system says then is told by its cause."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks") as failed, Places(tmp_path).gate(1.0, print):
        pass
    told_as = cause_of_system(failed.value, Scene(tmp_path, {}, 110))
    assert told_as.startswith(
        f"the file system that holds {tmp_path} has no locks (flock); copy the checkout"
    )


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda lock: b"", "is damaged"),
        (lambda lock: lock + b"\xff\n", "is damaged"),
        (lambda lock: lock.replace(b"sha256:", b"sha:", 1), "is damaged"),
        (lambda lock: b"<<<<<<< HEAD\n" + lock, "holds a merge that was not finished"),
    ],
    ids=["empty", "a strange byte", "no hash", "merged"],
)
def test_a_lock_that_is_not_as_it_was_made(due, spoil, what):
    lock = due.root / "requirements.lock"
    before = lock.read_bytes()
    lock.write_bytes(spoil(before))
    due.index.asked.clear()
    last = told(due.run("x"))
    lock.write_bytes(before)
    assert f"{lock} {what}; bring it back (git checkout HEAD requirements.lock) or get" in last
    assert due.index.asked == []


def test_a_checkout_that_is_not_whole(due):
    lock = due.root / "requirements-dev.lock"
    before = lock.read_bytes()
    lock.unlink()
    last = told(due.run("test"))
    lock.write_bytes(before)
    assert f"the checkout is not whole: {lock} is missing; " in last


def test_the_tests_pass_where_their_own_notes_cannot_be_written(tmp_path):
    """As in a checkout where root ran them once; what pytest and Hypothesis remember is no result."""
    (tmp_path / "a file").touch()
    words = [
        "-m",
        "pytest",
        "-n",
        "0",
        "-o",
        f"cache_dir={tmp_path}/a file",
        "tests/protocols/test_ceilings.py",
    ]
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": f"{tmp_path}/a file"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout

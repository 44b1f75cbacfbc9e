"""A set-up that works: from the lock alone, in any place, beside the old one, once for two at once."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from front_door import Checkout, an_index


@pytest.fixture(scope="module")
def index():
    with an_index() as one:
        yield one


@pytest.fixture(scope="module")
def checkout(index, tmp_path_factory):
    """Set up once; a test that changes it leaves it set up and as locked."""
    quick = Checkout(tmp_path_factory.mktemp("setup") / "ein schöner Ort", index)
    hostile = {"PIP_REQUIRE_VIRTUALENV": "1", "PIP_USER": "1", "PIP_TARGET": "/n", "PIP_NO_BINARY": ":all:"}
    quick.first = quick.run("x", **hostile, PYTHONPATH="/n", PYTHONHOME="/n", TMPDIR="/n")
    return quick


def test_the_first_call_sets_up_and_says_so_on_standard_error(checkout):
    assert checkout.first.returncode == 0, checkout.first.stderr
    assert checkout.first.stdout == f"1.0 {checkout.root} <x>\n"
    first, *_, last = checkout.first.stderr.splitlines()
    assert re.fullmatch(
        r"ionto: setting up its environment in .*/\.venvs/1, once: 2 packages, up to \d+ MB of disk\.", first
    )
    assert re.fullmatch(r"ionto: the environment is set up, after \d+ s\.", last)


def test_the_second_call_is_silent_and_asks_nobody(checkout):
    checkout.index.asked.clear()
    done = checkout.run("x")
    assert (done.stdout, done.stderr) == (f"1.0 {checkout.root} <x>\n", "")
    assert checkout.index.asked == []


def test_words_and_folder_of_the_caller_arrive_unchanged_through_a_link(checkout, tmp_path):
    (tmp_path / "link").symlink_to(checkout.root / "ionto")
    (tmp_path / "another").symlink_to("link")
    done = checkout.run("check", "a file.yaml", "", "*", "$HOME", start=tmp_path / "another", cwd=tmp_path)
    assert done.stdout == f"1.0 {tmp_path} <check><a file.yaml><><*><$HOME>\n"


def test_it_needs_no_git(checkout):
    assert not (checkout.root / ".git").exists()
    assert checkout.works() == "1.0"


def test_an_extra_word_for_word_as_a_refusal_says(checkout):
    refused = checkout.run("mqtt", "--broker", "b")
    assert refused.returncode == 1
    assert refused.stderr.startswith("ionto: `ionto mqtt` needs paho-mqtt, which is not installed here; ")
    assert refused.stderr.count("\n") == 1
    command = refused.stderr.rstrip("\n").partition("lock: ")[2]
    done = subprocess.run(
        ["sh", "-c", command],
        cwd="/",
        env=checkout.variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert checkout.run("mqtt", "--broker", "b").stdout == f"1.0 {checkout.root} <mqtt><--broker><b>\n"
    again = checkout.run("setup", "mqtt")
    assert (again.returncode, again.stderr) == (0, "ionto: already set up: core, mqtt.\n")


def test_an_extra_that_was_there_is_there_after_the_lock_changed(checkout):
    checkout.change()
    assert checkout.run("x").returncode == 0
    assert checkout.run("mqtt").stdout.endswith("<mqtt>\n")


def test_a_session_keeps_the_environment_it_began_in(checkout):
    """It imports the core only after another version was set up, and has its own still."""
    began = checkout.root.joinpath(".venv").resolve()
    with checkout.begin("wait") as session:
        assert session.stdout.readline() == "waiting\n"
        checkout.lock("2.0")
        assert checkout.run("x").stdout.startswith("2.0 ")
        assert began.exists()
        told, _ = session.communicate("\n", timeout=600)
    assert told.startswith("1.0 ")
    checkout.change()
    assert checkout.run("x").returncode == 0
    assert not began.exists()


def test_two_at_once_set_up_once(checkout):
    checkout.change()
    checkout.index.asked.clear()
    both = [checkout.begin("x"), checkout.begin("x")]
    told = [one.communicate(timeout=600) for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert sorted("waiting for another ionto" in err for _, err in told) == [False, True]
    assert sum("/files/core-of-it/" in path for path in checkout.index.asked) == 1


@contextmanager
def held_back(index):
    """Let the index answer for the core only afterwards."""
    free = threading.Event()

    def answer(path, content):
        if "/files/core-of-it/" in path:
            free.wait(600)
        return 200, content

    index.answer = answer
    try:
        yield
    finally:
        index.answer = lambda path, content: (200, content)
        free.set()


def on_a_terminal(checkout, *words, **variables):
    """Call `./ionto` on a terminal; return its process id and the terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(checkout.root)
        environment = {**checkout.variables, "TERM": "xterm", **variables}
        os.execve("./ionto", ["./ionto", *words], environment)  # noqa: S606 - the child of the fork
    return process, terminal


ENDED = "\0"
"""Never shown: with it `read_until` reads to the end."""


def read_until(terminal, wanted, within_s=600.0):
    """What the terminal shows until `wanted`, which has to come, or to its end."""
    said, end_s = "", time.monotonic() + within_s
    while wanted not in said:
        assert time.monotonic() < end_s, said
        if select.select([terminal], [], [], 1.0)[0]:
            try:
                said += os.read(terminal, 4096).decode()
            except OSError:
                assert wanted == ENDED, said
                break
    return said


def running_in(place):
    """Command lines of processes that have to do with `place`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(place) in words:
            found.append(words)
    return found


@pytest.mark.parametrize(
    ("how", "by"),
    [
        (signal.SIGINT, "Ctrl-C"),
        (signal.SIGTERM, r"a signal \(SIGTERM\)"),
        (signal.SIGHUP, None),
        (signal.SIGKILL, None),
    ],
)
def test_a_set_up_that_is_ended_leaves_the_old_one_and_the_next_begins_anew(checkout, how, by):
    """By Ctrl-C, politely, with its terminal closed, or killed, while it waits for the core."""
    undo = checkout.change()
    before = checkout.environments()
    with held_back(checkout.index):
        process, terminal = on_a_terminal(checkout, "x")
        begins = " MB; core-of-it"  # of however many packages: the tests before asked for extras
        assert begins in read_until(terminal, begins)
        if how == signal.SIGINT:
            os.write(terminal, b"\x03")
        elif how == signal.SIGHUP:
            os.close(terminal)
        else:
            os.kill(process, how)
        said = "" if how == signal.SIGHUP else read_until(terminal, ENDED)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if how != signal.SIGHUP:
            os.close(terminal)
        end_s = time.monotonic() + 600
        while running_in(checkout.root / ".venvs") and time.monotonic() < end_s:
            time.sleep(0.1)
        assert running_in(checkout.root / ".venvs") == []
    if by:
        sentence = rf"ionto: the set-up was ended by {by}; nothing was changed, and the next [^\n]+\.\r\n\Z"
        assert re.search(sentence, said), said
    assert status == (-how if how == signal.SIGKILL else 4)
    assert len(checkout.environments()) == len(before) + (how == signal.SIGKILL)
    assert checkout.works() in {"1.0", "2.0"}
    undo()
    assert checkout.run("x").stderr == ""


def test_what_a_killed_set_up_left_is_cleared_away_by_the_next(checkout):
    (checkout.root / ".venvs/77/bin").mkdir(parents=True)
    checkout.change()
    assert checkout.run("x").returncode == 0
    assert len(checkout.environments()) == 1


def test_on_a_terminal_an_extra_is_asked_for_and_what_is_fetched_is_shown_in_place(checkout):
    shutil.rmtree(checkout.root / ".venvs")
    process, terminal = on_a_terminal(checkout, "x")
    said = read_until(terminal, "<x>")
    os.waitpid(process, 0)
    os.close(terminal)
    assert "\r\x1b[Kionto: fetching, 1 of 2 packages, " in said
    process, terminal = on_a_terminal(checkout, "mqtt", "--broker", "b")
    read_until(terminal, "fetch it now? [y/N] ")
    os.write(terminal, b"n\n")
    assert "setup mqtt" in read_until(terminal, ENDED)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 1
    os.close(terminal)
    process, terminal = on_a_terminal(checkout, "mqtt", "--broker", "b")
    assert "which is not installed here: 2 packages" in read_until(terminal, "fetch it now? [y/N] ")
    os.write(terminal, b"y\n")
    read_until(terminal, "<mqtt><--broker><b>")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    os.close(terminal)


def test_the_tests_get_everything_and_run_at_the_root_with_the_callers_paths(checkout):
    (checkout.root / "sub").mkdir()
    (checkout.root / "sub/test_a.py").touch()
    done = checkout.run("test", "--nightly", "-k", "sim", "test_a.py::test_b", cwd=checkout.root / "sub")
    assert done.returncode == 0, done.stderr
    every_processor = (
        "<--numprocesses><auto><--dist><loadfile><--no-loadscope-reorder><--max-worker-restart><2>"
    )
    words = "<-m><not bench and not booted><-o><faulthandler_timeout=36000>"
    words += f"<-k><sim><{checkout.root}/sub/test_a.py::test_b>"
    assert done.stdout == f"pytest {checkout.root} {every_processor}{words}\n"
    assert checkout.run("setup", "test").stderr == "ionto: already set up: test.\n"
    wrong = checkout.run("setup", "mqqt")
    parts = "core, test, mqtt, oled, meter, dask"
    assert (wrong.returncode, wrong.stderr) == (
        2,
        f"ionto: there is no part 'mqqt' to set up; there are {parts}\n",
    )
    assert checkout.run("mqtt").stderr == ""  # the larger environment has the core and all extras


def test_what_was_there_for_the_tests_is_there_after_the_lock_changed(checkout):
    """A set-up for an ordinary command takes nothing away that was fetched before."""
    assert checkout.run("test").returncode == 0
    checkout.change()
    assert checkout.run("x").returncode == 0
    checkout.index.asked.clear()
    assert checkout.run("test").stdout.startswith("pytest ")
    assert checkout.index.asked == []


def test_the_tests_run_whatever_is_set_for_another_python(checkout):
    done = checkout.run("test", PYTHONHOME="/n", PYTHONPATH="/n", PYTHONSTARTUP="/n", PYTHONUSERBASE="/n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"pytest {checkout.root} ")


def test_without_its_executable_bit_and_with_every_stream_closed(checkout):
    """As out of an archive that a browser unpacked, and as some supervisors begin programs."""
    checkout.change()
    checkout.root.joinpath("ionto").chmod(0o644)
    words = ["sh", "-c", "exec sh ionto x <&- >&- 2>&-"]
    done = subprocess.run(words, cwd=checkout.root, env=checkout.variables, timeout=600, check=False)
    assert done.returncode == 0
    checkout.root.joinpath("ionto").chmod(0o755)
    assert checkout.run("x").stderr == ""


def test_a_checkout_that_was_moved_is_set_up_anew(checkout):
    checkout.root = checkout.root.rename(checkout.root.parent / "elsewhere")
    done = checkout.run("x")
    assert f"setting up its environment in {checkout.root}" in done.stderr
    assert done.stdout.endswith(f" {checkout.root} <x>\n")


def test_an_environment_whose_interpreter_went_is_made_anew(checkout):
    python = checkout.root / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/usr/bin/python3.9-that-was-removed")
    assert checkout.run("x").returncode == 0
    assert checkout.works() in {"1.0", "2.0"}


def test_an_environment_that_lost_its_packages_is_made_anew_with_all_that_it_had(checkout):
    before = (checkout.root / ".venv/ionto-stamp").read_text().splitlines()[0]
    shutil.rmtree(next((checkout.root / ".venv/lib").glob("python3*")))
    assert checkout.run("x").returncode == 0
    assert (checkout.root / ".venv/ionto-stamp").read_text().splitlines()[0] == before


def test_a_venv_that_somebody_made_stays_as_it_is_and_is_passed_by(checkout):
    """What somebody installed by hand, and runs from there, is not ours to exchange."""
    shown = checkout.root / ".venv"
    shown.unlink()
    (shown / "bin").mkdir(parents=True)
    (shown / "bin/python").write_text("theirs")
    checkout.change()
    done = checkout.run("x")
    assert done.returncode == 0, done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ionto: {shown} is somebody's own and stays as it is; ./ionto runs from ")
    assert last.endswith(f" {checkout.root}/.venvs/current.")
    assert checkout.run("x").stderr == ""
    assert [path.relative_to(shown).as_posix() for path in sorted(shown.rglob("*"))] == ["bin", "bin/python"]
    assert (shown / "bin/python").read_text() == "theirs"
    shutil.rmtree(shown)
    assert checkout.run("x").stderr == ""


def test_the_link_of_former_days_is_taken_over_and_nothing_fetched(checkout):
    """When `.venv` was the only link, straight to the environment."""
    current, shown = checkout.root / ".venvs/current", checkout.root / ".venv"
    place = current.resolve()
    current.unlink()
    shown.unlink(missing_ok=True)
    shown.symlink_to(f".venvs/{place.name}")
    checkout.index.asked.clear()
    assert checkout.run("x").stderr == ""
    assert (current.resolve(), shown.resolve(), checkout.index.asked) == (place, place, [])
    assert str(shown.readlink()) == ".venvs/current"

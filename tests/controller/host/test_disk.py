"""A file that can't be used is told with its true cause; a journal is readable wherever it lies."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.household.store import Household
from controller.host.disk import why
from controller.host.readonly import open_readonly
from controller.journal.history import Unreadable, open_history
from controller.journal.store import Store, Unwritable, _sentence

NOBODY = 65534
START = {"unit": "u", "treatment": "hands", "simulated": 1, "target_ma": 10.0, "total_s": 600.0}


def written(directory: Path) -> Store:
    store = Store(directory)
    store.begin(START)
    store.write([["row", 0.5, "hold", "forward", 1.0, 1.0, 5.0, 0.1, 0.0]])
    store.write([["end", "completed", None, 10.0, 1.0, 1.0, None]])
    return store


@pytest.mark.parametrize(
    ("number", "cause", "remedy"),
    [
        (errno.ENOSPC, "the disk is full", "make room"),
        (errno.EDQUOT, "share of the disk", "make room"),
        (errno.EACCES, "no permission", "permission"),
        (errno.EPERM, "no permission", "permission"),
        (errno.EROFS, "read-only", "writable"),
        (errno.EIO, "reports an error", "look at that disk"),
        (errno.ENOENT, "does not exist", "path"),
        (errno.EISDIR, "is a folder", "move"),
        (errno.EMFILE, "may open no more files", "raise its limit"),
        (errno.ENFILE, "too many files", "end other programs"),
    ],
)
def test_each_cause_has_its_own_remedy(number: int, cause: str, remedy: str) -> None:
    found = why(OSError(number, os.strerror(number)))
    assert cause in found.cause
    assert remedy in found.remedy
    sentence = _sentence(Path("/s"), found)
    assert ("make room" in sentence) == (number in {errno.ENOSPC, errno.EDQUOT})


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("SQLITE_PERM", "no permission"),
        ("SQLITE_BUSY", "another program is using it"),
        ("SQLITE_LOCKED", "another program is using it"),
        ("SQLITE_NOMEM", "there is no memory left"),
        ("SQLITE_READONLY", "no permission"),
        ("SQLITE_IOERR", "the disk reports an error"),
        ("SQLITE_CORRUPT", "the file is damaged"),
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_CANTOPEN", "it can't be opened"),
        ("SQLITE_NOTADB", "the file is no database of ours"),
        ("SQLITE_ERROR", "its tables are not those of this version"),
    ],
)
def test_each_code_of_the_database_has_its_cause(name: str, cause: str) -> None:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode = getattr(sqlite3, name) | 5 << 8  # an extended code, as most of them come
    assert why(error).cause == cause


def test_what_a_database_says_is_said_in_our_words(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    file.write_bytes(b"no database at all, but long enough to be looked at" * 20)
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.Error) as caught:
        connection.execute("SELECT * FROM sqlite_master").fetchone()
    assert why(caught.value).cause == "the file is no database of ours"
    file.unlink()
    with closing(sqlite3.connect(file)) as one, closing(sqlite3.connect(file, timeout=0.0)) as two:
        one.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.Error) as caught:
            two.execute("BEGIN EXCLUSIVE")
    assert why(caught.value).cause == "another program is using it"
    with closing(sqlite3.connect(":memory:")) as one, pytest.raises(sqlite3.Error) as caught:
        one.execute("SELECT * FROM nothing")
    assert "nothing" not in why(caught.value).cause


def test_a_state_that_is_a_file_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("x")
    with pytest.raises(Unwritable) as caught:
        Store(tmp_path / "state")
    assert "no folder" in str(caught.value)
    assert "make room" not in str(caught.value)


@pytest.fixture
def open_to_all(tmp_path_factory):
    """A folder that another account can reach."""
    folder = Path("/tmp") / f"ionto-disk-{os.getpid()}"  # noqa: S108 - pytest's own is for its account only
    folder.mkdir(mode=0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_nobody(do: Callable[[Path], str], directory: Path) -> str:
    """Do something in a process of another account, and give what it said."""
    far, near = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            os.write(near, do(directory).encode())
        except BaseException as error:
            os.write(near, repr(error).encode())
        finally:
            os._exit(0)
    os.close(near)
    with os.fdopen(far) as said:
        text = said.read()
    os.waitpid(child, 0)
    return text


def counted(directory: Path) -> str:
    with open_history(directory) as journal:
        return f"{len(journal.sessions())} {journal.verify().problems}"


def begun(directory: Path) -> str:
    try:
        Store(directory).begin(START)
    except (sqlite3.Error, OSError) as error:
        return _sentence(directory, why(error, directory))
    return "begun"


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@needs_root
def test_another_accounts_journal_is_read_with_its_log_and_without_shared_memory(open_to_all: Path) -> None:
    store = written(open_to_all / "live")
    copy = open_to_all / "copy"
    copy.mkdir(mode=0o755)
    for name in ("journal.db", "journal.db-wal", "journal.head"):
        shutil.copyfile(open_to_all / "live" / name, copy / name)
    before = sorted(path.name for path in copy.iterdir())
    assert (copy / "journal.db-wal").stat().st_size > 0
    assert as_nobody(counted, copy) == "1 []"  # the log alone holds the session
    assert as_nobody(counted, open_to_all / "live") == "1 []"  # while it is being written
    assert sorted(path.name for path in copy.iterdir()) == before
    store.connection.close()
    for name in ("journal.db-wal", "journal.db-shm"):
        (open_to_all / "live" / name).unlink(missing_ok=True)
    assert as_nobody(counted, open_to_all / "live") == "1 []"


@needs_root
def test_another_accounts_journal_is_told_as_that_and_not_as_a_full_disk(open_to_all: Path) -> None:
    written(open_to_all / "state").connection.close()
    said = as_nobody(begun, open_to_all / "state")
    assert "no permission for" in said
    assert "belongs to root" in said
    assert "make room" not in said


def test_a_journal_copied_without_its_log_says_what_is_missing(tmp_path: Path) -> None:
    store = written(tmp_path / "live")
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.begin(START)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("journal.db", "journal.head"):
        shutil.copyfile(tmp_path / "live" / name, copy / name)
    with open_history(copy) as journal:
        assert len(journal.sessions()) == 1
        assert journal.missing().startswith("records 3 to 3 are missing here")
    with open_history(tmp_path / "live") as journal:
        assert journal.missing() == ""
        assert len(journal.sessions()) == 2
    store.connection.close()


def test_a_journal_whose_all_is_in_the_log_says_so(tmp_path: Path) -> None:
    store = written(tmp_path / "live")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "journal.db").write_bytes(b"")
    with pytest.raises(Unreadable, match=r"copied without journal\.db-wal"), open_history(copy):
        pass
    store.connection.close()


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    store = written(tmp_path)
    with open_readonly(tmp_path / "journal.db") as connection, pytest.raises(sqlite3.Error):
        connection.execute("DELETE FROM session")
    store.connection.close()


def test_an_empty_journal_counts_none_as_zero(tmp_path: Path) -> None:
    Store(tmp_path).connection.close()
    with open_history(tmp_path) as journal:
        totals = journal.totals()
    assert (totals["sessions"], totals["completed"]) == (0, 0)
    assert (totals["forward_ma_min"], totals["first_utc"]) == (0, None)


def test_a_folder_in_the_place_of_a_journal_or_a_book_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    told = r"it is a folder, not a file.*: move that folder away"
    with pytest.raises(Unreadable, match=told), open_history(tmp_path):
        pass
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "household.db").mkdir()
    with pytest.raises(sqlite3.OperationalError) as opened:
        Household(tmp_path / "book")
    assert why(opened.value, tmp_path / "book").cause == "it is a folder, not a file"

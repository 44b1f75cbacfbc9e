"""Every write of a real process, seen by ptrace, and the disk as a cut at each of them would leave it.

The process runs unchanged, one system call at a time. What it did to the files of one folder is replayed:

- killed: all that was done up to a call is there;
- power gone: a file's bytes are there up to its last sync; what came after may be gone, there, there in part
  (every second write), or torn in the middle of the last write. Names (create, rename, unlink) are there up
  to the last sync of any file: ext4 commits them in their order, with whatever it commits.

A call that writes in a way not known here is an error, so that none slips through.
"""

import ctypes
import os
import platform
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

NUMBERS = {
    "x86_64": {
        0: "read", 1: "write", 18: "pwrite", 20: "writev", 296: "writev", 328: "writev", 40: "writev",
        326: "writev", 257: "open", 74: "sync", 75: "sync", 77: "truncate", 285: "allocate", 82: "rename",
        264: "renameat", 316: "renameat", 87: "unlink", 263: "unlinkat",
    },
    "aarch64": {
        63: "read", 64: "write", 68: "pwrite", 66: "writev", 70: "writev", 287: "writev", 71: "writev",
        285: "writev", 56: "open", 82: "sync", 83: "sync", 46: "truncate", 47: "allocate", 38: "renameat",
        276: "renameat", 35: "unlinkat",
    },
}.get(platform.machine())  # fmt: skip
"""System calls that change files, from the kernel's tables; `writev` stands for all that aren't replayed."""
PTRACE_TRACEME, PTRACE_SYSCALL, PTRACE_SETOPTIONS, PTRACE_INFO = 0, 24, 0x4200, 0x420E
SYSGOOD_EXITKILL = 0x1 | 0x100000
ENTRY, EXIT = 1, 2
O_CREAT, O_TRUNC = os.O_CREAT, os.O_TRUNC
PATH_MAX = 4096

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


class Step(NamedTuple):
    """One call: what it did, to which file (its name in the folder), and with what."""

    kind: str
    name: str = ""
    at: int = 0
    data: bytes = b""
    to: str = ""


def _traced() -> None:
    if libc.ptrace(PTRACE_TRACEME, 0, None, None):
        raise OSError(ctypes.get_errno(), "ptrace is not allowed")


def why_not() -> str:
    """Why nothing can be traced here, or an empty string."""
    if NUMBERS is None:
        return f"the system calls of {platform.machine()} are not listed"
    try:
        tried = subprocess.Popen(["/bin/true"], preexec_fn=_traced)  # noqa: PLW1509 - one call, no lock
    except (OSError, subprocess.SubprocessError):
        return "ptrace is not allowed here"
    os.waitpid(tried.pid, 0)
    tried.kill()
    tried.wait()
    return ""


class Watched:
    """A process whose every call is seen. `said` bytes of its standard output are steps of their own."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.steps: list[Step] = []
        self._folder = f"{folder}/"
        reading, self._input = os.pipe()
        self._process = subprocess.Popen(
            command,
            stdin=reading,
            stdout=subprocess.DEVNULL,
            preexec_fn=_traced,  # noqa: PLW1509 - one call, no lock
        )
        os.close(reading)
        self._pid = self._process.pid
        os.waitpid(self._pid, 0)
        libc.ptrace(PTRACE_SETOPTIONS, self._pid, None, SYSGOOD_EXITKILL)
        self._entered: Step | None = None

    def ask(self, line: bytes) -> bytes:
        """Send a line and run on until the process has answered one."""
        os.write(self._input, line)
        while self._call():
            if self.steps and self.steps[-1].kind == "said":
                answer = self.steps[-1].data
                self.steps.append(Step("heard"))
                return answer
        raise AssertionError("the process ended without an answer")

    def end(self) -> int:
        """Close its input, and run on to its end."""
        os.close(self._input)
        while self._call():
            continue
        return os.waitstatus_to_exitcode(self._status)

    def kill(self) -> None:
        """End it, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.wait()

    def _call(self) -> bool:
        """Go on to the next stop: False when the process has ended."""
        deliver = 0
        while True:
            libc.ptrace(PTRACE_SYSCALL, self._pid, None, deliver)
            _, self._status = os.waitpid(self._pid, 0)
            if not os.WIFSTOPPED(self._status):
                self._process.returncode = os.waitstatus_to_exitcode(self._status)
                return False
            number = os.WSTOPSIG(self._status)
            if number == signal.SIGTRAP | 0x80:
                break
            deliver = 0 if number == signal.SIGTRAP else number
        room = ctypes.create_string_buffer(88)
        libc.ptrace(PTRACE_INFO, self._pid, len(room), ctypes.addressof(room))
        if room.raw[0] == ENTRY:
            call, *arguments = struct.unpack_from("=7Q", room.raw, 24)
            self._entered = self._seen(NUMBERS.get(call, ""), arguments)
        elif room.raw[0] == EXIT and self._entered is not None:
            (returned,) = struct.unpack_from("=q", room.raw, 24)
            if returned >= 0:
                self._done(self._entered, returned)
            self._entered = None
        return True

    def _seen(self, kind: str, arguments: list[int]) -> Step | None:
        """Describe a call that begins; None for one that is nothing to us."""
        if kind == "open":
            flags = arguments[2]
            return Step("open", self._text(arguments[1]), flags) if flags & (O_CREAT | O_TRUNC) else None
        if kind in ("rename", "renameat"):
            first, second = (0, 1) if kind == "rename" else (1, 3)
            return self._ours(Step("rename", self._text(arguments[first]), to=self._text(arguments[second])))
        if kind in ("unlink", "unlinkat"):
            return self._ours(Step("unlink", self._text(arguments[kind == "unlinkat"])))
        if kind not in ("write", "pwrite", "writev", "sync", "truncate", "allocate"):
            return None
        if kind == "write" and arguments[0] == 1:
            return Step("said", data=self._memory(arguments[1], arguments[2]))
        name = str(Path(f"/proc/{self._pid}/fd/{arguments[0] & 0xFFFFFFFF}").readlink())
        if kind == "pwrite":
            return self._ours(Step("write", name, arguments[3], self._memory(arguments[1], arguments[2])))
        if kind == "write":
            data = self._memory(arguments[1], arguments[2])
            return self._ours(Step("write", name, self._position(arguments[0]), data))
        if kind in ("writev", "allocate") and self._ours(Step(kind, name)):
            raise AssertionError(f"{name} is written by a call that is not replayed")
        return self._ours(Step(kind, name, arguments[1] if kind == "truncate" else 0))

    def _done(self, step: Step, returned: int) -> None:
        if step.kind != "open":
            if step.kind == "write" and returned != len(step.data):
                raise AssertionError("a write was cut short")
            self.steps.append(step)
        elif (named := self._ours(step)) is not None:
            self.steps.append(Step("create", named.name))
            if step.at & O_TRUNC:
                self.steps.append(Step("truncate", named.name))

    def _ours(self, step: Step) -> Step | None:
        """Give the step with names inside the folder; None for other files and SQLite's shared memory."""
        name = step.name
        if name == self._folder[:-1] and step.kind == "sync":
            return Step("sync")
        if not name.startswith(self._folder) or name.endswith("-shm"):
            return None
        return step._replace(name=name[len(self._folder) :], to=step.to[len(self._folder) :])

    def _position(self, handle: int) -> int:
        return int(Path(f"/proc/{self._pid}/fdinfo/{handle}").read_text().split()[1])

    def _memory(self, address: int, size: int) -> bytes:
        with Path(f"/proc/{self._pid}/mem").open("rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(size)

    def _text(self, address: int) -> str:
        found = b""
        while b"\0" not in found and len(found) < PATH_MAX:
            size = 256 - (address + len(found)) % 256  # never beyond what may be the memory's last page
            found += self._memory(address + len(found), size)
        return os.fsdecode(found.partition(b"\0")[0])


class Disk:
    """Files as they are: by number, so that a name that is moved keeps its file."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.files: dict[int, bytes] = {}
        self._next = 0

    @classmethod
    def holding(cls, content: dict[str, bytes]) -> "Disk":
        """A disk with these files."""
        disk = cls()
        for number, (name, data) in enumerate(content.items(), 1):
            disk.names[name], disk.files[number], disk._next = number, data, number
        return disk

    def copy(self) -> "Disk":
        other = Disk()
        other.names, other.files, other._next = dict(self.names), dict(self.files), self._next
        return other

    def number(self, name: str) -> int:
        return self.names[name]

    def do(self, step: Step, number: int | None = None) -> None:
        """Do one step; `number` is the file of a step that comes late."""
        if step.kind == "create":
            if step.name not in self.names:
                self.names[step.name] = self._next = number if number is not None else self._next + 1
                self.files[self._next] = b""
        elif step.kind == "rename":
            self.names[step.to] = self.names.pop(step.name)
        elif step.kind == "unlink":
            self.names.pop(step.name)
        elif step.kind in ("write", "truncate"):
            file = self.number(step.name) if number is None else number
            old = self.files.get(file, b"")
            if step.kind == "truncate":
                self.files[file] = old[: step.at].ljust(step.at, b"\0")
            else:
                old = old.ljust(step.at, b"\0")
                self.files[file] = old[: step.at] + step.data + old[step.at + len(step.data) :]

    def content(self) -> dict[str, bytes]:
        return {name: self.files.get(number, b"") for name, number in self.names.items()}


def lay_out(content: dict[str, bytes], folder: Path) -> Path:
    """Write the files of a state into a new folder."""
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


class Cut(NamedTuple):
    """A state: how the power or the process went, the files, and how many answers were out by then.

    `asked` counts the questions that the process had, or might have had: those before the next change.
    """

    how: str
    content: dict[str, bytes]
    answered: int
    asked: int
    doing: Step


def _words(steps: list[Step], after: int) -> tuple[int, int]:
    """Count answers and questions up to the next step that touches a disk."""
    answered = asked = 0
    for index, step in enumerate(steps):
        if index >= after and step.kind not in ("said", "heard"):
            break
        answered += step.kind == "said"
        asked += step.kind == "heard"
    return answered, asked + 1


def killed(
    steps: list[Step], before: dict[str, bytes] | None = None, near: str | None = None
) -> Iterator[Cut]:
    """Give the disk before and after each step that changes it; `before` are the files at the beginning.

    With `near` only those within three steps of one that writes this file.
    """
    disk = Disk.holding(before or {})
    at = [index for index, step in enumerate(steps) if step.kind == "write" and near in (None, step.name)]
    wanted = range(len(steps)) if near is None else {i + shift for i in at for shift in range(-3, 4)}
    yield Cut("killed", disk.content(), *_words(steps, 0), Step("begin"))
    for index, step in enumerate(steps):
        if step.kind in ("create", "rename", "unlink", "write", "truncate"):
            disk.do(step)
            if index in wanted:
                yield Cut("killed", disk.content(), *_words(steps, index + 1), step)


def power_cuts(steps: list[Step], before: dict[str, bytes] | None = None) -> Iterator[Cut]:
    """Give the disks that a power cut after each step may leave."""
    live, durable = Disk.holding(before or {}), Disk.holding(before or {})
    pending: list[tuple[Step, int]] = []
    seen: set[Any] = set()
    for index, step in enumerate(steps):
        if step.kind in ("said", "heard"):
            continue
        if step.kind == "sync":
            pending = _settled(durable, pending, live.names.get(step.name))
        else:
            if step.kind == "create" and step.name in live.names:
                continue
            number = -1 if step.kind == "create" else live.number(step.name)
            live.do(step)
            pending.append((step, live.names[step.name] if number < 0 else number))
        for how, survived in _luck(pending):
            state = durable.copy()
            for late, file in survived:
                state.do(late, file)
            content = state.content()
            key = hash(tuple(sorted(content.items())))
            if (index + 1, key) not in seen:
                seen.add((index + 1, key))
                yield Cut(how, content, *_words(steps, index + 1), step)


def _settled(durable: Disk, pending: list[tuple[Step, int]], synced: int | None) -> list[tuple[Step, int]]:
    """Make durable what a sync of file `synced` does: its bytes, and all names."""
    left = []
    for step, number in pending:
        if step.kind in ("create", "rename", "unlink") or number == synced:
            durable.do(step, number)
        else:
            left.append((step, number))
    return left


def _luck(pending: list[tuple[Step, int]]) -> Iterator[tuple[str, list[tuple[Step, int]]]]:
    names = [(step, number) for step, number in pending if step.kind in ("create", "rename", "unlink")]
    yield "nothing more", []
    yield "names only", names
    yield "everything", pending
    writes = [one for one in pending if one[0].kind == "write"]
    some = writes[::2]
    yield "every second write", [one for one in pending if one[0].kind != "write" or one in some]
    if writes:
        step, number = writes[-1]
        torn = (step._replace(data=step.data[: len(step.data) // 2]), number)
        yield "torn", [torn if one is writes[-1] else one for one in pending]

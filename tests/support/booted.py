"""A Debian that boots its own systemd as process 1 of namespaces of its own, with the unit outside.

Law: nothing of it outlives the process that began it, no mount of it is seen from outside, and every wait has
an end. It sees no network, no device of this machine, and of its files the folder with the unit's socket.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import install_page
from herald import wait_for
from kill_bench import SCENARIO, Reader, fell_behind, real_time
from roots import BOOTED, packed_root

from app.live import messages
from config.parts import SLOWEST_HZ
from config.unit import REFERENCE
from controller.core.reasons import REASONS
from controller.core.types import Cause
from sim.remote.unit_client import ask

T = TypeVar("T")
LONGEST_S = 120.0
"""Of any one command in there, and of booting or ending."""
STATE = "/var/lib/ionto"
OFF_MA = 0.01
LATE = REASONS[Cause.LATE_TICK].code
"""Of a session that ended since a tick or a heartbeat came late."""
ATTEMPTS = 5
"""What treats somebody is begun so often where the machine was too busy for it."""
LEFT = ("clear_alarm", "press_start_rest")
"""What the session before may have left to be done, which Stop ends."""
TOLD = ("state", "phase", "next", "code", "person", "note", "order", "lock", "last")
"""What is told of the unit where something never came."""
OUTSIDE = """
set -e
cgroups=$1
mount --make-rprivate /
mount -t cgroup2 cgroup2 "$cgroups"     # the kernel's own, wherever else it is mounted
"""
BOOT = f"""{OUTSIDE}
for old in "$cgroups"/ionto-*; do         # of a run that was killed
    pid=${{old##*/ionto-}}
    [ -d "/proc/${{pid%%-*}}" ] || find "$old" -depth -type d -exec rmdir {{}} + 2>/dev/null || :
done
mkdir "$cgroups/$2"
echo 0 > "$cgroups/$2/cgroup.procs"
shift
exec unshare --pid --uts --ipc --net --cgroup --fork --kill-child sh -c "$INSIDE" sh "$@"
"""
INSIDE = """
set -e
name=$1 root=$2 share=$3 data=$4 frozen=$5
hostname "$name"
if [ -n "$frozen" ]; then               # as overlayroot=tmpfs does: what is written lives in memory
    mount -t tmpfs tmpfs "$frozen"
    mkdir "$frozen/upper" "$frozen/work"
    mount -t overlay -o "lowerdir=$root,upperdir=$frozen/upper,workdir=$frozen/work" overlay "$root"
else
    mount --bind "$root" "$root"
fi
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for one in null zero full random urandom tty; do
    touch "$root/dev/$one"
    mount --bind "/dev/$one" "$root/dev/$one"
done
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/srv/unit" "$root/var/lib/ionto" "$root/.outside"
mount --bind "$share" "$root/srv/unit"
[ -z "$data" ] || mount --bind "$data" "$root/var/lib/ionto"
cd "$root"
pivot_root . .outside
umount -l /.outside
exec env -i container=lane PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /sbin/init
"""
SWEEP = f"""{OUTSIDE}
find "$cgroups/$2" -depth -type d -exec rmdir {{}} +
"""
NAMES = count(1)
CONTROLLER = Path(__file__).parents[2] / "app" / "appliance" / "ionto-controller.service"
BRIEF = "name: Brief\narea: hands\ncurrent_ma: 3\ntotal_min: 2\n"
"""The shortest treatment there may be; the library's own last 20 minutes and more."""
LIBRARY = "/opt/ionto/current/lib/python3*/site-packages/protocols/library"
DROP_INS = "/etc/systemd/system/ionto-controller.service.d"
HOME = "/root"
"""Where the technician has copied the bundle to."""


def why_not() -> str:
    """Why nothing can be booted here, or an empty string: it is tried, not guessed."""
    if os.geteuid() != 0:
        return "booting a Debian needs root"
    missing = [one for one in ("unshare", "nsenter", "setpriv", "pivot_root") if not shutil.which(one)]
    if missing:
        return f"{', '.join(missing)} not here (apt: util-linux)"
    probe = f"{OUTSIDE}\nmkdir $cgroups/$2; rmdir $cgroups/$2"
    probe += "\nexec unshare --pid --uts --ipc --net --cgroup --fork --kill-child mount -t proc proc /proc"
    tried = _apart(probe, f"ionto-probe-{os.getpid()}")
    return tried.stderr.strip().replace("\n", "; ") if tried.returncode else ""


def _apart(script: str, name: str) -> subprocess.CompletedProcess[str]:
    words = ["unshare", "--mount", "sh", "-c", script, "sh", "/mnt", name]
    return subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def unpack(suite: str, place: Path) -> Path:
    """Unpack Debian `suite`: a packed one in the folder that IONTO_ROOTS names, as `.ci/run` keeps them."""
    packed = packed_root(Path(os.environ.get("IONTO_ROOTS", "/nonexistent")), suite, BOOTED)
    if packed.is_file():
        place.mkdir(parents=True)
        subprocess.run(["tar", "-xf", packed, "-C", place, "--exclude=./dev/*"], check=True)
    else:
        words = ["--mode=root", "--variant=minbase", f"--include={','.join(BOOTED)}"]
        subprocess.run(["mmdebstrap", "--quiet", *words, suite, place], check=True, timeout=900)
    (place / "etc/cloud/cloud-init.disabled").touch()  # but where a card is tried
    return place


class Flowed(AssertionError):
    """Current where there should be none: no busy machine excuses that."""


class Done(NamedTuple):
    """How a command in there ended."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """Everything that it said."""
        return self.out + self.err


class Machine:
    """A Debian in the folder `root`, to be booted, used, and switched off; `unit` is outside."""

    def __init__(self, root: Path, unit: Unit) -> None:
        self.root, self.unit = root, unit
        self._place = unit.folder
        self._name = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._init = 0
        self._booted_s = 0.0
        self.treated = ""
        """For whom something was prepared last."""

    # Power.

    def boot(self, *, data: Path | None = None, frozen: bool = False) -> None:
        """Switch it on and wait until it has booted; `data` is a partition of its own for the state.

        `frozen`: the root is read-only beneath, and what is written to it is in memory.
        """
        self._name, self._booted_s = f"ionto-{os.getpid()}-{next(NAMES)}", time.time()
        cgroups = self._place.parent / "cgroups"
        cgroups.mkdir(exist_ok=True)
        memory = self._place.parent / "memory"
        memory.mkdir(exist_ok=True)
        words = [cgroups, self._name, self.root, self._place, data or "", memory if frozen else ""]
        with (self._place.parent / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", BOOT, "sh", *words],
                env={**os.environ, "INSIDE": INSIDE},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        self._init = wait_for(self._first_process, LONGEST_S)
        wait_for(lambda: self.path("/run/systemd/private").exists(), LONGEST_S)
        booted = self.run("systemctl is-system-running --wait")
        assert booted.out.strip() in ("running", "degraded"), booted.told

    def _first_process(self) -> int:
        assert self._process is not None
        if (code := self._process.poll()) is not None:
            raise AssertionError(f"it did not boot ({code}): {self.console[-2000:]}")
        pid = self._process.pid
        with suppress(OSError):
            first = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if first and Path(f"/proc/{first[0]}/comm").read_text() == "systemd\n":
                return int(first[0])
        return 0

    @property
    def console(self) -> str:
        """What it said where a screen would be."""
        return (self._place.parent / "console.log").read_text(errors="replace")

    def reboot(self, **how: Any) -> None:
        """Have it restart in good order."""
        self.run("systemctl reboot")
        self._gone()
        self.boot(**how)

    def pull_the_plug(self) -> None:
        """Take its power away; the unit outside keeps its own."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            if self._init:
                os.kill(self._init, signal.SIGKILL)
            self._process.kill()
        self._gone()

    def _gone(self) -> None:
        assert self._process is not None
        self._process.wait(LONGEST_S)
        self._process, self._init = None, 0
        swept = wait_for(lambda: _apart_swept(self._place.parent / "cgroups", self._name), LONGEST_S)
        assert swept

    # What is done in it.

    def path(self, inside: str) -> Path:
        """Where a file of it is, seen from outside while it runs."""
        return Path(f"/proc/{self._init}/root") / inside.lstrip("/")

    def run(self, line: str, *, longest_s: float = LONGEST_S, given: str | None = None) -> Done:
        """Run a line of shell in it, as its administrator."""
        enter = ["nsenter", "-t", str(self._init), "-m", "-p", "-u", "-i", "-n", "-C"]
        told = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LANG=C.UTF-8",
        ]
        done = subprocess.run(
            [*enter, "env", "-i", *told, "sh", "-c", line],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            timeout=longest_s,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def do(self, line: str, **how: Any) -> str:
        """Run what has to succeed, and give what it said."""
        done = self.run(line, **how)
        assert done.code == 0, f"{line}: {done.code}\n{done.told}"
        return done.out

    def ours(self, words: str, **how: Any) -> Done:
        """Run `ionto` as the account that the services have."""
        return self.run(f"setpriv --reuid ionto --regid ionto --clear-groups -- ionto {words}", **how)

    def service(self, name: str) -> dict[str, str]:
        """What systemd knows of a service."""
        return dict(
            line.split("=", 1) for line in self.do(f"systemctl show {name}").splitlines() if "=" in line
        )

    def log(self, *of: str) -> list[str]:
        """What services said since this boot, one line each."""
        units = " ".join(f"-u {name}" for name in of)
        # Not by boot: namespaces share the kernel's, and with it the number of the boot.
        since = f"--since=@{self._booted_s:.3f}"
        return self.do(f"journalctl --no-pager -o cat {since} {units}").splitlines()

    @property
    def current(self) -> str:
        """The version that is in place."""
        return str((self.root / "opt/ionto/current").readlink())

    # Treating.

    def snapshot(self) -> dict[str, Any]:
        """What the unit's program says it does, or nothing while there is none."""
        for message in messages(self.path(f"{STATE}/live.sock"), lambda: False):
            if message is None:
                return {}
            if "snapshot" in message:
                return dict(message["snapshot"])
        return {}

    def wait_for(self, **wanted: Any) -> dict[str, Any]:
        """Wait until the unit's program says so. Raises AssertionError."""

        def said() -> dict[str, Any]:
            seen = self.snapshot()
            return seen if all(seen.get(key) == value for key, value in wanted.items()) else {}

        return dict(self.wait(said))

    def press_start(self, **wanted: Any) -> None:
        """Press Start until the unit says so: a busy loop may miss a short press. Raises AssertionError."""

        def pressed() -> bool:
            if self.snapshot().get("phase") == "ready":
                self.unit.press("start")
            time.sleep(0.6)
            seen = self.snapshot()
            return all(seen.get(key) == value for key, value in wanted.items())

        self.wait(pressed)

    def prepare(self, treatment: str, current_ma: float, person: str = "") -> str:
        """Prepare a treatment, for somebody who was never treated if nobody is named; gives who that is."""
        person = self.treated = person or f"row-{next(PEOPLE)}"
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        order = {
            "person": person,
            "treatment": treatment,
            "current_ma": current_ma,
            "first_polarity": "forward",
            "valid_until_utc": until,
        }
        self.do(
            f"cat >{STATE}/.next && chown ionto: {STATE}/.next && mv {STATE}/.next {STATE}/next.json",
            given=json.dumps(order),
        )
        return person

    def treat(self, treatment: str = "hands", current_ma: float = 3.0, least_ma: float = 2.0) -> str:
        """Prepare for somebody, press Start, and wait until so much flows. Raises AssertionError."""
        self.wait_for(phase="ready", session=None)  # the one before is over
        before = _last_session(self.snapshot())
        self.prepare(treatment, current_ma)
        self.wait(lambda: self._has_begun(before))
        self.wait(lambda: self.unit.current_ma >= least_ma or self._is_over(before))
        assert self.unit.current_ma >= least_ma, self.log("ionto-controller")[-3:]
        return self.treated

    def _is_over(self, before: int | None) -> bool:
        """Tell whether a session has ended since `before` was the last one."""
        seen = self.snapshot()
        return bool(seen) and _last_session(seen) != before

    def _has_begun(self, before: int | None) -> bool:
        """Tell whether a session has begun since `before`; if not, press what the unit asks for."""
        seen = self.snapshot()
        if seen and (seen["session"] is not None or _last_session(seen) != before):
            return True
        if seen.get("next") in LEFT:
            self.unit.press("stop")
        elif (seen.get("person"), seen.get("next")) == (self.treated, "press_start"):
            self.unit.press("start")
        time.sleep(0.6)
        return False

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait for something; where it never comes tell what is said instead. Raises AssertionError."""
        try:
            return wait_for(condition, LONGEST_S)
        except AssertionError as error:
            seen = self.snapshot()
            said = self.log("ionto-controller")[-6:] if self._init else self.console[-2000:]
            raise AssertionError(f"{error}: { ({key: seen.get(key) for key in TOLD}) }, {said}") from error

    def again(self, attempt: Callable[[], T]) -> T:
        """Do what treats somebody, and anew where this machine was too busy for that very treatment.

        Its record says so: a tick that came too late, or a computer that fell behind. Whatever else went
        wrong is a fault, and a current where none should be is one in any case. Raises AssertionError.
        """
        for _ in range(ATTEMPTS):
            self.treated = ""
            try:
                return attempt()
            except Flowed:
                raise
            except AssertionError as error:
                if not self._was_too_busy():
                    raise
                sys.stderr.write(f"begun again, the machine was too busy: {error}\n")
        raise AssertionError(f"this machine was too busy {ATTEMPTS} times for a treatment in real time")

    def _was_too_busy(self) -> bool:
        """Ask the record of who was treated last; whatever the attempt has left undone is put right first."""
        if self._process is None:
            self.boot()
        self.unit.switch_on()
        self.run("systemctl start ionto-controller ionto-web")
        self.wait_for(phase="ready")
        ends = [one for one in self.sessions() if one["person"] == self.treated]
        return any(one["code"] == LATE or fell_behind(one["reason"] or "") for one in ends)

    def sessions(self) -> list[dict[str, Any]]:
        """What is recorded of every session, newest first."""
        told = self.ours(f"history list --state {STATE} --json --limit 500")
        assert told.code == 0, told.told
        listed = json.loads(told.out)["sessions"]
        return [{key: one[key] for key in one.keys() - RECKONED} for one in listed]

    def session_of(self, person: str) -> dict[str, Any]:
        """The one recorded session of a person."""
        (found,) = (one for one in self.sessions() if one["person"] == person)
        return found


PEOPLE = count(1)
RECKONED = {"earliest_utc", "latest_utc"}
"""Of a session's date: reckoned anew whenever it is asked for, by the clock of then."""


def _last_session(seen: dict[str, Any]) -> int | None:
    last = seen.get("last")
    return last["session"] if last else None


def treating(row: Callable[..., None]) -> Callable[..., None]:
    """Have a row that treats on `installed` done anew where the machine was too busy (`Machine.again`)."""

    @wraps(row)
    def again(**given: Any) -> None:
        given["installed"].again(lambda: row(**given))

    return again


def _apart_swept(cgroups: Path, name: str) -> bool:
    words = ["unshare", "--mount", "sh", "-c", SWEEP, "sh", cgroups, name]
    return subprocess.run(words, capture_output=True, timeout=LONGEST_S, check=False).returncode == 0


class Unit:
    """`ionto unit` outside, in `folder`, which the machine sees as /srv/unit; its record is the truth."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        folder.chmod(0o777)  # the account in there has another number out here
        self.socket = folder / "unit.sock"
        self.description = folder / "unit.yaml"
        text = REFERENCE.read_text().replace("rate_hz: 200", f"rate_hz: {SLOWEST_HZ}")
        assert text != REFERENCE.read_text()
        self.description.write_text(text)
        (folder / "scenario.yaml").write_text(SCENARIO)
        self._process: subprocess.Popen[bytes] | None = None

    def switch_on(self) -> None:
        """Be there, if it isn't yet, with a person whose hands are in the water."""
        if self._process is not None:
            return
        words = ["--socket", self.socket, "--scenario", self.folder / "scenario.yaml"]
        words += ["--unit", self.description, "--seed", "7"]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.main", "unit", *map(str, words)], stdout=subprocess.PIPE
        )
        real_time(self._process.pid, 70)
        Reader(self._process.stdout).wait("SIMULATED")
        self.socket.chmod(0o666)

    def switch_off(self) -> None:
        """Be gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONGEST_S)
            self._process = None

    def state(self) -> dict[str, Any]:
        """How it is now."""
        return ask(self.socket, "state")

    @property
    def current_ma(self) -> float:
        """The true current through the person, whichever way."""
        return abs(float(self.state()["current_ma"]))

    @property
    def driver(self) -> int:
        """The process that drives it, by its number out here, or 0."""
        return int(self.state()["driver_pid"] or 0)

    def must_be_off(self) -> None:
        """No current, nothing asked for, and the output open. Raises Flowed."""
        now = self.state()
        if abs(now["current_ma"]) >= OFF_MA or now["dac_code"] or now["relays"]["series"]:
            raise Flowed(f"it is not off: {now}")

    def press(self, button: str) -> None:
        """Press a button for a moment."""
        ask(self.socket, "press", button=button, for_s=0.3)

    def rows(self, since_s: float) -> list[float]:
        """Every change of the true current since then, by the unit's own record."""
        return [abs(current_ma) for _, current_ma in ask(self.socket, "log", since_s=since_s)["rows"]]

    def ended(self, since_s: float) -> list[float]:
        """Give the currents from then on until none flowed; nothing may flow after that, up to now."""
        rows = self.rows(since_s)
        if self.current_ma >= OFF_MA:
            raise Flowed("it still flows")
        gone = next((place for place, flowing in enumerate(rows) if flowing < OFF_MA), len(rows))
        if any(flowing >= OFF_MA for flowing in rows[gone:]):
            raise Flowed("it flowed again")
        return rows[:gone]


@contextmanager
def outside(folder: Path) -> Iterator[Unit]:
    """Have a unit for a while."""
    unit = Unit(folder)
    unit.switch_on()
    try:
        yield unit
    finally:
        unit.switch_off()


def install(machine: Machine) -> str:
    """Install as the page says, and have the service drive the unit outside; gives what was said."""
    told = machine.do(f"cd {HOME} && {install_page.command('install')}", longest_s=300)
    machine.do("cat >/etc/ionto/unit.yaml", given=machine.unit.description.read_text())
    machine.do(install_page.command("check"))
    drop_in = "[Service]\nReadWritePaths=/srv/unit\n"
    for line in CONTROLLER.read_text().splitlines():
        if line.startswith(("ExecStart=", "ExecStopPost=")):
            key, command = line.split("=", 1)
            drop_in += f"{key}=\n{key}={command} --attach /srv/unit/unit.sock\n"
    machine.do(f"mkdir -p {DROP_INS} && cat >{DROP_INS}/lane.conf", given=drop_in)
    machine.do(f"cat >$(echo {LIBRARY})/brief.yaml", given=BRIEF)
    machine.do("systemctl daemon-reload")
    return told

"""The installer's own shell functions, called one by one in a mount namespace in which its places are empty.

The service manager is a stand-in that does as a test says: what a real one does with the services is tried on
a Debian that boots (tests/booted); here it is what the installer makes of it.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "app" / "appliance" / "install.sh"
APART = """
set -e
mount --make-rprivate /
who=$(cat /etc/passwd)
for one in /opt /usr/local/bin /etc /run; do mount -t tmpfs tmpfs "$one"; done
printf '%s\\n' "$who" >/etc/passwd
"""
MANAGER = """#!/bin/sh
# systemctl: the services in $LANE/running run, each with its process; $LANE/bad has `VERSION SERVICE HOW`
echo "$*" >>"$LANE/asked"
last() { eval "echo \\"\\${$#}\\""; }
one=$(last "$@")
version=$(basename "$(readlink /opt/ionto/current)")
case $1 in
is-active)
    [ -e "$LANE/running/$one" ] || { echo inactive; exit 3; }
    [ "$2" = --quiet ] || echo active ;;
is-enabled) [ -e "$LANE/enabled/$one" ] && echo enabled || { echo disabled; exit 1; } ;;
start)
    ! grep -qx "$version $one start" "$LANE/bad" || exit 1
    [ -e "$LANE/running/$one" ] || echo "$$ $version" >"$LANE/running/$one" ;;
stop) rm -f "$LANE/running/$one" ;;
show)
    case $3 in
    MainPID)
        cut -d ' ' -f 1 "$LANE/running/$one" 2>/dev/null || echo 0
        ! grep -qx "$version $one dies" "$LANE/bad" || rm -f "$LANE/running/$one"
        ! grep -qx "$version $one again" "$LANE/bad" || echo "$$ $version" >"$LANE/running/$one" ;;
    ActiveEnterTimestampMonotonic) cat "$LANE/since_us" ;;
    esac ;;
esac
"""
PYTHON = f"""#!/bin/sh
shift
PYTHONPATH={ROOT} exec {sys.executable} -P "$@"
"""


class Installer:
    """A unit with versions of nothing but a Python; `steps` are lines of shell after the functions."""

    def __init__(self, place):
        self.place = place
        for name in ("running", "enabled", "bin", "opt", "state"):
            (place / name).mkdir()
        (place / "bad").touch()
        (place / "since_us").write_text("1\n")
        (place / "bin" / "systemctl").write_text(MANAGER)
        (place / "bin" / "systemctl").chmod(0o755)
        for name in ("sleep", "modprobe", "udevadm"):
            (place / "bin" / name).write_text("#!/bin/sh\n")
            (place / "bin" / name).chmod(0o755)
        functions, mark, _ = SCRIPT.read_text().partition("\nactive=\nlong_up=\nbuilt=\nlearned=\n")
        assert mark
        (place / "functions.sh").write_text(functions + mark)

    def version(self, name, *, stamp=None):
        folder = self.place / "opt" / name
        (folder / "bin").mkdir(parents=True)
        (folder / "bin" / "python").write_text(PYTHON)
        (folder / "bin" / "python").chmod(0o755)
        (folder / "installed").touch()
        if stamp is not None:
            (folder / "since").write_text(f"{stamp}\n")

    def use(self, name):
        (self.place / "opt" / "current").unlink(missing_ok=True)
        (self.place / "opt" / "current").symlink_to(f"/opt/ionto/{name}")

    def serve(self, *services, version):
        for one in services:
            (self.place / "enabled" / one).touch()
            (self.place / "running" / one).write_text(f"1 {version}\n")

    def run(self, steps):
        """Run `steps`; what lies in the folder `opt` is /opt/ionto there."""
        script = f"""{APART}
mkdir -p /opt/ionto /run/systemd/system
mount --bind {self.place}/opt /opt/ionto
export LANE={self.place} PATH={self.place}/bin:$PATH
set -- ; . {self.place}/functions.sh
records={self.place}/state files={SCRIPT.parent}
place_services() {{ echo "services of ${{1##*/}}"; }}
as_ionto() {{ "$@"; }}
{steps}
"""
        done = subprocess.run(
            ["unshare", "--mount", "--fork", "sh", "-c", script],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        done.told = done.stdout + done.stderr
        return done

    def exchange(self, target):
        """Stop what runs, exchange it, and start it again, as an update does once all is built."""
        return self.run(f"target=/opt/ionto/{target}\nbuilt=yes\nsettle\nexchange\necho in place")

    @property
    def versions(self):
        return {one.name for one in (self.place / "opt").iterdir() if one.is_dir() and not one.is_symlink()}

    @property
    def current(self):
        return (self.place / "opt" / "current").readlink().name

    @property
    def running(self):
        """Service -> version that it runs."""
        return {one.name: one.read_text().split()[1] for one in (self.place / "running").iterdir()}


def why_not():
    return "" if os.geteuid() == 0 else "the installer's steps need root"

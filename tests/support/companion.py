"""The companion as it is served: `ionto web` in a process of its own, on any free port of this computer."""

import os
import re
import subprocess
import sys
from pathlib import Path

from herald import PATIENCE_S


class Companion:
    """`ionto web --state STATE`, until closed."""

    def __init__(self, state, *options):
        command = [sys.executable, "-m", "app.main", "web", "--state", str(state), "--port", "0", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        self.port = int(re.search(r":(\d+)/", line)[1])

    @property
    def pid(self):
        return self._process.pid

    def processor_s(self):
        """Processor time that it has used, in hundredths: what else the machine does is not in it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def kill(self):
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.stdout.close()
        return self._process.returncode

"""`python3 -I environment`: as a folder, so that nothing of the caller's takes part in what is imported."""

import signal
import sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.SIG_DFL)  # nothing has begun: Ctrl-C ends it without a word
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from environment.command import main  # noqa: E402 - the checkout has to be found first

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

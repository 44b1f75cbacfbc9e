"""`python3 -I .ci`: as a folder, so that nothing of the caller's takes part in what is imported."""

import sys

from steps import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

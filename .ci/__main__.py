"""`python3 -I .ci`: as a folder, so that nothing of the caller's takes part in what is imported."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        from check import main

        sys.exit(main(sys.argv[2:]))
    from steps import main

    sys.exit(main(sys.argv[1:]))

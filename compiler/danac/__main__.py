"""`python -m danac` is the command `danac`."""

import sys

from danac.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.soak --seconds 60 --seed 1`: random blocks; status 1 if anything was wrong."""

from __future__ import annotations

import argparse
import sys
import time

from tests.soak.random_blocks import soak


def main() -> int:
    """Run, say what was found, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    found = soak(options.seed, options.seconds)
    print(f"{found.blocks} went well, {found.failures} failed, {found.timeouts} ran out of time")
    for wrong in found.wrong[:20]:
        print(f"wrong: {wrong}")
    return bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main())

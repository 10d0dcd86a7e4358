"""What runs benchmarks promises: nothing outlives its time, and the status is told."""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep

from benchmarks.children import run

INNER = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
OUTER = """
import sys
from benchmarks.children import run
run([sys.executable, "-c", sys.argv[2], sys.argv[1]], 50)
"""


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_status_is_told():
    assert run([sys.executable, "-c", ""], 30) is None
    assert run([sys.executable, "-c", "raise SystemExit(3)"], 30) == "ended with status 3"


def test_what_is_cut_off_leaves_nothing_running(tmp_path):
    told = tmp_path / "pid"
    assert run([sys.executable, "-c", OUTER, str(told), INNER], 3) == "cut off after 3 s"
    pid = int(told.read_text())
    end = monotonic() + 10
    while is_running(pid) and monotonic() < end:
        sleep(0.01)
    assert not is_running(pid)

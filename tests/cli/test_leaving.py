from __future__ import annotations

import os
from pathlib import Path

import pytest

import dana_runtime
import danac

HELPER = """
import atexit
import threading
import dana_runtime

dana_runtime.configure(timeout=0.1)
atexit.register(print, "the program's own last words")

def wait(value):
    threading.Event().wait()

def spin(value):
    while True:
        pass
"""


@pytest.fixture
def run(tmp_path, run_danac):
    """Run a program of the branches in the helper with the danac that is tested here."""
    roots = {Path(module.__file__).parent.parent for module in (danac, dana_runtime)}
    (tmp_path / "helper.py").write_text(HELPER, "utf-8")

    def run(branch: str, ending: str):
        program = tmp_path / "a.dana"
        program.write_text(
            f"import helper.py as helper\n"
            f"def f(x) = noop | {{ noop, helper.{branch} }}\n"
            f"try:\n    f(5)\nexcept TimeoutError as e:\n    print(e)\n{ending}\n",
            "utf-8",
        )
        paths = os.pathsep.join(map(str, sorted(roots)))
        return run_danac("run", program, env={"PYTHONPATH": paths})

    return run


@pytest.mark.parametrize(
    ("ending", "status"), [("", 0), ("import sys\nsys.exit(3)", 3), ("1 / 0", 1)]
)
@pytest.mark.parametrize("branch", ["wait", "spin"])
def test_a_program_with_stuck_branches_ends_with_its_status(run, branch, ending, status):
    done = run(branch, ending)
    assert done.returncode == status
    assert f"helper.{branch} (a.dana:2:27), of pipeline f has not ended in 0.1 s" in done.stdout
    # All that a program has registered for its end is done, and what it printed is not lost.
    assert done.stdout.endswith("the program's own last words\n")
    assert ("1 branch still runs" in done.stderr) == (branch == "wait")

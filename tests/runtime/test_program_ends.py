"""A program ends while its branches run: on every backend it ends at once, and says nothing."""

from __future__ import annotations

import pytest

# A thread of the program waits for a block; by the time the main program ends, both branches have begun.
PROGRAM = """
import asyncio, os, sys, tempfile, threading, time
from dana_runtime import Pipeline, fan_out, policy, shutdown, using
from dana_runtime.execution.stages import run_stage

folder = tempfile.mkdtemp()
hang = lambda x, folder=folder: (
    open(os.path.join(folder, str(os.urandom(8).hex())), "w").close(), __import__("time").sleep(600)
)
async def wait(x):
    open(os.path.join(folder, str(os.urandom(8).hex())), "w").close()
    await asyncio.Event().wait()

def block(f): fan_out((f, f), 1)
def nested(f):
    settings = policy(executor=EXECUTOR, timeout=None)
    with using(executor="thread"):
        fan_out((lambda x: fan_out((f, f), x, None, settings), lambda x: x), 1)
def stages(f):
    threading.Thread(target=run_stage, args=(1, f, "hang"), daemon=True).start()
    run_stage(1, f, "hang")
def inputs(f): list(Pipeline(("hang",), f).map([1, 2]))

def call():
    with using(executor=EXECUTOR, timeout=None, max_workers=2):
        WAY(wait if EXECUTOR == "async" else hang)

thread = threading.Thread(target=call, daemon=DAEMON)
thread.start()
for _ in range(20_000):
    if len(os.listdir(folder)) >= COUNT: break
    time.sleep(0.001)
else:
    os._exit(3)
"""


def program(executor: str, way: str, count: int = 2, daemon: bool = True) -> str:
    return (
        PROGRAM.replace("EXECUTOR", repr(executor))
        .replace("WAY", way)
        .replace("COUNT", str(count))
        .replace("DAEMON", str(daemon))
        + "print('end', flush=True)\n"
    )


@pytest.mark.parametrize("way", ["block", "nested", "inputs"])
@pytest.mark.parametrize("executor", ["thread", "async", "process"])
def test_in_a_daemon_thread(run_python, executor: str, way: str):
    if executor == "process":
        pytest.importorskip("loky")
    ended = run_python(program(executor, way))
    assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 0)


def test_in_stages_of_daemon_threads(run_python):
    pytest.importorskip("loky")
    ended = run_python(program("process", "stages"))
    assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 0)


def test_who_is_waited_for_learns_of_it(run_python):
    pytest.importorskip("loky")
    ended = run_python(program("process", "block", daemon=False))
    assert (ended.stdout, ended.returncode) == ("end\n", 0)
    assert "it was ended with the program" in ended.stderr


@pytest.mark.parametrize(
    "ending", ["sys.exit(5)", "raise SystemExit(5)", "shutdown(wait=False); sys.exit(5)"]
)
def test_with_its_own_status(run_python, ending: str):
    ended = run_python(program("thread", "block") + ending)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("end\n", "", 5)

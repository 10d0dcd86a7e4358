"""os.fork with everything warm: the child and the parent each go on with pools of their own."""

from __future__ import annotations

import os

import pytest

PROGRAM = """
import asyncio, os, signal, sys, threading, warnings
warnings.simplefilter("ignore")
# A child that hangs ends.
signal.alarm(20)
from dana_runtime import Pipeline, configure, fan_out, poet, policy, shutdown, stats, using
from dana_runtime.execution import lookout, timekeeper, workers

configure(profile=PROFILE)

def double(x): return 2 * x
async def double_later(x):
    await asyncio.sleep(0)
    return 2 * x
@poet(retries=1)
def observed(x): return 2 * x
travels = lambda x: 2 * x

def everything():
    with using(timeout=30):
        results = Pipeline(("double",), double).map(range(100))
        assert next(results) == 0
    # Tiny ones are run by their caller, whom the lookout watches.
    for _ in range(20):
        assert fan_out((double, double), 2) == [4, 4]
    assert fan_out((double, double), 2, None, policy(timeout=20)) == [4, 4]
    assert fan_out((double_later, double), 2) == [4, 4]
    assert fan_out((observed, observed), 2) == [4, 4]
    assert fan_out((travels, travels), 2, None, policy(executor="process")) == [4, 4]
    assert list(Pipeline(("t",), travels).map(range(9), ordered=True)) == list(range(0, 18, 2))
    assert asyncio.run(Pipeline(("d",), double).aio(2)) == 4
    return list(results)

assert everything() == list(range(2, 200, 2))
running = Pipeline(("double",), double).map(range(100))
assert next(running) == 0
assert lookout._state.thread and timekeeper._state.thread and workers.count()[0]

def child_of(work):
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(20)
    status = 1
    try:
        assert workers.count() == (0, 0), workers.count()
        assert stats()["blocks"] >= 0
        work()
        shutdown(wait=False)
        status = 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)

print(child_of(everything))
# In a branch, and from a thread of the program.
print(fan_out((lambda x: child_of(everything), double), 1, None, policy(timeout=20))[0])
found = []
thread = threading.Thread(target=lambda: found.append(child_of(everything)))
thread.start(); thread.join()
print(*found)
# A grandchild.
print(child_of(lambda: (everything(), exec("assert child_of(everything) == 0"))))
assert everything() == list(range(2, 200, 2))
assert list(running) == list(range(2, 200, 2))
print("parent")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_with_everything_warm(run_python, tmp_path, monkeypatch):
    pytest.importorskip("loky")
    # Children that leave by os._exit unlink no semaphores, and loky's tracker warns when it does that for them.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    ended = run_python(PROGRAM.replace("PROFILE", repr(str(tmp_path / "profile.db"))))
    assert ended.stderr == ""
    assert ended.stdout.split() == ["0", "0", "0", "0", "parent"]
    assert ended.returncode == 0

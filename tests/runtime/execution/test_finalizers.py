"""Finalizers that call pipelines come at any moment, also while the runtime holds a lock of its own."""

from __future__ import annotations

# A finalizer may run wherever Python code stands: here one does at each line of the runtime that the main
# thread comes to, once. What would wait for a lock that its own thread holds never ends.
PROGRAM = """
import asyncio, faulthandler, os, sys, threading, time
faulthandler.dump_traceback_later(22, exit=True)
import dana_runtime
from dana_runtime import BranchTimeout, Pipeline, fan_out, policy, shutdown, stats, using, cancelled
ROOT = os.path.dirname(dana_runtime.__file__)
def plain(x): return x
async def waiting(x): return x
def slow(x):
    while not cancelled(): time.sleep(0.001)
seen = set()
inside = threading.local()
wrong = []
def finalize():
    try:
        assert fan_out((plain, plain), 1) == [1, 1]
        assert fan_out((plain, plain), 1, None, policy(timeout=20)) == [1, 1]
        assert fan_out((plain, waiting), 1) == [1, 1]
        assert list(Pipeline(("p",), plain).map([1, 2])) == [1, 2]
        stats()
        try: fan_out((slow,), 1, None, policy(timeout=0.001))
        except BranchTimeout: pass
    except dana_runtime.BranchCancelled: pass
    except BaseException as error: wrong.append((inside.place, repr(error), getattr(error,'__notes__',None)))
def strike(frame, event, arg):
    code = frame.f_code
    if not code.co_filename.startswith(ROOT): return None
    place = (os.path.basename(code.co_filename), frame.f_lineno)
    if event == "line" and place not in seen and not getattr(inside, "on", False):
        seen.add(place)
        inside.on, inside.place = True, place
        try: finalize()
        finally: inside.on = False
    return strike
def everything():
    fan_out((plain, plain), 1, None, policy(timeout=20))
    fan_out((plain, waiting), 1)
    for _ in range(20): fan_out((plain, plain), 1)
    list(Pipeline(("p",), plain).map(range(5)))
    with using(retries=1, backoff=0): list(Pipeline(("p",), plain).map(range(5)))
    try: fan_out((slow, plain), 1, None, policy(timeout=0.01))
    except BranchTimeout: pass
    asyncio.run(Pipeline(("p",), plain).aio(1))
    stats()
import warnings; warnings.simplefilter("ignore")
sys.settrace(strike)
everything()
sys.settrace(None); threading.settrace(None)
print(len(seen), wrong[:5])
"""


def test_at_every_line_of_the_runtime(run_python):
    ended = run_python(PROGRAM)
    assert ended.returncode == 0, ended.stderr
    lines, _, wrong = ended.stdout.partition(" ")
    assert int(lines) > 500
    assert wrong == "[]\n"

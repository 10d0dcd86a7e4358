"""Exceptions sent to threads that are traced: none may come while the tracer has its lock."""

from __future__ import annotations

import pytest

# As coverage does it: a lock around what the threads share, taken and given back by functions.
TRACER = """
import os, threading

_lock = threading.Lock()

def acquire():
    if not _lock.acquire(timeout=5):
        # Nobody would ever give it back.
        os._exit(3)

def release():
    _lock.release()

def trace(frame, event, argument):
    acquire()
    release()
"""

PROGRAM = """
import sys, threading
sys.path.insert(0, {folder!r})
import {module} as tracer
from dana_runtime import BranchTimeout, fan_out, using

def spin(value):
    while True:
        abs(threading.get_ident())
        called(value)

def called(value):
    return value

threading.{how}(tracer.trace)
ended = 0
with using(timeout=0.02):
    for _ in range(5):
        try:
            fan_out((spin, abs), 1)
        except BranchTimeout:
            ended += 1
threading.{how}(None)
tracer.acquire()
tracer.release()
print(ended)
"""


@pytest.mark.parametrize(
    ("how", "module"), [("settrace", "tracer"), ("setprofile", "tracer.within")]
)
def test_a_tracer_gives_its_lock_back(run_python, tmp_path, how, module):
    place = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
    place.parent.mkdir(exist_ok=True)
    (place.parent / "__init__.py").touch()
    place.write_text(TRACER)
    program = PROGRAM.format(folder=str(tmp_path), how=how, module=module)
    ended = run_python(program, measured=False)
    assert (ended.returncode, ended.stdout) == (0, "5\n"), ended.stderr

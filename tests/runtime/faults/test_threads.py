"""What faults keep of calls, where several threads come at once, or one comes again while it is in there.

A finalizer runs in whatever thread collects garbage, also in one that holds a lock; what runs in the middle
of something here stands for it.
"""

from __future__ import annotations

import contextlib
import gc
import threading

import pytest

from dana_runtime import Breaker, CircuitOpen
from dana_runtime.faults import breaker as breaker_module
from dana_runtime.faults import training
from dana_runtime.faults.breaker import BreakerPlace
from dana_runtime.faults.perception import Perceived

WAIT = 30.0

SETTINGS = """
import threading
from dana_runtime import configure
from dana_runtime.execution import settings

seen = []

class Fallback:
    def __del__(self):
        # That of before is gone already.
        seen.append(settings.current().fallback)
        configure(max_workers=5)

def change():
    configure(fallback=Fallback())
    assert type(settings.current().fallback) is Fallback
    configure(fallback=None)
    print(*seen, settings.current().max_workers)

thread = threading.Thread(target=change, daemon=True)
thread.start()
thread.join(5.0)
"""


def ends(action):
    """Run something in a thread, which a broken build leaves hanging; return whether it has ended."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(5.0)
    return not thread.is_alive()


class TestAgainInTheSameThread:
    def test_settings(self, run_python):
        # In a process of its own, which a broken build leaves hanging for a while.
        found = run_python(SETTINGS)
        assert (found.stdout, found.stderr) == ("None 5\n", "")

    def test_perceived_calls(self):
        seen = Perceived("f")

        class Seconds(float):
            def __gt__(self, other):
                seen.add(0.1, False)
                return True

        assert ends(lambda: seen.add(Seconds(0.2), False))
        assert seen.figures()["calls"] == 2

    def test_a_breaker(self):
        def clock():
            if not again:
                again.append(True)
                breaker.leave(breaker.enter(), None)
            return 0.0

        again = [True]
        breaker = Breaker(1, 10, clock=clock)
        again.clear()
        assert ends(lambda: breaker.leave(breaker.enter(), ValueError()))
        assert again == [True]

    def test_training(self, tmp_path, monkeypatch):
        training.forget()
        monkeypatch.setattr(training, "_is_registered", True)
        found = training.path_of

        def path_of(setting):
            if setting == "first":
                training.remember(Perceived("g"), str(tmp_path / "second"))
            return found(str(tmp_path / "x"))

        monkeypatch.setattr(training, "path_of", path_of)
        try:
            assert ends(lambda: training.remember(Perceived("f"), "first"))
        finally:
            training.forget()


class TestALostProbe:
    def test_is_followed_by_another(self):
        now = [0.0]
        breaker = Breaker(1, 10, clock=lambda: now[0])
        breaker.leave(breaker.enter(), ValueError())
        now[0] = 10.0
        probe = breaker.enter()
        with pytest.raises(CircuitOpen, match="under way"):
            breaker.enter()
        # Such as a thread that was struck before it could tell.
        del probe
        gc.collect()
        breaker.leave(breaker.enter(), None)
        assert breaker.state == "closed"


class TestAPlace:
    def test_two_threads_that_come_first_have_the_same_breakers(self, monkeypatch):
        barrier = threading.Barrier(2)

        class Slow(breaker_module.OwnBreakers):
            def __init__(self, *args):
                # Nobody else comes here where one is made for both.
                with contextlib.suppress(threading.BrokenBarrierError):
                    barrier.wait(0.2)
                super().__init__(*args)

        monkeypatch.setattr(breaker_module, "OwnBreakers", Slow)
        place, found = BreakerPlace(), []
        threads = [threading.Thread(target=lambda: found.append(place(5))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert len(found) == 2
        assert found[0] is found[1]

"""What a running program sees ⇄ its profile: what is kept, and what follows from what was kept.

    calls of functions, runs of blocks ─► now and then, and at the end ─► the profile
    the profile ─► the first choices of `auto`, default limits, delays between attempts

Only where the setting `profile` asks for it. Nothing here raises: what is wrong with a file is a warning, once.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import warnings
from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any

from dana_runtime.faults import profile
from dana_runtime.faults.perception import Perceived
from dana_runtime.faults.profile import Learned, LearnedBranch, Profile, ProfileError, path_of
from dana_runtime.tracebacks import program_frame

if TYPE_CHECKING:
    from dana_runtime.execution.block import Block
    from dana_runtime.execution.history import History
    from dana_runtime.execution.settings import Settings

# Seconds between two times that a running program writes.
SAVE_SECONDS = 10.0

# Calls or runs below which nothing follows.
ENOUGH = 20

# A function gets a time limit if one call in a hundred takes at least so long: the limit costs a thread.
LIMITED_SECONDS = 0.001

# What has taken longer than so many times its usual longest will not end; and no limit is shorter than that.
LIMIT_FACTOR = 10.0
SHORTEST_LIMIT = 1.0

# Who takes long to answer takes long to recover: a first delay is one median call, within these bounds.
SHORTEST_DELAY = 0.01
LONGEST_DELAY = 5.0

_clock = monotonic


class _Training:
    """The files of this process, and what belongs into each."""

    def __init__(self) -> None:
        self.functions: dict[str, dict[str, Perceived]] = {}
        # The histories of blocks, with the names of their branches and how many runs are written.
        self.blocks: dict[str, list[tuple[History, list[str], list[int]]]] = {}
        self.paths: dict[bool | str, str] = {}
        self.learned: dict[str, _Learned] = {}
        # Files that something is wrong with, about which there has been a warning.
        self.broken: set[str] = set()
        self.saved_at = _clock()
        # A finalizer may call in a thread that holds it.
        self.lock = RLock()

    def path(self, setting: bool | str) -> str:
        """Return the file that a setting means; to be called with the lock."""
        path = self.paths.get(setting)
        if path is None:
            # Once: a program may change its working directory.
            path = self.paths[setting] = path_of(setting)
        return path


class _Learned:
    """What a profile said when it was first asked."""

    __slots__ = ("branches", "functions")

    def __init__(self, found: Profile) -> None:
        self.functions: dict[str, Learned] = {one.name: one for one in found.functions}
        self.branches: dict[str, LearnedBranch] = {one.name: one for one in found.branches}


_training = _Training()
_is_registered = False


# --- What is kept ---------------------------------------------------------------------------------


def remember(seen: Perceived, setting: bool | str) -> None:
    """Have what is seen of a function written to a profile, now and then and at the end."""
    training = _training
    with training.lock:
        training.functions.setdefault(training.path(setting), {})[seen.name] = seen
    _see_to_the_end()
    save_now_and_then()


def keep(history: History, block: Block, setting: bool | str) -> None:
    """The same for the branches of a block, which begins with what the profile says of them."""
    training = _training
    with training.lock:
        if history.is_kept:
            # Another thread was first.
            return
        history.is_kept = True
    names = [f"{block.filename} {block.pipeline}: {text}" for text, _, _ in block.branches]
    known = _learned(setting).branches
    # What it has seen itself, before the profile was switched on, is newer.
    is_new = not history.runs
    for index, name in enumerate(names):
        one = known.get(name)
        if one is not None and one.runs:
            if is_new:
                history.seed(index, len(names), one.seconds, one.cpu_seconds, one.refusal)
            history.longest[index] = one.longest
    if history.is_trained:
        history.look()
    with training.lock:
        blocks = training.blocks.setdefault(training.path(setting), [])
        blocks.append((history, names, [history.runs]))
    _see_to_the_end()


def save_now_and_then() -> None:
    """Write what has been seen if the last time was long ago."""
    training = _training
    if _clock() - training.saved_at > SAVE_SECONDS:
        training.saved_at = _clock()
        save()


def save() -> None:
    """Write what has been seen and is not written yet."""
    training = _training
    with training.lock:
        work = [
            (path, list(training.functions.get(path, {}).values()), _branches(path, training))
            for path in {**training.functions, **training.blocks}
            if path not in training.broken
        ]
    for path, functions, branches in work:
        try:
            profile.write(path, functions, branches)
        except Exception as error:
            _complain(path, error)


def _branches(path: str, training: _Training) -> list[LearnedBranch]:
    found = []
    for history, names, written in training.blocks.get(path, ()):
        runs, written[0] = history.runs - written[0], history.runs
        if runs <= 0:
            continue
        for index, (name, seen) in enumerate(zip(names, history.figures(), strict=False)):
            longest = history.longest.get(index, seen.wall)
            way = history.choices[index].way if index < len(history.choices) else ""
            found.append(LearnedBranch(name, runs, seen.wall, seen.cpu, longest, way, seen.refusal))
    return found


def _see_to_the_end() -> None:
    global _is_registered
    if not _is_registered:
        _is_registered = True
        with contextlib.suppress(RuntimeError):
            # RuntimeError: the program is ending already.
            atexit.register(save)


def _complain(path: str, error: Exception) -> None:
    training = _training
    with training.lock:
        if path in training.broken:
            return
        training.broken.add(path)
    text = str(error) if isinstance(error, ProfileError) else f"{path}: {error!r}"
    with contextlib.suppress(Warning):
        # Where warnings are errors: even then a run is not lost for it.
        text = f"{text}; what was learned is not kept"
        warnings.warn(text, RuntimeWarning, stacklevel=program_frame()[1])


# --- What follows ---------------------------------------------------------------------------------


def _learned(setting: bool | str) -> _Learned:
    training = _training
    with training.lock:
        path = training.path(setting)
        known = training.learned.get(path)
    if known is None:
        found = Profile([], [])
        if os.path.exists(path):
            try:
                # An empty one is nobody's yet.
                found = profile.read(path) if os.path.getsize(path) else found
            except Exception as error:
                _complain(path, error)
        known = training.learned[path] = _Learned(found)
    return known


def advice(name: str, setting: bool | str) -> dict[str, Any]:
    """Return settings for a function, for where nobody has said anything: `timeout` and `backoff`."""
    one = _learned(setting).functions.get(name)
    if one is None or one.calls < ENOUGH:
        return {}
    found = {}
    usual, longest = one.quantiles.get("p50"), one.quantiles.get("p99")
    if longest is not None and longest >= LIMITED_SECONDS:
        found["timeout"] = max(SHORTEST_LIMIT, LIMIT_FACTOR * longest)
    if usual is not None:
        found["backoff"] = min(max(usual, SHORTEST_DELAY), LONGEST_DELAY)
    return found


def limited(settings: Settings, history: History) -> Settings:
    """Return the settings of a block with the limit that its branches have where nobody has set one.

    It takes the place of the built-in one, which is as long for all branches of all programs.
    """
    longest = history.longest
    if "timeout" in settings.explicit or history.runs < ENOUGH or not longest:
        return settings
    return settings.with_usual_timeout(max(SHORTEST_LIMIT, LIMIT_FACTOR * max(longest.values())))


def forget() -> None:
    """Begin anew, with no file and nothing seen."""
    global _training
    _training = _Training()


def _after_fork() -> None:
    """Begin anew with a lock of its own: what was seen before belongs to the other process."""
    blocks = _training.blocks
    forget()
    for path, kept in blocks.items():
        again = [(history, names, [history.runs]) for history, names, _ in kept]
        _training.blocks[path] = again


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

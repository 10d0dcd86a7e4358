"""What was seen of functions → an SQLite file that keeps it, for all processes and runs together.

The file is beside the project, `.danac/profile.sqlite3` in the folder of the nearest pyproject.toml at or
above the working directory, or in the working directory itself; or where the setting `profile` says.

It holds names and numbers only, which are checked when they are read; nothing in it is executed. Each
process adds what it has seen since it last did, in one transaction, so several may write at once.
Whatever is wrong with the file costs a warning and what would have been learned, never a run.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import warnings
from collections.abc import Iterator
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from dana_runtime.execution.setting_sources import FILE_NAME
from dana_runtime.faults.perception import QUANTILES, Perceived
from dana_runtime.faults.sketch import Sketch

if TYPE_CHECKING:
    import sqlite3

FOLDER = ".danac"
NAME = "profile.sqlite3"

# The form of the tables; another number in a file is another version's.
VERSION = 1

# Seconds between two times that a running program writes; and for which it waits for other writers.
SAVE_SECONDS = 10.0
BUSY_SECONDS = 2.0

_TABLES = """
CREATE TABLE IF NOT EXISTS functions (
    name TEXT PRIMARY KEY, calls INTEGER NOT NULL, failures INTEGER NOT NULL, attempts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latencies (
    name TEXT, bucket INTEGER, count INTEGER NOT NULL, PRIMARY KEY (name, bucket)
) WITHOUT ROWID;
"""
_ADD_CALLS = """
INSERT INTO functions VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET calls = calls + excluded.calls,
failures = failures + excluded.failures, attempts = attempts + excluded.attempts
"""
_ADD_LATENCY = """
INSERT INTO latencies VALUES (?, ?, ?) ON CONFLICT (name, bucket) DO UPDATE SET count = count + excluded.count
"""


class ProfileError(Exception):
    """A profile cannot be read or written; the text says which and why."""


class Learned(NamedTuple):
    """What a profile says of one function; the quantiles in seconds, None where there are none."""

    name: str
    calls: int
    failures: int
    attempts: int
    quantiles: dict[str, float | None]


def usual_path(folder: str | None = None) -> str:
    """Return where the profile of the project is that `folder`, by default the working directory, is in."""
    here = os.path.abspath(folder or os.curdir)
    above = here
    while not os.path.isfile(os.path.join(above, FILE_NAME)):
        parent = os.path.dirname(above)
        if parent == above:
            above = here
            break
        above = parent
    return os.path.join(above, FOLDER, NAME)


def path_of(setting: bool | str) -> str:
    """Return the file that the setting `profile` means."""
    return usual_path() if setting is True else os.path.abspath(str(setting))


# --- The file -------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: str, writes: bool) -> Iterator[sqlite3.Connection]:
    """Give a connection whose transaction is committed at the end; raise ProfileError for all failures."""
    try:
        import sqlite3
    except ImportError as error:
        raise ProfileError(f"{path}: this Python has no sqlite3") from error
    try:
        if writes:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        else:
            if not os.path.isfile(path):
                raise ProfileError(f"{path} does not exist")
            from urllib.parse import quote

            uri = f"file:{quote(path)}?mode=ro"
            connection = sqlite3.connect(uri, timeout=BUSY_SECONDS, isolation_level=None, uri=True)
    except (OSError, sqlite3.Error) as error:
        raise ProfileError(f"{path} cannot be opened: {error}") from error
    try:
        connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        _check_version(connection, path, writes)
        yield connection
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        doing = "written" if writes else "read"
        raise ProfileError(f"{path} cannot be {doing}: {error}") from error
    finally:
        # Whatever is not committed is undone.
        connection.close()


def _check_version(connection: sqlite3.Connection, path: str, writes: bool) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version or tables:
        by = "a newer version of danac" if version > VERSION else "another program"
        raise ProfileError(f"{path} was written by {by} (form {version}, this one is {VERSION})")
    if not writes:
        raise ProfileError(f"{path} is empty")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def write(path: str, functions: list[Perceived]) -> None:
    """Add what has been seen of `functions` and is not in the profile yet; raises ProfileError."""
    with _opened(path, writes=True) as connection:
        for seen in functions:
            calls, failures, attempts, buckets = seen.take_unsaved()
            if calls:
                connection.execute(_ADD_CALLS, (seen.name, calls, failures, attempts))
                rows = [(seen.name, bucket, count) for bucket, count in buckets.items()]
                connection.executemany(_ADD_LATENCY, rows)


def read(path: str) -> list[Learned]:
    """Return what the profile says, by name; raises ProfileError. Rows that make no sense are left out."""
    with _opened(path, writes=False) as connection:
        rows = connection.execute(
            "SELECT name, calls, failures, attempts FROM functions"
        ).fetchall()
        sketches: dict[str, Sketch] = {}
        for name, bucket, count in connection.execute("SELECT name, bucket, count FROM latencies"):
            if isinstance(name, str) and type(bucket) is int and type(count) is int:
                sketches.setdefault(name, Sketch()).merge([(bucket, count)])
    learned = []
    for name, calls, failures, attempts in rows:
        numbers = (calls, failures, attempts)
        if isinstance(name, str) and all(type(n) is int and n >= 0 for n in numbers):
            sketch = sketches.get(name, Sketch())
            quantiles = {key: sketch.quantile(share) for key, share in QUANTILES.items()}
            learned.append(Learned(name, calls, failures, attempts, quantiles))
    return sorted(learned)


def reset(path: str) -> bool:
    """Forget all; False: there was no file. Raises ProfileError if it cannot be deleted."""
    found = False
    for end in ("", "-journal", "-wal", "-shm"):
        try:
            os.remove(path + end)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ProfileError(f"{path} cannot be deleted: {error.strerror or error}") from error
        found = True
    return found


# --- What a running program does ------------------------------------------------------------------


class _Profiles:
    """The files that this process writes, and the functions whose figures belong into each."""

    def __init__(self) -> None:
        self.functions: dict[str, dict[str, Perceived]] = {}
        self.paths: dict[bool | str, str] = {}
        # Files that something is wrong with, about which there has been a warning.
        self.broken: set[str] = set()
        self.saved_at = monotonic()
        self.lock = Lock()


_profiles = _Profiles()
_is_registered = False


def remember(seen: Perceived, setting: bool | str) -> None:
    """Have what is seen of a function written to a profile, now and then and at the end; never raises."""
    global _is_registered
    profiles = _profiles
    with profiles.lock:
        path = profiles.paths.get(setting)
        if path is None:
            # Once: a program may change its working directory.
            path = profiles.paths[setting] = path_of(setting)
        profiles.functions.setdefault(path, {})[seen.name] = seen
        if not _is_registered:
            _is_registered = True
            with contextlib.suppress(RuntimeError):
                # RuntimeError: the program is ending already.
                atexit.register(save)
        is_due = monotonic() - profiles.saved_at > SAVE_SECONDS
        if is_due:
            profiles.saved_at = monotonic()
    if is_due:
        save()


def save() -> None:
    """Write what has been seen and is not written yet; what goes wrong is a warning, once a file."""
    profiles = _profiles
    with profiles.lock:
        work = [
            (path, list(functions.values()))
            for path, functions in profiles.functions.items()
            if path not in profiles.broken
        ]
    for path, functions in work:
        try:
            write(path, functions)
        except Exception as error:
            profiles.broken.add(path)
            text = str(error) if isinstance(error, ProfileError) else f"{path}: {error!r}"
            with contextlib.suppress(Warning):
                # Where warnings are errors: even then a run is not lost for it.
                warnings.warn(f"{text}; what was learned is not kept", RuntimeWarning, stacklevel=2)


def forget() -> None:
    """Begin anew, with no file and no function."""
    global _profiles
    _profiles = _Profiles()


if hasattr(os, "register_at_fork"):
    # The child has seen nothing yet, and has a lock of its own.
    os.register_at_fork(after_in_child=forget)

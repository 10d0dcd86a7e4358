"""What was seen of functions → an SQLite file that keeps it, for all processes and runs together.

The file is beside the project, `.danac/profile.sqlite3` in the folder of the nearest pyproject.toml at or
above the working directory, or in the working directory itself; or where the setting `profile` says.

It holds names and numbers only, which are checked when they are read; nothing in it is executed. Each
process adds what it has seen since it last did, in one transaction, so several may write at once.
Whatever is wrong with the file costs a warning and what would have been learned, never a run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from dana_runtime.execution.setting_sources import FILE_NAME
from dana_runtime.faults.perception import QUANTILES, Perceived
from dana_runtime.faults.sketch import Sketch

if TYPE_CHECKING:
    import sqlite3

FOLDER = ".danac"
NAME = "profile.sqlite3"

# The form of the tables; another number in a file is another version's.
VERSION = 2

# Seconds for which a program waits for other writers.
BUSY_SECONDS = 2.0

_TABLES = """
CREATE TABLE IF NOT EXISTS functions (
    name TEXT PRIMARY KEY, calls INTEGER NOT NULL, failures INTEGER NOT NULL, attempts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS latencies (
    name TEXT, bucket INTEGER, count INTEGER NOT NULL, PRIMARY KEY (name, bucket)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS branches (
    name TEXT PRIMARY KEY, runs INTEGER NOT NULL, seconds REAL NOT NULL, cpu_seconds REAL,
    longest REAL NOT NULL, choice TEXT NOT NULL, refusal TEXT NOT NULL
) WITHOUT ROWID;
"""
_ADD_CALLS = """
INSERT INTO functions VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET calls = calls + excluded.calls,
failures = failures + excluded.failures, attempts = attempts + excluded.attempts
"""
_ADD_LATENCY = """
INSERT INTO latencies VALUES (?, ?, ?) ON CONFLICT (name, bucket) DO UPDATE SET count = count + excluded.count
"""
# The latest figures count. The longest run is forgotten by and by.
_SET_BRANCH = """
INSERT INTO branches VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET runs = runs + excluded.runs,
seconds = excluded.seconds, cpu_seconds = excluded.cpu_seconds, choice = excluded.choice,
longest = MAX(excluded.longest, 0.9 * longest), refusal = excluded.refusal
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


class LearnedBranch(NamedTuple):
    """What a profile says of a branch of a block; times in seconds, `cpu_seconds` None where it is not known."""

    name: str
    runs: int
    seconds: float
    cpu_seconds: float | None
    longest: float
    choice: str
    # Why it cannot run in a process, "" if nothing is known against it.
    refusal: str


class Profile(NamedTuple):
    """All that a profile says, by name."""

    functions: list[Learned]
    branches: list[LearnedBranch]


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
    if version > VERSION or (tables and version < 1):
        by = "a newer version of danac" if version > VERSION else "another program"
        raise ProfileError(f"{path} was written by {by} (form {version}, this one is {VERSION})")
    if not writes:
        if version:
            # An older form, without the tables that have come since.
            return
        raise ProfileError(f"{path} is empty")
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def write(path: str, functions: list[Perceived], branches: Iterable[LearnedBranch] = ()) -> None:
    """Add what has been seen and is not in the profile yet; raises ProfileError.

    `runs` of `branches` are those since the last time.
    """
    with _opened(path, writes=True) as connection:
        for seen in functions:
            calls, failures, attempts, buckets = seen.take_unsaved()
            if calls:
                connection.execute(_ADD_CALLS, (seen.name, calls, failures, attempts))
                rows = [(seen.name, bucket, count) for bucket, count in buckets.items()]
                connection.executemany(_ADD_LATENCY, rows)
        connection.executemany(_SET_BRANCH, branches)


def read(path: str) -> Profile:
    """Return what the profile says; raises ProfileError. Rows that make no sense are left out."""
    with _opened(path, writes=False) as connection:
        branches = _branches(connection)
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
    return Profile(sorted(learned), sorted(branches, key=lambda branch: branch.name))


def _branches(connection: sqlite3.Connection) -> list[LearnedBranch]:
    tables = "SELECT count(*) FROM sqlite_master WHERE name = 'branches'"
    if not connection.execute(tables).fetchone()[0]:
        return []
    rows = connection.execute(
        "SELECT name, runs, seconds, cpu_seconds, longest, choice, refusal FROM branches"
    )
    return [LearnedBranch(*row) for row in rows if _makes_sense(*row)]


def _makes_sense(
    name: object,
    runs: object,
    seconds: object,
    cpu_seconds: object,
    longest: object,
    choice: object,
    refusal: object,
) -> bool:
    texts = (name, choice, refusal)
    times = (seconds, longest, 0.0 if cpu_seconds is None else cpu_seconds)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(time, float) and 0 <= time < 1e9 for time in times)
        and type(runs) is int
        and runs >= 0
    )


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

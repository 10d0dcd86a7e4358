"""Large buffers → one file in memory that other processes map; it has no name, so nothing is left.

    parent: SharedFile ─► fill(buffers) ─► spans ─┐          (address, spans) travel to the worker
    worker: mapped(address, spans) ─► views ◄─────┘

On Linux the file never has a name: the worker opens it through `/proc/<pid of the parent>/fd`, and
it is gone with the last process that has it open or mapped, however that process ends. Elsewhere
it has a name in a folder for temporary files, which `close` removes, or the interpreter's exit.
"""

from __future__ import annotations

import atexit
import mmap
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from typing import TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview
# What is written one right after the other, and found as one buffer.
Chunks: TypeAlias = Sequence[Buffer]
Span: TypeAlias = tuple[int, int]

# Where a file is memory, if there is such a place.
MEMORY_FOLDER = "/dev/shm"

# What numpy's own memory is aligned to, so that mapped arrays are as fast as others.
ALIGNMENT = 64

# The names of files that have one and are not removed yet.
_named: set[str] = set()


class SharedFile:
    """A file, open in the process that made it, for others to map or to fill.

    Raises OSError where no file can be made.
    """

    __slots__ = ("_file", "_owner", "address")

    def __init__(self, folder: str | None = None) -> None:
        """Make an empty file in `folder`, by default where files are memory."""
        if folder is None:
            folder = MEMORY_FOLDER if os.path.isdir(MEMORY_FOLDER) else tempfile.gettempdir()
        self._owner = os.getpid()
        # The address is what others open it by.
        descriptor, self.address = _opened(folder)
        self._file = FileIO(descriptor, "r+")

    def fill(self, buffers: Sequence[Chunks]) -> list[Span]:
        """Write `buffers`; return where each begins, and its length in bytes.

        Raises OSError (ENOSPC for instance), and then the file is empty.
        """
        return _fill(self._file, buffers)

    def take(self, spans: Sequence[Span]) -> list[memoryview]:
        """Return what another process has put at `spans`; the file is empty afterwards.

        These are copies, which can be written to and keep no file open.
        """
        views = []
        for begin, length in spans:
            view = memoryview(bytearray(length))
            self._file.seek(begin)
            done = 0
            while done < length:
                count = self._file.readinto(view[done:])
                if not count:
                    raise EOFError(f"a shared file has ended {length - done} bytes too early")
                done += count
            views.append(view)
        self._file.truncate(0)
        return views

    def close(self) -> None:
        """Let the file go; those who have mapped it keep what they have mapped."""
        self._file.close()
        # A child that was forked has it, too, but it is not the child's to remove.
        if self._owner == os.getpid():
            _remove(self.address)

    def __del__(self) -> None:
        # Only where the one who made it was interrupted.
        with suppress(Exception):
            self.close()


def shared_file(buffers: Sequence[Chunks]) -> tuple[SharedFile, list[Span]]:
    """Return a file that is filled with `buffers`, and where they are.

    Raises OSError if neither memory nor the folder for temporary files has room for them.
    """
    if os.path.isdir(MEMORY_FOLDER):
        with suppress(OSError):
            return _filled(MEMORY_FOLDER, buffers)
    return _filled(tempfile.gettempdir(), buffers)


def _filled(folder: str, buffers: Sequence[Chunks]) -> tuple[SharedFile, list[Span]]:
    file = SharedFile(folder)
    try:
        return file, file.fill(buffers)
    except BaseException:
        file.close()
        raise


def mapped(address: str, spans: Sequence[Span]) -> list[memoryview]:
    """Return read-only views of `spans` of the file at `address`, which another process made."""
    with FileIO(address) as file:
        end = max(begin + length for begin, length in spans)
        content = mmap.mmap(file.fileno(), end, access=mmap.ACCESS_READ) if end else b""
    view = memoryview(content)
    return [view[begin : begin + length] for begin, length in spans]


def fill_at(address: str, buffers: Sequence[Chunks]) -> list[Span]:
    """Write `buffers` to the file at `address`, which another process made, as `fill` does."""
    with FileIO(address, "r+") as file:
        return _fill(file, buffers)


def _fill(file: FileIO, buffers: Sequence[Chunks]) -> list[Span]:
    end = 0
    spans = []
    try:
        for chunks in buffers:
            begin = end = -(-end // ALIGNMENT) * ALIGNMENT
            file.seek(begin)
            for chunk in chunks:
                end += _write(file, memoryview(chunk).cast("B"))
            spans.append((begin, end - begin))
    except BaseException:
        with suppress(OSError):
            file.truncate(0)
        raise
    return spans


def _write(file: FileIO, view: memoryview) -> int:
    size = len(view)
    while view:
        # Systems write some 2 GB at most at a time.
        view = view[file.write(view) :]
    return size


def _opened(folder: str) -> tuple[int, str]:
    """Return the descriptor of a new file, and the name by which other processes can open it."""
    if hasattr(os, "O_TMPFILE") and _descriptors_are_open_to_others():
        # Not every file system has files without a name.
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
            return descriptor, f"/proc/{os.getpid()}/fd/{descriptor}"
    descriptor, name = tempfile.mkstemp(prefix=f"dana-{os.getpid()}-", dir=folder)
    _named.add(name)
    return descriptor, name


def _descriptors_are_open_to_others() -> bool:
    """Tell whether other processes of this user may open what this one has open, by /proc."""
    try:
        # They belong to root where the process is protected against being looked into.
        return os.stat("/proc/self/fd").st_uid == os.geteuid()
    except OSError:
        return False


def _remove(address: str) -> None:
    if address in _named:
        try:
            os.unlink(address)
        except FileNotFoundError:
            pass
        except OSError:
            # Windows does not remove what is mapped; the exit tries once more.
            return
        _named.discard(address)


@atexit.register
def _remove_all() -> None:
    for name in list(_named):
        with suppress(OSError):
            os.unlink(name)


if hasattr(os, "register_at_fork"):
    # A child's exit must not remove what its parent still uses.
    os.register_at_fork(after_in_child=_named.clear)

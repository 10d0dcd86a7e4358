"""Code object of a source file → cached bytecode in `__pycache__`, and back.

The layout follows Python's .pyc files (PEP 3147, PEP 552), with what a compiler that is itself
being edited needs besides. All numbers are little-endian:

    offset  size  content
         0     4  b"dana"
         4     4  how the source is checked: 0 by time and size, 3 by checksum and size
         8     8  the source's modification time in ns, or its CRC-32
        16     8  the source's size in bytes
        24     4  stamp of the toolchain and of the compile options
        28     4  CRC-32 of what follows
        32        the marshalled code object

Whatever does not fit is a miss, never an error. The module stands on the path of every `danac run`,
so it imports only what the interpreter has loaded anyway, or nearly so.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
from binascii import crc32
from types import CodeType

from danac.version import __version__

_MAGIC = b"dana"
_BY_TIME = 0
_BY_CHECKSUM = 3
_KEY_SIZE = 28
_HEADER_SIZE = 32

# A file may change again within one tick of its file system's clock and keep its time. Two seconds
# is the coarsest tick in use (FAT). A source as young as that is checked by its content.
_CLOCK_TICK_NS = 2_000_000_000

_TOOLCHAIN_SUFFIXES = (".py", ".lark", ".json")
_PACKAGE_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_stamps: dict[str, int] = {}


def cache_path(source_path: str) -> str | None:
    """Return where the bytecode of `source_path` is kept, or `None` if this Python keeps none.

    The name holds the whole file name, so `foo.dana`, `foo.na` and `foo.py` never share one.
    """
    tag = sys.implementation.cache_tag
    if tag is None:
        return None
    folder, name = os.path.split(os.path.abspath(source_path))
    level = f".opt-{sys.flags.optimize}" if sys.flags.optimize else ""
    file_name = f"{name}.danac-{__version__}.{tag}{level}.pyc"
    if sys.pycache_prefix is None:
        return os.path.join(folder, "__pycache__", file_name)
    inside = os.path.splitdrive(folder)[1].lstrip(os.sep)
    return os.path.join(sys.pycache_prefix, inside, file_name)


def read(source_path: str, status: os.stat_result, options: str = "") -> CodeType | None:
    """Return the cached code of `source_path` if it is fresh, else `None`.

    `status` is the source's, taken before; `options` names the compile options in force.
    """
    path = cache_path(source_path)
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            data = file.read()
        kind = int.from_bytes(data[4:8], "little")
        if kind == _BY_TIME:
            state = _time_state(status)
        elif kind == _BY_CHECKSUM:
            with open(source_path, "rb") as file:
                state = _checksum_state(file.read())
        else:
            return None
    except OSError:
        return None
    if data[:_KEY_SIZE] != _key(kind, state, status.st_size, options):
        return None
    code = _unmarshal(data)
    # A source that has moved with its cache is compiled anew: its path is part of the code.
    return code if code is not None and code.co_filename == source_path else None


def write(
    source_path: str, status: os.stat_result, source: bytes, code: CodeType, options: str = ""
) -> None:
    """Keep `code`, compiled from `source`, for the next run; a failure to write is silent.

    `status` must have been taken before `source` was read, so that a change in between is seen.
    """
    path = cache_path(source_path)
    if path is None or sys.dont_write_bytecode:
        return
    age = time.time_ns() - status.st_mtime_ns
    if "SOURCE_DATE_EPOCH" in os.environ or 0 <= age < _CLOCK_TICK_NS:
        key = _key(_BY_CHECKSUM, _checksum_state(source), len(source), options)
    else:
        key = _key(_BY_TIME, _time_state(status), status.st_size, options)
    payload = marshal.dumps(code)
    # The cache must not be readable to more people than the source.
    mode = (status.st_mode & 0o666) | 0o200
    _write_atomically(path, key + crc32(payload).to_bytes(4, "little") + payload, mode)


def _write_atomically(path: str, data: bytes, mode: int) -> None:
    # Another process or thread may write the same file: each has its own temporary one.
    temporary = f"{path}.{os.getpid()}.{id(data)}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    except OSError:
        return
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException as error:
        _remove(temporary)
        if not isinstance(error, OSError):
            raise


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _unmarshal(data: bytes) -> CodeType | None:
    payload = memoryview(data)[_HEADER_SIZE:]
    # The checksum comes first: marshal may build, from damaged bytes, code that crashes Python.
    if data[_KEY_SIZE:_HEADER_SIZE] != crc32(payload).to_bytes(4, "little"):
        return None
    try:
        code = marshal.loads(payload)
    except (ValueError, EOFError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _key(kind: int, state: bytes, size: int, options: str) -> bytes:
    stamp = crc32(options.encode(), _toolchain_stamp())
    return b"".join(
        (
            _MAGIC,
            kind.to_bytes(4, "little"),
            state,
            size.to_bytes(8, "little"),
            stamp.to_bytes(4, "little"),
        )
    )


def _time_state(status: os.stat_result) -> bytes:
    return status.st_mtime_ns.to_bytes(8, "little", signed=True)


def _checksum_state(source: bytes) -> bytes:
    return crc32(source).to_bytes(8, "little")


def _toolchain_stamp() -> int:
    """Return the stamp of this process's compiler, which is taken once."""
    # Not functools.cache: to import that takes longer than all else in this module.
    if _PACKAGE_FOLDER not in _stamps:
        _stamps[_PACKAGE_FOLDER] = _stamp_of(_PACKAGE_FOLDER)
    return _stamps[_PACKAGE_FOLDER]


def _stamp_of(package_folder: str) -> int:
    """Return a checksum over the interpreter and a compiler: which one, and where.

    An edited compiler in a development checkout must not run what the old one made, so its files
    count by name, size and time. To look at all of them takes longer than the rest of a cached
    start: of an installed one counts when it was installed.
    """
    entries = [f"{sys.implementation.hexversion} {__version__} {package_folder}"]
    beside = os.path.join(os.path.dirname(package_folder), f"danac-{__version__}.dist-info")
    try:
        # Written anew by each installation, that of the same version included.
        entries.append(f"{os.stat(beside).st_mtime_ns}")
    except OSError:
        entries += _files_of(package_folder)
    return crc32("\n".join(entries).encode("utf-8", "surrogateescape"))


def _files_of(package_folder: str) -> list[str]:
    entries = []
    folders = [package_folder]
    try:
        while folders:
            with os.scandir(folders.pop()) as listing:
                for entry in listing:
                    if entry.name.endswith(_TOOLCHAIN_SUFFIXES):
                        status = entry.stat()
                        entries.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}")
                    elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                        folders.append(entry.path)
    except OSError:
        # Not in a folder (a zip file, for one): then its files are not being edited either.
        pass
    return sorted(entries)

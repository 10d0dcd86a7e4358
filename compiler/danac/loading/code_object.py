"""Path of a source file → code object, from the bytecode cache where that is fresh."""

from __future__ import annotations

import os
import stat
from types import CodeType

from danac.loading import bytecode_cache
from danac.options import DEFAULT, Options

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from danac.compilation import Report
    from danac.diagnostics import DanaSyntaxError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def load_code(
    path: str | os.PathLike[str], options: Options = DEFAULT, report: Report | None = None
) -> CodeType:
    """Return the code object of the Dana file at `path`, whose full path becomes its file name.

    With a fresh cache neither lark nor any stage of the compiler is imported, and `report` is told
    nothing: what can hardly be meant is said once, when a program is compiled. Raises `OSError` for
    a file that cannot be read and `DanaSyntaxError` for a wrong program.
    """
    full_path = os.path.abspath(path)
    # The status comes first: a change after it makes the cache stale rather than wrong.
    status = os.stat(full_path)
    # Pipes and devices can be read once, and have no folder to keep a cache in.
    cacheable = stat.S_ISREG(status.st_mode)
    code = bytecode_cache.read(full_path, status, options.key) if cacheable else None
    if code is not None:
        return code
    with open(full_path, "rb") as file:
        data = file.read()
    code = compile_bytes(data, full_path, options, report)
    if cacheable:
        bytecode_cache.write(full_path, status, data, code, options.key)
    return code


def compile_bytes(
    data: bytes, filename: str, options: Options = DEFAULT, report: Report | None = None
) -> CodeType:
    """Return the code object of a program as it stands in a file; raises `DanaSyntaxError`.

    `report` is told what the program can hardly mean.
    """
    # The stages are imported here, and only here, so that cached programs start without them.
    from danac.compilation import compile_source

    return compile_source(decode_source(data, filename), filename, options, report)


def read_source(path: str | os.PathLike[str]) -> str:
    """Return the program text in the file at `path`; raises `OSError` and `DanaSyntaxError`."""
    with open(path, "rb") as file:
        return decode_source(file.read(), os.fspath(path))


def decode_source(data: bytes, filename: str) -> str:
    """Return program text from its bytes: UTF-8, with or without a byte order mark.

    Raises `DanaSyntaxError`, positioned, for bytes that are not UTF-8 and for a NUL.
    """
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"the text is not UTF-8: byte 0x{data[error.start]:02x}, {error.reason}"
        before = data[: error.start].decode("utf-8")
        raise _error_after(before, message, data.decode("utf-8", "replace"), filename) from None
    before, nul, _ = text.partition("\0")
    if nul:
        raise _error_after(before, "the text holds a NUL character", text, filename)
    return text


def _error_after(before: str, message: str, text: str, filename: str) -> DanaSyntaxError:
    from danac.diagnostics import DanaSyntaxError
    from danac.source import Source, Span

    lines = Source(before).lines
    line, column = len(lines), len(lines[-1]) + 1
    return DanaSyntaxError(message, Source(text, filename), Span(line, column, line, column + 1))

"""Path of a program or module → the compile options that its project asks for.

The project's file is the nearest pyproject.toml at or above the program's folder. Its table
`[tool.danac]` may hold

    coerce = true            # as --coerce
    ignore = ["DANA212"]     # diagnostics that `danac check` leaves out, as --ignore

besides the settings of blocks, which the runtime reads when the program runs. The table is known by
the text `tool.danac`: a file without it is never parsed, since to import `tomllib` takes longer
than to start a cached program.
"""

from __future__ import annotations

import os

from danac.loading.errors import UsageError, unreadable
from danac.options import DEFAULT, Options

FILE_NAME = "pyproject.toml"
KEYS = ("coerce", "ignore")
"""The keys of `[tool.danac]` that are compile options: one is true or false, one lists codes."""

_TABLE = b"tool.danac"

# What was parsed last from each file. The bytes are compared, so an edit is never missed.
_parsed: dict[str, tuple[bytes, Options]] = {}


def options_for(program: str | os.PathLike[str], given: Options = DEFAULT) -> Options:
    """Return the compile options of the program at that path, of which `given` are asked anyway.

    Raises `UsageError` for a project file that cannot be read or whose `[tool.danac]` is wrong.
    """
    found = _nearest_file(os.path.dirname(os.path.abspath(program)))
    return given if found is None else given | _options(*found)


def _nearest_file(folder: str) -> tuple[str, bytes] | None:
    while True:
        path = os.path.join(folder, FILE_NAME)
        try:
            with open(path, "rb") as file:
                return path, file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            parent = os.path.dirname(folder)
        except OSError as error:
            raise unreadable(path, error) from error
        if parent == folder:
            return None
        folder = parent


def _options(path: str, content: bytes) -> Options:
    if _TABLE not in content:
        return DEFAULT
    known = _parsed.get(path)
    if known is None or known[0] != content:
        known = _parsed[path] = (content, _parse(path, content))
    return known[1]


def _parse(path: str, content: bytes) -> Options:
    import tomllib

    try:
        settings = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise UsageError(f"{path} is not valid TOML: {error}", path) from None
    tool = settings.get("tool", {})
    table = tool.get("danac", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: tool.danac must be a table, {_keys()}", path)
    options = {}
    ignored: tuple[str, ...] = ()
    for key, value in table.items():
        if key not in KEYS:
            if key not in _settings():
                message = f"{path}: unknown key {key!r} in [tool.danac]{_suggestion(key)}"
                raise UsageError(message, path)
            continue
        if key == "ignore":
            if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
                raise UsageError(f"{path}: ignore in [tool.danac] must be a list of codes")
            ignored = tuple(code.upper() for code in value)
            continue
        if not isinstance(value, bool):
            message = f"{path}: {key} in [tool.danac] must be true or false, not {value!r}"
            raise UsageError(message, path)
        options[key] = value
    return Options(**options, ignore=ignored)


def _settings() -> list[str]:
    # Imported late: most tables hold none.
    from dana_runtime.execution.setting_checks import ALIASES, CHECKS

    return [*CHECKS, *ALIASES]


def _suggestion(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), [*KEYS, *_settings()], n=1)
    return f". Did you mean {near[0]!r}?" if near else f"; {_keys()}"


def _keys() -> str:
    return f"its {'key is' if len(KEYS) == 1 else 'keys are'} {', '.join(KEYS)}"

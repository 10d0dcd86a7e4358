"""Environment and pyproject.toml → the settings that they hold, checked.

    DANA_TIMEOUT=5                      the environment: DANA_ and a setting's name in capitals
    [tool.danac]  timeout = 5           the nearest pyproject.toml at or above the working directory

Both hold other people's things, too: variables of other programs, and compile options. A name that
is no setting is complained about only where it is nearly one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from dana_runtime.errors import SettingsError
from dana_runtime.execution.setting_checks import (
    ALIASES,
    CHECKS,
    OF_ONE_PLACE,
    check_count,
    check_depth,
    check_flag,
    check_optional_count,
    check_retries,
    check_seconds,
)
from dana_runtime.faults.retry import check_delay, check_share
from dana_runtime.spelling import nearest

PREFIX = "DANA_"
FILE_NAME = "pyproject.toml"

_NONE = ("none", "null", "")
_FLAGS = {"true": True, "1": True, "yes": True, "on": True}
_FLAGS |= {"false": False, "0": False, "no": False, "off": False}

# How a text becomes what a check takes; for all other settings it is taken as it is.
_READERS: dict[Callable[[str, object], Any], Callable[[str], object]] = {
    check_count: int,
    check_depth: int,
    check_seconds: float,
    check_delay: float,
    check_share: float,
    check_retries: int,
    check_optional_count: int,
    check_flag: lambda text: _FLAGS[text.lower()],
}


def from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings among the variables; raise SettingsError naming the one that is wrong."""
    found: dict[str, Any] = {}
    for variable in sorted(environment):
        if not variable.startswith(PREFIX):
            continue
        given = variable.removeprefix(PREFIX).lower()
        name = ALIASES.get(given, given)
        if name not in CHECKS or name in OF_ONE_PLACE:
            _complain_if_near(variable, given, lambda near: PREFIX + near.upper())
            continue
        if name in found:
            raise SettingsError(f"{variable}: the environment has {name} by its other name, too")
        value = environment[variable].strip()
        try:
            found[name] = CHECKS[name](given, _read(name, value))
        except (KeyError, TypeError, ValueError) as error:
            reason = str(error) if isinstance(error, (TypeError, ValueError)) else ""
            if not reason.startswith(given):
                # What int() and float() say is about no setting.
                reason = f"{given} cannot be {value!r}"
            raise SettingsError(f"environment variable {variable}: {reason}") from None
    return found


def _read(name: str, text: str) -> object:
    if name != "on_error" and name != "executor" and text.lower() in _NONE:
        return None
    return _READERS.get(CHECKS[name], str)(text)


def from_project(folder: str) -> dict[str, Any]:
    """Return the settings in `[tool.danac]` of the nearest pyproject.toml at or above `folder`.

    Raises SettingsError, naming the file, for a setting that is wrong and for a file that cannot
    be read.
    """
    path = _nearest_file(os.path.abspath(folder))
    if path is None:
        return {}
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}") from error
    # To import tomllib takes longer than to see that there is nothing for it to do.
    return _settings_in(path, content) if b"danac" in content else {}


def _nearest_file(folder: str) -> str | None:
    while True:
        path = os.path.join(folder, FILE_NAME)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _settings_in(path: str, content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        tool = tomllib.loads(content.decode("utf-8")).get("tool", {})
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    table = tool.get("danac", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: tool.danac must be a table")
    found: dict[str, Any] = {}
    for given, value in table.items():
        name = ALIASES.get(given, given)
        if name not in CHECKS or name in OF_ONE_PLACE:
            _complain_if_near(f"{path}: [tool.danac]", given, str)
            continue
        if name in found:
            raise SettingsError(f"{path}: [tool.danac] has {name} twice, once by its other name")
        # TOML has no None.
        none = isinstance(value, str) and value.lower() == "none" and name not in ("executor",)
        try:
            found[name] = CHECKS[name](given, None if none else value)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"{path}: [tool.danac] {error}") from None
    return found


def _complain_if_near(where: str, given: str, spelled: Callable[[str], str]) -> None:
    near = nearest(given, [name for name in (*CHECKS, *ALIASES) if name not in OF_ONE_PLACE])
    if near is not None:
        raise SettingsError(f"{where} has no setting {given!r}. Did you mean: {spelled(near)!r}?")

"""Command-line texts → the arguments of a program's `__main__` function, converted and checked.

    n=4 data=@orders.json      ──► __main__(n=4, data=[…]), by the table of typed assignment
    anything else              ──► stays in sys.argv

Needs no compiler: a program that was built ahead of time takes the same arguments.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

from dana_runtime.values.conversion import convert


class ArgumentError(Exception):
    """The command line does not fit the program's `__main__` function; one line for the user."""


def main_arguments(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the keyword arguments that the command line gives a program's `__main__` function.

    They are taken out of `sys.argv`. A command line that does not fit the function ends the
    program: one line on standard error and the exit status 2.
    """
    try:
        named, others = split(sys.argv[1:])
        bound = bind(function, named)
    except ArgumentError as error:
        print(f"{os.path.basename(sys.argv[0])}: error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    sys.argv[1:] = others
    rest = [p.name for p in bound.signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    extra = bound.arguments.pop(rest[0], {}) if rest else {}
    return {**bound.arguments, **extra}


def split(arguments: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the `key=value` arguments, and all others in order; raises `ArgumentError`."""
    named: dict[str, str] = {}
    others: list[str] = []
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not (equals and key.isidentifier()):
            others.append(argument)
        elif key in named:
            raise ArgumentError(f"parameter {key} is given twice")
        else:
            named[key] = value
    return named, others


def call(function: Callable[..., Any], arguments: inspect.BoundArguments) -> None:
    """Call `function`; a coroutine is run to its end."""
    result = function(*arguments.args, **arguments.kwargs)
    if inspect.iscoroutine(result):
        import asyncio

        asyncio.run(result)


def bind(function: Callable[..., Any], texts: Mapping[str, str]) -> inspect.BoundArguments:
    """Return the arguments that `texts` are for `function`, converted by its annotations.

    Raises `ArgumentError` for an unknown or missing parameter and for text that does not convert.
    """
    signature = inspect.signature(function)
    known = {
        name: parameter
        for name, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    rest = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    missing = [n for n, p in known.items() if p.default is p.empty and n not in texts]
    if missing:
        raise ArgumentError(f"missing parameter {', '.join(missing)} {_usage(known)}")
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, text in texts.items():
        if name in known:
            values[name] = _converted(name, known[name].annotation, text)
        elif rest:
            extra[name] = _converted(name, rest[0].annotation, text)
        else:
            raise ArgumentError(f"unknown parameter {name} {_usage(known)}")
    if extra:
        values[rest[0].name] = extra
    bound = inspect.BoundArguments(signature, {})
    bound.arguments = {name: values[name] for name in signature.parameters if name in values}
    return bound


def _converted(name: str, annotation: object, text: str) -> object:
    value = _value_of(name, text)
    if annotation is inspect.Parameter.empty:
        return value
    # As text, where the name of a class that is no type word takes every value.
    words = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    try:
        return convert(value, words, name)
    except TypeError as error:
        raise ArgumentError(str(error)) from None


def _usage(known: Mapping[str, inspect.Parameter]) -> str:
    if not known:
        return "(__main__ takes no parameters)"
    return f"(__main__ takes {', '.join(_shown(parameter) for parameter in known.values())})"


def _shown(parameter: inspect.Parameter) -> str:
    annotation = parameter.annotation
    if isinstance(annotation, str):
        # Without the quotes of an annotation that is kept as text.
        shown = f"{parameter.name}: {annotation}"
        has_default = parameter.default is not parameter.empty
        return f"{shown} = {parameter.default!r}" if has_default else shown
    return str(parameter.replace(kind=parameter.KEYWORD_ONLY))


def _value_of(name: str, text: str) -> object:
    """Return what stands behind `key=`: the text itself, or for `@file` what the file holds."""
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    path = text[1:]
    try:
        return _load(path)
    except OSError as error:
        reason = error.strerror or error
        raise ArgumentError(f"cannot read {path} for parameter {name}: {reason}") from error
    except (ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ArgumentError(f"cannot read {path} for parameter {name}: {reason}") from error


def _load(path: str) -> object:
    """Return the content of a data file by its ending: .json, .yaml, .csv, anything else as text.

    Raises `OSError` and, for content that is not what the ending says, `ValueError`.
    """
    ending = os.path.splitext(path)[1].lower()
    with open(path, encoding="utf-8-sig", newline="") as file:
        if ending == ".json":
            import json

            return json.load(file)
        if ending in (".yaml", ".yml"):
            return _load_yaml(path, file.read())
        if ending == ".csv":
            import csv

            return [dict(row) for row in csv.DictReader(file)]
        return file.read()


def _load_yaml(path: str, text: str) -> object:
    try:
        yaml = import_module("yaml")
    except ImportError:
        raise ArgumentError(f"reading {path} needs PyYAML (pip install pyyaml)") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error

"""Python `ast.Module` → the text of a .py file, checked to mean the same tree.

astor prints, because it wraps long lines; where it cannot, `ast.unparse` does. That is decided for
each top-level statement, so that one odd node does not cost the rest its layout.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from danac.diagnostics import DanaSyntaxError, InternalError
from danac.source import Source, Span

# As deep as any chain that Python itself compiles, a few frames a link.
_DEEPEST = 20_000

# What a tree carries that its text does not: notes on how it was spelled.
_UNPRINTED = frozenset({"kind", "type_comment", "type_ignores"})


def to_python(tree: ast.Module, source: Source) -> str:
    """Return `tree`, which was made from `source`, as Python source; the same tree gives the same text.

    Raises `DanaSyntaxError` for what Python compiles as a tree, but could not read as a text: it
    allows 200 brackets inside each other. Raises `InternalError` for any other tree whose text would
    not parse back to the same tree.
    """
    if not tree.body:
        return ""
    printed = [_print_statement(statement, source) for statement in tree.body]
    parts = [printed[0]]
    for index, (one, other) in enumerate(pairwise(tree.body)):
        parts += ("\n" * _blank_lines(one, other, is_first=index == 0), printed[index + 1])
    text = "".join(parts)
    # A statement alone can mean something else than in its place (a future import, for one).
    if not _means(text, tree):
        raise InternalError("the listing does not parse back to the tree it was made from")
    return text


_LARGE = 5_000  # nodes in one statement


def _print_statement(statement: ast.stmt, source: Source) -> str:
    module = ast.Module(body=[statement], type_ignores=[])
    # Astor's time grows with the square of a statement's size.
    is_large = sum(1 for _ in ast.walk(module)) > _LARGE
    text = None if is_large else _print_with_astor(module)
    if text is not None:
        for candidate in (_tidy(text), text):
            if _means(candidate, module):
                return candidate
    try:
        with _deeper_recursion():
            text = ast.unparse(module) + "\n"
    except RecursionError:
        raise _too_deep(statement, source) from None
    except ValueError as error:
        raise InternalError(f"a statement cannot be printed: {error}", statement) from error
    if not _means(text, module):
        if _is_too_deep(text):
            raise _too_deep(statement, source)
        raise InternalError("a printed statement does not parse back to its tree", statement)
    return text


def _is_too_deep(text: str) -> bool:
    """Return whether Python could not read `text` because of its nesting only."""
    try:
        ast.parse(text)
    except (RecursionError, MemoryError):
        return True
    except SyntaxError as error:
        return error.msg.startswith("too many")
    return False


def _too_deep(statement: ast.stmt, source: Source) -> DanaSyntaxError:
    line, column = statement.lineno, source.column(statement.lineno, statement.col_offset)
    return DanaSyntaxError(
        "too deeply nested for the text of a .py file",
        source,
        Span(line, column, line, column + 1),
        code="DANA190",
        hint="bind a part of it to a name",
    )


def _print_with_astor(module: ast.Module) -> str | None:
    """Return astor's text, or `None` where it fails, in whatever way it does."""
    with warnings.catch_warnings():
        # astor 0.8 uses names of `ast` that newer Pythons deprecate, and later ones lack.
        warnings.simplefilter("ignore")
        try:
            import astor

            text = astor.to_source(module)
        except Exception:
            return None
    return text.strip("\n") + "\n" if isinstance(text, str) else None


def _tidy(text: str) -> str:
    """Return astor's text less its oddities; in string literals that may change the meaning."""
    return re.sub(r"[ \t]+$", "", text.replace(") ->", ") -> "), flags=re.MULTILINE)


@contextmanager
def _deeper_recursion() -> Iterator[None]:
    """Let `ast.unparse`, which recurses, print whatever chains Python itself compiles."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _blank_lines(one: ast.stmt, other: ast.stmt, *, is_first: bool) -> int:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if isinstance(one, definitions) or isinstance(other, definitions):
        return 2
    imports = (ast.Import, ast.ImportFrom)
    if isinstance(one, imports) != isinstance(other, imports):
        return 1
    return int(is_first and _is_text(one))


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _means(text: str, module: ast.Module) -> bool:
    """Return whether `text` parses to `module`, positions aside."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _same_tree(ast.parse(text), module)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def _told_apart(items: object) -> object:
    """Return a list without the empty texts that the parser of Python 3.12 adds to f-strings."""
    if not isinstance(items, list):
        return items or []
    return (
        [item for item in items if not (isinstance(item, ast.Constant) and item.value == "")]
        if any(isinstance(item, ast.FormattedValue) for item in items)
        else items
    )


def _same_tree(parsed: object, original: object) -> bool:
    # Not `ast.dump`: it recurses, and in 3.12 tells an absent list from an empty one.
    pending = [(parsed, original)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, ast.AST):
            if type(one) is not type(other):
                return False
            pending += (
                (getattr(one, name, None), getattr(other, name, None))
                for name in one._fields
                if name not in _UNPRINTED
            )
        elif isinstance(one, list) or isinstance(other, list):
            items, others = _told_apart(one), _told_apart(other)
            if not (isinstance(items, list) and isinstance(others, list)):
                return False
            if len(items) != len(others):
                return False
            pending += zip(items, others, strict=True)
        elif type(one) is not type(other) or repr(one) != repr(other):
            return False
    return True

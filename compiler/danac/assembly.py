"""Python `ast.Module` → code object: Python's own compiler, whose complaints become danac's errors."""

from __future__ import annotations

import ast
import marshal
import warnings
from threading import Lock
from types import CodeType

from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
from danac.source import PythonPosition, Source, Span


def assemble(tree: ast.Module, source: Source) -> CodeType:
    """Return the code object of `tree`, which was made from `source`.

    Raises `DanaSyntaxError` for what only Python's compiler finds: what has to do with its scopes, such
    as a `nonlocal` without a binding, and what is nested too deeply for it. Raises `InternalError` for a
    tree that is none.
    """
    try:
        code = _compiled(tree, source.filename)
        # Marshal marks what is referred to more than once. In a copy of its own the code's constants are
        # no longer the tree's, so its bytes do not depend on when the tree goes.
        copied: CodeType = marshal.loads(marshal.dumps(code))
        return copied
    except SyntaxError:
        raise DanaSyntaxError.of(refusals(tree, source)[0], source) from None
    except (RecursionError, MemoryError):
        place = _deepest(tree, source)
        raise DanaSyntaxError("too deeply nested", source, place, code="DANA190") from None
    except (ValueError, TypeError) as error:
        raise InternalError(f"Python does not accept the generated tree: {error}", tree) from error


def refusals(tree: ast.Module, source: Source) -> list[Diagnostic]:
    """Return all that Python's compiler refuses in `tree`, as far as it shows.

    It stops at its first error; so each statement of the module is given to it by itself, too.
    """
    found: dict[Span, Diagnostic] = {}
    for part in [tree, *(ast.Module([statement], []) for statement in tree.body)]:
        try:
            _compiled(part, source.filename)
        except SyntaxError as error:
            span = _span(error, source)
            found.setdefault(span, Diagnostic("DANA180", error.msg, "error", span))
        except (RecursionError, MemoryError):
            span = _deepest(tree, source)
            found.setdefault(span, Diagnostic("DANA190", "too deeply nested", "error", span))
    return sorted(found.values(), key=lambda finding: finding.span)


def _compiled(tree: ast.Module, filename: str) -> CodeType:
    if not _may_be_warned_of(tree):
        return _compile(tree, filename)
    # Python would tell of the generated code what `analysis/doubtful.py` tells of the program. Its
    # filters are those of the whole process: they are touched for such programs only, one at a time.
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return _compile(tree, filename)


def _compile(tree: ast.Module, filename: str) -> CodeType:
    return compile(tree, filename, "exec", dont_inherit=True)


_filters = Lock()

_LITERALS = (
    *(ast.Constant, ast.JoinedStr, ast.Tuple, ast.List, ast.ListComp, ast.Dict, ast.DictComp),
    *(ast.Set, ast.SetComp, ast.GeneratorExp, ast.Lambda, ast.UnaryOp, ast.BinOp),
)
_SINGLETONS = (None, True, False)


# All nodes but these are looked at, so for most of them one test of their class is to be all.
_SUSPECTS = frozenset((ast.Compare, ast.Call, ast.Subscript, ast.Assert, ast.Try))
# What holds no other expressions: most of what a tree consists of.
_LEAVES = {ast.Name, ast.Constant, ast.alias, int, bool, str, type(None)}
for _kind in (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop):
    _LEAVES.update(_kind.__subclasses__())


def _may_be_warned_of(tree: ast.Module) -> bool:
    """Return whether Python could have a SyntaxWarning for `tree`: it has them for literals only."""
    todo: list[ast.AST] = [tree]
    for node in todo:
        if type(node) in _SUSPECTS and _is_suspect(node):
            return True
        for value in vars(node).values():
            kind = type(value)
            if kind is list:
                todo += [item for item in value if type(item) not in _LEAVES]
            elif kind not in _LEAVES:
                todo.append(value)
    return False


def _is_suspect(node: ast.AST) -> bool:
    match node:
        case ast.Compare() if any(isinstance(test, ast.Is | ast.IsNot) for test in node.ops):
            return any(_is_doubtful(operand) for operand in (node.left, *node.comparators))
        case ast.Call(func=value):
            return isinstance(value, _LITERALS) and not isinstance(value, ast.Lambda)
        case ast.Subscript(value=value):
            return isinstance(value, _LITERALS)
        case ast.Assert(test=ast.Tuple() | ast.Constant()) | ast.Try(finalbody=[_, *_]):
            return True
    return False


def _is_doubtful(operand: ast.expr) -> bool:
    if isinstance(operand, ast.Constant):
        return operand.value not in _SINGLETONS
    return isinstance(operand, _LITERALS)


def _span(error: SyntaxError, source: Source) -> Span:
    """Return where `error` is; Python counts the columns of a tree's errors in bytes, here from 1."""
    line, offset = error.lineno or 1, error.offset or 1
    end_line, end_offset = error.end_lineno or line, error.end_offset or offset + 1
    return source.span_of(PythonPosition(line, offset - 1, end_line, end_offset - 1))


def _deepest(tree: ast.Module, source: Source) -> Span:
    """Return the first position in the statement whose expressions are nested most deeply."""
    deepest, place = 0, tree.body[0]
    for statement in tree.body:
        todo: list[tuple[ast.AST, int]] = [(statement, 0)]
        while todo:
            node, depth = todo.pop()
            if depth > deepest:
                deepest, place = depth, statement
            todo.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    line, column = place.lineno, source.column(place.lineno, place.col_offset)
    return Span(line, column, line, column + 1)

"""The tree of a program → the tree of its .py file, which says of itself what `danac run` knows anyway.

__dana__ = True                                          as Dana's modules are marked
if __name__ == '__main__':                               where the program defines `__main__`
    from dana_runtime.arguments import main_arguments as _dana_main_arguments
    __main__(**_dana_main_arguments(__main__))
"""

from __future__ import annotations

import ast

_ENTRY = "__main__"


def as_module_file(tree: ast.Module) -> ast.Module:
    """Return `tree` with the mark, and with a call of the function `__main__` that it defines."""
    start = len(_head(tree.body))
    body = [*tree.body[:start], _mark(), *tree.body[start:], *_call_of_main(tree.body)]
    return ast.fix_missing_locations(ast.Module(body, tree.type_ignores))


def _head(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return the docstring and the imports from `__future__`, which must come first."""
    head = body[:1] if ast.get_docstring(ast.Module(body, []), clean=False) is not None else []
    for statement in body[len(head) :]:
        if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
            break
        head.append(statement)
    return head


def _mark() -> ast.stmt:
    return ast.Assign([_stored("__dana__")], ast.Constant(True))


def _call_of_main(body: list[ast.stmt]) -> list[ast.stmt]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name="__main__"):
                return [_guarded(_import("dana_runtime.arguments", "main_arguments"), _call())]
            case ast.AsyncFunctionDef(name="__main__"):
                run = _import("asyncio", "run")
                call = ast.Call(_read("_dana_run"), [_call()], [])
                return [_guarded(run, _import("dana_runtime.arguments", "main_arguments"), call)]
    return []


def _guarded(*parts: ast.stmt | ast.expr) -> ast.stmt:
    is_program = ast.Compare(_read("__name__"), [ast.Eq()], [ast.Constant(_ENTRY)])
    body = [part if isinstance(part, ast.stmt) else ast.Expr(part) for part in parts]
    return ast.If(is_program, body, [])


def _call() -> ast.expr:
    arguments = ast.Call(_read("_dana_main_arguments"), [_read(_ENTRY)], [])
    return ast.Call(_read(_ENTRY), [], [ast.keyword(None, arguments)])


def _import(module: str, name: str) -> ast.stmt:
    return ast.ImportFrom(module, [ast.alias(name, f"_dana_{name}")], 0)


def _read(name: str) -> ast.expr:
    return ast.Name(name, ast.Load())


def _stored(name: str) -> ast.expr:
    return ast.Name(name, ast.Store())

"""Python tree of a Dana program → the same with asserts that say what their parts were when they fail.

pytest's own rewriting does it. What it cannot know is that calls of the runtime stand for pipes and blocks:
those are shown as the program has them.
"""

from __future__ import annotations

import ast

from _pytest.assertion.rewrite import AssertionRewriter

from danac.source import Source

_GENERATED = "_dana_"


def explain_asserts(tree: ast.Module, text: str, filename: str) -> None:
    """Rewrite the asserts of `tree`, which was made from `text`, in place; positions stay as they are."""
    _Rewriter(filename, Source(text, filename)).run(tree)


class _Rewriter(AssertionRewriter):
    def __init__(self, filename: str, source: Source) -> None:
        # pytest asks for the text only for a hook that looks asserts up in it as Python; without a
        # configuration no such hook is called.
        super().__init__(filename, None, b"")
        self._dana_source = source

    def visit_Call(self, call: ast.Call) -> tuple[ast.Name, str]:  # noqa: N802 - pytest's name
        """Explain a call; one of the runtime is explained as what it is in the program."""
        if isinstance(call.func, ast.Name) and call.func.id.startswith(_GENERATED):
            return self.generic_visit(call)
        return super().visit_Call(call)

    def generic_visit(self, node: ast.AST) -> tuple[ast.Name, str]:
        """Explain what pytest shows by its value alone; what is generated also by its text."""
        assert isinstance(node, ast.expr)
        result = self.assign(node)
        value = self.explanation_param(self.display(result))
        text = ast.get_source_segment(self._dana_source.text, node)
        if text is None or not _is_generated(node):
            return result, value
        # Explanations are formats, and line ends have a meaning in them.
        shown = " ".join(text.split()).replace("%", "%%")
        return result, f"{value}\n{{{value} = {shown}\n}}"


def _is_generated(node: ast.expr) -> bool:
    return any(
        isinstance(found, ast.Name) and found.id.startswith(_GENERATED) for found in ast.walk(node)
    )

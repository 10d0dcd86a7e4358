from __future__ import annotations

import ast
import gc
import traceback
from pathlib import Path

import pytest

pytest.importorskip("danac.compilation")

import danac
from danac import nodes
from danac.lowering import module


def test_public_names():
    assert set(danac.__all__) <= set(dir(danac))
    assert all(getattr(danac, name) is not None for name in danac.__all__)
    assert {"install", "run_source", "DanaSyntaxError", "__version__"} <= set(danac.__all__)


def test_tracebacks_name_errors_as_programs_do():
    for error in (danac.DanaSyntaxError, danac.InternalError):
        assert f"{error.__module__}.{error.__qualname__}" == f"danac.{error.__name__}"
    with pytest.raises(danac.DanaSyntaxError) as caught:
        danac.run_source("x = (\n", "cell 8")
    shown = traceback.format_exception_only(caught.value)
    assert any(line.startswith("danac.DanaSyntaxError: ") for line in shown)


def test_type_checkers_see_the_same_names():
    """One list is for type checkers, the other for all else: nothing else is written twice."""
    tree = ast.parse(Path(danac.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    typed = {
        alias.asname: statement.module.removeprefix("danac.")
        for statement in block.body
        for alias in statement.names
        if alias.asname
    }
    assert typed == danac._MODULE_OF


def test_unknown_name():
    with pytest.raises(AttributeError, match="module 'danac' has no attribute 'compile'"):
        danac.compile  # noqa: B018


def test_names_can_be_imported(run_python):
    script = "from danac import *; print(run_source('x = 1')['x'], __version__ > '')"
    assert run_python("-c", script).stdout == "1 True\n"


def test_using_a_name_loads_its_module_only(run_python):
    script = """
import danac, sys
danac.install()
print([n for n in ('lark', 'astor', 'danac.compilation', 'danac.diagnostics') if n in sys.modules])
"""
    assert run_python("-c", script).stdout == "[]\n"


class TestRunSource:
    def test_returns_the_globals(self):
        found = danac.run_source("x = 1\ndef f():\n    return x\n")
        assert found["x"] == 1
        assert found["f"]() == 1
        assert found["__dana__"] is True

    def test_does_not_call_the_entry(self, capsys):
        danac.run_source("def __main__():\n    print(1)\n")
        assert capsys.readouterr().out == ""

    def test_traceback_shows_the_lines_of_each_text(self):
        functions = [danac.run_source(f"def f(x):\n    return {n} / x\n")["f"] for n in (1, 2)]
        for n, function in enumerate(functions, start=1):
            with pytest.raises(ZeroDivisionError) as caught:
                function(0)
            shown = "".join(traceback.format_exception(caught.value))
            assert f"return {n} / x" in shown

    def test_given_file_name_is_kept(self):
        with pytest.raises(ZeroDivisionError) as caught:
            danac.run_source("a = 1\nb = a / 0\n", "cell 7")
        [_, _, frame] = traceback.extract_tb(caught.value.__traceback__)
        assert (frame.filename, frame.lineno, frame.line) == ("cell 7", 2, "b = a / 0")

    def test_wrong_program(self):
        with pytest.raises(danac.DanaSyntaxError) as caught:
            danac.run_source("x = (\n", "cell 8")
        assert caught.value.filename == "cell 8"


@pytest.mark.parametrize(
    "use", [danac.compile_source, danac.to_ast, danac.to_python, danac.run_source]
)
@pytest.mark.parametrize("text", ["x = (", "break", "x = eval('1')", "def f(x):\n    global x"])
def test_errors_show_no_frames_of_the_compiler(use, text):
    with pytest.raises(danac.DanaSyntaxError) as caught:
        use(text, "cell 9")
    frames = [frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames == [__file__]
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count("Traceback") == 1
    assert shown.count("File") == 2
    assert 'File "cell 9", line' in shown


def test_the_garbage_collector_is_left_alone(monkeypatch):
    """It is the whole process's, in which other threads may need it."""
    seen = []
    lower = module._STATEMENTS[nodes.Pass]

    def looking(*arguments):
        seen.append(gc.isenabled())
        return lower(*arguments)

    monkeypatch.setitem(module._STATEMENTS, nodes.Pass, looking)
    danac.compile_source("pass")
    assert seen == [True]


def test_to_python_lists_a_program():
    assert danac.to_python("x = 1\n") == "x = 1\n"


class TestCoerce:
    """Each function takes the compile option by keyword; the signatures without it stay as they are."""

    TEXT = "n, a = 5, '6'\nx = n + a\n"

    def test_run_source(self):
        assert danac.run_source(self.TEXT, coerce=True)["x"] == "56"
        with pytest.raises(TypeError):
            danac.run_source(self.TEXT)

    def test_compile_source(self):
        namespace = {}
        exec(danac.compile_source(self.TEXT, "a.dana", coerce=True), namespace)
        assert namespace["x"] == "56"
        assert danac.compile_source(self.TEXT, "a.dana").co_filename == "a.dana"

    def test_trees_and_listings(self):
        assert "coerce_add" in danac.to_python(self.TEXT, coerce=True)
        assert "coerce_add" in ast.dump(danac.to_ast(self.TEXT, "a.dana", coerce=True))
        assert danac.to_python(self.TEXT, "a.dana").endswith("x = n + a\n")

    def test_check_source(self):
        assert danac.check_source(self.TEXT, "a.dana", coerce=True) == []


def test_check_source_lists_findings():
    [found] = danac.check_source("x = (1 +\n")
    assert isinstance(found, danac.Diagnostic)
    assert found.severity == "error"
    assert danac.check_source("x = 1\n") == []

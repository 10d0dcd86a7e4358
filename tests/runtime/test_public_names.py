from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest

import dana_runtime

FOLDER = Path(dana_runtime.__file__).parent


def typed_names():
    """Return the names in the block of imports that only type checkers read."""
    tree = ast.parse((FOLDER / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: statement.module.removeprefix("dana_runtime.")
        for statement in block.body
        for alias in statement.names
    }


def test_every_name_is_there():
    for name in dana_runtime.__all__:
        value = getattr(dana_runtime, name)
        assert value is vars(dana_runtime)[name]
    assert set(dana_runtime.__all__) <= set(dir(dana_runtime))


def test_the_lists_of_names_agree():
    assert typed_names() == dana_runtime._MODULE_OF
    assert sorted(typed_names()) == sorted(dana_runtime.__all__)


def test_no_module_hides_a_name():
    modules = {path.stem for path in FOLDER.glob("*.py")}
    assert not modules & set(dana_runtime.__all__)
    for module in modules - {"__init__"}:
        importlib.import_module(f"dana_runtime.{module}")
    assert callable(dana_runtime.fan_out)


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'fan_in'"):
        dana_runtime.fan_in  # noqa: B018


def test_plain_pipes_load_no_threads(run_python):
    program = """
import sys
from dana_runtime import Pipeline, apply, call_stage, pipe, start
print(*(name for name in ("threading", "logging", "typing", "inspect") if name in sys.modules))
"""
    assert run_python(program, "-S").stdout == "\n"


# Optional libraries, and the folders whose modules import them when they are first used.
EXTRAS = {
    "trace": {"opentelemetry"},
    "processes": {"loky", "cloudpickle"},
    "execution": {"distributed", "cloudpickle", "rich"},
}


def test_only_the_standard_library_is_imported():
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                allowed = (
                    sys.stdlib_module_names | {"dana_runtime"} | EXTRAS.get(path.parent.name, set())
                )
                assert top in allowed, f"{path}: {name}"

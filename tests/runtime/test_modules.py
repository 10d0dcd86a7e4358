from __future__ import annotations

import importlib
import math
import sys
import types

import pytest

from dana_runtime import modules
from dana_runtime.modules import import_python


@pytest.fixture(autouse=True)
def clean_imports(monkeypatch, tmp_path):
    """Search `tmp_path` first, and leave nothing imported behind."""
    before = dict(sys.modules)
    finders = sys.meta_path[:]
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(modules._aliases, "specs", {})
    yield
    sys.meta_path[:] = finders
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    def write(name, text=""):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        importlib.invalidate_caches()

    return write


def dana_module(name):
    module = types.ModuleType(name)
    module.__dana__ = True
    sys.modules[name] = module
    return module


def test_without_a_dana_module_it_is_the_plain_import(write):
    write("tool.py", "value = 1")
    module = import_python("tool")
    assert module is sys.modules["tool"]
    assert module.__name__ == "tool"
    assert "tool__py" not in sys.modules
    assert import_python("math") is math
    assert import_python("os.path") is sys.modules["os.path"]
    assert import_python("xml.dom").__name__ == "xml.dom"
    assert modules._aliases not in sys.meta_path


@pytest.mark.parametrize("dana", ["tool.dana", "tool.na", "tool/__init__.dana", "tool/__init__.na"])
def test_beside_a_dana_file(write, dana):
    write("tool.py", "value = 1\ndef f(): pass")
    write(dana)
    module = import_python("tool")
    assert module.value == 1
    assert module is sys.modules["tool__py"]
    assert module.__name__ == module.f.__module__ == "tool__py"
    assert module.__file__.endswith("tool.py")
    assert "tool" not in sys.modules


def test_beside_a_loaded_dana_module(write):
    write("tool.py", "value = 1")
    dana = dana_module("tool")
    assert import_python("tool").value == 1
    assert sys.modules["tool"] is dana


def test_it_is_loaded_once(write):
    write("tool.py", "import builtins\nvalue = object()")
    write("tool.dana")
    module = import_python("tool")
    assert import_python("tool") is module
    assert importlib.import_module("tool__py") is module
    dana_module("tool")
    assert import_python("tool") is module


def test_a_loaded_python_module_is_that_module(write):
    write("tool.py", "value = 1")
    module = import_python("tool")
    write("tool.dana")
    assert import_python("tool") is module


def test_a_dana_file_earlier_on_the_path(write, tmp_path, monkeypatch):
    write("first/tool.dana")
    write("second/tool.py", "value = 2")
    monkeypatch.syspath_prepend(tmp_path / "second")
    monkeypatch.syspath_prepend(tmp_path / "first")
    module = import_python("tool")
    assert (module.__name__, module.value) == ("tool__py", 2)


def test_a_dana_file_later_on_the_path(write, tmp_path, monkeypatch):
    write("first/tool.py", "value = 1")
    write("second/tool.dana")
    monkeypatch.syspath_prepend(tmp_path / "second")
    monkeypatch.syspath_prepend(tmp_path / "first")
    assert import_python("tool").__name__ == "tool"


def test_in_a_package(write):
    write("pack/__init__.py")
    write("pack/tool.py", "from . import other\nvalue = other.value")
    write("pack/tool.dana")
    write("pack/other.py", "value = 3")
    module = import_python("pack.tool")
    assert (module.__name__, module.value) == ("pack.tool__py", 3)
    assert sys.modules["pack"].tool__py is module
    assert import_python("pack.other").__name__ == "pack.other"


def test_in_a_dana_package(write, tmp_path):
    package = dana_module("pack")
    package.__path__ = [str(tmp_path / "pack")]
    write("pack/__init__.dana")
    write("pack/tool.py", "value = 4")
    assert import_python("pack.tool").value == 4


def test_a_python_package_beside_a_dana_module(write):
    write("pack/__init__.py", "from .inner import value")
    write("pack/inner.py", "value = 5")
    write("pack.dana")
    assert import_python("pack").value == 5
    assert "pack__py.inner" in sys.modules


@pytest.mark.parametrize("name", ["math", "time", "_json"])
def test_modules_written_in_c(write, name):
    # Named by LANGUAGE's most usual import: `import math.py` in a folder with a math.dana.
    real = importlib.import_module(name)
    write(f"{name}.dana")
    dana_module(name)
    try:
        module = import_python(name)
    finally:
        sys.modules[name] = real
    assert set(vars(real)) - {"__spec__"} <= set(vars(module))


def test_a_missing_module(write):
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'") as caught:
        import_python("nowhere")
    assert caught.value.name == "nowhere"


@pytest.mark.parametrize("dana", ["nowhere.dana", "nowhere/__init__.dana"])
def test_a_missing_module_beside_a_dana_file(write, dana):
    write(dana)
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'") as caught:
        import_python("nowhere")
    assert caught.value.name == "nowhere"
    assert "nowhere__py" not in sys.modules


def test_a_missing_module_of_a_package(write):
    with pytest.raises(ModuleNotFoundError, match="'math' is not a package") as caught:
        import_python("math.inner")
    assert caught.value.name == "math.inner"
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere'"):
        import_python("nowhere.inner")


def test_a_module_that_fails_can_be_mended(write):
    write("tool.py", "raise OSError(1)")
    write("tool.dana")
    with pytest.raises(OSError, match="1"):
        import_python("tool")
    assert "tool__py" not in sys.modules
    write("tool.py", "value = 'mended'")
    assert import_python("tool").value == "mended"


def test_reloading(write):
    write("tool.py", "value = 1")
    write("tool.dana")
    module = import_python("tool")
    write("tool.py", "value = 'longer than before'")
    assert importlib.reload(module).value == "longer than before"

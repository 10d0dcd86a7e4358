from __future__ import annotations

import importlib
import math
import sys
import types

import pytest

from dana_runtime import modules
from dana_runtime.modules import (
    import_names,
    import_python,
    import_python_names,
    import_python_star,
)


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


def message_of(statement, namespace=None):
    with pytest.raises(ImportError) as caught:
        exec(statement, {} if namespace is None else namespace)
    return str(caught.value)


class TestNames:
    def test_are_those_of_the_python_module(self, write):
        write("tool.py", "value, other, _ = 1, 2, 3")
        write("tool.dana")
        assert import_python_names("tool", None, "value", "_", "other") == (1, 3, 2)

    def test_may_be_submodules(self, write):
        write("pack/__init__.py")
        write("pack/part.py", "value = 1")
        [part] = import_python_names("pack", None, "part")
        assert part is sys.modules["pack.part"]

    def test_missing_one_is_told_as_python_tells_it(self, write):
        write("tool.py", "value = 1")
        with pytest.raises(ImportError) as caught:
            import_python_names("tool", None, "valeu")
        assert type(caught.value) is ImportError
        assert str(caught.value) == message_of("from tool import valeu")
        assert (caught.value.name, caught.value.path) == ("tool", sys.modules["tool"].__file__)
        assert caught.value.__traceback__.tb_next is None

    def test_relative_ones(self, write):
        write("pack/__init__.py")
        write("pack/part.py", "value = 1")
        assert import_python_names(".part", "pack", "value") == (1,)
        assert import_python(".part", "pack") is sys.modules["pack.part"]
        for package in None, "":
            with pytest.raises(ImportError) as caught:
                import_python(".part", package)
            assert str(caught.value) == message_of("from .part import x", {"__package__": ""})

    def test_all_of_them(self, write):
        write("tool.py", "__all__ = ['a']\na = b = 1")
        write("toys.py", "c = 1\n_d = 2")
        module_globals = {"star": import_python_star}
        exec("star('tool', None)\nstar('toys', None)", module_globals)
        assert set(module_globals) - {"__builtins__", "star"} == {"a", "c"}


class TestPrivateNames:
    def test_of_a_python_module(self, write):
        write("tool.py", "_value = 1\nother = 2")
        assert import_names("tool", None, "_value", "other") == (1, 2)

    def test_of_a_dana_module(self):
        dana_module("shop.orders")._rate = 1
        sys.modules["shop"] = types.ModuleType("shop")
        with pytest.raises(ImportError) as caught:
            import_names("shop.orders", None, "_rate")
        assert str(caught.value) == (
            "cannot import name '_rate' from 'shop.orders': it is private to that Dana module; "
            "import the module and write orders._rate"
        )
        assert caught.value.name == "shop.orders"
        assert caught.value.__traceback__.tb_next is None

    def test_underscore_alone_is_none(self):
        dana_module("orders")._ = 1
        assert import_names("orders", None, "_") == (1,)

    def test_errors_of_the_module_keep_their_frames(self, write):
        write("tool.py", "import nowhere_to_be_found")
        with pytest.raises(ModuleNotFoundError) as caught:
            import_names("tool", None, "_x")
        entry = caught.value.__traceback__
        files = []
        while entry is not None:
            files.append(entry.tb_frame.f_code.co_filename)
            entry = entry.tb_next
        assert files[-1].endswith("tool.py")

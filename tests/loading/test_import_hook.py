"""The import hook, each case in a fresh process: `modules` are written, then `script` is run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("danac.compilation")


@pytest.fixture
def run_script(tmp_path, run_python):
    def run(script: str, modules: dict[str, str], env: dict[str, str] | None = None) -> list[str]:
        write_modules(tmp_path, modules)
        completed = run_python("-c", script, cwd=tmp_path, env=env)
        assert completed.stderr == ""
        return completed.stdout.splitlines()

    return run


def write_modules(folder: Path, modules: dict[str, str]) -> None:
    for name, text in modules.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


INSTALL = "import danac; danac.install()\n"


class TestInstalling:
    def test_importing_danac_changes_nothing(self, run_script):
        script = """
import sys
def state():
    return list(sys.meta_path), list(sys.path_hooks), list(sys.path)
before, modules = state(), set(sys.modules)
import danac
print(state() == before)
print(sorted(set(sys.modules) - modules))
"""
        assert run_script(script, {}) == ["True", "['danac']"]

    def test_finder_stands_right_before_pythons(self, run_script):
        script = INSTALL + (
            "import sys, importlib.machinery as m\n"
            "names = [type(f).__name__ for f in sys.meta_path]\n"
            "print(sys.meta_path.index(m.PathFinder) - names.index('DanaFinder'))\n"
            "print(sys.meta_path.index(m.BuiltinImporter) < names.index('DanaFinder'))\n"
            "print(sys.meta_path.index(m.FrozenImporter) < names.index('DanaFinder'))\n"
        )
        assert run_script(script, {}) == ["1", "True", "True"]

    def test_both_calls_are_idempotent(self, run_script):
        script = """
import sys, danac
before = list(sys.meta_path), list(sys.path)
danac.uninstall()
danac.install(); danac.install()
print(len(sys.meta_path) - len(before[0]))
danac.uninstall(); danac.uninstall()
print((sys.meta_path, sys.path) == before)
danac.install()
print(len(sys.meta_path) - len(before[0]))
"""
        env = {"DANAPATH": "lib"}
        assert run_script(script, {"lib/a.dana": ""}, env) == ["1", "True", "1"]

    def test_threads_may_install_at_once(self, run_script):
        script = """
import sys, threading, danac
before = len(sys.meta_path)
barrier = threading.Barrier(8)
def work():
    barrier.wait()
    danac.install()
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(sys.meta_path) - before)
"""
        assert run_script(script, {}) == ["1"]

    def test_restored_meta_path_is_installed_into_again(self, run_script):
        script = """
import sys, danac
before = list(sys.meta_path)
danac.install()
sys.meta_path[:] = before
danac.install()
import a
print(a.x)
sys.meta_path[:] = before
danac.uninstall()
"""
        assert run_script(script, {"a.dana": "x = 1\n"}) == ["1"]

    def test_without_pythons_path_finder_it_stands_last(self, run_script):
        script = """
import sys, danac.loading.import_hook as hook
from importlib.machinery import PathFinder
sys.meta_path.remove(PathFinder)
hook.install()
print(type(sys.meta_path[-1]).__name__)
"""
        assert run_script(script, {}) == ["DanaFinder"]

    def test_uninstall_leaves_imported_modules_alone(self, run_script):
        script = (
            INSTALL
            + """
import a
danac.uninstall()
import a as again
print(again is a, a.f())
try:
    import b
except ModuleNotFoundError as error:
    print(error)
"""
        )
        modules = {"a.dana": "def f():\n    return 5\n", "b.dana": ""}
        assert run_script(script, modules) == ["True 5", "No module named 'b'"]


class TestSearch:
    @pytest.mark.parametrize("file", ["m.dana", "m.na", "m/__init__.dana", "m/__init__.na"])
    def test_every_form_of_a_module_is_found(self, run_script, tmp_path, file):
        script = INSTALL + "import m; print(m.x, m.__file__, m.__dana__)"
        assert run_script(script, {file: "x = 1\n"}) == [f"1 {tmp_path / file} True"]

    def test_order_within_one_folder(self, run_script):
        script = (
            INSTALL
            + """
import importlib, os
for name in ("m.dana", "m.na", "m/__init__.dana", "m/__init__.na", "m/__init__.py", "m.py"):
    import m
    print(m.x)
    del sys.modules["m"]
    os.remove(name)
    importlib.invalidate_caches()
"""
        )
        names = ["m.dana", "m.na", "m/__init__.dana", "m/__init__.na", "m/__init__.py", "m.py"]
        modules = {name: f"x = '{name}'\n" for name in names}
        assert run_script("import sys\n" + script, modules) == names

    @pytest.mark.parametrize("first", ["m.py", "m/__init__.py"])
    def test_python_module_in_an_earlier_entry_wins(self, run_script, first):
        script = INSTALL + "import sys; sys.path[:0] = ['one', 'two']; import m; print(m.x)"
        modules = {f"one/{first}": "x = 'python'\n", "two/m.dana": "x = 'dana'\n"}
        assert run_script(script, modules) == ["python"]

    def test_dana_module_in_an_earlier_entry_wins(self, run_script):
        script = INSTALL + "import sys; sys.path[:0] = ['one', 'two']; import m; print(m.x)"
        modules = {"one/m.dana": "x = 'dana'\n", "two/m.py": "x = 'python'\n"}
        assert run_script(script, modules) == ["dana"]

    def test_bare_folder_in_an_earlier_entry_does_not_count(self, run_script):
        script = INSTALL + "import sys; sys.path[:0] = ['one', 'two']; import m; print(m.x)"
        modules = {"one/m/data.txt": "", "two/m.na": "x = 'dana'\n"}
        assert run_script(script, modules) == ["dana"]

    def test_module_in_an_earlier_zip_file_wins(self, run_script, tmp_path):
        import zipfile

        with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
            archive.writestr("m.py", "x = 'zipped'\n")
        script = INSTALL + "import sys; sys.path[:0] = ['one.zip', 'two']; import m; print(m.x)"
        assert run_script(script, {"two/m.dana": "x = 'dana'\n"}) == ["zipped"]

    def test_builtin_modules_stay_what_they_are(self, run_script):
        script = INSTALL + "import time, sys; print(time.__spec__.origin)"
        assert run_script(script, {"time.dana": "x = 1\n"}) == ["built-in"]

    def test_danapath_comes_after_the_first_entry_and_before_the_rest(self, run_script, tmp_path):
        script = (
            INSTALL
            + """
import a, b, c, sys
print(a.x, b.x, c.x)
print([entry.rpartition('/')[2] for entry in sys.path[1:3]])
"""
        )
        modules = {
            "a.dana": "x = 'here'\n",
            "one/a.dana": "x = 'one'\n",
            "one/b.py": "x = 'one'\n",
            "two/b.dana": "x = 'two'\n",
            "two/c.na": "x = 'two'\n",
        }
        separator = ";" if sys.platform == "win32" else ":"
        env = {"DANAPATH": separator.join(["one", "", str(tmp_path / "two")])}
        assert run_script(script, modules, env) == ["here one two", "['one', 'two']"]

    def test_odd_path_entries_are_passed_over(self, run_script):
        script = (
            INSTALL
            + """
import sys
sys.path[:0] = [b'bytes', 5, 'missing', 'a.dana']
import a
print(a.x)
"""
        )
        assert run_script(script, {"a.dana": "x = 1\n"}) == ["1"]

    def test_folder_with_the_name_of_a_module_file_is_no_module(self, run_script):
        script = INSTALL + "import a; print(a.x)"
        assert run_script(script, {"a.dana/notes.txt": "", "a.py": "x = 2\n"}) == ["2"]

    def test_new_module_is_found_without_invalidating(self, run_script):
        script = (
            INSTALL
            + """
from pathlib import Path
try:
    import late
except ImportError:
    Path('late.dana').write_text('x = 3\\n')
import late
print(late.x)
"""
        )
        assert run_script(script, {}) == ["3"]

    def test_unchanged_folder_is_listed_once(self, run_script):
        script = (
            INSTALL
            + """
import os, sys
os.utime('flows', ns=(10**18, 10**18))
sys.path.insert(0, os.path.abspath('flows'))
calls = []
listdir = os.listdir
os.listdir = lambda path: calls.append(path) or listdir(path)
import a, b
for name in ('c', 'd'):
    try:
        __import__(name)
    except ImportError:
        pass
print(sum(path.endswith('flows') for path in calls))
import importlib
importlib.invalidate_caches()
try:
    import e
except ImportError:
    print(sum(path.endswith('flows') for path in calls))
"""
        )
        # The bytecode goes elsewhere: a new __pycache__ would be a change of the folder.
        env = {"PYTHONPYCACHEPREFIX": "caches"}
        assert run_script(script, {"flows/a.dana": "", "flows/b.na": ""}, env) == ["1", "2"]

    def test_working_directory_that_is_gone(self, run_script):
        script = (
            INSTALL
            + """
import os, sys
os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')
sys.path[:0] = ['']
try:
    import nothing
except ModuleNotFoundError as error:
    print(error)
"""
        )
        assert run_script(script, {}) == ["No module named 'nothing'"]


class TestPackages:
    def test_package_may_mix_dana_and_python(self, run_script):
        script = (
            INSTALL
            + """
import shop, shop.tax, shop.sums
from shop.deep import inner
print(shop.x, shop.tax.rate, shop.sums.total, inner.y, shop.tax.__package__)
"""
        )
        modules = {
            "shop/__init__.dana": "from .tax import rate\nx = rate\n",
            "shop/tax.py": "rate = 2\n",
            "shop/sums.na": "from shop.tax import rate\ntotal = rate + 1\n",
            "shop/deep/__init__.py": "",
            "shop/deep/inner.dana": "from ..sums import total\ny = total + 1\n",
        }
        assert run_script(script, modules) == ["2 2 3 4 shop"]

    def test_python_package_may_hold_dana_modules(self, run_script):
        script = INSTALL + "from shop import tax; print(tax.rate)"
        modules = {"shop/__init__.py": "", "shop/tax.dana": "rate = 2\n"}
        assert run_script(script, modules) == ["2"]

    def test_namespace_package_may_hold_dana_modules(self, run_script):
        script = (
            INSTALL
            + """
import sys
sys.path[:0] = ['one', 'two']
import space.a, space.b, space.c
print(space.a.x, space.b.x, space.c.x, space.__file__ if hasattr(space, '__file__') else None)
"""
        )
        modules = {
            "one/space/a.dana": "x = 1\n",
            "two/space/b.na": "x = 2\n",
            "two/space/c.py": "x = 3\n",
        }
        assert run_script(script, modules) == ["1 2 3 None"]

    def test_package_knows_its_path_and_data(self, run_script, tmp_path):
        script = (
            INSTALL
            + """
import shop, importlib.resources as resources
print(shop.__path__, shop.__spec__.submodule_search_locations, shop.__package__)
print(resources.files('shop').joinpath('rates.txt').read_text())
"""
        )
        modules = {"shop/__init__.dana": "", "shop/rates.txt": "7%"}
        folder = [str(tmp_path / "shop")]
        assert run_script(script, modules) == [f"{folder} {folder} shop", "7%"]

    def test_cycles_work_as_far_as_pythons(self, run_script):
        script = INSTALL + "import a; print(a.f(), a.b.g())"
        modules = {
            "a.dana": "import b\ndef f():\n    return b.g()\nx = 4\n",
            "b.na": "import a\ndef g():\n    return a.x\n",
        }
        assert run_script(script, modules) == ["4 4"]


class TestModule:
    def test_attributes(self, run_script, tmp_path):
        script = (
            INSTALL
            + """
import a
spec = a.__spec__
print(a.__name__, a.__file__, a.__loader__ is spec.loader, spec.origin, spec.has_location)
print(a.__cached__ == spec.cached, spec.cached.endswith('.pyc'), a.__package__ == '')
print(a.seen)
"""
        )
        path = tmp_path / "a.dana"
        modules = {
            "a.dana": "import probe\nseen = [__name__, probe.is_dana(__name__)]\n",
            "probe.py": "import sys\ndef is_dana(n): return sys.modules[n].__dana__\n",
        }
        assert run_script(script, modules) == [
            f"a {path} True {path} True",
            "True True True",
            "['a', True]",
        ]

    def test_python_and_dana_of_one_name_keep_their_caches_apart(self, run_script, tmp_path):
        modules = {"foo.py": "x = 'python'\n", "foo.dana": "x = 'dana'\n"}
        for _ in range(2):
            assert run_script("import foo; print(foo.x)", modules) == ["python"]
            assert run_script(INSTALL + "import foo; print(foo.x)", {}) == ["dana"]
        names = {path.name.split(".")[1] for path in (tmp_path / "__pycache__").iterdir()}
        assert names == {"dana", sys.implementation.cache_tag}

    def test_reload_picks_up_an_edit(self, run_script):
        script = (
            INSTALL
            + """
import a, importlib
from pathlib import Path
first = a
for text in ('x = 2', 'x = 3', 'y = 1'):
    Path('a.dana').write_text(text)
    importlib.reload(a)
    print(a.x, a is first, a.__dana__)
"""
        )
        assert run_script(script, {"a.dana": "x = 1"}) == [
            "2 True True",
            "3 True True",
            "3 True True",
        ]

    def test_functions_pickle_by_reference(self, run_script):
        script = INSTALL + "import a, pickle; print(pickle.loads(pickle.dumps(a.f)) is a.f)"
        assert run_script(script, {"a.dana": "def f():\n    return 1\n"}) == ["True"]

    def test_inspect_and_linecache_show_the_text(self, run_script):
        script = (
            INSTALL
            + """
import a, inspect, linecache
print(repr(inspect.getsource(a.f)))
print(linecache.getline(a.__file__, 3, a.__dict__).strip())
print(repr(a.__loader__.get_source('a')))
print(inspect.getsourcefile(a.f) == a.__file__)
"""
        )
        text = "x = 'é'\ndef f():\n    return 5\n"
        assert run_script(script, {"a.dana": text}) == [
            repr("def f():\n    return 5\n"),
            "return 5",
            repr(text),
            "True",
        ]

    def test_loader_answers_what_import_tools_ask(self, run_script, tmp_path):
        script = (
            INSTALL
            + """
import importlib.abc, importlib.util, runpy, os
spec = importlib.util.find_spec('p')
loader = spec.loader
print(isinstance(loader, importlib.abc.InspectLoader), loader.is_package('p'))
print(loader.get_filename('p') == spec.origin, loader.get_data(spec.origin))
exec(loader.source_to_code('print(1)')); exec(loader.source_to_code(b'print(2)', 'x.dana'))
print(loader.source_to_code('y = 1', 'x.dana').co_filename)
print(loader.get_code('p').co_filename == spec.origin)
print(runpy.run_module('p.m')['x'])
try:
    loader.get_code('q')
except ImportError as error:
    print(error)
os.remove(spec.origin)
try:
    loader.get_source('p')
except ImportError as error:
    print(error.name, error.path == spec.origin)
"""
        )
        assert run_script(script, {"p/__init__.dana": "x = 1\n", "p/m.na": "x = 3\n"}) == [
            "True True",
            "True b'x = 1\\n'",
            "1",
            "2",
            "x.dana",
            "True",
            "3",
            "loader for p cannot handle q",
            "p True",
        ]

    def test_module_that_fails_is_not_kept(self, run_script):
        script = (
            INSTALL
            + """
import sys
try:
    import a
except ValueError as error:
    print(error, 'a' in sys.modules)
"""
        )
        assert run_script(script, {"a.dana": "raise ValueError('no')\n"}) == ["no False"]

    def test_modules_are_imported_once_by_many_threads(self, run_script):
        script = (
            INSTALL
            + """
import threading, sys, builtins
builtins.runs = []
barrier = threading.Barrier(8)
def work():
    barrier.wait()
    import a, b
threads = [threading.Thread(target=work) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(runs))
"""
        )
        text = "import builtins\nbuiltins.runs.append(__name__)\n"
        assert run_script(script, {"a.dana": text, "b.na": text}) == ["['a', 'b']"]


class TestErrors:
    def test_wrong_module_raises_dana_syntax_error(self, run_script, tmp_path):
        script = (
            INSTALL
            + """
try:
    import a
except danac.DanaSyntaxError as error:
    print(error.filename, error.lineno, error.text.strip())
    print(isinstance(error, SyntaxError), error.diagnostic.severity)
"""
        )
        assert run_script(script, {"a.dana": "x = 1\ny = (2 +\n"}) == [
            f"{tmp_path / 'a.dana'} 2 y = (2 +",
            "True error",
        ]

    def test_wrong_module_is_shown_as_python_shows_its_own(self, run_python, tmp_path):
        write_modules(tmp_path, {"a.dana": "import b\n", "b.na": "x = 1\ny = (2 +\n"})
        (tmp_path / "main.py").write_text(INSTALL + "import a\n")
        # The second run has a.dana from the cache.
        for _ in range(2):
            completed = run_python("main.py", cwd=tmp_path)
            assert completed.returncode == 1
            assert completed.stderr.splitlines()[:-1] == [
                "Traceback (most recent call last):",
                f'  File "{tmp_path / "main.py"}", line 2, in <module>',
                "    import a",
                f'  File "{tmp_path / "a.dana"}", line 1, in <module>',
                "    import b",
                f'  File "{tmp_path / "b.na"}", line 2',
                "    y = (2 +",
                "        ^",
            ]
            assert "DanaSyntaxError: '(' was never closed" in completed.stderr

    def test_import_in_an_except_clause_leaves_that_exception_alone(self, run_script):
        script = (
            INSTALL
            + """
from danac.loading.code_object import compile_bytes
def fail():
    compile_bytes(b"y = (2 +", "b.dana")
try:
    fail()
except SyntaxError as error:
    before = error.__traceback__.tb_next.tb_next
    import a
    print(before is not None, error.__traceback__.tb_next.tb_next is before)
"""
        )
        assert run_script(script, {"a.dana": ""}) == ["True True"]

    def test_traceback_through_an_import_shows_only_the_program(self, run_python, tmp_path):
        write_modules(tmp_path, {"a.dana": "import b\n", "b.na": "x = 1 / 0\n"})
        (tmp_path / "main.py").write_text(INSTALL + "import a\n")
        completed = run_python("main.py", cwd=tmp_path)
        files = [line for line in completed.stderr.splitlines() if line.startswith("  File")]
        assert files == [
            f'  File "{tmp_path / "main.py"}", line 2, in <module>',
            f'  File "{tmp_path / "a.dana"}", line 1, in <module>',
            f'  File "{tmp_path / "b.na"}", line 1, in <module>',
        ]


class TestWithoutPrivateParts:
    """A Python whose importlib lacks what the hook uses of its own parts: only tracebacks are longer."""

    MODULES = {  # noqa: RUF012
        "sound.dana": "x = 1\n",
        "wrong.dana": "x = (\n",
        "failing.dana": "x = 1 / 0\n",
        "hen.dana": "from egg import y\nx = 1\n",
        "egg.dana": "from hen import x\ny = 1\n",
    }
    SCRIPT = """
danac.install()
import traceback
import sound
print(sound.x, sound.__spec__.loader.name)
for name in 'wrong', 'failing', 'hen':
    try:
        __import__(name)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        print(type(error).__name__, name in sys.modules, last.filename.endswith('.dana'))
"""
    MISSING = {  # noqa: RUF012
        "frames removed": (
            "import importlib\nkept = importlib._bootstrap\ndel importlib._bootstrap\n"
            "import danac.loading.import_hook\nimportlib._bootstrap = kept\n"
        ),
        "initializing": (
            "from danac.loading.import_hook import DanaSpec\ndel DanaSpec.__setattr__\n"
        ),
    }

    @pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING.keys())
    def test_modules_are_imported_all_the_same(self, run_script, missing):
        script = "import sys, danac\n" + missing + self.SCRIPT
        # The second run has the modules from the cache.
        for _ in range(2):
            first, wrong, *others = run_script(script, self.MODULES)
            assert first == "1 sound"
            assert wrong.startswith("DanaSyntaxError False")
            assert others == ["ZeroDivisionError False True", "ImportError False True"]


class TestCycles:
    """`modules` are imported by a Python program; the last lines of its traceback."""

    @pytest.fixture
    def failure(self, tmp_path, run_python):
        def run(modules: dict[str, str], script: str = "import orders\n") -> list[str]:
            write_modules(tmp_path, {**modules, "main.py": INSTALL + script})
            # The second run has the modules from the cache.
            for _ in range(2):
                completed = run_python("main.py", cwd=tmp_path)
                assert completed.returncode == 1
                assert "danac" not in completed.stderr.replace("import danac", "")
                assert "importlib" not in completed.stderr
            return completed.stderr.splitlines()[-2:]

        return run

    def test_from_import(self, failure):
        modules = {
            "orders.dana": "from prices import price\ntotal = 1\n",
            "prices.na": "from orders import total\nprice = 2\n",
        }
        error, note = failure(modules)
        assert error.startswith(
            "ImportError: cannot import name 'total' from partially initialized"
        )
        assert note == "import cycle: orders → prices → orders"

    def test_attribute(self, failure):
        modules = {
            "orders.dana": "import prices\ntotal = 1\n",
            "prices.na": "import orders\nprice = orders.total\n",
        }
        error, note = failure(modules)
        # Python's own words for it are others in each version.
        assert error.startswith("AttributeError: ")
        assert note == "import cycle: orders → prices → orders"

    def test_attribute_in_a_function(self, failure):
        modules = {
            "orders.dana": "import prices\nx = prices.price()\ntotal = 1\n",
            "prices.na": "import orders\ndef price():\n    return orders.total\n",
        }
        assert failure(modules)[1] == "import cycle: orders → prices → orders"

    def test_longer_cycle_that_begins_behind_other_modules(self, failure):
        modules = {
            "shop.dana": "import help\n",
            "help.dana": "def start():\n    import orders\nstart()\n",
            "orders.dana": "import prices\ntotal = 1\n",
            "prices.na": "import taxes\n",
            "taxes.dana": "from orders import total\n",
        }
        note = failure(modules, "import shop\n")[1]
        assert note == "import cycle: orders → prices → taxes → orders"

    @pytest.mark.parametrize("python", ["orders", "prices", "taxes"])
    def test_python_modules_in_between(self, failure, python):
        modules = {
            "orders": "import prices\ntotal = 1\n",
            "prices": "import taxes\n",
            "taxes": "from orders import total\n",
        }
        files = {
            f"{name}.{'py' if name == python else 'dana'}": text for name, text in modules.items()
        }
        assert failure(files)[1] == "import cycle: orders → prices → taxes → orders"

    def test_modules_of_a_package(self, failure):
        modules = {
            "shop/__init__.dana": "from .orders import total\nrate = 1\n",
            "shop/orders.dana": "from . import rate\ntotal = 2\n",
        }
        note = failure(modules, "import shop.orders\n")[1]
        assert note == "import cycle: shop → shop.orders → shop"

    def test_submodule_that_is_not_ready(self, failure):
        modules = {
            "shop/__init__.dana": "",
            "shop/orders.dana": "import shop.prices\n",
            "shop/prices.dana": "import shop.orders\nx = shop.orders.total\n",
        }
        error, note = failure(modules, "import shop.orders\n")
        assert error.startswith("AttributeError: ")
        assert note == "import cycle: shop.orders → shop.prices → shop.orders"

    def test_module_that_imports_itself(self, failure):
        assert (
            failure({"orders.dana": "from orders import x\n"})[1] == "import cycle: orders → orders"
        )

    def test_program_itself_is_in_no_cycle(self, run_danac, tmp_path):
        modules = {
            "a.dana": "import orders\n",
            "orders.dana": "from prices import price\n",
            "prices.dana": "from orders import total\n",
        }
        write_modules(tmp_path, modules)
        completed = run_danac("run", "a.dana", cwd=tmp_path)
        assert completed.stderr.splitlines()[-1] == "import cycle: orders → prices → orders"
        assert completed.stderr.count("import cycle") == 1

    def test_module_of_another_thread_is_in_no_cycle_of_this_one(self, run_script):
        script = (
            INSTALL
            + """
import threading, builtins, sys
builtins.started, builtins.done = threading.Event(), threading.Event()
thread = threading.Thread(target=__import__, args=("slow",))
thread.start()
started.wait()
sys.modules["alias"] = sys.modules["slow"]
try:
    import quick
except AttributeError as error:
    print(error.obj.__name__, getattr(error, "__notes__", None))
done.set()
thread.join()
"""
        )
        modules = {
            "slow.dana": "import builtins\nbuiltins.started.set()\nbuiltins.done.wait(60)\nx = 1\n",
            "quick.dana": "import sys\nsys.modules['alias'].x\n",
        }
        assert run_script(script, modules) == ["slow None"]

    def test_other_errors_get_no_note(self, run_script):
        script = (
            INSTALL
            + """
for name in ("a", "b", "d"):
    try:
        __import__(name)
    except (ImportError, AttributeError) as error:
        print(getattr(error, "__notes__", None))
"""
        )
        modules = {"a.dana": "from c import x\n", "b.dana": "import c\nc.x\n", "c.dana": ""}
        modules["d.dana"] = "import __main__\n__main__.nothing\n"
        assert run_script(script, modules) == ["None"] * 3

from __future__ import annotations

import asyncio
import contextvars
import copy
import importlib
import pickle
import sys
import textwrap
import threading
import traceback
import types
import weakref

import pytest

import dana_runtime
from dana_runtime import fan_out, run_in_order
from dana_runtime.execution.block import Block
from dana_runtime.scopes import Scope, current_layer, lookup, private_scope, public, system

WAIT = 30.0
BLOCK = Block("report", "src/orders.dana", ("tax", 12, 26), ("charge", 12, 31))

# What generated code begins with.
PRELUDE = """\
from dana_runtime import lookup as _dana_lookup, private_scope as _dana_private_scope
from dana_runtime import public as _dana_public, system as _dana_system
_dana_private = _dana_private_scope(__name__)
"""


def run_module(source, module_globals=None, name="module"):
    if module_globals is None:
        module_globals = {"__name__": name}
    code = compile(PRELUDE + textwrap.dedent(source), f"{name}.dana", "exec")
    exec(code, module_globals)
    return module_globals


@pytest.fixture(autouse=True)
def empty_public():
    public._names.clear()
    yield
    public._names.clear()


@pytest.fixture
def private():
    return Scope("private", "module")


BOTH_SCOPES = pytest.mark.parametrize("scope", [Scope("private", "module"), public], ids=repr)


@BOTH_SCOPES
class TestNames:
    def test_are_read_written_and_deleted(self, scope):
        scope["x"] = 1
        assert scope["x"] == 1
        scope["x"] += 1
        assert (scope["x"], scope.get("x"), "x" in scope) == (2, 2, True)
        del scope["x"]
        assert (scope.get("x"), scope.get("x", 5), "x" in scope) == (None, 5, False)

    def test_hold_any_value(self, scope):
        for value in (None, False, 0, "", NotImplemented):
            scope["x"] = value
            assert scope["x"] is value
            assert "x" in scope
        del scope["x"]

    def test_in_place_changes_keep_the_object(self, scope):
        items = [1]
        scope["x"] = items
        scope["x"] += [2]
        assert scope["x"] is items == [1, 2]
        del scope["x"]

    def test_are_listed(self, scope):
        scope["x"], scope["y"] = 1, 2
        assert (list(scope), len(scope)) == (["x", "y"], 2)
        del scope["x"], scope["y"]
        assert (list(scope), len(scope), bool(scope)) == ([], 0, True)

    def test_that_are_not_there_are_name_errors(self, scope):
        def delete():
            del scope["x"]

        for use in (lambda: scope["x"], delete):
            for call in (use, lambda use=use: fan_out((lambda value: use(),), None)):
                with pytest.raises(NameError) as caught:
                    call()
                assert str(caught.value) == f"{scope.prefix}:x is not defined"
                assert caught.value.name == f"{scope.prefix}:x"
                assert caught.value.__context__ is None or caught.value.__suppress_context__

    def test_near_misses_are_suggested(self, scope):
        scope["xs"] = scope["total"] = 1
        with pytest.raises(NameError) as caught:
            scope["x"]
        prefix = scope.prefix
        assert str(caught.value) == f"{prefix}:x is not defined. Did you mean: '{prefix}:xs'?"
        with pytest.raises(NameError, match=f"Did you mean: '{prefix}:total'"):
            scope["Totl"]
        del scope["xs"], scope["total"]


class TestScopes:
    def test_are_apart_from_each_other(self, private):
        private["x"], public["x"] = 1, 2
        assert (private["x"], public["x"], "x" in system) == (1, 2, False)
        del private["x"]
        with pytest.raises(NameError) as caught:
            private["x"]
        assert str(caught.value) == "private:x is not defined. Did you mean: 'public:x'?"

    def test_are_printed(self, private):
        assert repr(private) == "<private scope of module: empty>"
        public["a"] = public["b"] = 1
        assert repr(public) == "<public scope: a, b>"
        assert repr(system) == "<system scope: branch, depth, pipeline>"

    def test_public_is_one(self):
        run_module("_dana_public['x'] = 1", name="one")
        assert run_module("x = _dana_public['x']", name="other")["x"] == 1
        assert dana_runtime.public is public

    def test_private_is_one_per_module(self):
        one = run_module("_dana_private['x'] = 1", name="one")["_dana_private"]
        other = run_module("_dana_private['x'] = 2", name="other")["_dana_private"]
        assert (one["x"], other["x"]) == (1, 2)
        assert (one.module, other.module) == ("one", "other")

    def test_private_is_seen_at_any_depth_of_calls(self):
        made = run_module(
            """
            def outer():
                return inner()
            def inner():
                return _dana_private["x"]
            _dana_private["x"] = 5
            result = outer()
            """
        )
        assert made["result"] == 5

    def test_private_stays_with_the_globals_of_its_module(self):
        first = run_module("_dana_private['x'] = 1")
        again = run_module("x = _dana_private.get('x')", first)
        assert again["x"] == 1
        afresh = run_module("x = _dana_private.get('x')")
        assert afresh["x"] is None
        assert afresh["_dana_private"] is not first["_dana_private"]

    def test_private_is_not_that_of_a_module_with_copied_globals(self):
        first = run_module("_dana_private['x'] = 1", name="one")
        second = run_module("", {**first, "__name__": "two"})
        assert second["_dana_private"] is not first["_dana_private"]

    def test_a_module_is_reloaded(self, tmp_path, monkeypatch):
        path = tmp_path / "reloaded_module.py"
        path.write_text(PRELUDE + "_dana_private['x'] = _dana_private.get('x', 0) + 1\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        module = importlib.import_module("reloaded_module")
        try:
            assert module._dana_private["x"] == 1
            importlib.reload(module)
            assert module._dana_private["x"] == 2
            del sys.modules["reloaded_module"]
            assert importlib.import_module("reloaded_module")._dana_private["x"] == 1
        finally:
            sys.modules.pop("reloaded_module", None)

    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_are_pickled_by_reference(self, protocol, monkeypatch):
        module = types.ModuleType("pickled_module")
        monkeypatch.setitem(sys.modules, "pickled_module", module)
        private = run_module("", vars(module))["_dana_private"]
        private["x"] = lambda: "cannot be pickled"
        for scope in (private, public, system):
            assert pickle.loads(pickle.dumps(scope, protocol)) is scope
            assert copy.copy(scope) is scope
            assert copy.deepcopy(scope) is scope

    def test_a_pickle_meets_a_module_without_a_scope(self, monkeypatch):
        pickled = pickle.dumps(Scope("private", "other_module"))
        assert pickle.loads(pickled).module == "other_module"
        monkeypatch.setitem(sys.modules, "other_module", types.ModuleType("other_module"))
        assert pickle.loads(pickled) is pickle.loads(pickled)


class TestBranches:
    def test_read_what_is_around_them(self, private):
        private["x"], public["y"] = 1, 2

        def branch(value):
            return private["x"], public["y"], private.get("z"), sorted(private)

        assert fan_out((branch,) * 3, None) == [(1, 2, None, ["x"])] * 3

    @pytest.mark.parametrize("count", [1, 3, 20])
    @BOTH_SCOPES
    def test_write_for_themselves(self, count, scope):
        def branch(value):
            scope["x"] += 1
            scope["new"] = value
            return scope["x"], scope["new"], sorted(scope)

        scope["x"] = 1
        assert fan_out((branch,) * count, 7) == [(2, 7, ["new", "x"])] * count
        assert list(scope) == ["x"]
        assert scope["x"] == 1
        del scope["x"]

    @BOTH_SCOPES
    def test_delete_for_themselves(self, scope):
        def branch(value):
            del scope["x"]
            assert "x" not in scope
            assert list(scope) == []
            with pytest.raises(NameError):
                scope["x"]
            with pytest.raises(NameError):
                del scope["x"]
            assert fan_out((lambda value: "x" in scope,) * 2, None) == [False, False]
            scope["x"] = value
            return scope["x"]

        scope["x"] = 1
        assert fan_out((branch,) * 3, 7) == [7] * 3
        assert scope["x"] == 1
        del scope["x"]

    def test_see_neither_each_other_nor_later_blocks(self, private):
        barrier = threading.Barrier(2)

        def branch(own):
            def run(value):
                private["x"] = own
                barrier.wait(WAIT)
                return private["x"]

            return run

        assert fan_out((branch(1), branch(2)), None) == [1, 2]
        assert fan_out((lambda value: private.get("x"),) * 2, None) == [None, None]

    def test_in_order_write_for_the_caller(self, private):
        def branch(value):
            private["x"] = private.get("x", 0) + value
            return private["x"]

        assert run_in_order((branch, branch), 2) == [2, 4]
        assert private["x"] == 4

        def outer(value):
            return run_in_order((branch, branch), value), private["x"]

        assert fan_out((outer, outer), 3) == [([7, 10], 10)] * 2
        assert private["x"] == 4

    def test_in_branches_see_those_around_them(self, private):
        def innermost(value):
            before = private["x"], private["y"], private["z"]
            private["x"] = private["y"] = private["z"] = "innermost"
            return before

        def middle(value):
            private["y"] = "middle"
            seen = fan_out((innermost, innermost), None)
            return seen, private["x"], private["y"], private["z"]

        def outer(value):
            private["x"] = "outer"
            seen = fan_out((middle, middle), None)
            return seen, private["x"], private["y"], private["z"]

        private["x"] = private["y"] = private["z"] = "module"
        in_middle = ([("outer", "middle", "module")] * 2, "outer", "middle", "module")
        assert fan_out((outer, outer), None) == [([in_middle] * 2, "outer", "module", "module")] * 2
        assert (private["x"], private["y"], private["z"]) == ("module",) * 3

    def test_at_any_depth(self, private):
        def descend(left):
            private["left"] = left
            if left:
                assert fan_out((lambda value: private["top"], descend), left - 1)[0] == "top"
            return private["left"]

        private["top"] = "top"
        assert descend(300) == 300
        assert private["left"] == 300

    def test_keep_what_their_tasks_write(self, private):
        async def task(name):
            private[name] = current_layer.get() is not None

        async def tasks():
            await asyncio.gather(*(asyncio.create_task(task(name)) for name in "ab"))

        def branch(value):
            # The branch itself has not written yet when its tasks copy its context.
            asyncio.run(tasks())
            contextvars.copy_context().run(private.__setitem__, "c", True)
            return sorted(private)

        assert fan_out((branch, branch), None) == [["a", "b", "c"]] * 2
        assert list(private) == []

    def test_see_later_changes_of_what_is_around_them(self, private):
        running, changed = threading.Barrier(3), threading.Event()

        def branch(value):
            before = private["x"]
            running.wait(WAIT)
            assert changed.wait(WAIT)
            return before, private["x"], private.get("y")

        def change():
            running.wait(WAIT)
            private["x"] = 2
            private["y"] = 3
            changed.set()

        private["x"] = 1
        thread = threading.Thread(target=change)
        thread.start()
        assert fan_out((branch, branch), None) == [(1, 2, 3)] * 2
        thread.join(WAIT)

    def test_end_with_what_they_wrote(self, private, wait_until):
        class Big:
            pass

        alive = []

        def branch(value):
            private["x"] = big = Big()
            alive.append(weakref.ref(big))

        fan_out((branch,) * 3, None)
        assert len(alive) == 3
        # A thread may still be leaving the context of its last branch.
        wait_until(lambda: all(reference() is None for reference in alive))

    def test_write_for_themselves_where_python_does_not_tell_of_imports(self):
        module_globals = {"__name__": "module", "__spec__": object()}
        run_module("def write(value): _dana_private['x'] = value", module_globals)
        fan_out((module_globals["write"],), 5)
        assert "x" not in module_globals["_dana_private"]

    def test_import_modules_for_the_whole_program(self, tmp_path, monkeypatch):
        source = """
            def set_up():
                _dana_private["by_function"] = 1
            _dana_private["x"] = _dana_public["y"] = 1
            _dana_private["gone"] = 1
            del _dana_private["gone"]
            set_up()
            def change():
                _dana_private["x"] = _dana_public["y"] = "changed"
            """
        path = tmp_path / "imported_in_branch.py"
        path.write_text(PRELUDE + textwrap.dedent(source))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(sys, "dont_write_bytecode", True)

        def branch(value):
            module = importlib.import_module("imported_in_branch")
            module.change()
            return module._dana_private["x"]

        try:
            assert fan_out((branch,) * 3, None) == ["changed"] * 3
            module = sys.modules["imported_in_branch"]
            assert sorted(module._dana_private) == ["by_function", "x"]
            assert (module._dana_private["x"], public["y"]) == (1, 1)
        finally:
            sys.modules.pop("imported_in_branch", None)


class TestManyThreads:
    def test_siblings_and_their_parent_write_at_once(self, private):
        barrier = threading.Barrier(4)
        rounds = 200

        def writer(own):
            def run(value):
                seen = set()
                for _ in range(rounds):
                    barrier.wait(WAIT)
                    private["x"] = own
                    seen.add(private["x"])
                return seen

            return run

        parent = []
        thread = threading.Thread(target=lambda: parent.append(writer("parent")(None)))
        thread.start()
        branches = [writer(index) for index in range(3)]
        assert fan_out(branches, None) == [{0}, {1}, {2}]
        thread.join(WAIT)
        assert parent == [{"parent"}]
        assert private["x"] == "parent"

    def test_thousands_of_blocks_write_the_same_name(self, private):
        callers, blocks = 40, 50
        barrier = threading.Barrier(callers)
        failures = []

        def caller(number):
            barrier.wait(WAIT)
            for block in range(blocks):

                def branch(own, block=block):
                    def run(value):
                        private["x"] = public["x"] = (number, block, own)
                        inner = fan_out((lambda v: private["x"], lambda v: public["x"]), None)
                        return [*inner, private["x"], public["x"]]

                    return run

                results = fan_out([branch(own) for own in range(3)], None)
                expected = [[(number, block, own)] * 4 for own in range(3)]
                if results != expected:
                    failures.append((results, expected))

        private["x"] = public["x"] = "outside"
        threads = [threading.Thread(target=caller, args=(number,)) for number in range(callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert failures == []
        assert (private["x"], public["x"]) == ("outside", "outside")

    def test_listing_and_deleting_while_others_write(self, private):
        stop = threading.Event()
        failures = []

        def churn(own):
            try:
                while not stop.is_set():
                    for index in range(50):
                        private[f"{own}-{index}"] = index
                    for index in range(50):
                        del private[f"{own}-{index}"]
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=churn, args=(own,)) for own in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(300):
                assert len(list(private)) <= 200
                assert repr(private)
        finally:
            stop.set()
            for thread in threads:
                thread.join(WAIT)
        assert failures == []
        assert list(private) == []


class TestSystem:
    def test_outside_of_blocks(self):
        assert {name: system[name] for name in system} == {
            "branch": None,
            "depth": 0,
            "pipeline": None,
        }
        assert len(system) == 3

    def test_in_branches(self):
        def branch(value):
            return system["depth"], system["branch"], system["pipeline"]

        assert fan_out((branch, branch), None, BLOCK) == [
            (1, "tax", "report"),
            (1, "charge", "report"),
        ]
        nested = fan_out((lambda value: fan_out((branch, branch), None, BLOCK),) * 2, None)
        assert nested == [[(2, "tax", "report"), (2, "charge", "report")]] * 2
        assert fan_out((branch,), None) == [(1, None, None)]
        assert run_in_order((branch,), None, BLOCK) == [(0, None, None)]
        alone = Block("", "x.dana", ("f", 1, 1))
        assert fan_out((branch,), None, alone) == [(1, "f", None)]

    def test_can_only_be_read(self):
        def delete(name):
            del system[name]

        for use in (lambda name: system.__setitem__(name, 1), delete):
            with pytest.raises(TypeError) as caught:
                use("depth")
            assert str(caught.value) == "system:depth can only be read"
            with pytest.raises(NameError) as caught:
                use("dept")
            assert str(caught.value) == (
                "system:dept is not defined; the names of system are branch, depth, pipeline"
            )
            assert caught.value.name == "system:dept"

    def test_unknown_names(self):
        with pytest.raises(NameError) as caught:
            system["dept"]
        assert str(caught.value) == "system:dept is not defined. Did you mean: 'system:depth'?"
        assert (system.get("dept"), system.get("depth"), system.get("x", 5)) == (None, 0, 5)
        assert "depth" in system
        assert "dept" not in system


class TestLookup:
    def test_globals_come_first_then_builtins(self, private):
        private["found_global"] = private["len"] = "private"
        made = run_module(
            """
            globals()["found_" + "global"] = 1
            result = _dana_lookup("found_global", _dana_private), _dana_lookup("len", _dana_private)
            """,
        )
        assert made["result"] == (1, len)

    def test_then_private_then_public(self, private):
        private["a"], public["a"], public["b"] = 1, 2, 3
        assert (lookup("a", private), lookup("b", private)) == (1, 3)
        private["none"] = None
        assert lookup("none", private) is None

    def test_in_branches(self, private):
        private["a"] = 1

        def branch(value):
            private["a"] = value
            return lookup("a", private)

        assert fan_out((branch, branch), 5) == [5, 5]
        assert lookup("a", private) == 1

    def test_an_unknown_name(self, private):
        with pytest.raises(NameError) as caught:
            lookup("nothing_like_it", private)
        assert str(caught.value) == "name 'nothing_like_it' is not defined"
        assert caught.value.name == "nothing_like_it"
        assert caught.value.__context__ is None

    def test_system_is_not_looked_at(self, private):
        with pytest.raises(NameError):
            lookup("depth", private)

    def test_scoped_names_are_suggested(self, private):
        private["total_of_all"] = 1
        public["average_of_all"] = 1
        with pytest.raises(NameError) as caught:
            lookup("totl_of_all", private)
        assert str(caught.value) == (
            "name 'totl_of_all' is not defined. Did you mean: 'private:total_of_all'?"
        )
        with pytest.raises(NameError, match="Did you mean: 'public:average_of_all'"):
            lookup("avarage_of_all", private)

    def test_the_error_is_raised_where_the_name_is_read(self, private):
        def use():
            lookup("nothing_like_it", private)

        with pytest.raises(NameError) as caught:
            use()
        frames = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert frames[-1] == "use"
        assert caught.value.__traceback__.tb_next.tb_next is None


PROGRAM = (
    PRELUDE
    + """
total = 5
_dana_private["average"] = 1
def use():
    running = 1
    {use}
use()
"""
)

SHOW_TRIMMED = """
import sys
from dana_runtime.tracebacks import without_runtime_frames
shown = sys.excepthook
sys.excepthook = lambda kind, error, entry: shown(
    kind, error.with_traceback(without_runtime_frames(entry)), error.__traceback__
)
"""


@pytest.mark.parametrize("prefix", ["", SHOW_TRIMMED], ids=["all frames", "program's frames"])
@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("_dana_lookup('totl', _dana_private)", "name 'totl' is not defined*'total'"),
        ("_dana_lookup('runing', _dana_private)", "name 'runing' is not defined*'running'"),
        ("_dana_lookup('pritn', _dana_private)", "name 'pritn' is not defined*'print'"),
        (
            "_dana_lookup('avrage', _dana_private)",
            "name 'avrage' is not defined*'private:average'",
        ),
        ("_dana_private['avrage']", "private:avrage is not defined*'private:average'"),
        ("_dana_private['totl']", "private:totl is not defined"),
        # Near names of the runtime, which are nothing to the program.
        ("_dana_lookup('nam', _dana_private)", "name 'nam' is not defined"),
        ("_dana_lookup('publc', _dana_private)", "name 'publc' is not defined"),
        ("_dana_lookup('Laye', _dana_private)", "name 'Laye' is not defined"),
    ],
)
def test_one_suggestion_is_printed(run_python, prefix, use, message):
    printed = run_python(prefix + PROGRAM.format(use=use)).stderr
    head, star, near = message.partition("*")
    suggestion = f". Did you mean: {near}?" if star else ""
    assert printed.splitlines()[-1] == f"NameError: {head}{suggestion}"


def test_scopes_load_no_threads(run_python):
    program = f"""
import sys
{PRELUDE}
_dana_private["x"] = 1
_dana_private["x"], _dana_lookup("len", _dana_private), _dana_system["depth"]
print(*(name for name in ("threading", "traceback", "dis", "typing") if name in sys.modules))
"""
    assert run_python(program, "-S").stdout == "\n"


def test_private_scope_is_that_of_the_calling_module():
    try:
        assert private_scope(__name__) is private_scope(__name__)
        assert globals()["_dana_private"] is private_scope(__name__)
    finally:
        globals().pop("_dana_private", None)

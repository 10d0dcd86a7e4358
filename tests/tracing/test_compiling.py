"""What the option `trace` adds to generated code, and that it adds nothing else."""

from __future__ import annotations

import ast
import pickle
import re
import textwrap

import pytest

import dana_runtime
import danac
from danac.loading.import_hook import _worker_setup
from danac.options import Options


def expression(text: str) -> str:
    """Return the last statement of a traced program as Python."""
    return ast.unparse(danac.to_ast(textwrap.dedent(text), "orders.dana", trace=True).body[-1])


def descriptions(text: str) -> list[str]:
    tree = danac.to_ast(textwrap.dedent(text), "orders.dana", trace=True)
    found = [ast.unparse(statement) for statement in tree.body]
    return [line for line in found if re.match(r"_dana_slice_\d+ = ", line)]


def test_stage():
    assert expression("5 | str") == "_dana_slice_1.open()(str(_dana_slice_1.begin(5)))"


def test_stages_begin_when_their_value_has_arrived():
    assert expression("5 | str | len") == (
        "_dana_slice_2.open()(len(_dana_slice_2.begin("
        "_dana_slice_1.open()(str(_dana_slice_1.begin(5))))))"
    )


def test_declarative_function():
    assert expression("def p(x) = str | len").splitlines()[-1].strip() == (
        "return _dana_slice_3.start()(_dana_slice_2.open()(len(_dana_slice_2.begin("
        "_dana_slice_1.start()(str(x))))))"
    )
    assert descriptions("def p(x) = str | len") == [
        "_dana_slice_1 = _dana_TracedStage('str', 'orders.dana', 1, 12, 'p', 'stage')",
        "_dana_slice_2 = _dana_TracedStage('len', 'orders.dana', 1, 18, 'p', 'stage')",
        "_dana_slice_3 = _dana_TracedStage('p', 'orders.dana', 1, 12, 'p', 'pipeline')",
    ]


def test_blocks_are_the_runtime_s():
    assert expression("5 | { str, len }") == "_dana_fan_out((str, len), 5, _dana_block_1)"


def test_stage_with_a_policy_is_marked():
    (made,) = descriptions("5 | str(*[]) with (timeout=3)")
    assert made.endswith("'stage', True)")


def test_branches_of_one_stage_are_the_runtime_s():
    made = descriptions("5 | { str(*[]), int | str }")
    assert [line.split(",")[0].partition("(")[2] for line in made] == ["'int'", "'str'"]


def test_without_the_option_nothing_is_added():
    text = "def p(x) = str | { len, str } | $$[0]\np | str\n"
    assert "slice" not in danac.to_python(text)
    assert danac.compile_source(text, trace=False) == danac.compile_source(text)


@pytest.mark.parametrize("stage", ["str", "repr", "f", "print"])
def test_names_of_classes_are_found_through_the_slices(stage, capsys):
    text = f"def f(x): str(x)\nresult = 5 | type | {stage}\nprint(result)"
    danac.run_source(text)
    plain = capsys.readouterr().out
    danac.run_source(text, trace=True)
    assert capsys.readouterr().out == plain


def test_traced_code_runs_without_a_timeline():
    text = "def fail(x): raise ValueError\ndef p(x) = str | len\nx = 5 | p | str\n"
    assert danac.run_source(text, trace=True)["x"] == "1"
    with pytest.raises(ValueError, match=r"^$"):
        danac.run_source(text + "5 | p | fail", trace=True)


def test_timeline_that_begins_and_ends_within_stages(tmp_path, read):
    text = textwrap.dedent(
        f"""
        from dana_runtime.py import tracing
        session = tracing({str(tmp_path / "out.json")!r})
        def begin(x):
            session.__enter__()
            x
        def end(x):
            session.__exit__(None, None, None)
            x
        5 | begin | str
        x = 5 | str | end | len
        """
    )
    assert danac.run_source(text, trace=True)["x"] == 1
    assert [found.name for found in read(tmp_path / "out.json").slices] == ["str", "end"]


def test_long_pipes():
    text = "def f(x): x + 1\nx = 0" + " | f" * 300
    assert danac.run_source(text, trace=True)["x"] == 300


def test_order_of_evaluation(tmp_path):
    text = textwrap.dedent(
        """
        seen = []
        def note(x):
            seen.append(x)
            x
        def adder(n):
            note(f"adder {n}")
            lambda x, y=0 :: note(x + y + n)
        def p(x) = note | (adder(1)) | note($$ + note(5)) as y | (adder(y)) | $$ + y
        note(1) | (adder(2)) | (adder(3)) | p | note
        (note | (adder(4)))(2)
        [note(i) | note for i in (1, 2)] | note
        """
    )
    plain = danac.run_source(text)["seen"]
    with dana_runtime.tracing(tmp_path / "out.json"):
        assert danac.run_source(text, trace=True)["seen"] == plain
    assert len(plain) > 15


def test_description_can_be_pickled():
    stage = dana_runtime.TracedStage("f", "orders.dana", 1, 2, "p", "stage", True)
    again = pickle.loads(pickle.dumps(stage))
    assert again.args() == stage.args() == {"at": "orders.dana:1:2", "pipeline": "p"}
    assert again.is_policed


def test_option_is_part_of_the_cache_s_key():
    options = [Options(c, trace=t) for c in (False, True) for t in (False, True)]
    assert len({option.key for option in options}) == len(set(options)) == 4
    assert Options(coerce=True) | Options(trace=True) == Options(True, trace=True)
    assert repr(Options(trace=True)) == "Options(coerce=False, trace=True)"


@pytest.mark.parametrize("coerce", [False, True])
@pytest.mark.parametrize("trace", [False, True])
def test_processes_are_set_up_alike(coerce, trace):
    from danac.loading import import_hook

    module, _, name = _worker_setup(Options(coerce, trace=trace)).partition(":")
    assert module == "danac.loading.import_hook"
    getattr(import_hook, name)()
    try:
        assert import_hook._hook._finder.given == Options(coerce, trace=trace)
    finally:
        danac.uninstall()


def test_to_install_it_takes_nothing_back():
    from danac.loading import import_hook

    import_hook.install_coercing()
    try:
        danac.install(trace=True)
        danac.install()
        assert import_hook._hook._finder.given == Options(True, trace=True)
    finally:
        danac.uninstall()


def test_import_hook(tmp_path, monkeypatch, read):
    (tmp_path / "bills_of_traced.dana").write_text("def tax(x): x\ndef bill(x) = tax | str\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    danac.install(trace=True)
    try:
        import bills_of_traced

        with dana_runtime.tracing(tmp_path / "out.json"):
            assert bills_of_traced.bill(1) == "1"
    finally:
        danac.uninstall()
    seen = read(tmp_path / "out.json")
    assert seen.inside(seen.one("bill")) == ["tax", "str"]

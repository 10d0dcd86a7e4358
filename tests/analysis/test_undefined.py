from __future__ import annotations

import builtins
from dataclasses import replace

import pytest

import danac
from dana_runtime import isinstance_of
from danac import nodes
from danac.analysis import undefined as undefined_module
from danac.analysis.names import Names
from danac.analysis.undefined import reads, undefined_names
from danac.compilation import build
from danac.diagnostics import DanaSyntaxError
from danac.source import Source


def module_of(text: str) -> nodes.Module:
    return build(Source(text))


def undefined(text: str) -> list[str]:
    module = module_of(text)
    return [found.message.split("'")[1] for found in undefined_names(module, Names(module))]


def test_decorators_and_defaults_are_read_outside():
    text = "@inner\ndef f(x = inner):\n    inner = 1\n    return inner + unknown\n"
    assert sorted(undefined(text)) == ["inner", "inner", "unknown"]


@pytest.mark.parametrize("name", sorted(n for n in vars(builtins) if not n.startswith("_")))
def test_what_python_has_built_in_is_known_and_found(name):
    """`check` and a run agree on every name, whether it is one of Dana's list or not."""
    if name in {"eval", "exec", "compile", "globals", "locals"}:
        with pytest.raises(DanaSyntaxError, match="is no built-in of Dana"):
            danac.compile_source(f"x = {name}")
        return
    assert undefined(f"x = {name}") == []
    found = danac.run_source(f"x = {name}")["x"]
    # Dana's own takes names of types, too.
    assert found is (isinstance_of if name == "isinstance" else getattr(builtins, name))


class Counted(tuple):
    """A tuple that counts the items it has given."""

    given = 0

    def __iter__(self):
        for item in tuple.__iter__(self):
            Counted.given += 1
            yield item


def looked_at(decorators: int) -> int:
    """Return how many decorators are looked at in a function that has so many."""
    module = module_of("@d\n" * decorators + "def f() = noop\n")
    [function] = module.body
    function = replace(function, decorators=Counted(function.decorators))
    module = replace(module, body=(function,))
    names = Names(module)
    Counted.given = 0
    assert len(list(reads(module, names))) == decorators + 1
    return Counted.given


def test_many_decorators_are_looked_at_a_few_times_each():
    assert looked_at(2_000) <= 4 * 2_000


@pytest.mark.parametrize(
    ("written", "is_fixed"),
    [
        *[("pirnt", True), ("prnt", True), ("printt", True), ("primt", True)],
        *[("frist", False), ("mex", False), ("printed", False), ("rint_", False)],
    ],
)
def test_only_what_is_one_slip_away_is_mended_by_itself(written, is_fixed):
    module = module_of(f"x = {written}(1)\n")
    (found,) = undefined_names(module, Names(module))
    assert (found.fix is not None) == is_fixed


@pytest.mark.parametrize("read", ["add(powr)", 'f"{$$} {powr}"', 'f"{powr}"', "powr + 1"])
def test_a_misspelt_capture_suggests_the_capture(read):
    text = f"def add(a, b): a + b\ndef p(x) = abs as power | {read}\n"
    hints = {found.code: found.hint for found in danac.check_source(text, "p.dana")}
    assert hints["DANA201"] == "did you mean `power`?"


MISSPELT = """\
def f(x): return x
def g(x, y): return x
"""


@pytest.mark.parametrize(
    "stage", ["g(valeu, 1)", "valeu + 1", 'f"{valeu}"', "(valeu, $$)", "$$ + valeu", "valeu.x"]
)
def test_misspelt_capture_is_all_that_is_said(stage):
    found = danac.check_source(f"{MISSPELT}print(3 | f as value | f | {stage})\n")
    assert [(one.code, one.hint) for one in found] == [("DANA201", "did you mean `value`?")]


def test_what_does_not_follow_from_a_misspelt_capture_is_said():
    found = danac.check_source(f'{MISSPELT}print(3 | f as value | f | "x")\nprint(valeu)\n')
    assert sorted(one.code for one in found) == ["DANA172", "DANA201", "DANA211"]


def test_captures_of_the_own_pipe_are_suggested():
    lines = "".join(f"    {i} | f as first{i} | f | frist{i}(1)\n" for i in range(100, 110))
    module = module_of(f"{MISSPELT}def main():\n{lines}")
    hints = [found.hint for found in undefined_names(module, Names(module))]
    assert sorted(hints) == [f"did you mean `first{i}`?" for i in range(100, 110)]


def test_capture_of_an_inner_pipe_is_suggested_in_the_inner_pipe_only():
    inner = "x = 1 | f | g((2 | f as inside | f | g(insidee, 1)), insidee)\n"
    module = module_of(MISSPELT + inner)
    hints = {found.span.column: found.hint for found in undefined_names(module, Names(module))}
    assert [hints[column] for column in sorted(hints)] == ["did you mean `inside`?", None]


def test_names_are_compared_for_so_many_only(monkeypatch):
    """Each comparison is with all names in sight, so a long text of nothing else would take quadratic time."""
    asked = []

    def compared(name, known, n):
        asked.append(name)
        return []

    monkeypatch.setattr(undefined_module, "get_close_matches", compared)
    count = undefined_module.MOST_HINTS + 50
    assert len(undefined("".join(f"x{i} = missing{i}\n" for i in range(count)))) == count
    assert len(set(asked)) == undefined_module.MOST_HINTS

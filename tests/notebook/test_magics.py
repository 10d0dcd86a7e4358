"""The magics in a real notebook: a kernel of its own runs the cells, and its outputs are looked at."""

from __future__ import annotations

import json
import re

import pytest

_REASON = "notebooks are run with {}: pip install danac[test]"
for library in ("IPython", "ipykernel", "nbclient", "nbformat"):
    pytest.importorskip(library, reason=_REASON.format(library))

# In a process of its own: what kernels leave to the garbage collector is no matter of danac's tests.
_EXECUTE = """
import json, sys, warnings
import nbformat
from nbclient import NotebookClient
made = nbformat.v4.new_notebook()
made.cells = [nbformat.v4.new_code_cell(text) for text in json.load(sys.stdin)]
NotebookClient(made, timeout=100, allow_errors=True, kernel_name="python3").execute()
print(json.dumps([cell.outputs for cell in made.cells]))
"""
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def execute(run_python, tmp_path):
    """Run cells behind `%load_ext danac`, and return what each shows: a value, an error, printed text."""

    def run(*cells: str) -> list[str]:
        texts = ["%load_ext danac", *cells]
        variables = {"IPYTHONDIR": str(tmp_path / "ipython")}
        done = run_python("-c", _EXECUTE, stdin=json.dumps(texts), cwd=tmp_path, env=variables)
        assert done.returncode == 0, done.stderr
        first, *others = [_shown(outputs) for outputs in json.loads(done.stdout.splitlines()[-1])]
        assert first == ""
        return others

    return run


def _shown(outputs: list[dict]) -> str:
    shown = []
    for output in outputs:
        if output["output_type"] == "execute_result":
            shown.append(output["data"]["text/plain"])
        elif output["output_type"] == "error":
            shown.append("\n".join(output["traceback"]))
        else:
            shown.append(output["text"])
    return _COLOURS.sub("", "\n".join(shown))


def test_cells_of_both_languages_share_their_names(execute):
    shown = execute(
        "base = 10\ndef shout(x): return f'{x}!'",
        "%%dana\ndef add(n) = n | $$ + base\n5 | add | { shout, str }",
        "base = 20\nadd(1), _",
        "total = %dana [1, 2] | sum\ntotal",
        "%dana base | $$ * $$",
        "%%dana\nprint('no value')\nquiet = 1",
        "%%dana\n5 | str;",
        "%%dana --coerce\na = 'n'\na + 5",
        "%%dana\n# dana: coerce\na + 6",
    )
    assert shown == [
        "",
        "['15!', '15']",
        "(21, ['15!', '15'])",
        "3",
        "400",
        "no value\n",
        "",
        "'n5'",
        "'n6'",
    ]


def test_tracebacks_point_into_the_cell_and_show_nothing_else(execute):
    shown = execute(
        "%%dana\ndef look(n):\n    d = {'a': 1}\n    return d[n]\n",
        "%%dana\nx = 1\n\n'b' | { look, str }",
        "look('c')",
        "%%dana\nunknown_name",
        "x",
    )
    defined, block, from_python, unknown, kept = shown
    assert defined == ""
    assert "Cell In[3], line 4" in block
    assert "----> 4 'b' | { look, str }" in block
    assert "Cell In[2], line 4, in look(n)" in block
    assert "----> 4     return d[n]" in block
    assert "in branch 1 of 2, look (Cell In[3]:4:9)" in block
    assert "its keys are: 'a'" in block
    assert "Cell In[2], line 4, in look(n)" in from_python
    assert "NameError: name 'unknown_name' is not defined" in unknown
    assert kept == "1"
    for text in (block, unknown):
        assert "danac" not in text
        assert "run_cell_magic" not in text


def test_wrong_cells(execute):
    assert execute(
        "%%dana\ny = 2\nx = = 2",
        "%%dana --wrong\n1",
        "%%dana\n'go on'",
    ) == [
        "Cell In[2]:3:5: error[DANA110]: unexpected `=`, expected an expression\n"
        "3 | x = = 2\n  |     ^",
        "UsageError: %%dana takes --coerce or nothing, not --wrong\n",
        "'go on'",
    ]


def test_structs_and_blocks_of_earlier_cells(execute):
    shown = execute(
        "%%dana\nstruct Point:\n    x: int\n    y: int = 0\np = Point(1)",
        "%%dana\ndef (p: Point) twice(): return p.x * 2\np",
        "%%dana\np.twice()",
        "p.twice(), type(p).__name__",
    )
    assert shown == ["", "Point(x=1, y=0)", "2", "(2, 'Point')"]


def test_modules_and_the_end(execute, tmp_path):
    (tmp_path / "orders.dana").write_text("def total(n) = n * 2 | str\n")
    shown = execute("import orders\norders.total(21)", "%unload_ext danac", "%%dana\n1")
    assert shown == ["'42'", "", "UsageError: Cell magic `%%dana` not found.\n"]


def test_without_a_kernel_too(run_python, tmp_path):
    script = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
shell.run_cell("%load_ext danac")
shell.run_cell("%%dana\\n5 | str")
shell.run_cell("%%dana\\n\\n1 / 0")
"""
    done = run_python("-c", script, env={"IPYTHONDIR": str(tmp_path)})
    assert "'5'" in done.stdout
    assert "----> 3 1 / 0" in done.stdout
    assert "danac" not in done.stdout

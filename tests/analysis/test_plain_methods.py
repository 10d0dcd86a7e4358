"""`f.map(…)` of a plain function is told of, and nothing that may have the method."""

from __future__ import annotations

import subprocess
import sys

import pytest

import danac

BEFORE = "def f(x): return x\nasync def g(x): return x\ndef p(x) = f | f\n"


def said(text: str) -> list[str]:
    return [one.message for one in danac.check_source(BEFORE + text) if one.code == "DANA227"]


@pytest.mark.parametrize("method", ["map", "amap", "aio"])
@pytest.mark.parametrize("name", ["f", "g"])
def test_plain_function(name, method):
    message = f"{name} is a plain function, which has no .{method}"
    assert said(f"r = {name}.{method}([1])\n") == [message]


@pytest.mark.parametrize(
    "text",
    [
        "r = p.map([1])",
        "r = (noop | f).map([1])",
        "r = f.other([1])",
        "f.map = p\nr = f.map([1])",
        "f = noop | f\nr = f.map([1])",
        "@p\ndef h(x): return x\nr = h.map([1])",
        "def use(f): return f.map([1])",
        "def (x: any) map(y): return y\nr = f.map([1])",
    ],
)
def test_what_may_have_the_method(text):
    assert said(f"{text}\n") == []


def test_what_is_hinted_at_works(capsys):
    danac.run_source(f"{BEFORE}print(list((noop | f).map([1, 2])))\n")
    assert capsys.readouterr().out == "[1, 2]\n"


def test_a_run_says_it_too(tmp_path):
    path = tmp_path / "a.dana"
    path.write_text(f"{BEFORE}f.map([1])\n")
    command = [sys.executable, "-m", "danac", "run", str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert printed.returncode == 1
    assert printed.stderr.endswith("hint: `noop | f` makes a pipeline, which has .map\n")

"""Every example, run as its README says, prints what its expected_output.txt holds."""

from __future__ import annotations

import ast
import os

import pytest

RUN_AS_PROGRAMS = {
    name: f"{name}.dana"
    for name in ("exports", "flaky_site", "flights", "orders", "quality", "site_report")
}
BUILT = {"ahead_of_time"}


def test_every_example_is_tested(checkout):
    folders = {path.name for path in (checkout / "examples").iterdir() if path.is_dir()}
    assert folders == set(RUN_AS_PROGRAMS) | BUILT


@pytest.mark.parametrize("example", sorted(RUN_AS_PROGRAMS))
def test_program_prints_the_expected_output(checkout, run_danac, tmp_path, example):
    folder = checkout / "examples" / example
    # From another folder, because a program finds its data beside itself.
    result = run_danac("run", folder / RUN_AS_PROGRAMS[example], cwd=tmp_path)
    assert result.stderr == ""
    assert result.stdout == (folder / "expected_output.txt").read_text(encoding="utf-8")
    assert result.returncode == 0


def test_built_module_serves_a_plain_python_program(checkout, run_danac, run_python, tmp_path):
    folder = checkout / "examples" / "ahead_of_time"
    built = run_danac("build", folder / "quotes.dana", "-o", tmp_path)
    assert built.returncode == 0, built.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["quotes.py"]

    # -S leaves site-packages out: what can be imported is the standard library and these two.
    only_the_runtime = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(checkout / "runtime")])}
    no_danac = run_python("-S", "-c", "import danac", env=only_the_runtime, cwd=tmp_path)
    assert "No module named 'danac'" in no_danac.stderr

    result = run_python("-S", folder / "shop.py", env=only_the_runtime)
    assert result.stderr == ""
    assert result.stdout == (folder / "expected_output.txt").read_text(encoding="utf-8")


def test_readme_program_prints_what_the_readme_says(checkout, run_danac, tmp_path):
    readme = (checkout / "README.md").read_text(encoding="utf-8")
    program = readme.split("```dana\n", 1)[1].split("```", 1)[0]
    promised = readme.split("`danac run readings.dana` prints `", 1)[1].split("`", 1)[0]
    (tmp_path / "readings.dana").write_text(program, encoding="utf-8")
    result = run_danac("run", tmp_path / "readings.dana")
    assert (result.stdout, result.stderr) == (promised + "\n", "")


def test_readme_shows_what_the_compiler_makes_of_a_line(checkout, run_danac, tmp_path):
    section = (checkout / "README.md").read_text(encoding="utf-8").split("## What it is", 1)[1]
    line = section.split("```dana\n", 1)[1].split("```", 1)[0]
    promised = section.split("```python\n", 1)[1].split("```", 1)[0]
    names = ("fetch", "tax", "charge", "confirm", "summarize")
    definitions = "".join(f"def {name}(value): return value\n" for name in names)
    (tmp_path / "orders.dana").write_text(definitions + line, encoding="utf-8")
    shown = ast.parse(run_danac("show", tmp_path / "orders.dana").stdout)
    assert ast.unparse(ast.parse(promised)) == ast.unparse(shown.body[-1])

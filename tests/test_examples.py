"""Every example, run as its README says, prints what its expected_output.txt holds."""

from __future__ import annotations

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

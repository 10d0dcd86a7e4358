"""`danac run --explain`."""

from __future__ import annotations

import re

PROGRAM = """\
def tax(x): x * 2
def show(x):
    print(x)
def report(x) = noop | { tax, show }
for n in range(12):
    report(n)
"""


def test_the_table(run_danac, tmp_path):
    program = tmp_path / "p.dana"
    program.write_text(PROGRAM)
    done = run_danac("run", "--explain", program)
    assert done.returncode == 0
    assert sorted(map(int, done.stdout.split())) == list(range(12))
    title, head, tax, show, *_ = done.stderr.splitlines()
    assert title == "block report (p.dana:4:26), run 12 times, given int"
    assert head.split() == ["branch", "at", "median", "computing", "ran", "as", "because"]
    assert re.match(r"  tax +p\.dana:4:26 +\S+ (ns|µs|ms) ", tax)
    assert re.match(r"  show +p\.dana:4:31 +\S+ (ns|µs|ms) ", show)
    assert "it calls print" in done.stderr


def test_a_program_without_blocks(run_danac, tmp_path):
    program = tmp_path / "p.dana"
    program.write_text("print(5)\n")
    done = run_danac("run", "--explain", program)
    assert done.stdout == "5\n"
    assert done.stderr == 'danac: no parallel block has run with executor="auto"\n'


def test_nothing_unless_asked_for(run_danac, tmp_path):
    program = tmp_path / "p.dana"
    program.write_text(PROGRAM)
    assert run_danac("run", program).stderr == ""

"""What the plugin says of a file by itself: statements, branches, exclusions, regions."""

from __future__ import annotations

import pytest
from coverage import Coverage
from coverage.exceptions import NoSource, NotPython

from danac.coverage_plugin.plugin import DanaPlugin

PROGRAM = """\
def f(
    a,
    b=1
):
    if (a and
            b):
        return 1
    else:
        x = 2
    for i in [1,
              2]:
        try:
            x += i
        except OSError:
            pass
        finally:
            if x:
                x = 1
    x | {
        str,
        lambda n :: n
    }

@f
struct P:
    x: int
    def m(self):
        self.x
global z
while f: break
"""


@pytest.fixture
def reporter(tmp_path):
    def make(text, **options):
        path = tmp_path / "program.dana"
        path.write_text(text, encoding="utf-8")
        plugin = DanaPlugin()
        configuration = Coverage(config_file=False, data_file=None)
        for name, value in options.items():
            configuration.set_option(f"report:{name}", value)
        plugin.configure(configuration)
        return plugin.file_reporter(str(path))

    return make


def test_statements_count_by_their_first_line(reporter):
    found = reporter(PROGRAM)
    # A decorated struct counts at its decorator: Python has no code on the line below.
    assert found.lines() == {1, 5, 7, 9, 10, 12, 13, 14, 15, 17, 18, 19, 24, 26, 27, 28, 30}
    assert found.translate_lines({2, 6, 11, 20, 21}) == {1, 5, 10, 19}
    assert found.translate_arcs({(6, 7), (-3, 5), (21, -1)}) == {(5, 7), (-1, 5), (19, -1)}


def test_branches_are_the_ways_out_of_conditions_and_loops(reporter):
    found = reporter(PROGRAM)
    arcs = found.arcs()
    assert {(5, 7), (5, 9), (10, 12), (10, 19), (17, 18), (17, 10)} <= arcs
    assert {start for start, _ in arcs} <= {5, 10, 17, 30}
    counts = found.exit_counts()
    assert (counts[5], counts[10], counts[17], counts[1]) == (2, 2, 2, 1)


def test_ways_are_described(reporter):
    found = reporter(PROGRAM)
    assert found.missing_arc_description(5, 7) == "line 5 didn't jump to line 7"
    assert found.missing_arc_description(5, -1) == "line 5 didn't leave the function or program"
    assert found.arc_description(5, 7) == "jump to line 7"
    assert found.arc_description(5, -1) == "leave the function or program"


def test_functions_and_structs_are_regions(reporter):
    found = {
        (region.kind, region.name, region.start) for region in reporter(PROGRAM).code_regions()
    }
    assert found == {("function", "f", 1), ("class", "P", 25), ("function", "P.m", 27)}


@pytest.mark.parametrize(
    ("line", "excluded"),
    [
        (5, {5, 7}),
        (8, {8, 9}),
        (10, {10, 12, 13, 14, 15, 17, 18}),
        (14, {14, 15}),
        (16, {16, 17, 18}),
        (24, {24, 26, 27, 28}),
        (27, {27, 28}),
        (20, {19, 20}),
    ],
)
def test_an_excluded_line_takes_its_suite_with_it(reporter, line, excluded):
    rows = PROGRAM.split("\n")
    rows[line - 1] += "  # pragma: no cover"
    found = reporter("\n".join(rows))
    assert found.excluded_lines() == excluded
    assert not found.lines() & excluded


def test_patterns_of_the_project_exclude_too(reporter):
    found = reporter(PROGRAM, exclude_also=["def m"], partial_branches=["for i in"])
    assert found.excluded_lines() == {27, 28}
    assert found.no_branch_lines() == {10}


def test_the_text_is_shown_with_its_colours(reporter):
    found = reporter("x = 1  # one\n")
    assert found.source() == "x = 1  # one\n"
    (row,) = found.source_token_lines()
    assert row[0] == ("nam", "x")
    assert row[-1] == ("com", "# one")


def test_files_that_cannot_be_reported_are_told_as_coverage_does(reporter, tmp_path):
    with pytest.raises(NotPython, match="as Dana"):
        reporter("x = = 1\n").lines()
    with pytest.raises(NoSource):
        DanaPlugin().file_reporter(str(tmp_path / "missing.dana")).lines()


def test_only_dana_files_are_traced(tmp_path):
    plugin = DanaPlugin()
    assert plugin.file_tracer("a.py") is None
    assert plugin.file_tracer("<dana 1>") is None
    assert plugin.file_tracer("/x/a.dana").source_filename() == "/x/a.dana"
    for name in ("a.dana", "b.na", "c.py", "deep/d.dana", ".hidden/e.dana"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = {
        path.removeprefix(f"{tmp_path}/") for path in plugin.find_executable_files(str(tmp_path))
    }
    assert found == {"a.dana", "b.na", "deep/d.dana"}

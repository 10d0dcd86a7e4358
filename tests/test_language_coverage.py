"""The sections of the language → which programs and which wrong programs show each of them.

Both say which sections they cover in a line of their own: `# covers: 3.1 6.5`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

SECTIONS = {
    "1.1": "encoding, lines, indentation",
    "1.2": "lines that go on",
    "1.3": "comments",
    "1.4": "semicolons",
    "1.5": "identifiers and reserved words",
    "1.6": "literal words",
    "1.7": "numbers",
    "1.8": "strings and f-strings",
    "1.9": "docstrings",
    "2.1": "bare names",
    "2.2": "the four scopes",
    "2.3": "scopes of branches",
    "2.4": "no block scope",
    "3.1": "assignment",
    "3.2": "typed assignment",
    "3.3": "conditions and loops",
    "3.4": "functions",
    "3.5": "decorators",
    "3.6": "exceptions",
    "3.7": "context managers",
    "3.8": "global, nonlocal, yield, deliver, export",
    "4.1": "precedence and operators",
    "4.2": "text joins and the option coerce",
    "4.3": "lambdas",
    "4.4": "containers, comprehensions, slices",
    "4.5": "attributes of dicts",
    "4.6": "failed subscripts",
    "4.7": "calls",
    "5.1": "structs",
    "5.2": "methods",
    "5.3": "delegation",
    "5.4": "interfaces",
    "5.5": "isinstance and type",
    "5.6": "annotations",
    "5.7": "what is outside",
    "6.1": "where a pipe stands",
    "6.2": "apply or compose",
    "6.3": "declarative functions",
    "6.4": "stages",
    "6.5": "blocks",
    "6.6": "captures",
    "6.7": "policies",
    "6.8": "a value meets a signature",
    "6.9": "failures",
    "6.10": "case",
    "7": "what is built in",
    "8.1": "imports",
    "8.2": "how a module is found",
    "8.3": "what a module gives away",
    "8.4": "a module runs once",
    "9": "__main__ and its arguments",
}

# Nothing that these sections allow can be written wrongly in a way that is seen before it runs.
NEVER_WRONG = {
    *("1.3", "1.6", "1.9", "2.3", "4.2", "4.5", "4.6", "5.3", "5.5", "5.6"),
    *("6.9", "6.10", "8.2", "8.4", "9"),
}


def coverage(folder: str) -> dict[str, list[str]]:
    """Return the names of the programs in `folder` that cover each section."""
    found = defaultdict(list)
    for program in sorted((TESTS / folder).glob("*.dana")):
        for line in re.findall(r"^# covers: (.+)$", program.read_text("utf-8-sig"), re.MULTILINE):
            for section in line.split():
                found[section].append(program.stem)
    return found


PROGRAMS = coverage("programs")
WRONG_PROGRAMS = coverage("errors")


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_has_a_program(section):
    assert PROGRAMS[section], f"no program covers {section}, {SECTIONS[section]}"


@pytest.mark.parametrize("section", sorted(set(SECTIONS) - NEVER_WRONG))
def test_each_section_has_a_wrong_program(section):
    assert WRONG_PROGRAMS[section], f"no wrong program covers {section}, {SECTIONS[section]}"


def test_exceptions_are_still_true():
    assert {section for section in NEVER_WRONG if WRONG_PROGRAMS[section]} == set()


@pytest.mark.parametrize("folder", ["programs", "errors"])
def test_programs_name_sections_that_there_are(folder):
    assert set(coverage(folder)) <= set(SECTIONS)


def test_every_wrong_program_covers_something():
    listed = {name for names in WRONG_PROGRAMS.values() for name in names}
    assert listed == {program.stem for program in (TESTS / "errors").glob("*.dana")}


def test_there_are_enough():
    assert len(list((TESTS / "programs").glob("*.dana"))) >= 120
    assert len(list((TESTS / "errors").glob("*.dana"))) >= 60

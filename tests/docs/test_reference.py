"""The reference pages list what there is: commands and options, settings, variables, names, codes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tests.docs.pages import CHECKOUT

import dana_runtime
import danac
from dana_runtime.execution.setting_checks import ALIASES, CHECKS
from dana_runtime.execution.settings import NO_FALLBACK, Settings
from danac.cli import COMMANDS

RUNTIME = Path(dana_runtime.__file__).parent
DOCS = CHECKOUT / "docs"
_OPTION = re.compile(r"(?<![\w-])-{1,2}[a-z][\w-]*")


def text_of(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(text, heading):
    """Return what stands below a heading, up to the next one of its level."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def rows(text):
    """Return the cells of all rows of tables, headings and lines below them left out."""
    found = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)] for row in found]


def test_commands_are_listed_as_the_help_has_them():
    listed = dict(
        re.findall(r"^\| \[`(\w+)`\]\(#danac-\w+\) \| (.+) \|$", text_of("commands.md"), re.M)
    )
    assert listed == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_options_are_those_of_the_help(command, run_danac):
    shown = run_danac(command, "--help").stdout
    there = set(_OPTION.findall(shown)) - {"-h", "--help"}
    cells = [row[0] for row in rows(section(text_of("commands.md"), f"danac {command}"))]
    listed = {option for cell in cells for option in _OPTION.findall(cell)}
    assert listed == there


def shown_default(value):
    """Return a default as the page writes it."""
    if value is NO_FALLBACK:
        return "nothing"
    if value == (Exception,):
        return "`Exception`"
    if value == 1024**3:
        return '`"1GB"`'
    words = {True: "true", False: "false", None: "none"}
    if value is None or isinstance(value, bool):
        return f"`{words[value]}`"
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


def test_settings_are_listed_with_their_defaults():
    text = text_of("settings.md")
    listed = {row[0].strip("`"): row[1] for row in rows(section(text, "All settings"))[1:]}
    settings = Settings()
    assert listed == {name: shown_default(getattr(settings, name)) for name in CHECKS}
    assert all(f"`{alias}`" in text for alias in ALIASES)


def test_there_are_six_places_for_settings():
    places = [row[0] for row in rows(section(text_of("settings.md"), "Where they are set"))[1:]]
    assert [place.split(". ")[0] for place in places] == list("123456")


def sources():
    roots = (Path(danac.__file__).parent, Path(dana_runtime.__file__).parent)
    return "\n".join(
        path.read_text(encoding="utf-8") for root in roots for path in root.rglob("*.py")
    )


def test_variables_of_the_environment_are_listed():
    read = set(re.findall(r'"(DANAC?_?[A-Z_]*[A-Z])"', sources()))
    listed = set(re.findall(r"^\| `(DANA[A-Z_]*)`", text_of("settings.md"), re.M))
    assert read - {f"DANA_{name.upper()}" for name in CHECKS} == listed


def test_names_of_the_api_are_listed():
    text = text_of("python-api.md")
    described = set(re.findall(r"^::: danac\.(\w+)", text, re.M)) | {"__version__"}
    assert described == set(danac.__all__)
    described = set(re.findall(r"^::: dana_runtime\.(\w+)", text, re.M))
    generated = set(re.findall(r"`(\w+)`", section(text, "dana_runtime: for generated code")))
    generated.discard("dana_runtime")
    assert described | generated | {"parallel_config"} == set(dana_runtime.__all__)
    assert not described & generated


def test_what_the_api_page_describes_has_a_docstring():
    for name in re.findall(r"^::: (\S+)", text_of("python-api.md"), re.M):
        package, _, attribute = name.partition(".")
        value = getattr({"danac": danac, "dana_runtime": dana_runtime}[package], attribute)
        assert value.__doc__, name


def test_codes_are_listed():
    """Each code that the compiler gives is in a table of the language page, in a range or by itself."""
    given = set(re.findall(r'"(DANA\d{3})"', sources()))
    text = text_of("language.md")
    listed = set(re.findall(r"DANA\d{3}", text))
    for first, last in re.findall(r"DANA(\d{3}) \S DANA(\d{3})", text):
        listed |= {f"DANA{number}" for number in range(int(first), int(last) + 1)}
    assert given - {"DANA100"} <= listed


def test_the_architecture_names_every_part():
    text = text_of("architecture.md")
    folder = Path(danac.__file__).parent
    parts = {
        path.name
        for path in folder.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    parts -= {"__init__.py", "__main__.py", "version.py"}
    missing = [part for part in sorted(parts) if f"`{part}" not in text]
    assert missing == []
    named = set(re.findall(r"`([a-z_/]+\.py)`", text))
    roots = (folder, RUNTIME, CHECKOUT / "tests", CHECKOUT / "benchmarks")
    there = [path.as_posix() for root in roots for path in root.rglob("*.py")]
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []


def test_the_extras_are_listed():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"test", "dev"}
    listed = set(re.findall(r"^\| `danac\[(\w+)\]`", text_of("installation.md"), re.MULTILINE))
    assert listed == extras

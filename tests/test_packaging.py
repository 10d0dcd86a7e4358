"""The wheel: what is in it, and that it works where nothing else of this checkout is."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

PACKAGES = {"danac": "compiler/danac", "dana_runtime": "runtime/dana_runtime"}


@pytest.fixture(scope="module")
def wheel(checkout, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel_files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel_metadata(wheel):
    (distribution,) = metadata.distributions(path=[str(wheel)])
    return distribution


@pytest.fixture(scope="module")
def installed_python(wheel, wheel_metadata, tmp_path_factory):
    """The Python of a new environment that holds the wheel and what the wheel asks for.

    The libraries are copied from the environment of the tests, so that this needs no network.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=sys.platform != "win32")
    (python,) = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    site_packages = Path(paths["purelib"])
    for requirement in map(Requirement, wheel_metadata.requires or []):
        if requirement.marker is None:
            copy_distribution(requirement.name, site_packages)
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-index", str(wheel)], check=True, capture_output=True)
    return python


def copy_distribution(name, site_packages):
    for file in metadata.distribution(name).files or []:
        source = Path(file.locate())
        target = site_packages / file
        if ".." not in file.parts and source.suffix != ".pyc":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())


def test_wheel_holds_the_two_packages_and_nothing_else(wheel_files):
    top = {PurePosixPath(name).parts[0] for name in wheel_files}
    assert top == {"danac", "dana_runtime", "danac-0.1.0.dist-info"}


@pytest.mark.parametrize("package", PACKAGES)
def test_wheel_holds_every_file_of_the_package(checkout, wheel_files, package):
    folder = checkout / PACKAGES[package]
    expected = {
        f"{package}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in wheel_files if name.startswith(f"{package}/")} == expected
    assert f"{package}/py.typed" in expected


def test_wheel_holds_the_grammar_and_its_tables(wheel_files):
    suffixes = {PurePosixPath(name).suffix for name in wheel_files if name.startswith("danac/")}
    assert {".lark", ".json"} <= suffixes


def test_metadata_is_complete_enough_to_publish(wheel_files, wheel_metadata):
    fields = wheel_metadata.metadata
    assert fields["Name"] == "danac"
    assert fields["License-Expression"] == "MIT"
    assert fields["Requires-Python"] == ">=3.11"
    assert fields["Summary"]
    assert fields["Keywords"]
    # Some versions of importlib's metadata give the description as a field of its own.
    assert (fields.get("Description") or fields.get_payload()).startswith("# danac")
    assert "danac-0.1.0.dist-info/licenses/LICENSE" in wheel_files
    assert {(point.group, point.name, point.value) for point in wheel_metadata.entry_points} == {
        ("console_scripts", "danac", "danac.cli:main"),
        ("pygments.lexers", "dana", "danac.highlighting.lexer:DanaLexer"),
        ("pytest11", "danac", "danac.testing.pytest_plugin"),
    }


def test_version_is_written_in_one_place(wheel_metadata):
    from danac.version import __version__

    assert wheel_metadata.version == __version__ == metadata.version("danac")


def test_installed_command_tells_its_version(installed_python, run_python, tmp_path):
    script = installed_python.with_name("danac")
    result = subprocess.run(
        [script, "--version"], capture_output=True, encoding="utf-8", check=False, cwd=tmp_path
    )
    assert (result.stdout, result.stderr, result.returncode) == ("danac 0.1.0\n", "", 0)


def test_installed_module_helps(installed_python, run_python, tmp_path):
    result = run_python("-m", "danac", "--help", python=installed_python, cwd=tmp_path)
    assert result.returncode == 0
    for command in ("run", "build", "show", "check"):
        assert command in result.stdout


def test_installed_danac_runs_a_program(installed_python, run_python, tmp_path):
    program = tmp_path / "sums.dana"
    program.write_text("def total(n) = range | { sum, max } | print\ntotal(5)\n", encoding="utf-8")
    result = run_python("-m", "danac", "run", program, python=installed_python, cwd=tmp_path)
    assert (result.stdout, result.stderr, result.returncode) == ("[10, 4]\n", "", 0)


@pytest.mark.parametrize("name", ["danac", "dana_runtime"])
def test_package_is_imported_from_the_installation(installed_python, run_python, tmp_path, name):
    code = f"import {name}; print({name}.__file__)"
    result = run_python("-c", code, python=installed_python, cwd=tmp_path)
    assert result.stdout.startswith(str(installed_python.parent.parent)), result.stderr


@pytest.mark.parametrize("name", ["compiler", "runtime"])
def test_source_roots_are_no_packages(installed_python, run_python, tmp_path, name):
    result = run_python("-c", f"import {name}", python=installed_python, cwd=tmp_path)
    assert f"No module named '{name}'" in result.stderr

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import dana_runtime
from dana_runtime import configure, poet, shutdown, using
from dana_runtime.faults import profile, training
from dana_runtime.faults.perception import Perceived


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "kept" / "profile.sqlite3")


def seen(name="f", calls=3, failures=1):
    found = Perceived(name)
    for index in range(calls):
        found.add(0.01, index < failures)
    return found


def learned(path):
    return [
        (one.name, one.calls, one.failures, one.attempts) for one in profile.read(path).functions
    ]


def test_what_is_written_is_read(path):
    profile.write(path, [seen(), seen("g", 1, 0)])
    assert learned(path) == [("f", 3, 1, 3), ("g", 1, 0, 1)]
    assert profile.read(path).functions[0].quantiles["p50"] == pytest.approx(0.01, rel=0.05)


def test_what_is_new_is_added(path):
    function = seen()
    profile.write(path, [function])
    function.add(5.0, True, 4)
    profile.write(path, [function])
    profile.write(path, [function, seen()])
    assert learned(path) == [("f", 7, 3, 10)]


def test_nothing_is_written_unless_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    @poet
    def double(n):
        return n * 2

    assert double(2) == 4
    shutdown()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ask", ["decorator", "using", "configure"])
def test_a_function_whose_profile_is_kept(path, ask):
    if ask == "configure":
        configure(profile=path)

    @poet(**({"profile": path} if ask == "decorator" else {}))
    def double(n):
        return n * 2

    with using(**({"profile": path} if ask == "using" else {})):
        for _ in range(5):
            double(2)
    training.save()
    ((name, *numbers),) = learned(path)
    assert name.endswith("double")
    assert numbers == [5, 0, 5]


def test_the_usual_place_is_beside_the_project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").write_text("")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert profile.path_of(True) == str(tmp_path / ".danac" / "profile.sqlite3")
    assert profile.path_of("x.db") == str(inner / "x.db")


PROGRAM = """
import sys
from dana_runtime import poet
@poet
def work(n):
    return n
for n in range(200):
    work(n)
"""


def run(path, program=PROGRAM):
    root = str(Path(dana_runtime.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root, "DANA_PROFILE": path}
    return subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True
    )


def test_several_processes_at_once(path):
    processes = [run(path) for _ in range(4)]
    for process in processes:
        assert process.communicate(timeout=60)[1] == ""
        assert process.returncode == 0
    assert learned(path) == [("__main__.work", 800, 0, 800)]


def break_by_text(path):
    Path(path).write_text("this is no database, but it is long enough to look at it\n" * 40)


def break_by_cutting(path):
    profile.write(path, [seen(str(number)) for number in range(500)])
    os.truncate(path, os.path.getsize(path) // 2 + 100)


def break_by_version(path):
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.execute("CREATE TABLE functions (everything TEXT)")
    connection.commit()
    connection.close()


def break_by_other_tables(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE functions (everything TEXT)")
    connection.commit()
    connection.close()


def break_by_folder(path):
    Path(path).mkdir()


@pytest.mark.parametrize(
    "damage",
    [break_by_text, break_by_cutting, break_by_version, break_by_other_tables, break_by_folder],
)
def test_a_broken_file_costs_a_warning(path, damage):
    Path(path).parent.mkdir()
    damage(path)

    @poet(profile=path)
    def double(n):
        return n * 2

    def call_and_save():
        assert double(2) == 4
        training.save()

    with pytest.warns(RuntimeWarning, match="what was learned is not kept") as told:
        call_and_save()
    # The place is the program's, not one in the runtime.
    assert {warning.filename for warning in told} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Once is enough.
        double(2)
        training.save()
    with pytest.raises(profile.ProfileError, match=r"profile\.sqlite3"):
        profile.read(path)


def test_a_newer_file_is_left_as_it_is(path):
    Path(path).parent.mkdir()
    break_by_version(path)
    before = Path(path).read_bytes()
    with pytest.raises(
        profile.ProfileError, match=r"written by a newer version of danac \(form 99"
    ):
        profile.write(path, [seen()])
    assert Path(path).read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(profile.ProfileError, match="cannot be"):
        profile.write(str(tmp_path / "x" / "p.sqlite3"), [seen()])


def test_a_place_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    path = str(tmp_path / "file" / "p.sqlite3")
    process = run(path)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert "what was learned is not kept" in errors
    assert str(Path(dana_runtime.__file__).parent) not in errors


def test_a_file_that_is_deleted_meanwhile_begins_anew(path):
    function = seen()
    profile.write(path, [function])
    os.remove(path)
    function.add(0.1, False)
    profile.write(path, [function])
    assert learned(path) == [("f", 1, 0, 1)]


def test_a_file_that_somebody_holds(path, monkeypatch):
    monkeypatch.setattr(profile, "BUSY_SECONDS", 0.05)
    profile.write(path, [seen()])
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(profile.ProfileError, match="database is locked"):
        profile.write(path, [seen()])
    holder.close()


def test_rows_that_make_no_sense_are_left_out(path):
    profile.write(path, [seen()])
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO functions VALUES ('g', 'many', 0, 0)")
    connection.execute("INSERT INTO functions VALUES ('h', -1, 0, 0)")
    connection.execute("INSERT INTO latencies VALUES ('f', 'x', 5)")
    connection.execute("INSERT INTO latencies VALUES ('f', 10000, 5)")
    connection.commit()
    connection.close()
    assert learned(path) == [("f", 3, 1, 3)]


def test_reset(path):
    profile.write(path, [seen()])
    assert profile.reset(path) is True
    assert profile.reset(path) is False
    with pytest.raises(profile.ProfileError, match="does not exist"):
        profile.read(path)

from __future__ import annotations

import json

import pytest

from dana_runtime.faults import profile
from dana_runtime.faults.perception import Perceived
from danac.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path


def learn(path):
    charge, fetch = Perceived("shop.charge"), Perceived("shop.fetch_orders")
    for number in range(8):
        charge.add(0.25, number == 0, 2)
    fetch.add(2e-6, False)
    profile.write(str(path), [charge, fetch])


TABLE = """\
function           calls  failed  attempts      p50      p90      p99
shop.charge            8   12.5%        16   248 ms   248 ms   248 ms
shop.fetch_orders      1    0.0%         1  2.01 µs  2.01 µs  2.01 µs
"""


def test_the_profile_of_the_project(folder, capsys):
    learn(folder / ".danac" / "profile.sqlite3")
    assert main(["stats"]) == 0
    assert capsys.readouterr().out == TABLE


def test_another_profile(folder, capsys):
    learn(folder / "p.db")
    assert main(["stats", "--profile", "p.db", "--format", "json"]) == 0
    charge, fetch = json.loads(capsys.readouterr().out)["functions"]
    assert (charge["name"], charge["calls"], charge["failures"]) == ("shop.charge", 8, 1)
    assert fetch["p50"] == pytest.approx(2e-6, rel=0.05)


def test_no_profile(folder, capsys):
    assert main(["stats"]) == 1
    assert capsys.readouterr().err.endswith("profile.sqlite3 does not exist\n")


def test_reset(folder, capsys):
    learn(folder / "p.db")
    assert main(["stats", "--profile", "p.db", "--reset"]) == 0
    assert capsys.readouterr().out == f"{folder / 'p.db'} is deleted\n"
    assert not (folder / "p.db").exists()
    assert main(["stats", "--profile", "p.db", "--reset"]) == 0
    assert "nothing to forget" in capsys.readouterr().out


def test_unknown_options(folder, capsys):
    assert main(["stats", "--all"]) == 2
    assert "see danac stats --help" in capsys.readouterr().err

"""`# dana: ignore[…]`, `--ignore` and `[tool.danac] ignore`: what is left of the findings."""

from __future__ import annotations

import pytest

from danac.cli import main
from danac.compilation import check_source
from danac.options import Options

SINGLE = "x = 5 | {abs}"


def codes(text: str, *ignored: str) -> list[str]:
    return [found.code for found in check_source(text, options=Options(ignore=ignored))]


def test_a_comment_silences_its_line():
    assert codes(f"{SINGLE}\n{SINGLE}  # dana: ignore[DANA212]\n") == ["DANA212"]


@pytest.mark.parametrize(
    "comment",
    [
        "#dana:ignore[DANA212]",
        "# dana: ignore[ dana212 , DANA211 ]",
        "# so # dana: ignore[DANA212]",
    ],
)
def test_ways_to_write_it(comment):
    assert codes(f"{SINGLE}  {comment}\n") == []


def test_it_may_stand_at_the_end_of_what_it_is_about():
    assert codes("x = 5 | {\n    abs,\n}  # dana: ignore[DANA212]\n") == []


def test_other_codes_are_said():
    assert codes(f"{SINGLE}  # dana: ignore[DANA211]\n") == ["DANA212"]


def test_in_a_text_it_is_no_comment():
    assert codes(f'{SINGLE}; y = "# dana: ignore[DANA212, DANA999]"\n') == ["DANA212"]
    assert codes('y = """\n# dana: ignore[DANA999]\n"""\n') == []
    assert codes('y = f"# dana: ignore[DANA999] {SINGLE}"\nSINGLE = 1\n') == []


def test_unknown_names_can_be_silenced():
    assert codes("print(from_elsewhere)  # dana: ignore[DANA201]\n") == []


def test_errors_cannot():
    text = "x = = 1  # dana: ignore[DANA110]\n"
    assert codes(text) == ["DANA110", "DANA215"]
    assert codes("x = = 1\n", "DANA110") == ["DANA110"]


def test_a_code_that_is_none_is_a_warning_with_the_nearest():
    (found,) = check_source("x = 1  # dana: ignore[DANA0212]\n")
    assert (found.code, found.severity) == ("DANA215", "warning")
    assert found.hint == "did you mean `DANA212`?"
    assert found.span[:2] == (1, 23)


def test_a_comment_without_codes_is_a_warning():
    (found,) = check_source("x = 1  # dana: ignore\n")
    assert found.message == "this comment silences nothing: it names no code"


def test_for_a_whole_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text(f"{SINGLE}\n")
    assert main(["check", "a.dana", "--ignore", "dana212,DANA211"]) == 0
    assert capsys.readouterr() == ("", "no errors or warnings in 1 file\n")


@pytest.mark.parametrize(
    ("code", "said"),
    [("DANA999", "no DANA999"), ("DANA110", "is an error, which cannot be left out")],
)
def test_wrong_codes_for_a_whole_run(tmp_path, monkeypatch, capsys, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text("x = 1\n")
    assert main(["check", "a.dana", "--ignore", code]) == 2
    assert said in capsys.readouterr().err


def test_for_a_project(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text(f"{SINGLE}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.danac]\nignore = ["DANA212"]\n')
    assert main(["check", "a.dana"]) == 0
    assert capsys.readouterr() == ("", "no errors or warnings in 1 file\n")


def test_a_project_with_an_unknown_code(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text('[tool.danac]\nignore = ["DANA9999"]\n')
    assert main(["check", "a.dana"]) == 0
    assert (
        "warning: ignore in [tool.danac]: there is no diagnostic DANA9999"
        in capsys.readouterr().err
    )


def test_a_project_with_no_list(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.dana").write_text("x = 1\n")
    (tmp_path / "pyproject.toml").write_text('[tool.danac]\nignore = "DANA212"\n')
    assert main(["check", "a.dana"]) == 2
    assert "must be a list of codes" in capsys.readouterr().err

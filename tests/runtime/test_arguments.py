from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

from dana_runtime.arguments import ArgumentError, bind, call, main_arguments, split

EMPTY = inspect.Parameter.empty


class Struct:
    pass


def call_with_text(function, texts):
    """Bind and call, as a program is started; what `function` returns."""
    arguments = bind(function, texts)
    return function(*arguments.args, **arguments.kwargs)


def given(annotation, text):
    """What a parameter `n` with that annotation gets for `n=text`."""

    def main(n):
        return n

    if annotation is not EMPTY:
        main.__annotations__["n"] = annotation
    return call_with_text(main, {"n": text})


class TestConversion:
    @pytest.mark.parametrize(
        ("annotation", "value", "expected"),
        [
            (int, " 42 ", 42),
            (int, "-1", -1),
            (float, "1e3", 1000.0),
            (str, "x", "x"),
            (bool, "Yes", True),
            (bool, "off", False),
            (bool, "", False),
            (list, "[1, 2]", [1, 2]),
            (dict, '{"a": 1}', {"a": 1}),
            (list[int], "[1]", [1]),
            (dict[str, list[int | None]], "{}", {}),
            (int | None, "7", 7),
            (float | int, "7", 7.0),
            (int | str, "7", "7"),
            (int | list, "[7]", [7]),
            ("int", "42", 42),
            ("INT | None", "42", 42),
            ("'int'", "42", 42),
            ("list[int] | null", "[1]", [1]),
            (Any, "42", "42"),
            ("any", "42", "42"),
            ("Money", "42", "42"),
            ("int | Money", "42", "42"),
            (Struct, "42", "42"),
            (EMPTY, "42", "42"),
        ],
    )
    def test_value_fits_the_annotation(self, annotation, value, expected):
        converted = given(annotation, value)
        assert converted == expected
        assert type(converted) is type(expected)

    @pytest.mark.parametrize(
        ("annotation", "value", "message"),
        [
            (int, "4.5", "n: expected int, got str ('4.5')"),
            (int, "", "n: expected int, got str ('')"),
            (float, "x", "n: expected float, got str ('x')"),
            (bool, "maybe", "n: expected bool, got str ('maybe')"),
            (list, '{"a": 1}', "n: expected list, got str ('{\"a\": 1}')"),
            (list, "[1", "n: expected list, got str ('[1')"),
            (int | None, "x", "n: expected int | None, got str ('x')"),
            ("tuple", "1, 2", "n: expected tuple, got str ('1, 2')"),
        ],
    )
    def test_value_that_does_not_is_an_argument_error(self, annotation, value, message):
        with pytest.raises(ArgumentError) as caught:
            given(annotation, value)
        assert str(caught.value) == message

    def test_deep_json_is_an_argument_error(self):
        with pytest.raises(ArgumentError, match="expected list"):
            given(list, "[" * 100_000)


class TestBind:
    def test_defaults_are_left_to_the_function(self):
        def main(a: int, b: int = 2, *, c: float = 1.0):
            return a, b, c

        assert call_with_text(main, {"c": "3", "a": "1"}) == (1, 2, 3.0)

    def test_positional_only_parameters_are_given_by_name_too(self):
        def main(a: int, /, b: int):
            return a, b

        assert call_with_text(main, {"b": "1", "a": "2"}) == (2, 1)

    def test_further_keywords_go_to_the_last_resort(self):
        def main(a, *rest, **options: int):
            return a, rest, options

        assert call_with_text(main, {"a": "1", "b": "2"}) == ("1", (), {"b": 2})

    def test_all_missing_parameters_are_named(self):
        def main(a: int, b, *, c, d=1): ...

        with pytest.raises(
            ArgumentError, match=r"^missing parameter a, c \(__main__ takes a: int, b, c, d=1\)$"
        ):
            bind(main, {"b": "1"})

    def test_unknown_parameter_is_named(self):
        def main(): ...

        message = r"^unknown parameter a \(__main__ takes no parameters\)$"
        with pytest.raises(ArgumentError, match=message):
            bind(main, {"a": "1"})

    def test_coroutine_is_run_to_its_end(self):
        seen = []

        async def main(a: int):
            seen.append(a + 1)

        call(main, bind(main, {"a": "1"}))
        assert seen == [2]


class TestCommandLine:
    def test_named_ones_are_identifiers_with_a_value(self):
        assert split(["x", "a=b=c", "--n=2", "=", "b="]) == (
            {"a": "b=c", "b": ""},
            ["x", "--n=2", "="],
        )

    def test_doubled_name(self):
        with pytest.raises(ArgumentError, match=r"^parameter a is given twice$"):
            split(["a=1", "a=1"])

    def test_arguments_of_main_leave_the_command_line(self, monkeypatch):
        def main(a: int, b=2, *, c: float = 1.0, **options): ...

        monkeypatch.setattr(sys, "argv", ["x.py", "one", "c=2", "d=4", "a=3"])
        assert main_arguments(main) == {"a": 3, "c": 2.0, "d": "4"}
        assert sys.argv == ["x.py", "one"]

    def test_wrong_command_line_ends_the_program(self, monkeypatch, capsys):
        def main(a: int): ...

        monkeypatch.setattr(sys, "argv", ["some/x.py", "a=b"])
        with pytest.raises(SystemExit) as caught:
            main_arguments(main)
        assert caught.value.code == 2
        assert capsys.readouterr().err == "x.py: error: a: expected int, got str ('b')\n"


class TestFiles:
    @staticmethod
    def value(path):
        return call_with_text(lambda a: a, {"a": f"@{path}"})

    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.json", '\ufeff{"x": [1, 2.5]}', {"x": [1, 2.5]}),
            ("a.csv", 'x,y\n1,"a\nb"\n2,ü\n', [{"x": "1", "y": "a\nb"}, {"x": "2", "y": "ü"}]),
            ("a.txt", "one\ntwo\n", "one\ntwo\n"),
            ("a", "", ""),
        ],
    )
    def test_content_by_ending(self, tmp_path, name, content, expected):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", newline="")
        assert self.value(path) == expected

    def test_yaml_is_read_where_pyyaml_is_installed(self, tmp_path):
        pytest.importorskip("yaml")
        path = tmp_path / "a.yaml"
        path.write_text("x: [1, 2]\n")
        assert self.value(path) == {"x": [1, 2]}
        path.write_text("x: [1,\n")
        with pytest.raises(ArgumentError, match=r"cannot read .*a\.yaml for parameter a"):
            self.value(path)

    def test_yaml_without_pyyaml_says_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "yaml", None)
        path = tmp_path / "a.yml"
        path.write_text("x: 1\n")
        with pytest.raises(ArgumentError, match=r"needs PyYAML \(pip install pyyaml\)"):
            self.value(path)

    @pytest.mark.parametrize(
        ("name", "content"), [("a.json", b"{"), ("a.txt", b"\xff"), ("a.json", b"[" * 100_000)]
    )
    def test_wrong_content_is_an_argument_error(self, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ArgumentError, match=f"^cannot read .*{name} for parameter a: [^\n]+$"):
            self.value(path)

    def test_missing_file_is_an_argument_error(self, tmp_path):
        with pytest.raises(
            ArgumentError, match=r"^cannot read .*none\.json for parameter a: No such"
        ):
            self.value(tmp_path / "none.json")

    def test_doubled_sign_stands_for_itself(self):
        assert call_with_text(lambda a: a, {"a": "@@bob"}) == "@bob"

    def test_content_is_converted_like_text(self, tmp_path):
        (tmp_path / "n.json").write_text("3.7")

        def main(a: int):
            return a

        assert call_with_text(main, {"a": f"@{tmp_path / 'n.json'}"}) == 3

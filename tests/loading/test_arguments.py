from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest

from danac.loading.arguments import bind, call_with_text, convert
from danac.loading.errors import UsageError

EMPTY = inspect.Parameter.empty


class Struct:
    pass


class TestConvert:
    @pytest.mark.parametrize(
        ("annotation", "value", "expected"),
        [
            (int, " 42 ", 42),
            (int, "-1", -1),
            (int, 3.9, 3),
            (int, True, True),
            (int, None, None),
            (float, "1e3", 1000.0),
            (float, 2, 2.0),
            (str, "x", "x"),
            (str, 5, "5"),
            (str, True, "true"),
            (str, [1], "[1]"),
            (bool, "Yes", True),
            (bool, "off", False),
            (bool, "", False),
            (bool, 0.5, True),
            (list, "[1, 2]", [1, 2]),
            (list, [3], [3]),
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
        converted = convert("n", annotation, value)
        assert converted == expected
        assert type(converted) is type(expected)

    @pytest.mark.parametrize(
        ("annotation", "value", "message"),
        [
            (int, "4.5", "n: expected int, got str ('4.5')"),
            (int, "", "n: expected int, got str ('')"),
            (int, float("inf"), "n: expected int, got float (inf)"),
            (int, [1], "n: expected int, got list ([1])"),
            (float, "x", "n: expected float, got str ('x')"),
            (bool, "maybe", "n: expected bool, got str ('maybe')"),
            (bool, [], "n: expected bool, got list ([])"),
            (list, '{"a": 1}', "n: expected list, got str ('{\"a\": 1}')"),
            (list, "[1", "n: expected list, got str ('[1')"),
            (dict, 5, "n: expected dict, got int (5)"),
            (int | None, "x", "n: expected int | none, got str ('x')"),
        ],
    )
    def test_value_that_does_not_is_a_usage_error(self, annotation, value, message):
        with pytest.raises(UsageError) as caught:
            convert("n", annotation, value)
        assert str(caught.value) == message

    def test_deep_json_is_a_usage_error(self):
        with pytest.raises(UsageError, match="expected list"):
            convert("n", list, "[" * 100_000)


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

        with pytest.raises(UsageError, match=r"^missing parameter a, c \(__main__ takes a: 'int'"):
            bind(inspect.signature(main), {"b": "1"})

    def test_unknown_parameter_is_named(self):
        def main(): ...

        message = r"^unknown parameter a \(__main__ takes no parameters\)$"
        with pytest.raises(UsageError, match=message):
            bind(inspect.signature(main), {"a": "1"})

    def test_coroutine_is_run_to_its_end(self):
        async def main(a: int):
            return a + 1

        assert call_with_text(main, {"a": "1"}) == 2


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
        with pytest.raises(UsageError, match=r"cannot read .*a\.yaml for parameter a"):
            self.value(path)

    def test_yaml_without_pyyaml_says_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "yaml", None)
        path = tmp_path / "a.yml"
        path.write_text("x: 1\n")
        with pytest.raises(UsageError, match=r"needs PyYAML \(pip install pyyaml\)"):
            self.value(path)

    @pytest.mark.parametrize(
        ("name", "content"), [("a.json", b"{"), ("a.txt", b"\xff"), ("a.json", b"[" * 100_000)]
    )
    def test_wrong_content_is_a_usage_error(self, tmp_path, name, content):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UsageError, match=f"^cannot read .*{name} for parameter a: [^\n]+$"):
            self.value(path)

    def test_missing_file_is_a_usage_error(self, tmp_path):
        with pytest.raises(UsageError, match=r"^cannot read .*none\.json for parameter a: No such"):
            self.value(tmp_path / "none.json")

    def test_doubled_sign_stands_for_itself(self):
        assert call_with_text(lambda a: a, {"a": "@@bob"}) == "@bob"

    def test_content_is_converted_like_text(self, tmp_path):
        (tmp_path / "n.json").write_text("3.7")

        def main(a: int):
            return a

        assert call_with_text(main, {"a": f"@{tmp_path / 'n.json'}"}) == 3

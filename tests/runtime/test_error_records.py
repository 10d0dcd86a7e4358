from __future__ import annotations

import json
import linecache
import os
import traceback

import pytest

from dana_runtime import call_stage, error_attribute, exception_from, fan_out


def boom(value):
    raise ValueError(f"no {value}")


def caught_from(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error


def dana_function(source, name="report", filename="orders.dana", **module_globals):
    """Return a function of what looks like a Dana module with that source."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    made = {"__name__": "orders", "__dana__": True, **module_globals}
    exec(compile(source, filename, "exec"), made)
    return made[name]


class TestOwnAttributes:
    def test_come_first(self):
        error = OSError(2, "gone", "file.txt")
        assert error_attribute(error, "filename") == "file.txt"
        assert error_attribute(OSError(), "filename") is None
        assert error_attribute(KeyError("k"), "args") == ("k",)

        class Own(Exception):
            type = "own"
            line = None

            @property
            def message(self):
                return "property"

        assert error_attribute(Own(), "type") == "own"
        assert error_attribute(Own(), "line") is None
        assert error_attribute(Own(), "message") == "property"

    def test_unknown_ones_are_python_s_errors(self):
        error = ValueError("x")
        with pytest.raises(AttributeError) as caught:
            error_attribute(error, "massage")
        assert str(caught.value) == "'ValueError' object has no attribute 'massage'"
        assert (caught.value.name, caught.value.obj) == ("massage", error)
        assert caught.value.__context__ is None

    def test_of_what_is_no_exception(self):
        assert error_attribute({"type": 5}, "type") == 5
        with pytest.raises(AttributeError, match="'int' object has no attribute 'message'"):
            error_attribute(5, "message")
        with pytest.raises(AttributeError, match="'dict' object has no attribute 'message'"):
            error_attribute({}, "message")


class TestRecord:
    def test_type_and_message(self):
        class OrderError(ValueError):
            pass

        assert error_attribute(OrderError("a", 1), "type") == "OrderError"
        assert error_attribute(OrderError("a", 1), "message") == "('a', 1)"
        assert error_attribute(ValueError("no 5"), "message") == "no 5"
        assert error_attribute(ValueError(), "message") == ""

    def test_original(self):
        cause = KeyError(1)

        def chain():
            raise ValueError from cause

        assert error_attribute(caught_from(chain), "original") is cause
        assert error_attribute(ValueError(), "original") is None

    def test_the_place(self):
        report = dana_function(
            "# a report\ndef report(value):\n    return boom(value)\n", boom=boom
        )
        error = caught_from(report, 5)
        assert error_attribute(error, "filename") == "orders.dana"
        assert error_attribute(error, "line") == 3
        assert error_attribute(error, "column") == 12
        assert error_attribute(error, "source_line") == "    return boom(value)"

    def test_the_column_counts_characters(self):
        report = dana_function(
            "def report(ö, value):\n    return 'äöü€😀', boom(value)\n", boom=boom
        )
        error = caught_from(report, 1, 2)
        assert error_attribute(error, "column") == 21
        assert error_attribute(error, "source_line")[20:].startswith("boom")

    def test_the_innermost_frame_of_dana_counts(self):
        inner = dana_function(
            "def inner(text):\n    return loads(text)\n", "inner", "in.dana", loads=json.loads
        )
        outer = dana_function("def outer(text):\n\n    return inner(text)\n", "outer", inner=inner)
        error = caught_from(outer, "{")
        assert isinstance(error, json.JSONDecodeError)
        assert error_attribute(error, "filename") == "in.dana"
        assert error_attribute(error, "line") == 2

    def test_without_a_frame_of_dana(self):
        error = caught_from(call_stage, 5, boom, "stage")
        assert error_attribute(error, "filename") == __file__
        assert error_attribute(error, "line") == boom.__code__.co_firstlineno + 1
        assert error_attribute(error, "column") == 5
        assert error_attribute(error, "source_line") == '    raise ValueError(f"no {value}")'

    def test_the_runtime_s_own_errors_are_the_program_s(self):
        report = dana_function(
            "def report(value):\n    return call_stage(value, 5, 'x')\n", call_stage=call_stage
        )
        error = caught_from(report, 5)
        assert error_attribute(error, "filename") == "orders.dana"
        assert error_attribute(error, "line") == 2

    def test_from_a_branch(self):
        report = dana_function("def report(value):\n    return boom(value)\n", boom=boom)
        error = caught_from(fan_out, (report, report), 5)
        assert error_attribute(error, "line") == 2
        assert "".join(error_attribute(error, "traceback")).count("File") == 3

    def test_without_its_source(self):
        report = dana_function(
            "def report(value):\n    return boom(value)\n", filename="gone.dana", boom=boom
        )
        del linecache.cache["gone.dana"]
        error = caught_from(report, 5)
        assert error_attribute(error, "source_line") is None
        assert error_attribute(error, "column") == 12

    def test_never_raised(self):
        error = ValueError("x")
        for name in ("filename", "line", "column", "source_line"):
            assert error_attribute(error, name) is None
        assert error_attribute(error, "traceback") == []

    def test_code_without_positions(self):
        def bare(value):
            raise ValueError

        bare.__code__ = bare.__code__.replace(co_linetable=b"")
        error = caught_from(bare, 5)
        assert error_attribute(error, "column") in (None, 1)

    def test_a_syntax_error_tells_of_its_own_place(self):
        error = caught_from(compile, "a = 1\nb = = 2\n", "other.dana", "exec")
        assert error_attribute(error, "filename") == "other.dana"
        assert error_attribute(error, "line") == 2
        assert error_attribute(error, "column") == 5
        assert error_attribute(error, "source_line") == "b = = 2"

    def test_a_syntax_error_without_one_has_that_of_its_frame(self):
        def fail():
            raise SyntaxError("x")

        error = caught_from(fail)
        assert error_attribute(error, "line") == fail.__code__.co_firstlineno + 1
        assert error_attribute(error, "source_line").strip() == 'raise SyntaxError("x")'
        assert error_attribute(error, "column") == 13
        assert error_attribute(SyntaxError("x", ("f", 1, 1, None)), "source_line") is None

    def test_the_traceback(self):
        report = dana_function(
            "def report(value):\n    return call_stage(value, boom, '')\n",
            call_stage=call_stage,
            boom=boom,
        )
        error = caught_from(report, 5)
        lines = error_attribute(error, "traceback")
        assert [line.partition("\n")[0].rpartition(" ")[2] for line in lines] == [
            "caught_from",
            "report",
            "boom",
        ]
        assert all(isinstance(line, str) for line in lines)
        assert lines == [
            line
            for line in traceback.format_tb(error.__traceback__)
            if os.path.join("dana_runtime", "") not in line
        ]


class TestExceptionFrom:
    def test_exceptions_are_themselves(self):
        for error in (ValueError("x"), SystemExit(3), KeyboardInterrupt(), ValueError, SystemExit):
            assert exception_from(error) is error

    @pytest.mark.parametrize("value", ["no money", 5, None, ["a"], int, True])
    def test_other_values(self, value):
        error = exception_from(value)
        assert type(error) is RuntimeError
        assert error.args == (str(value),)

from __future__ import annotations

import logging
import re

import pytest

from dana_runtime import logs

LINE = re.compile(r"\d\d:\d\d:\d\d - \[dana\] (\w+) - (.*)")


@pytest.fixture(autouse=True)
def unset_logger():
    """Give each test the logger as a new process has it."""
    logger = logging.getLogger("dana")
    handlers, level = logger.handlers[:], logger.level
    logger.handlers[:] = []
    logger.setLevel(logging.NOTSET)
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


def lines(capsys):
    written = capsys.readouterr()
    assert written.out == ""
    return [LINE.fullmatch(line).groups() for line in written.err.splitlines()]


def test_warnings_are_shown_and_less_is_not(capsys):
    logs.log("quiet")
    logs.log("quiet", "debug")
    logs.log("100% loud", "Warning")
    logs.log(5, logging.ERROR)
    assert lines(capsys) == [("WARNING", "100% loud"), ("ERROR", "5")]


def test_log_level(capsys):
    logs.log_level("debug")
    logs.log("a", "DEBUG")
    logs.log("b")
    logs.log_level(logging.ERROR)
    logs.log("c", "WARNING")
    assert lines(capsys) == [("DEBUG", "a"), ("INFO", "b")]


def test_the_application_can_set_the_level(capsys):
    logging.getLogger("dana").setLevel("INFO")
    logs.log("a")
    assert lines(capsys) == [("INFO", "a")]


def test_unknown_levels():
    with pytest.raises(ValueError, match="unknown log level: 'loud'"):
        logs.log("a", "loud")
    with pytest.raises(ValueError, match="unknown log level: 'loud'"):
        logs.log_level("loud")


def test_records_name_the_caller(caplog):
    logs.log("a", "WARNING")
    logs.log_level("INFO")
    logs.log_calls(len)("abc")
    assert {record.funcName for record in caplog.records} == {"test_records_name_the_caller"}
    assert {record.name for record in caplog.records} == {"dana"}


def test_not_shown_twice_in_an_application_that_shows_it(run_python):
    program = """
import logging
from dana_runtime import log
log("first", "WARNING")
logging.basicConfig(format="mine: %(message)s", level="INFO")
log("second")
"""
    done = run_python(program)
    first, second = done.stderr.splitlines()
    assert LINE.fullmatch(first).groups() == ("WARNING", "first")
    assert second == "mine: second"


def test_handlers_of_the_application_stand_alone(capsys):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logging.getLogger("dana").addHandler(handler)
    logs.log("a", "ERROR")
    assert [record.getMessage() for record in records] == ["a"]
    assert capsys.readouterr().err == ""


def test_importing_configures_nothing(run_python):
    program = """
import logging
import dana_runtime.logs
print(logging.getLogger("dana").handlers, logging.getLogger().handlers)
"""
    assert run_python(program).stdout == "[] []\n"


def test_log_calls(capsys):
    @logs.log_calls
    def add(a, b):
        """Add."""
        return a + b

    logs.log_level("INFO")
    assert add(1, b=2) == 3
    assert add.__doc__ == "Add."
    assert lines(capsys) == [
        ("INFO", "Calling add with args: (1,), kwargs: {'b': 2}"),
        ("INFO", "add returned: 3"),
    ]


def test_log_with_prefix(capsys):
    logs.log_level("INFO")
    assert logs.log_with_prefix(">", include_result=False)(abs)(-1) == 1
    assert logs.log_with_prefix()(abs)(-1) == 1
    assert lines(capsys) == [
        ("INFO", "> Calling abs with args: (-1,), kwargs: {}"),
        ("INFO", "[LOG] Calling abs with args: (-1,), kwargs: {}"),
        ("INFO", "[LOG] abs returned: 1"),
    ]

from __future__ import annotations

import dataclasses
import sys
import traceback

import pytest

from dana_runtime import apply
from dana_runtime.tracebacks import RaisedByCaller, add_note_once, without_runtime_frames


@dataclasses.dataclass(frozen=True)
class FrozenError(Exception):
    code: int


def functions_of(entry):
    names = []
    while entry is not None:
        names.append(entry.tb_frame.f_code.co_name)
        entry = entry.tb_next
    return names


def boom(value):
    raise ValueError(value)


def outer(value):
    return apply(value, boom)


def test_runtime_frames_go_and_the_rest_stays():
    with pytest.raises(ValueError, match="1") as caught:
        apply(1, outer)
    original = caught.value.__traceback__
    assert functions_of(original)[1:] == ["apply", "outer", "apply", "boom"]
    trimmed = without_runtime_frames(original)
    assert functions_of(trimmed)[1:] == ["outer", "boom"]
    assert functions_of(original)[1:] == ["apply", "outer", "apply", "boom"]


def test_nothing_to_drop_changes_nothing():
    try:
        boom(1)
    except ValueError:
        traceback = sys.exc_info()[2]
    assert without_runtime_frames(traceback) is traceback
    assert without_runtime_frames(None) is None


def test_only_runtime_frames():
    with pytest.raises(TypeError) as caught:
        apply(5, len)
    assert without_runtime_frames(caught.value.__traceback__.tb_next) is None


def test_a_note_is_added_once():
    error = ValueError()
    for note in ("a", "b", "a", "b"):
        add_note_once(error, note)
    assert error.__notes__ == ["a", "b"]


def test_exceptions_that_refuse_assignments_get_it_too():
    error = FrozenError(1)
    add_note_once(error, "a")
    add_note_once(error, "a")
    assert error.__notes__ == ["a"]


def test_notes_that_are_no_list_are_left_alone():
    error = ValueError()
    error.__notes__ = "mine"
    add_note_once(error, "a")
    assert error.__notes__ == "mine"


class TestRaisedByCaller:
    @staticmethod
    def quiet(error):
        def inner():
            raise error

        with RaisedByCaller(NameError, KeyError):
            inner()

    @pytest.mark.parametrize("error", [NameError("x"), KeyError("x"), UnboundLocalError("x")])
    def test_leaves_no_frame(self, error):
        with pytest.raises(type(error)) as caught:
            self.quiet(error)
        assert caught.value is error
        [entry] = traceback.extract_tb(error.__traceback__)
        assert entry.name == "test_leaves_no_frame"

    def test_other_errors_keep_theirs(self):
        with pytest.raises(ValueError, match="x") as caught:
            self.quiet(ValueError("x"))
        names = [entry.name for entry in traceback.extract_tb(caught.value.__traceback__)]
        assert names == ["test_other_errors_keep_theirs", "quiet", "inner"]

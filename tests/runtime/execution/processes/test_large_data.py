"""Large values go through memory that processes share: once a block, and nothing of it is left."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import tempfile
from contextvars import copy_context

import pytest

from dana_runtime.errors import WorkerDied
from dana_runtime.execution import processes
from dana_runtime.execution.attempt import Attempt
from dana_runtime.execution.cancellation import Group, current_group
from dana_runtime.execution.processes import envelope, files, sharing, slots
from dana_runtime.execution.processes.files import SharedFile, fill_at, mapped, shared_file
from dana_runtime.execution.processes.pickling import LARGE, packed, rebuilt

np = pytest.importorskip("numpy")
psutil = pytest.importorskip("psutil")

BIG = 3 * LARGE


@pytest.fixture
def our_processes():
    """The ids of this process and of those that it starts: others may run the same tests beside it."""
    known = {os.getpid(), *_descendants()}
    launched = slots.Slot._launched

    def launched_and_known(slot, future):
        if future.exception() is None:
            # It may have ended when the test has.
            known.add(future.result())
        launched(slot, future)

    # Not `monkeypatch`: what a test has patched is to be undone before the files are looked at.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots.Slot, "_launched", launched_and_known)
        yield known


def _descendants() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def _files_of(known: set[int], folders: set[str]) -> list[str]:
    names = [name for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]
    return [n for n in names if (of := re.match(r"dana-(\d+)-", n)) and int(of[1]) in known]


@pytest.fixture(autouse=True)
def _no_file_is_left(our_processes):
    folders = {files.MEMORY_FOLDER, tempfile.gettempdir()}
    yield
    known = our_processes | _descendants()
    if files._named:
        # An idle process has one for its next large result.
        processes.shutdown()
    assert _files_of(known, folders) == []
    assert sharing._known == {}


@pytest.fixture(params=["without a name", "with a name"])
def _either_kind(request, monkeypatch):
    if request.param == "with a name":
        monkeypatch.setattr(files, "_descriptors_are_open_to_others", lambda: False)
        processes.shutdown()


@pytest.mark.usefixtures("_either_kind")
class TestValues:
    def test_arrays_arrive_read_only(self, run):
        array = np.arange(BIG // 8)
        assert run(lambda a: (a.sum(), a.flags.writeable), array) == (array.sum(), False)

    @pytest.mark.parametrize("around", [tuple, list, lambda items: {"a": items[0]}])
    def test_arrays_in_containers(self, run, around):
        array = np.arange(BIG // 8)
        value = around([array])

        def check(value):
            inner = value["a"] if isinstance(value, dict) else value[0]
            return type(value), inner.flags.writeable, int(inner.sum())

        assert run(check, value) == (type(value), False, array.sum())

    @pytest.mark.parametrize("value", [bytes(BIG), bytearray(BIG), [bytes(BIG), {"b": b"x" * BIG}]])
    def test_bytes(self, run, value):
        result = run(lambda x: (type(x), x), value)
        assert result == (type(value), value)

    def test_results_can_be_written_to(self, run):
        result = run(lambda n: np.ones(n), BIG // 8)
        result += 1
        assert result.sum() == BIG // 8 * 2

    def test_several_results_of_one_process(self, run):
        first = run(lambda n: np.ones(n), BIG // 8)
        second = run(lambda n: np.zeros(n), BIG // 8)
        assert (first.sum(), second.sum()) == (BIG // 8, 0)

    def test_of_exceptions(self, run):
        def charge(x):
            raise ValueError(bytes(x))

        with pytest.raises(ValueError, match="x00") as caught:
            run(charge, BIG)
        assert caught.value.args == (bytes(BIG),)

    def test_of_functions(self, run):
        array = np.arange(BIG // 8)
        assert run(lambda x: int(array.sum()) + x, 1) == array.sum() + 1

    def test_nothing_is_left_when_a_process_dies(self, run):
        with pytest.raises(WorkerDied):
            run(lambda a: os.kill(os.getpid(), signal.SIGKILL), np.arange(BIG // 8))


class TestFallingBack:
    def test_where_memory_is_too_small(self, run, tmp_path, monkeypatch):
        monkeypatch.setattr(files, "MEMORY_FOLDER", "/dev/null")
        assert run(len, bytes(BIG)) == BIG

    def test_where_no_folder_has_room(self, run, monkeypatch):
        def full(file, buffers):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files, "_fill", full)
        assert run(len, bytes(BIG)) == BIG
        assert run(lambda a: int(a.sum()), np.ones(BIG // 8)) == BIG // 8

    def test_where_there_is_no_room_for_a_result(self, run):
        def charge(n):
            from dana_runtime.execution.processes import files

            def full(file, buffers):
                raise OSError(28, "No space left on device")

            kept, files._fill = files._fill, full
            try:
                return bytes(n)
            finally:
                del kept

        assert run(charge, BIG) == bytes(BIG)
        processes.shutdown()


class TestWhatIsLeft:
    """What the check after each test sees."""

    def test_is_seen(self, run, our_processes):
        worker = run(lambda _: os.getpid())
        assert {os.getpid(), worker} <= our_processes
        names = [f"dana-{pid}-left" for pid in (os.getpid(), worker)]
        paths = [os.path.join(tempfile.gettempdir(), name) for name in names]
        try:
            for path in paths:
                open(path, "w").close()
            assert sorted(_files_of(our_processes, {tempfile.gettempdir()})) == sorted(names)
        finally:
            for path in paths:
                os.unlink(path)

    def test_of_others_is_not(self, our_processes, tmp_path):
        (tmp_path / f"dana-{os.getppid()}-theirs").touch()
        assert _files_of(our_processes, {str(tmp_path)}) == []


class TestSharing:
    def attempt(self, value, context):
        return Attempt(lambda x: x, value, context=context)

    def test_one_copy_for_all_branches_of_a_block(self):
        context = copy_context()
        context.run(current_group.set, Group(None))
        value = np.arange(BIG // 8)
        first, second = (
            envelope.Envelope(self.attempt(value, context.copy()), local=True) for _ in range(2)
        )
        assert first.task.value is second.task.value
        address = first.task.value.address
        first.close()
        (view,) = mapped(address, second.task.value.spans)
        assert bytes(view) == value.tobytes()
        second.close()
        with pytest.raises(OSError, match=r"."):
            mapped(address, second.task.value.spans)

    def test_none_between_blocks(self):
        value = [np.arange(BIG // 8)]
        envelopes = []
        for _ in range(2):
            context = copy_context()
            context.run(current_group.set, Group(None))
            envelopes.append(envelope.Envelope(self.attempt(value, context), local=True))
        assert envelopes[0].task.value.address != envelopes[1].task.value.address
        for each in envelopes:
            each.close()

    def test_none_of_equal_values(self):
        context = copy_context()
        context.run(current_group.set, Group(None))
        envelopes = [
            envelope.Envelope(self.attempt(value, context.copy()), local=True)
            for value in ([1], [1])
        ]
        assert envelopes[0].task.value is not envelopes[1].task.value
        for each in envelopes:
            each.close()

    def test_what_fails_is_left_by_all(self):
        context = copy_context()
        context.run(current_group.set, Group(None))
        for _ in range(2):
            with pytest.raises(Exception, match="cannot be pickled"):
                envelope.Envelope(self.attempt(sys._getframe(), context.copy()), local=True)


class TestFiles:
    def test_buffers_are_found_where_they_were_put(self):
        file, spans = shared_file([[b"abc", b"de"], [b""], [bytearray(b"f" * 100)]])
        assert [bytes(view) for view in mapped(file.address, spans)] == [b"abcde", b"", b"f" * 100]
        assert [begin % files.ALIGNMENT for begin, _ in spans] == [0, 0, 0]
        file.close()

    def test_views_are_read_only_and_outlive_the_file(self):
        file, spans = shared_file([[b"abc"]])
        (view,) = mapped(file.address, spans)
        file.close()
        assert view.readonly
        assert bytes(view) == b"abc"

    def test_results_are_taken_once(self):
        file = SharedFile()
        spans = fill_at(file.address, [[b"abc"], [b"d"]])
        taken = file.take(spans)
        assert [bytes(view) for view in taken] == [b"abc", b"d"]
        assert not taken[0].readonly
        with pytest.raises(EOFError):
            file.take(spans)
        file.close()

    def test_go_with_who_forgets_them(self):
        file, spans = shared_file([[b"abc"]])
        address = file.address
        del file
        gc.collect()
        with pytest.raises(OSError, match=r"."):
            mapped(address, spans)

    def test_named_ones_go_at_exit(self, tmp_path, run_python):
        done = run_python(
            """
from dana_runtime.execution.processes import files
files._descriptors_are_open_to_others = lambda: False
file, _ = files.shared_file([[b"abc"]])
files.SharedFile.close = lambda self: None
import os
print(os.path.exists(file.address), file.address)
"""
        )
        existed, address = done.stdout.split()
        assert existed == "True"
        assert not os.path.exists(address)


class TestPickling:
    def test_large_bytes_are_not_copied_before_they_are_written(self):
        value = bytes(BIG)
        assert any(chunk is value for chunk in packed([value]).chunks)

    def test_small_buffers_stay_in_the_stream(self):
        what = packed(np.arange(10))
        assert not what.is_large()
        assert list(rebuilt(what.inline())[0]) == list(range(10))

    def test_large_ones_can_go_inline_too(self):
        what = packed({"a": np.arange(BIG // 8), "b": bytes(BIG)})
        assert what.is_large()
        value = rebuilt(what.inline())[0]
        assert (value["a"] == np.arange(BIG // 8)).all()
        assert value["b"] == bytes(BIG)

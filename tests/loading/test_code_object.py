from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("danac.compilation")

from danac import DanaSyntaxError
from danac.loading.code_object import decode_source, load_code, read_source

LOAD = "import sys; from danac.loading.code_object import load_code; exec(load_code(sys.argv[1]))"


@pytest.fixture(autouse=True)
def writing_bytecode(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def result_of(path):
    namespace = {}
    exec(load_code(path), namespace)
    return namespace["x"]


def test_code_carries_the_full_path(tmp_path, monkeypatch):
    (tmp_path / "one.dana").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    assert load_code("one.dana").co_filename == str(tmp_path / "one.dana")


def test_second_load_comes_from_the_cache(tmp_path, monkeypatch):
    path = tmp_path / "one.dana"
    path.write_text("x = 1\n")
    assert result_of(path) == 1
    monkeypatch.setitem(sys.modules, "danac.compilation", None)
    assert result_of(path) == 1


def test_edit_within_the_same_moment_is_seen(tmp_path):
    path = tmp_path / "one.dana"
    path.write_text("x = 1\n")
    moment = path.stat().st_mtime_ns
    assert result_of(path) == 1
    path.write_text("x = 2\n")
    os.utime(path, ns=(moment, moment))
    assert result_of(path) == 2


def test_damaged_cache_is_rebuilt(tmp_path):
    path = tmp_path / "one.dana"
    path.write_text("x = 1\n")
    load_code(path)
    [cache] = (tmp_path / "__pycache__").iterdir()
    good = cache.read_bytes()
    cache.write_bytes(good[:-5])
    assert result_of(path) == 1
    assert cache.read_bytes() == good


def test_fresh_cache_loads_neither_lark_nor_a_stage(tmp_path, run_python):
    (tmp_path / "one.dana").write_text("print(2)\n")
    assert run_python("-c", LOAD, "one.dana", cwd=tmp_path).stdout == "2\n"
    # Not all that is loaded counts: measuring the coverage loads much, too.
    script = f"import sys; before = set(sys.modules); {LOAD}; print(*set(sys.modules) - before)"
    completed = run_python("-c", script, "one.dana", cwd=tmp_path, measured=False)
    names = completed.stdout.split()
    assert names[0] == "2"
    stages = ("syntax", "nodes", "analysis", "lowering", "compilation", "diagnostics", "source")
    loaded = [n for n in names if n.startswith(tuple(f"danac.{stage}" for stage in stages))]
    assert loaded == []
    assert not {"lark", "astor", "typing", "dataclasses"} & set(names)


def test_processes_may_compile_at_once(tmp_path, clean_environment):
    path = tmp_path / "one.dana"
    path.write_text("print(7)\n")
    command = [sys.executable, "-c", LOAD, str(path)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=120)[0] for process in running] == ["7\n"] * 4
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_named_pipe_is_read_once_and_not_cached(tmp_path, clean_environment):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", LOAD, str(pipe)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment)
    pipe.write_text("print(3)\n")
    assert reader.communicate(timeout=120)[0] == "3\n"
    assert os.listdir(tmp_path) == ["pipe"]


def test_missing_file_and_folder_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_code(tmp_path / "missing.dana")
    with pytest.raises(IsADirectoryError):
        load_code(tmp_path)


class TestDecodeSource:
    def test_byte_order_mark_is_accepted(self):
        assert decode_source(b"\xef\xbb\xbfx = 1\n", "a.dana") == "x = 1\n"

    def test_text_is_utf_8_whatever_its_first_line_says(self):
        text = "# coding: latin-1\nx = 'é'\n"
        assert decode_source(text.encode(), "a.dana") == text

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_other_encodings_are_refused_with_their_position(self, mark):
        data = mark + "x = 1\r\ny = 'né".encode() + b"\xe9'\n"
        with pytest.raises(DanaSyntaxError, match="not UTF-8: byte 0xe9") as caught:
            decode_source(data, "a.dana")
        assert caught.value.diagnostic.span == (2, 8, 2, 9)
        assert caught.value.filename == "a.dana"
        assert caught.value.text == "y = 'né\ufffd'\n"

    def test_nul_is_refused_with_its_position(self):
        with pytest.raises(DanaSyntaxError, match="NUL") as caught:
            decode_source(b"x\n\xc3\xa4\0", "a.dana")
        assert caught.value.diagnostic.span == (2, 2, 2, 3)


def test_read_source_reads_a_file(tmp_path):
    (tmp_path / "one.na").write_bytes(b"\xef\xbb\xbfx\n")
    assert read_source(tmp_path / "one.na") == "x\n"

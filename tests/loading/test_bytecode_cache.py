from __future__ import annotations

import importlib.util
import os
import random
import sys
import threading
from pathlib import Path
from types import CodeType

import pytest

from danac.loading import bytecode_cache
from danac.version import __version__

TEXT = b"x = 1\n"
LONG_AGO = 1_600_000_000_000_000_000


@pytest.fixture(autouse=True)
def writing_bytecode(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "orders.dana"
    path.write_bytes(TEXT)
    set_mtime(path, LONG_AGO)
    return path


def set_mtime(path: Path, nanoseconds: int) -> None:
    os.utime(path, ns=(nanoseconds, nanoseconds))


def code_of(path: Path) -> CodeType:
    return compile(path.read_bytes(), str(path), "exec")


def write(path: Path, options: str = "") -> Path:
    bytecode_cache.write(str(path), path.stat(), path.read_bytes(), code_of(path), options)
    return cached(path)


def read(path: Path, options: str = "") -> CodeType | None:
    return bytecode_cache.read(str(path), path.stat(), options)


def cached(path: Path) -> Path:
    name = bytecode_cache.cache_path(str(path))
    assert name is not None
    return Path(name)


class TestCachePath:
    def test_stands_in_pycache_beside_the_source(self, source):
        name = f"orders.dana.danac-{__version__}.{sys.implementation.cache_tag}.pyc"
        assert cached(source) == source.parent / "__pycache__" / name

    def test_dana_na_and_py_never_share_one(self, tmp_path):
        paths = {cached(tmp_path / name) for name in ("foo.dana", "foo.na", "foo.py")}
        python_path = importlib.util.cache_from_source(str(tmp_path / "foo.py"))
        assert len({*paths, Path(python_path)}) == 4

    def test_honours_pycache_prefix(self, source, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "caches"))
        path = write(source)
        assert path.is_relative_to(tmp_path / "caches")
        assert path.is_file()
        assert read(source) == code_of(source)

    def test_python_without_a_cache_tag_keeps_no_bytecode(self, source, monkeypatch):
        monkeypatch.setattr(sys.implementation, "cache_tag", None)
        assert bytecode_cache.cache_path(str(source)) is None
        bytecode_cache.write(str(source), source.stat(), TEXT, code_of(source))
        assert read(source) is None


class TestFreshness:
    def test_what_was_written_is_read(self, source):
        write(source)
        assert read(source) == code_of(source)

    def test_nothing_written_is_a_miss(self, source):
        assert read(source) is None

    def test_changed_content_of_another_size_is_a_miss(self, source):
        write(source)
        source.write_bytes(b"x = 1000\n")
        set_mtime(source, LONG_AGO)
        assert read(source) is None

    def test_changed_time_is_a_miss(self, source):
        write(source)
        set_mtime(source, LONG_AGO + 1)
        assert read(source) is None

    def test_young_source_is_checked_by_its_content(self, source):
        # Both versions have the same size and, within one tick of the clock, the same time.
        source.write_bytes(TEXT)
        moment = source.stat().st_mtime_ns
        write(source)
        assert read(source) == code_of(source)
        source.write_bytes(b"x = 2\n")
        set_mtime(source, moment)
        assert read(source) is None

    def test_young_source_stays_fresh_when_only_its_time_changes(self, source):
        source.write_bytes(TEXT)
        write(source)
        set_mtime(source, LONG_AGO)
        assert read(source) is not None

    def test_source_date_epoch_asks_for_checks_by_content(self, source, monkeypatch):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
        first = write(source).read_bytes()
        set_mtime(source, LONG_AGO + 10**9)
        assert read(source) is not None
        assert write(source).read_bytes() == first

    def test_source_from_the_future_is_checked_by_its_time(self, source):
        set_mtime(source, 4_000_000_000_000_000_000)
        write(source)
        assert read(source) is not None
        set_mtime(source, LONG_AGO)
        assert read(source) is None

    def test_other_compile_options_are_a_miss(self, source):
        write(source, "coerce")
        assert read(source) is None
        assert read(source, "coerce") is not None

    def test_another_toolchain_is_a_miss(self, source, monkeypatch):
        write(source)
        monkeypatch.setattr(bytecode_cache, "_toolchain_stamp", lambda: 1)
        assert read(source) is None

    def test_source_that_moved_with_its_cache_is_a_miss(self, source):
        write(source)
        moved = source.parent.rename(source.parent.with_name("elsewhere")) / source.name
        assert cached(moved).is_file()
        assert read(moved) is None

    def test_source_that_vanished_is_a_miss(self, source):
        source.write_bytes(TEXT)
        status = source.stat()
        write(source)
        source.unlink()
        assert bytecode_cache.read(str(source), status) is None


def stamp_of(package: Path) -> int:
    return bytecode_cache._stamp_of(str(package))


class TestToolchainStamp:
    @pytest.fixture
    def package(self, tmp_path):
        (tmp_path / "syntax").mkdir()
        (tmp_path / "syntax" / "dana.lark").write_text("start: x")
        return tmp_path

    def test_stays_while_nothing_changes(self, package):
        assert stamp_of(package) == stamp_of(package)

    def test_changes_with_a_file_of_the_compiler(self, package):
        before = stamp_of(package)
        (package / "syntax" / "dana.lark").write_text("start: x y")
        assert stamp_of(package) != before

    def test_changes_with_a_new_file(self, package):
        before = stamp_of(package)
        (package / "lowering.py").write_text("")
        assert stamp_of(package) != before

    def test_leaves_bytecode_aside(self, package):
        before = stamp_of(package)
        (package / "__pycache__").mkdir()
        (package / "__pycache__" / "lowering.py").write_text("")
        assert stamp_of(package) == before

    def test_installed_package_counts_by_its_installation(self, package):
        installed = package / "danac"
        installed.mkdir()
        from_files = stamp_of(installed)
        beside = package / f"danac-{bytecode_cache.__version__}.dist-info"
        beside.mkdir()
        os.utime(beside, ns=(1, 1))
        first = stamp_of(installed)
        (installed / "lowering.py").write_text("")
        assert stamp_of(installed) == first != from_files
        os.utime(beside, ns=(2, 2))
        assert stamp_of(installed) != first

    def test_package_that_is_no_folder_has_one_too(self, tmp_path):
        assert stamp_of(tmp_path / "danac.zip") == stamp_of(tmp_path / "danac.zip")


class TestDamage:
    @pytest.mark.parametrize("tenth", range(10))
    def test_truncated_cache_is_a_miss(self, source, tenth):
        path = write(source)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * tenth // 10])
        assert read(source) is None

    @pytest.mark.parametrize("seed", range(20))
    def test_random_bytes_are_a_miss(self, source, seed):
        path = write(source)
        path.write_bytes(random.Random(seed).randbytes(200))
        assert read(source) is None

    @pytest.mark.parametrize("seed", range(20))
    def test_one_damaged_byte_is_a_miss(self, source, seed):
        path = write(source)
        data = bytearray(path.read_bytes())
        data[random.Random(seed).randrange(len(data))] ^= 0x55
        path.write_bytes(data)
        assert read(source) is None

    @pytest.mark.parametrize("payload", [b"", b"N", b"\xe3", b"i\x01\x00\x00\x00", b"?", b"["])
    def test_sound_header_over_anything_but_code_is_a_miss(self, source, payload, monkeypatch):
        monkeypatch.setattr("marshal.dumps", lambda code: payload)
        write(source)
        assert read(source) is None

    def test_folder_in_the_place_of_the_cache_is_a_miss(self, source):
        cached(source).mkdir(parents=True)
        assert read(source) is None
        write(source)
        assert read(source) is None
        assert os.listdir(cached(source).parent) == [cached(source).name]

    def test_python_bytecode_is_a_miss(self, source):
        path = write(source)
        path.write_bytes(importlib.util.MAGIC_NUMBER + path.read_bytes()[4:])
        assert read(source) is None


class TestWriting:
    def test_dont_write_bytecode_is_honoured(self, source, monkeypatch):
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        assert not write(source).exists()

    def test_file_in_the_place_of_pycache_is_silent(self, source):
        (source.parent / "__pycache__").write_text("")
        write(source)
        assert read(source) is None

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
    def test_unwritable_folder_is_silent(self, source):
        source.parent.chmod(0o500)
        try:
            write(source)
            assert read(source) is None
        finally:
            source.parent.chmod(0o700)

    def test_failing_write_is_silent_and_leaves_nothing_behind(self, source, monkeypatch):
        def fail(*arguments):
            raise OSError("disk full")

        monkeypatch.setattr(os, "replace", fail)
        path = write(source)
        assert os.listdir(path.parent) == []

    def test_interrupted_write_leaves_nothing_behind(self, source, monkeypatch):
        def interrupt(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(source)
        assert os.listdir(cached(source).parent) == []

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    def test_cache_is_as_private_as_the_source(self, source):
        source.chmod(0o600)
        assert write(source).stat().st_mode & 0o777 == 0o600

    def test_threads_may_write_at_once(self, source):
        barrier = threading.Barrier(8)

        def work():
            barrier.wait()
            for _ in range(20):
                write(source)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read(source) == code_of(source)
        assert len(os.listdir(cached(source).parent)) == 1

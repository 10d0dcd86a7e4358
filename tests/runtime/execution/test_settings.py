from __future__ import annotations

import contextvars
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dana_runtime import configure, fan_out, parallel_config, policy, using
from dana_runtime.errors import SettingsError
from dana_runtime.execution import settings as module
from dana_runtime.execution.setting_sources import from_environment, from_project
from dana_runtime.execution.settings import Settings, current

WAIT = 30.0

DEFAULTS = {
    "max_workers": 8,
    "timeout": 30.0,
    "total_timeout": None,
    "memory_limit": 1024**3,
    "max_depth": 3,
    "executor": "auto",
    "on_error": "raise",
    "scheduler": None,
    "idempotent": False,
}

WRONG = [
    ("max_workers", 0, ValueError, "max_workers must be at least 1, not 0"),
    ("max_workers", True, TypeError, "max_workers must be a whole number, not True (bool)"),
    ("max_workers", 2.0, TypeError, "max_workers must be a whole number, not 2.0 (float)"),
    ("max_depth", -1, ValueError, "max_depth must not be negative: -1"),
    ("timeout", 0, ValueError, "timeout must be above 0 seconds, not 0; None is no limit"),
    (
        *("timeout", float("nan"), ValueError),
        "timeout must be above 0 seconds, not nan; None is no limit",
    ),
    ("timeout", "5", TypeError, "timeout must be seconds or None, not '5' (str)"),
    ("total_timeout", [], TypeError, "total_timeout must be seconds or None, not [] (list)"),
    (
        *("memory_limit", "1 pound", ValueError),
        'memory_limit must be a size such as "512MB" or "1GB", not \'1 pound\'',
    ),
    ("memory_limit", 0, ValueError, "memory_limit must be at least one byte, not 0"),
    (
        *("executor", "threads", ValueError),
        "executor has no value 'threads'. Did you mean: 'thread'?",
    ),
    (
        *("executor", 5, TypeError),
        "executor must be one of auto, inline, thread, process, async, dask, or a "
        "concurrent.futures.Executor, not 5 (int)",
    ),
    (
        *("on_error", "partly", ValueError),
        "on_error has no value 'partly'; there are 'raise', 'partial'",
    ),
    ("on_error", None, TypeError, "on_error must be 'raise' or 'partial', not None (NoneType)"),
    ("idempotent", 1, TypeError, "idempotent must be True or False, not 1 (int)"),
    ("scheduler", 5, TypeError, "scheduler must be a text or None, not 5 (int)"),
]


def values(settings):
    return {name: getattr(settings, name) for name in DEFAULTS}


@pytest.fixture
def outside(monkeypatch, tmp_path):
    """Begin in an empty folder, and write pyproject.toml and the environment."""
    monkeypatch.chdir(tmp_path)
    module.forget()

    def put(table="", **variables):
        (tmp_path / "pyproject.toml").write_text(table, "utf-8")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return put


class TestValues:
    def test_defaults(self):
        assert values(current()) == values(Settings()) == DEFAULTS
        assert current().explicit == frozenset()
        assert (current().limit, current().is_bound) == (30.0, False)

    @pytest.mark.parametrize("take", [configure, using, policy, Settings])
    @pytest.mark.parametrize(("name", "value", "kind", "message"), WRONG)
    def test_wrong_ones(self, take, name, value, kind, message):
        with pytest.raises(kind) as caught:
            take(**{name: value})
        assert str(caught.value) == message

    @pytest.mark.parametrize("take", [configure, using, policy])
    def test_misspelt_ones(self, take):
        with pytest.raises(TypeError) as caught:
            take(timout=5)
        assert str(caught.value) == (
            f"{take.__name__}() got an unknown setting 'timout'. Did you mean: 'timeout'?"
        )
        with pytest.raises(TypeError, match="'colour'; there are max_workers, timeout, "):
            take(colour=5)

    def test_other_names(self):
        settings = Settings(execution_timeout=5, max_parallel_depth=1)
        assert (settings.timeout, settings.max_depth) == (5.0, 1)
        with pytest.raises(TypeError, match="twice"):
            Settings(timeout=5, execution_timeout=5)

    @pytest.mark.parametrize(
        ("size", "expected"),
        [
            ("1GB", 1024**3),
            ("512MB", 512 * 1024**2),
            (" 1.5 gib ", 1536 * 1024**2),
            ("4096", 4096),
            ("2k", 2048),
            (7, 7),
            (None, None),
        ],
    )
    def test_sizes(self, size, expected):
        assert Settings(memory_limit=size).memory_limit == expected

    def test_limits(self):
        assert Settings(timeout=5, total_timeout=3).limit == 3.0
        assert Settings(timeout=None).limit is None
        assert Settings(timeout=None).is_bound is False
        assert Settings(total_timeout=60).is_bound is True
        assert Settings(timeout=30).is_bound is True
        assert Settings(timeout=1e300).limit is None

    def test_they_cannot_be_changed(self):
        with pytest.raises(AttributeError, match="timeout"):
            current().timeout = 5
        with pytest.raises(AttributeError, match="timeout"):
            del current().timeout

    def test_they_travel(self):
        with ThreadPoolExecutor(1) as executor:
            settings = Settings(timeout=5, executor=executor)
            assert settings.executor is executor
            copy = pickle.loads(pickle.dumps(settings))
        assert copy == Settings(timeout=5, executor="auto")
        assert copy.explicit == {"timeout", "executor"}
        assert repr(copy) == "Settings(timeout=5.0, executor='auto')"


class TestPolicies:
    def test_the_same_one_is_checked_once(self):
        assert policy(timeout=5) is policy(timeout=5)
        assert policy(timeout=5) is not policy(timeout=6)

    def test_equal_values_of_other_types_are_checked_anew(self):
        policy(max_workers=1)
        with pytest.raises(TypeError):
            policy(max_workers=True)
        with pytest.raises(TypeError):
            policy(max_workers=1.0)

    def test_they_go_over_what_is_in_force(self):
        base = Settings(timeout=5, max_workers=2)
        merged = base.with_policy(policy(timeout=None, on_error="partial"))
        assert (merged.timeout, merged.max_workers, merged.on_error) == (None, 2, "partial")
        assert merged.explicit == {"timeout", "max_workers", "on_error"}
        assert base.with_policy(policy(timeout=None, on_error="partial")) is merged
        assert base.with_policy(None) is base

    def test_there_are_not_endlessly_many(self):
        for number in range(1, 3000):
            policy(max_workers=number)
        assert len(module._policies) <= module._MOST_POLICIES


class TestSources:
    def test_the_nearest_wins(self, outside):
        outside("[tool.danac]\ntimeout = 1\nmax_workers = 1\nmax_depth = 1", DANA_TIMEOUT="2")
        assert (current().timeout, current().max_workers) == (2.0, 1)
        configure(timeout=3)
        assert current().timeout == 3.0
        with using(timeout=4):
            assert current().timeout == 4.0
            with parallel_config(max_workers=7):
                assert (current().timeout, current().max_workers) == (4.0, 7)
                # Nearer than what is configured, even if that comes later.
                configure(timeout=5, max_depth=9)
                assert (current().timeout, current().max_depth) == (4.0, 9)
                assert current().with_policy(policy(timeout=6)).timeout == 6.0
            assert current().max_workers == 1
        assert current().timeout == 5.0
        assert current().explicit == {"timeout", "max_workers", "max_depth"}

    def test_the_environment(self):
        found = from_environment(
            {
                "DANA_MAX_WORKERS": "3",
                "DANA_TIMEOUT": "none",
                "DANA_MEMORY_LIMIT": "2GB",
                "DANA_MAX_PARALLEL_DEPTH": "2",
                "DANA_EXECUTOR": "inline",
                "DANA_ON_ERROR": "partial",
                "DANA_IDEMPOTENT": "yes",
                "DANA_SCHEDULER": "tcp://localhost:1",
                "DANA_DEBUG": "1",
                "DANA_HOME": "/opt/dana",
                "DANAPATH": "lib",
                "TIMEOUT": "soon",
            }
        )
        assert found == {
            "max_workers": 3,
            "timeout": None,
            "memory_limit": 2 * 1024**3,
            "max_depth": 2,
            "executor": "inline",
            "on_error": "partial",
            "idempotent": True,
            "scheduler": "tcp://localhost:1",
        }

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("DANA_TIMEOUT", "soon", "DANA_TIMEOUT: timeout cannot be 'soon'"),
            ("DANA_MAX_WORKERS", "0", "DANA_MAX_WORKERS: max_workers must be at least 1, not 0"),
            ("DANA_MAX_WORKERS", "many", "DANA_MAX_WORKERS: max_workers cannot be 'many'"),
            ("DANA_IDEMPOTENT", "perhaps", "DANA_IDEMPOTENT: idempotent cannot be 'perhaps'"),
            ("DANA_EXECUTOR", "proces", "Did you mean: 'process'?"),
            (
                "DANA_TIMOUT",
                "5",
                "DANA_TIMOUT has no setting 'timout'. Did you mean: 'DANA_TIMEOUT'?",
            ),
        ],
    )
    def test_a_wrong_environment(self, variable, value, message):
        with pytest.raises(SettingsError) as caught:
            from_environment({variable: value})
        assert message in str(caught.value)

    def test_the_first_block_says_what_is_wrong(self, outside):
        outside(DANA_TIMEOUT="soon")
        configure(max_workers=2)
        for _ in range(2):
            with pytest.raises(SettingsError, match="DANA_TIMEOUT"):
                fan_out((str, repr), 5)

    def test_the_project_s_file(self, tmp_path):
        file = tmp_path / "pyproject.toml"
        folder = tmp_path / "a" / "b"
        folder.mkdir(parents=True)
        file.write_text(
            '[tool.danac]\ncoerce = true\nexecution_timeout = 2\nmemory_limit = "none"', "utf-8"
        )
        assert from_project(str(folder)) == {"timeout": 2.0, "memory_limit": None}
        # The nearest file is the project's, whatever it holds.
        (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n", "utf-8")
        assert from_project(str(folder)) == {}

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("max_worker = 3", "has no setting 'max_worker'. Did you mean: 'max_workers'?"),
            ("timeout = '5'", "[tool.danac] timeout must be seconds or None, not '5' (str)"),
            ("timeout = ", "is not valid TOML"),
        ],
    )
    def test_a_wrong_file(self, tmp_path, text, message):
        file = tmp_path / "pyproject.toml"
        file.write_text(f"[tool.danac]\n{text}\n", "utf-8")
        with pytest.raises(SettingsError) as caught:
            from_project(str(tmp_path))
        assert str(caught.value).startswith(f"{file}")
        assert message in str(caught.value)

    def test_they_are_read_once(self, outside, monkeypatch):
        outside(DANA_TIMEOUT="2")
        assert current().timeout == 2.0
        monkeypatch.setenv("DANA_TIMEOUT", "3")
        configure(max_workers=3)
        assert current().timeout == 2.0

    def test_a_block_sees_the_settings_of_its_own_context(self):
        with using(timeout=5):
            inside = contextvars.copy_context()
            seen = fan_out((lambda v: current().timeout,) * 2, None)
        assert seen == [5.0, 5.0]
        assert current().timeout == 30.0
        assert inside.run(current).timeout == 5.0

    def test_threads_that_configure_lose_nothing(self):
        names = ["max_workers", "max_depth", "timeout", "total_timeout"]
        barrier = threading.Barrier(len(names))

        def change(name):
            barrier.wait(WAIT)
            for number in range(1, 200):
                configure(**{name: number})

        threads = [threading.Thread(target=change, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert [getattr(current(), name) for name in names] == [199] * 4

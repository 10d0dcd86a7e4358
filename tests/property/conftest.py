"""How many examples are tried: the same few in every run, or many others.

`pytest tests/property --hypothesis-profile=long` tries others than the suite does, for minutes.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine everything is too slow: time is no sign of an error.
_PATIENT = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}

settings.register_profile("suite", derandomize=True, max_examples=200, **_PATIENT)
settings.register_profile("long", derandomize=False, max_examples=5_000, **_PATIENT)


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    # The limit of time of a test is meant for hangs, and the long profile takes longer by intent.
    if config.getoption("--hypothesis-profile", None) == "long":
        for item in items:
            if item.path.parent.name == "property":
                item.add_marker(pytest.mark.timeout(0))

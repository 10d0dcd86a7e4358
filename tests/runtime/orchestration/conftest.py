"""Scopes that are as empty after a test as they were before it."""

from __future__ import annotations

import pytest

from dana_runtime import public
from dana_runtime.orchestration import by_items, by_name, calls, runners


@pytest.fixture
def generating(monkeypatch):
    """Make a function for each plan as soon as it is used."""
    for module in (by_items, by_name, runners):
        monkeypatch.setattr(module, "EACH", 1)
    # What was planned so far goes on without them, so it is forgotten.
    for table in calls._TABLES[:-1]:
        table.clear()
    yield
    for table in calls._TABLES[:-1]:
        table.clear()


@pytest.fixture(autouse=True)
def clean_public():
    yield
    for name in list(public):
        del public[name]

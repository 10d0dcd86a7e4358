"""Scopes that are as empty after a test as they were before it."""

from __future__ import annotations

import pytest

from dana_runtime import public


@pytest.fixture(autouse=True)
def clean_public():
    yield
    for name in list(public):
        del public[name]

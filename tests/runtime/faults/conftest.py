from __future__ import annotations

import pytest

from dana_runtime.faults import perception, profile


@pytest.fixture(autouse=True)
def nothing_seen():
    perception.forget()
    profile.forget()
    yield
    profile.forget()

from __future__ import annotations

import pytest

from dana_runtime.faults import perception, training


@pytest.fixture(autouse=True)
def nothing_seen():
    perception.forget()
    training.forget()
    yield
    training.forget()

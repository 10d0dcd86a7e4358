from __future__ import annotations

import pytest
from tests.soak.random_blocks import soak


@pytest.mark.parametrize("seed", [1, 2])
def test_random_blocks_leave_nothing_behind(seed):
    found = soak(seed, 1.0)
    assert found.wrong == []
    assert found.blocks

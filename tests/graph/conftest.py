from __future__ import annotations

from collections.abc import Callable

import pytest

from danac.compilation import build
from danac.graph.flows import flows
from danac.graph.model import Flow
from danac.source import Source


@pytest.fixture
def flows_of() -> Callable[[str], list[Flow]]:
    """Find the pipelines of a text: `flows_of("a | b")`."""

    def find(text: str) -> list[Flow]:
        source = Source(text)
        return flows(build(source), source)

    return find

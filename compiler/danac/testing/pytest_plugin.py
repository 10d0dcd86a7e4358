"""Files that pytest meets → collected tests: `test_*.dana` and `*_test.dana`, `.na` likewise.

pytest loads this module in every run, so it imports nothing but pytest: the rest of danac comes with
the first Dana file that there is to collect.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

_SUFFIXES = (".dana", ".na")
_PATTERNS = ("test_*", "*_test")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Return the tests of a Dana file; files that are named on the command line need no test's name."""
    if file_path.suffix not in _SUFFIXES:
        return None
    is_test = any(fnmatch(file_path.stem, pattern) for pattern in _PATTERNS)
    if not is_test and not parent.session.isinitpath(file_path):
        return None
    from danac.testing.collection import DanaModule

    module: DanaModule = DanaModule.from_parent(parent, path=file_path)
    return module


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Leave the frames of the runtime out of the report of a test."""
    collection = sys.modules.get("danac.testing.collection")
    if collection is not None:
        collection.hide_runtime(item, call)

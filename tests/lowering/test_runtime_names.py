"""The list of what generated code may take from the runtime, against the runtime."""

from typing import get_args

import dana_runtime
from danac.analysis import builtins
from danac.lowering.runtime_names import RuntimeName


def test_the_runtime_has_all_that_generated_code_may_call():
    assert set(get_args(RuntimeName)) <= set(dana_runtime.__all__)


def test_the_runtime_has_the_functions_of_the_language():
    assert set(dana_runtime.__all__) >= builtins.DANA_NAMES


def test_all_names_can_be_had():
    for name in dana_runtime.__all__:
        getattr(dana_runtime, name)

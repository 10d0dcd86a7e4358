"""The names that every Dana program has without defining them."""

from __future__ import annotations

import builtins as python

_PYTHON_FUNCTIONS = """
abs all any ascii bin bool breakpoint callable chr dict dir divmod enumerate filter float format
getattr hasattr hash hex id input int isinstance issubclass iter len list map max min next oct open ord pow print
range repr reversed round set setattr sorted str sum tuple type zip
"""

_DANA_FUNCTIONS = """
noop log log_level sum_range is_odd is_even factorial capitalize_words title_case
add_one add_two add_three add_four semantic_bool log_calls log_with_prefix repeat validate_args
parallel_config poet successes
"""

_DANA_ERRORS = """
BranchCancelled BranchTimeout CircuitOpen EnforcementError LoopBlocked MemoryLimitExceeded
OrchestrationError RemoteError WorkerDied
"""

PYTHON_FUNCTIONS = frozenset(_PYTHON_FUNCTIONS.split())
"""Python's functions and types, with Python's behaviour."""

EXCEPTIONS = frozenset(
    name
    for name, value in vars(python).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
"""The names of Python's exception classes."""

DANA_FUNCTIONS = frozenset(_DANA_FUNCTIONS.split())
"""Dana's own functions: `dana_runtime` has them under the same names."""

MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__spec__", "__package__", "__builtins__"}
)
"""What every module finds in its globals."""

OUTSIDE = frozenset({"reason", "llm", "set_model", "use", "get_resource"})
"""Functions of the reference that need a language model: not here, unless a program has its own."""

REFUSED = frozenset({"eval", "exec", "compile", "globals", "locals", "__import__"})
"""Python's functions that Dana programs have only by importing them from `builtins`."""

DANA_VALUES = frozenset({"case", "cast", "Breaker", "Retry"}) | frozenset(_DANA_ERRORS.split())
"""Further functions and classes of `dana_runtime` that Dana programs have, its errors among them."""

DANA_NAMES = DANA_FUNCTIONS | DANA_VALUES
"""All names that `dana_runtime` supplies."""

IN_THE_RUNTIME = {name: name for name in DANA_NAMES} | {"isinstance": "isinstance_of"}
"""What `dana_runtime` calls the built-ins that are Dana's, those among them that mean more than Python's."""

# What Python's module `site` adds for its prompt; programs can reach it where Python runs with it.
_OF_THE_PROMPT = frozenset({"copyright", "credits", "exit", "help", "license", "quit"})

OTHER_PYTHON = frozenset(
    name
    for name in vars(python)
    if not name.startswith("_")
    and name not in PYTHON_FUNCTIONS | EXCEPTIONS | REFUSED | _OF_THE_PROMPT
)
"""What else this Python has built in: no names of Dana, but programs can reach them."""

CALLABLE = PYTHON_FUNCTIONS | EXCEPTIONS | DANA_NAMES
"""The built-in names whose values can be called."""

NAMES = CALLABLE | MODULE_NAMES | OTHER_PYTHON
"""All built-in names that have the same meaning in every run."""

REACHABLE = NAMES | _OF_THE_PROMPT
"""All names that may be found when a program runs and does not define them."""

TYPES = frozenset(
    name for name, value in vars(python).items() if isinstance(value, type) and name in NAMES
)
"""The built-in names of classes."""

TYPE_WORDS = {kind.__name__: kind for kind in (int, float, str, bool, list, dict, tuple, set)}
"""The words for built-in types, in lower case; annotations may write them in any case."""

GIVING_DATA = PYTHON_FUNCTIONS - {
    # What these give is what an object's own methods make of it.
    *("abs", "divmod", "pow", "reversed", "round", "sum"),
    *("callable", "getattr", "iter", "max", "min", "next", "open", "type"),
}
"""The built-ins whose result is certainly no function."""

"""Sequential pipes of 1, 3 and 10 stages → what each way to write them costs.

Stages add a number, so that nearly all of the time is the pipe's own. The first competitor of a contest is
what one would write by hand, and the limit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from benchmarks.measure import COPIES, Side, timed
from benchmarks.race import others, reference
from benchmarks.race.contest import Competitor, Pace, hold

import danac

LENGTHS = (1, 3, 10)
MOST = max(LENGTHS)

_NUMBERS = range(1, MOST + 1)
STAGES = "".join([f"def s{n}(x):\n    return x + {n}\n" for n in _NUMBERS])
# Each gives the two arguments of the next one.
PAIRS = "".join([f"def t{n}(a, b):\n    return (b, a + {n})\n" for n in _NUMBERS])


def _flat(letter: str, length: int) -> str:
    return " | ".join([f"{letter}{number}" for number in range(1, length + 1)])


def _nested(letter: str, length: int, value: str, star: str = "") -> str:
    for number in range(1, length + 1):
        value = f"{letter}{number}({star if number > 1 else ''}{value})"
    return value


def _competitor(name: str, namespace: dict[str, Any], statement: str) -> Competitor:
    run = timed(Side(statement, namespace))
    code = compile(statement, "<value>", "eval")

    def run_each(count: int) -> float:
        return run(count) / COPIES

    return Competitor(name, run_each, lambda: eval(code, namespace))


def _dana(name: str, program: str, statement: str = "p(1)") -> Competitor:
    return _competitor(name, danac.run_source(program), statement)


def _python(name: str, program: str, statement: str = "p(1)", **names: Any) -> Competitor:
    namespace = {"__name__": "by_hand", **names}
    exec(compile(program, "<by hand>", "exec", dont_inherit=True), namespace)
    return _competitor(name, namespace, statement)


def _listed(letter: str, length: int) -> str:
    return ", ".join([f"{letter}{number}" for number in range(1, length + 1)])


def _libraries(length: int) -> Iterator[Competitor]:
    for module, name in [("toolz", "toolz compose_left"), ("cytoolz", "cytoolz compose_left")]:
        if found := others.load(module):
            made = f"p = compose_left({_listed('s', length)})\n"
            yield _python(name, STAGES + made, compose_left=found.compose_left)
    if runnables := others.load("langchain_core.runnables"):
        parts = [f"RunnableLambda(s{number})" for number in range(1, length + 1)]
        # A sequence has two parts at least.
        made = f"p = {' | '.join([*parts, 'RunnablePassthrough()'] if length == 1 else parts)}\n"
        yield _python(
            "LangChain RunnableSequence",
            STAGES + made,
            "p.invoke(1)",
            RunnableLambda=runnables.RunnableLambda,
            RunnablePassthrough=runnables.RunnablePassthrough,
        )
    if coconut := others.load("coconut.api"):
        flat = _flat("s", length)
        text = f"{STAGES}def p(x) = x |> {flat.replace('|', '|>')}\n"
        yield _python("Coconut |>", coconut.parse(text, "sys"))


def plain(length: int) -> list[Competitor]:
    """Return who calls stages of one parameter, in every form."""
    flat, nested = _flat("s", length), _nested("s", length, "x")
    return [
        _python("nested calls by hand", STAGES + f"def p(x): return {nested}\n"),
        _python("closure by hand", STAGES + f"p = lambda x: {nested}\n"),
        _dana("danac, declarative", STAGES + f"def p(x) = {flat}\n"),
        _dana("danac, data first", STAGES + f"def p(x): return (x + 0) | {flat}\n"),
        # No object that is called through C costs less: what a Pipeline could reach.
        _python(
            "functools.partial of a closure",
            STAGES + f"p = partial(lambda x: {nested})\n",
            partial=functools.partial,
        ),
        # One name is no pipe: a value of one stage begins with the identity.
        _dana(
            "danac, composed",
            STAGES + f"p = {'noop | s1' if length == 1 else flat}\n",
        ),
        *_libraries(length),
    ]


def orchestrated(length: int) -> list[Competitor]:
    """Return who calls stages of two parameters with a pair."""
    by_hand = _nested("t", length, "*x", "*")
    unpacking = ", ".join([f"lambda pair: t{number}(*pair)" for number in range(1, length + 1)])
    found = [
        _python("nested calls by hand", PAIRS + f"def p(x): return {by_hand}\n", "p((1, 2))"),
        _dana(
            "danac, orchestrated",
            PAIRS + f"def p(x): return x | {_flat('t', length)}\n",
            "p((1, 2))",
        ),
    ]
    for module, name in [("toolz", "toolz compose_left"), ("cytoolz", "cytoolz compose_left")]:
        if library := others.load(module):
            made = f"p = compose_left({unpacking})\n"
            found.append(
                _python(name, PAIRS + made, "p((1, 2))", compose_left=library.compose_left)
            )
    return found


def contests() -> dict[str, Callable[[], list[Competitor]]]:
    """Return by name who takes part in each contest, the reference interpreter aside."""
    found: dict[str, Callable[[], list[Competitor]]] = {}
    for length in LENGTHS:
        stages = f"{length} stage{'s' * (length > 1)}"
        found[stages] = lambda length=length: plain(length)  # type: ignore[misc]
        found[f"{stages} of two parameters"] = lambda length=length: orchestrated(length)  # type: ignore[misc]
    return found


def measure(quick: bool, first: bool) -> Iterator[dict[str, Any]]:
    """Hold all contests once, in this process; only the first process asks the reference interpreter."""
    pace = Pace(budget=0.25 if quick else 2.5, sample=0.001, rounds=(3, 25), shortest_of=5)
    definitions = STAGES + "".join([f"def p{n}(x) = {_flat('s', n)}\n" for n in LENGTHS])
    calls = [f"p{n}(1)" for n in LENGTHS]
    with ExitStack() as stack:
        remote = None
        if first and not quick:
            remote = stack.enter_context(reference.running(definitions, calls))
        for name, make in contests().items():
            taking_part = make()
            if remote is not None and "parameters" not in name:
                taking_part.append(remote.competitor(LENGTHS.index(int(name.split()[0]))))
            yield hold(name, taking_part, pace)

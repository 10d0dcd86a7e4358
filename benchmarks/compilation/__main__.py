"""`python -m benchmarks.compilation` → results/compilation.json and its section in README.md.

    --only-print    write nothing

Each stage is timed by itself, on what the stage before it gave. The stages of one compilation follow
each other, and the compilation of the same program in Python, by `compile`, takes turns with them.
"""

from __future__ import annotations

import argparse
import ast
import gc
import statistics
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from benchmarks import report
from benchmarks.compilation.programs import in_python, program
from benchmarks.measure import conditions

from danac.analysis.names import Names
from danac.analysis.placement import misplaced
from danac.lowering import lower
from danac.options import DEFAULT
from danac.source import Source
from danac.syntax.build import build
from danac.syntax.lexer import tokenize
from danac.syntax.parse import parse
from danac.syntax.tables import load_parser, terminal_names

SIZES = {100: 15, 1_000: 9, 10_000: 3}


def main() -> None:
    """Measure, and write down what was found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compilation")
    parser.add_argument("--only-print", action="store_true")
    options = parser.parse_args()
    sizes = [_measure(lines, rounds) for lines, rounds in SIZES.items()]
    run = {"conditions": conditions(), "start": _start(), "sizes": sizes}
    results = {"suite": "compilation", "runs": [run]}
    if options.only_print:
        print(report.compilation_tables(results))
    else:
        report.write("compilation", results)


def _measure(lines: int, rounds: int) -> dict[str, Any]:
    text = program(lines)
    python = in_python(text)
    assert text.count("\n") == lines
    _compile_by_stages(text)
    found = []
    for _ in range(rounds):
        gc.collect()
        stages = _compile_by_stages(text)
        stages["python"] = _seconds(lambda: compile(python, "program.py", "exec"))[0]
        found.append(stages)
    names = list(found[0])
    medians = {name: statistics.median(stages[name] for stages in found) for name in names}
    whole = [sum(stages.values()) - stages["python"] for stages in found]
    ratios = sorted(a / stages["python"] for a, stages in zip(whole, found, strict=True))
    return {
        "lines": lines,
        "rounds": rounds,
        "seconds": {name: round(value, 6) for name, value in medians.items()},
        "lines_per_second": round(lines / statistics.median(whole)),
        "ratio": round(statistics.median(ratios), 2),
        "range": [round(ratios[0], 2), round(ratios[-1], 2)],
    }


def _compile_by_stages(text: str) -> dict[str, float]:
    """Compile a program and return how long each stage took, in seconds."""
    taken: dict[str, float] = {}
    source = Source(text, "program.dana")
    names = _terminals()
    taken["tokens"], _ = _seconds(lambda: list(tokenize(source, names)))
    taken["tree"], tree = _seconds(lambda: parse(source))
    # Parsing reads the tokens itself.
    taken["tree"] -= taken["tokens"]
    taken["nodes"], module = _seconds(lambda: build(tree, source))
    taken["analysis"], (_, found) = _seconds(lambda: (list(misplaced(module)), Names(module)))
    taken["lowering"], lowered = _seconds(lambda: lower(module, found, source, DEFAULT))
    taken["bytecode"], code = _seconds(lambda: compile(lowered, "program.dana", "exec"))
    assert isinstance(lowered, ast.Module)
    assert code.co_consts
    return taken


def _terminals() -> dict[str, str]:
    if not _known:
        _known.update(terminal_names(load_parser()))
    return _known


_known: dict[str, str] = {}


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def _start() -> dict[str, float]:
    """Return how long a new process takes to load the compiler, and to compile its first line."""
    program = (
        "from time import perf_counter as clock\n"
        "start = clock()\n"
        "from danac.compilation import compile_source\n"
        "loaded = clock()\n"
        "compile_source('print(1)')\n"
        "print(loaded - start, clock() - loaded)\n"
    )
    found = []
    for _ in range(7):
        printed = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, check=True
        )
        found.append([float(part) for part in printed.stdout.split()])
    loading, first = (statistics.median(values) for values in zip(*found, strict=True))
    return {"loading": round(loading, 4), "first_line": round(first, 4)}


if __name__ == "__main__":
    main()

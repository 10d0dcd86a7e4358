"""results/*.json → README.md: every figure on that page comes from here, and none is typed by hand.

`python -m benchmarks.report` writes the page anew from the results that there are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"

INTRODUCTION = """\
# Benchmarks

This page is written by `benchmarks/report.py` from the files in `benchmarks/results/`.

| command | measures | writes |
|---|---|---|
| `make bench-language` | compiled Dana against the same thing written in Python | `results/language.json` |
| `python -m benchmarks.orchestration` | orchestrated calls against calls by hand | `results/orchestration.json` |
| `python -m benchmarks.compilation` | where the compiler spends its time | `results/compilation.json` |
| `python -m pytest benchmarks -k NAME` | one comparison, with pytest-benchmark | |

A figure is a ratio: the time of the compiled Dana divided by the time of what it is compared with, 1.00 where they
take the same. The two are timed in turns (A B, B A, A B, …) in several processes one after the other, after a
warm-up; a ratio is that of the shortest of five times of each, the figure is the median of all ratios, and behind
it stand the quartiles, between which half of them lie. Before anything is timed, both sides must compute equal
values.

**Bold** figures miss their goal. Behind a `=` both sides are the same bytecode: whatever is not 1.00 there is
noise, from other work and from where the code happens to lie in memory, and so much of it the others have too.
"""


def write(suite: str, results: dict[str, Any]) -> None:
    """Keep the results of a suite, and bring the page up to date."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (RESULTS / f"{suite}.json").write_text(text + "\n", "utf-8")
    write_page()


def write_page() -> None:
    """Write README.md from all results that there are."""
    sections = [INTRODUCTION]
    for suite, make in SECTIONS.items():
        path = RESULTS / f"{suite}.json"
        if path.exists():
            sections.append(make(json.loads(path.read_text("utf-8"))))
    (FOLDER / "README.md").write_text("\n".join(sections), "utf-8")


def _conditions(runs: list[dict[str, Any]]) -> str:
    found = [run["conditions"] for run in runs]
    machine = found[0]["machine"]
    pythons = ", ".join([conditions["python"] for conditions in found])
    return (
        f"{found[0]['date'][:10]}, danac {found[0]['danac']}, {pythons}; {machine['processor']},"
        f" {machine['cores']} cores shared with other work, {machine['system']}."
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


# --- Compiled Dana against Python -----------------------------------------------------------------


def language_tables(results: dict[str, Any]) -> str:
    """Return the section on `results/language.json`: one table a group, one column a Python."""
    runs = results["runs"]
    lines = ["## Compiled Dana against Python", "", _conditions(runs)]
    head = ["Dana", "against", "goal"]
    for run in runs:
        head += [run["conditions"]["python"].removeprefix("CPython "), "quartiles"]
    group = None
    for rows in zip(*(run["comparisons"] for run in runs), strict=True):
        first = rows[0]
        if first["group"] != group:
            group = first["group"]
            lines += ["", f"### {group[0].upper()}{group[1:]}", ""]
            lines += [_row(head), _row(["---"] * 3 + ["--:"] * (len(head) - 3))]
        goal = "" if first["goal"] is None else f"≤ {first['goal']:.2f}"
        cells = [first["name"], first["against"], goal]
        for row in rows:
            low, high = row["quartiles"]
            cells += [_judged(row), f"{low:.2f} to {high:.2f}"]
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


def _judged(row: dict[str, Any]) -> str:
    """Return a ratio as the table shows it: in bold type where it misses its goal, and not by noise."""
    shown = f"{row['ratio']:.2f}"
    if row["same_bytecode"]:
        return f"= {shown}"
    return f"**{shown}**" if row["goal"] is not None and float(shown) > row["goal"] else shown


# --- Orchestrated calls against calls by hand -----------------------------------------------------


def orchestration_tables(results: dict[str, Any]) -> str:
    """Return the section on `results/orchestration.json`: one table a function, one column a Python."""
    runs, goals = results["runs"], results["goals"]
    lines = ["## Orchestrated calls against calls by hand", "", _conditions(runs)]
    lines += [
        "",
        f"Nanoseconds a call by hand, those that orchestration adds (goal: at most {goals['added']}), and"
        f" the ratio of the two calls (goal: at most {goals['ratio']:.1f}), for plans that are kept. The"
        " tiny function gives back its argument; the small one formats a text of two parts.",
    ]
    head = ["what flows"]
    for run in runs:
        head += [
            run["conditions"]["python"].removeprefix("CPython "),
            "added",
            "ratio",
            "quartiles",
        ]
    function = None
    for rows in zip(*(run["comparisons"] for run in runs), strict=True):
        first = rows[0]
        if first["function"] != function:
            function = first["function"]
            lines += ["", f"### Into a {function} function", ""]
            lines += [_row(head), _row(["---"] + ["--:"] * (len(head) - 1))]
        cells = [first["name"]]
        for row in rows:
            orchestrated, by_hand = row["nanoseconds"]
            added, ratio = round(orchestrated - by_hand), f"{row['ratio']:.2f}"
            low, high = row["quartiles"]
            cells += [
                f"{by_hand:.0f}",
                f"**{added}**" if added > goals["added"] else f"{added}",
                f"**{ratio}**" if float(ratio) > goals["ratio"] else ratio,
                f"{low:.2f} to {high:.2f}",
            ]
        lines.append(_row(cells))
    return "\n".join(lines) + "\n"


# --- Where the compiler spends its time -----------------------------------------------------------

_STAGES = ["tokens", "tree", "nodes", "analysis", "lowering", "bytecode"]


def compilation_tables(results: dict[str, Any]) -> str:
    """Return the section on `results/compilation.json`: one column a stage, one row a length."""
    runs = results["runs"]
    lines = ["## Where the compiler spends its time", "", _conditions(runs)]
    lines += ["", "Milliseconds a stage; Python is its own `compile` on the same program.", ""]
    for run in runs:
        head = ["lines", *_STAGES, "together", "lines a second", "÷ Python", "range"]
        lines += [_row(head), _row(["--:"] * len(head))]
        for size in run["sizes"]:
            taken = [size["seconds"][stage] for stage in _STAGES]
            low, high = size["range"]
            cells = [f"{size['lines']:,}", *[f"{1000 * seconds:.1f}" for seconds in taken]]
            cells += [f"{1000 * sum(taken):.1f}", f"{size['lines_per_second']:,}"]
            lines.append(_row([*cells, f"{size['ratio']:.1f}", f"{low:.1f} to {high:.1f}"]))
        start = run["start"]
        lines += [
            "",
            f"A new process loads the compiler in {1000 * start['loading']:.0f} ms and compiles its"
            f" first line in {1000 * start['first_line']:.0f} ms.",
        ]
    return "\n".join(lines) + "\n"


SECTIONS = {
    "language": language_tables,
    "orchestration": orchestration_tables,
    "compilation": compilation_tables,
}


if __name__ == "__main__":
    write_page()

"""results/*.json → README.md and its pictures: every figure there comes from here, and none is typed by hand.

`python -m benchmarks.report` writes anew, from the results that there are, what stands between the page's markers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.auto import table as auto
from benchmarks.children import progress
from benchmarks.race import plots, tables

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"

# Where the results stand in README.md; what is outside is written by hand, and holds no figures.
BEGIN = "<!-- results: from here on written by benchmarks/report.py -->"
END = "<!-- end of the results -->"


def write(suite: str, results: dict[str, Any]) -> None:
    """Keep the results of a suite, and bring the page up to date."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (RESULTS / f"{suite}.json").write_text(text + "\n", "utf-8")
    write_page()


def write_page() -> None:
    """Write the tables and pictures of README.md from all results that there are."""
    results = {
        suite: json.loads((RESULTS / f"{suite}.json").read_text("utf-8"))
        for suite in (*tables.SECTIONS, *SECTIONS)
        if (RESULTS / f"{suite}.json").is_file()
    }
    raced = {suite: found for suite, found in results.items() if suite in tables.SECTIONS}
    sections = ["\n".join(["## Goals", "", *tables.goals_table(raced), ""])] if raced else []
    for suite, found in results.items():
        try:
            sections.append(_section(suite, found))
        except (KeyError, ValueError) as error:
            # Results of an earlier form: the others are not to suffer from that.
            progress(f"results/{suite}.json is not what it should be, measure it anew: {error!r}")
    path = FOLDER / "README.md"
    before, begin, rest = path.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} lacks the markers between which the results stand")
    path.write_text("\n".join([before + begin, "", *sections, end + after]), "utf-8")


def _section(suite: str, results: dict[str, Any]) -> str:
    """Return the section on some results, and write their picture."""
    if suite in tables.SECTIONS:
        section = tables.SECTIONS[suite](results, _conditions(results["runs"]))
        plots.write(suite, results, RESULTS)
        return section
    return SECTIONS[suite](results)


def _conditions(runs: list[dict[str, Any]]) -> str:
    found = [run["conditions"] for run in runs]
    machine = found[0]["machine"]
    pythons = ", ".join([conditions["python"] for conditions in found])
    return (
        f"{found[0]['date'][:10]}, danac {found[0]['danac']}, {pythons}; {machine['processor']},"
        f" {machine['cores']} cores, load {machine['load'][0]} when it began, {machine['system']}."
    )


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


# --- Compiled Dana against Python -----------------------------------------------------------------


def language_tables(results: dict[str, Any]) -> str:
    """Return the section on `results/language.json`: one table a group, one column a Python."""
    return _tables("## Compiled Dana against Python", results)


def block_tables(results: dict[str, Any]) -> str:
    """Return the section on `results/block_costs.json`, in the same form."""
    return _tables("## Parallel blocks against Python's threads", results)


def _tables(title: str, results: dict[str, Any]) -> str:
    runs = results["runs"]
    lines = [title, "", _conditions(runs)]
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


# --- The executor that chooses by itself ----------------------------------------------------------


def auto_table(results: dict[str, Any]) -> str:
    """Return the section on `results/auto.json`."""
    lines = ["## The executor that chooses by itself", "", _conditions(results["runs"]), ""]
    lines += [
        "`auto` is warm: it has seen a hundred runs of tiny branches, and twelve of long ones. Of a block"
        " that is not proved pure it runs the branches as if they were on threads, which `inline` does not.",
        "",
        auto.table(results),
    ]
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
    "block_costs": block_tables,
    "orchestration": orchestration_tables,
    "auto": auto_table,
    "compilation": compilation_tables,
}


if __name__ == "__main__":
    write_page()

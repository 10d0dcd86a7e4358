"""Results of the race → the tables of README.md, as lines of Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.race import blocks, pools
from benchmarks.race.contest import Compared, compared, median_seconds
from benchmarks.race.goals import Results, goals

_DANAC = "danac"


def row(cells: list[str]) -> str:
    """Return one line of a table; a bar in a cell does not end the cell."""
    return f"| {' | '.join([cell.replace('|', chr(92) + '|') for cell in cells])} |"


def _head(cells: list[str], texts: int = 1) -> list[str]:
    return [row(cells), row(["---"] * texts + ["--:"] * (len(cells) - texts))]


def seconds(value: float) -> str:
    """Return a time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return f"{figure(value / size)} {unit}"
    return f"{value / 1e-9:.0f} ns"


def figure(value: float) -> str:
    """Return a number with three digits that count, or all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _spread(found: Compared) -> str:
    return f"{figure(found.low)} to {figure(found.high)}"


def goals_table(results: Results) -> list[str]:
    """Return the goals, what was measured, and how far that is from the goal."""
    lines = _head(["figure", "goal", "measured", "quartiles", ""])
    for goal in goals(results):
        limit = f"{'≤' if goal.at_most else '≥'} {goal.limit:g}"
        if goal.measured is None:
            lines.append(row([goal.figure, limit, "", "", "not measured"]))
            continue
        verdict = "met" if goal.is_met else f"**missed by {max(goal.gap, 0.001):.1%}**"
        measured = f"{goal.measured.ratio:.3f}"
        lines.append(row([goal.figure, limit, measured, _spread(goal.measured), verdict]))
    return lines


def contest_table(contest: dict[str, Any]) -> list[str]:
    """Return who took part: the time, and how many times that of the first one."""
    first = next(iter(contest["samples"]))
    lines = _head(["", "median", f"÷ {first}", "quartiles", "rounds"])
    for name in sorted(contest["samples"], key=lambda name: median_seconds(contest, name)):
        found = compared(contest, name, first)
        shown = f"**{name}**" if name.startswith(_DANAC) else name
        rounds = sum(sample is not None for sample in contest["samples"][name])
        cells = [shown, seconds(median_seconds(contest, name))]
        cells += [figure(found.ratio), _spread(found)] if found else ["", ""]
        lines.append(row([*cells, str(rounds)]))
    for name, why in contest["left_out"].items():
        lines.append(row([name, why, "", "", ""]))
    return lines


def _skipped(run: dict[str, Any]) -> list[str]:
    found = [f"- {name}: {why}" for name, why in run["skipped"].items()]
    return found + [f"- **Lacking**: {reason}" for reason in run.get("lacking", [])]


def _packages(run: dict[str, Any]) -> str:
    found = run["conditions"]["packages"]
    return "Against " + ", ".join(f"{name} {number}" for name, number in found.items()) + "."


def _section(title: str, results: dict[str, Any], conditions: str) -> tuple[list[str], Any]:
    run = results["runs"][0]
    lines = [f"## {title}", "", conditions, _packages(run), ""]
    if skipped := _skipped(run):
        lines += [*skipped, ""]
    return lines, run


def dispatch(results: dict[str, Any], conditions: str) -> str:
    """Return the section on sequential pipes."""
    lines, run = _section("Pipes", results, conditions)
    lines += ["![Pipes of 3 stages](results/dispatch.svg)", ""]
    for contest in run["contests"]:
        lines += [f"### A pipe of {contest['name']}", "", *contest_table(contest), ""]
    return "\n".join(lines)


def block_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on blocks."""
    lines, run = _section("Blocks", results, conditions)
    cores = run["conditions"]["machine"]["cores"]
    lines += ["![Blocks of 8 branches](results/blocks.svg)", ""]
    kinds = list(blocks.COUNTS)
    for contest in sorted(run["contests"], key=lambda contest: kinds.index(contest["kind"])):
        lines += [f"### {contest['count']} {blocks.DESCRIBED[contest['kind']]}", ""]
        lines += [*contest_table(contest), ""]
    lines += ["### Computing, as a share of what the cores could give", ""]
    lines += ["The speed-up over one after the other, divided by min(functions, cores).", ""]
    computing = [contest for contest in run["contests"] if contest["kind"] == "cpu"]
    names = [pools.PROCESSES, blocks.DEFAULT, blocks.ON_THREADS, blocks.ON_PROCESSES]
    names = [name for name in names if any(name in c["samples"] for c in computing)]
    lines += _head(["functions", *names], texts=0)
    for contest in computing:
        cells = [str(contest["count"])]
        for name in names:
            found = compared(contest, pools.SEQUENTIAL, name)
            share = found.over(min(contest["count"], cores)) if found else None
            cells.append(f"{figure(share.ratio)} ({_spread(share)})" if share else "")
        lines.append(row(cells))
    return "\n".join([*lines, ""])


def target_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on the three targets."""
    lines, run = _section("Speed-up over one after the other", results, conditions)
    cores = run["conditions"]["machine"]["cores"]
    ways = {
        "wait": (blocks.DEFAULT, pools.KEPT, pools.THREADS),
        "data": (blocks.ON_PROCESSES, blocks.DEFAULT, pools.PROCESSES),
    }
    introductions = {
        "wait": "Each function waits 10 ms for its data.",
        "data": "Each function computes for 50 ms with its data. The figures are shares: the speed-up"
        f" divided by the lesser of the number of functions and that of cores, {cores}.",
    }
    for kind, names in ways.items():
        head = ["", "bytes", "goal"]
        for name in names:
            head += [name, "quartiles"]
        lines += [introductions[kind], "", *_head(head)]
        for contest in run["contests"]:
            if contest["kind"] != kind:
                continue
            goal, most = contest["goal"], min(contest["count"], cores)
            shown = goal if kind == "wait" else goal / contest["count"]
            cells = [contest["name"], f"{contest['bytes']:,}", f"≥ {shown:g}"]
            for name in names:
                found = compared(contest, pools.SEQUENTIAL, name)
                if found and kind == "data":
                    found = found.over(most)
                cells += [f"{found.ratio:.2f}", _spread(found)] if found else ["", ""]
            lines.append(row(cells))
        lines.append("")
    return "\n".join(lines)


def _rates(title: str, contests: list[dict[str, Any]]) -> list[str]:
    """Return who does how many lines a second: one column a length."""
    lines = _head([title, *[f"{contest['lines']:,} lines" for contest in contests]])
    for name in dict.fromkeys(name for contest in contests for name in contest["samples"]):
        cells = [f"**{name}**" if name.startswith(_DANAC) else name]
        for contest in contests:
            there = name in contest["samples"]
            rate = contest["lines"] / median_seconds(contest, name) if there else 0
            cells.append(f"{rate:,.0f}" if there else contest["left_out"].get(name, ""))
        lines.append(row(cells))
    return [*lines, ""]


def compiler_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on compilers and their caches."""
    lines, run = _section("Compilers", results, conditions)
    lines += ["![Compile time by length](results/compilers.svg)", ""]
    lines += ["Lines a second, lines being those of the Dana program.", ""]
    for kind, title in (("cold", "compiled"), ("cached", "imported from the cache")):
        contests = [contest for contest in run["contests"] if contest["kind"] == kind]
        lines += _rates(title, contests)
    for contest in run["contests"]:
        lines += [f"### {contest['name']}", "", *contest_table(contest), ""]
    return "\n".join(lines)


def starting_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on starting a program."""
    lines, run = _section("Start of a program", results, conditions)
    for contest in run["contests"]:
        lines += [*contest_table(contest), ""]
    return "\n".join(lines)


def cold_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on the first block of a program in processes."""
    lines, run = _section("The first block in processes", results, conditions)
    lines += ["From the value to the results, the start of the processes included.", ""]
    for contest in run["contests"]:
        lines += [
            f"### {contest['name'][0].upper()}{contest['name'][1:]}",
            "",
            *contest_table(contest),
            "",
        ]
    return "\n".join(lines)


def memory_tables(results: dict[str, Any], conditions: str) -> str:
    """Return the section on memory."""
    lines, run = _section("Memory", results, conditions)
    lines += ["Peak of the process in MB, of which so much was there before the work began.", ""]
    for kind, title in (("block", "A block of 10,000"), ("compiling", "10,000 lines compiled")):
        lines += _head([title, "peak", "before", "more"])
        for entry in run["contests"]:
            if entry["kind"] == kind and "left_out" in entry:
                lines.append(row([entry["name"], entry["left_out"], "", ""]))
            elif entry["kind"] == kind:
                peak, before = entry["peak"] / 1e6, entry["before"] / 1e6
                cells = [f"{peak:.1f}", f"{before:.1f}", f"{peak - before:.1f}"]
                lines.append(row([entry["name"], *cells]))
        lines.append("")
    return "\n".join(lines)


SECTIONS = {
    "dispatch": dispatch,
    "blocks": block_tables,
    "targets": target_tables,
    "compilers": compiler_tables,
    "starting": starting_tables,
    "cold": cold_tables,
    "memory": memory_tables,
}

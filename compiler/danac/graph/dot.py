"""Pipelines → the DOT language, for Graphviz and all that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from danac.graph.connections import Cluster, Node, connect
from danac.graph.model import Flow

_LOOKS = {
    "stage": 'fillcolor="#eaf1fb", color="#4a78b5", fontcolor="#14253d"',
    "value": 'style="rounded,filled", fillcolor="#fdf2de", color="#bd8526", fontcolor="#3d2c0b"',
    "open": (
        'style="rounded,filled,dashed", fillcolor="#fdf2de", color="#bd8526", fontcolor="#3d2c0b"'
    ),
    "choice": 'shape=diamond, fillcolor="#f1e6f6", color="#8c5aa8", fontcolor="#33153f"',
}
_DEFAULTS = """\
  bgcolor="transparent";
  node [shape=box, style="filled", fontname="monospace", fontsize=11];
  edge [color="#7d8798", fontcolor="#7d8798", fontname="monospace", fontsize=10];
  graph [color="#7d8798", fontcolor="#7d8798", fontname="monospace", fontsize=11, labeljust=l];
"""


def to_dot(flows: Sequence[Flow], name: str) -> str:
    """Return the graph of the pipelines of the program `name`."""
    clusters, edges = connect(flows)
    # DOT has one direction for all of them.
    direction = "TB" if any(cluster.is_long for cluster in clusters) else "LR"
    rows = [f"digraph {_quoted(name)} {{", f"  rankdir={direction};", _DEFAULTS.rstrip("\n")]
    for cluster in clusters:
        rows += _cluster(cluster, "  ")
    for start, end, label in edges:
        written = f" [label={_quoted(label)}]" if label is not None else ""
        rows.append(f"  {start} -> {end}{written};")
    return "\n".join([*rows, "}"]) + "\n"


def _cluster(cluster: Cluster, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph cluster_{cluster.id} {{"
    yield f"{indent}  label={_label(cluster.label)};"
    if cluster.form == "flow":
        yield f"{indent}  pencolor=transparent; fontsize=13;"
    elif cluster.form == "in order":
        yield f'{indent}  style="rounded,dashed"; pencolor="#7d8798"; fontsize=10;'
    else:
        yield f'{indent}  style="rounded"; pencolor="#7d8798"; fontsize=10;'
    for item in cluster.items:
        if isinstance(item, Cluster):
            yield from _cluster(item, indent + "  ")
        else:
            yield f"{indent}  {_node(item)};"
    yield f"{indent}}}"


def _node(node: Node) -> str:
    if node.role == "point":
        return f'{node.id} [shape=point, width=0.08, color="#7d8798"]'
    return f"{node.id} [label={_label(node.label)}, {_LOOKS[node.role]}]"


def _label(lines: Sequence[str]) -> str:
    return '"' + r"\n".join(map(_escape, lines)) + '"'


def _quoted(text: str) -> str:
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')

"""Pipelines → a Mermaid flowchart, which Markdown viewers draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from danac.graph.connections import Cluster, Node, connect
from danac.graph.model import Flow

_SHAPES = {
    "stage": ('["', '"]'),
    "value": ('(["', '"])'),
    "open": ('(["', '"])'),
    "choice": ('{"', '"}'),
}
_CLASSES = """\
  classDef stage fill:#eaf1fb,stroke:#4a78b5,color:#14253d
  classDef value fill:#fdf2de,stroke:#bd8526,color:#3d2c0b
  classDef open fill:#fdf2de,stroke:#bd8526,color:#3d2c0b,stroke-dasharray:5 3
"""
_CHOICE = "  classDef choice fill:#f1e6f6,stroke:#8c5aa8,color:#33153f\n"
# What means something inside of Mermaid's quotes, or in the HTML that it makes of them.
_ENTITIES = str.maketrans(
    {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;"}
)


def to_mermaid(flows: Sequence[Flow], name: str) -> str:
    """Return the flowchart of the pipelines of the program `name`."""
    clusters, edges = connect(flows)
    rows = ["flowchart LR", f"  accTitle: The pipelines of {' '.join(name.split())}"]
    for cluster in clusters:
        rows += _cluster(cluster, "  ")
    for start, end, label in edges:
        written = f'|"{_escape(label)}"|' if label is not None else ""
        rows.append(f"  {start} -->{written} {end}")
    has_choice = any(row.endswith(":::choice") for row in rows)
    return "\n".join(rows) + "\n" + _CLASSES + (_CHOICE if has_choice else "")


def _cluster(cluster: Cluster, indent: str) -> Iterator[str]:
    yield f'{indent}subgraph {cluster.id}["{_label(cluster.label)}"]'
    if cluster.form == "flow":
        yield f"{indent}  direction {'TB' if cluster.is_long else 'LR'}"
    for item in cluster.items:
        if isinstance(item, Cluster):
            yield from _cluster(item, indent + "  ")
        else:
            yield f"{indent}  {_node(item)}"
    yield f"{indent}end"
    if cluster.form == "in order":
        yield f"{indent}style {cluster.id} stroke-dasharray:7 4"


def _node(node: Node) -> str:
    if node.role == "point":
        return f'{node.id}((" "))'
    opening, closing = _SHAPES[node.role]
    return f"{node.id}{opening}{_label(node.label)}{closing}:::{node.role}"


def _label(lines: Sequence[str]) -> str:
    # An empty label would show the cluster's own name.
    return "<br/>".join(map(_escape, lines)) or " "


def _escape(text: str) -> str:
    return text.translate(_ENTITIES)

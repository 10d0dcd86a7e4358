"""A misspelt name and the known ones → the nearest of them, as Python's own printer picks it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# The figures of CPython's Python/suggestions.c, which makes the suggestions for NameErrors: where
# it finds one, the runtime must not add another.
_MOVE_COST = 2
_CASE_COST = 1
_MAX_LENGTH = 40
_MAX_CANDIDATES = 750


def nearest(name: str, candidates: Collection[str]) -> str | None:
    """Return the candidate that `name` is probably meant to be; None if none is near enough.

    At most a third of the characters of the two may differ. Of equally near ones the first counts;
    `name` itself is no candidate.
    """
    if len(name) > _MAX_LENGTH or len(candidates) >= _MAX_CANDIDATES:
        return None
    best, best_distance = None, len(name) * _MOVE_COST + 1
    for candidate in candidates:
        if candidate == name or len(candidate) > _MAX_LENGTH:
            continue
        limit = min((len(name) + len(candidate) + 3) * _MOVE_COST // 6, best_distance - 1)
        if abs(len(name) - len(candidate)) * _MOVE_COST > limit:
            continue
        distance = _distance(name, candidate)
        if distance <= limit:
            best, best_distance = candidate, distance
    return best


def _distance(one: str, other: str) -> int:
    """Return the Levenshtein distance, in which a change of case costs half."""
    row = list(range(0, (len(other) + 1) * _MOVE_COST, _MOVE_COST))
    for character in one:
        diagonal = row[0]
        row[0] += _MOVE_COST
        for index, against in enumerate(other, 1):
            substituted = diagonal + _substitution(character, against)
            diagonal = row[index]
            row[index] = min(substituted, diagonal + _MOVE_COST, row[index - 1] + _MOVE_COST)
    return row[-1]


def _substitution(one: str, other: str) -> int:
    if one == other:
        return 0
    return _CASE_COST if one.lower() == other.lower() else _MOVE_COST

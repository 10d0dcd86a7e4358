"""An interpreter of TextMate grammars, as far as ours goes: which scopes each character of a text gets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest


class Grammar:
    """Line by line, as editors do it: the leftmost match of the open rule's patterns or of its end counts."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def scopes(self, text: str) -> list[list[str]]:
        """Return, for each line, the innermost name at each character; empty where there is none."""
        stack: list[dict[str, Any]] = [{"patterns": self.data["patterns"]}]
        return [self._line(line, stack) for line in text.split("\n")]

    def _line(self, line: str, stack: list[dict[str, Any]]) -> list[str]:
        names = [""] * len(line)
        position = 0
        # Each step takes a character, opens or closes a rule: more of them than this is a loop.
        for _ in range(10 * len(line) + 100):
            found = self._next(line, position, stack[-1])
            if found is None:
                self._fill(names, position, len(line), self._name(stack))
                return names
            match, rule, is_end = found
            self._fill(names, position, match.start(), self._name(stack))
            if is_end:
                self._mark(names, match, rule, self._name(stack), "endCaptures")
                stack.pop()
            elif "begin" in rule:
                stack.append(rule)
                self._mark(names, match, rule, self._name(stack), "beginCaptures")
            else:
                self._mark(names, match, rule, rule.get("name") or self._name(stack), "captures")
                if match.end() == match.start():
                    assert match.start() < len(line), rule
                    position = match.end() + 1
                    continue
            position = match.end()
            if position >= len(line) and not (
                stack[-1].get("end") and self._ends_here(line, stack)
            ):
                return names
        raise AssertionError(f"no end in {line!r}")

    def _ends_here(self, line: str, stack: list[dict[str, Any]]) -> bool:
        return compiled(stack[-1]["end"]).match(line, len(line)) is not None

    def _next(
        self, line: str, position: int, top: dict[str, Any]
    ) -> tuple[re.Match[str], dict[str, Any], bool] | None:
        best: tuple[re.Match[str], dict[str, Any], bool] | None = None
        if "end" in top and (match := compiled(top["end"]).search(line, position)):
            best = match, top, True
        for rule in self._rules(top["patterns"]):
            match = compiled(rule.get("match") or rule["begin"]).search(line, position)
            if match is not None and (best is None or match.start() < best[0].start()):
                best = match, rule, False
        return best

    def _rules(self, patterns: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for pattern in patterns:
            if "include" in pattern:
                found = self.data["repository"][pattern["include"].removeprefix("#")]
                yield from self._rules([found])
            elif "match" in pattern or "begin" in pattern:
                yield pattern
            else:
                yield from self._rules(pattern["patterns"])

    @staticmethod
    def _name(stack: list[dict[str, Any]]) -> str:
        return next((rule["name"] for rule in reversed(stack) if "name" in rule), "")

    @staticmethod
    def _fill(names: list[str], start: int, end: int, name: str) -> None:
        names[start:end] = [name] * (end - start)

    def _mark(
        self, names: list[str], match: re.Match[str], rule: dict[str, Any], name: str, key: str
    ) -> None:
        self._fill(names, match.start(), match.end(), name)
        for number, capture in rule.get(key, {}).items():
            start, end = match.span(int(number))
            if start >= 0:
                self._fill(names, start, end, capture["name"])


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@pytest.fixture(scope="session")
def extension(checkout):
    return checkout / "editors" / "vscode"


@pytest.fixture(scope="session")
def grammar(extension):
    path = extension / "syntaxes" / "dana.tmLanguage.json"
    return Grammar(json.loads(path.read_text(encoding="utf-8")))

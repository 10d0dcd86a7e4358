"""Tokens, one at a time → the same trees as by `automaton`, and at each step what could come next.

Slower than the automaton's own loop, and only used where a text is known to be wrong: a step can be
taken back, and asked what it would have accepted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from lark import Token

from danac.syntax.automaton import Automaton, Node, Reduction, reduce


class Mark(NamedTuple):
    """How far a run had come: its stacks, and how long each list of children was."""

    states: list[int]
    values: list[Any]
    firsts: list[Token | None]
    lasts: list[Token | None]
    sizes: list[int]


class Run:
    """One run of the automaton."""

    def __init__(self, automaton: Automaton) -> None:
        """Stand before the first token."""
        self._actions: dict[int, dict[str, Any]] = automaton.actions
        self._end = automaton.end
        self._states = [automaton.start]
        self.values: list[Any] = []
        """What was read and belongs to nothing yet: tokens and trees, in order."""
        self._firsts: list[Token | None] = []
        self._lasts: list[Token | None] = []

    def feed(self, token: Token) -> bool:
        """Take `token`; return whether it may stand here. If not, nothing but reductions was done."""
        symbol = token.type
        while (action := self._actions[self._states[-1]].get(symbol)).__class__ is not int:
            if action is None:
                return False
            self._reduce(action)
        self._states.append(action)
        self.values.append(token)
        self._firsts.append(token)
        self._lasts.append(token)
        return True

    def finish(self) -> Node | None:
        """Return the tree of all tokens; None if there have to come more."""
        while self._states[-1] != self._end:
            action = self._actions[self._states[-1]].get("$END")
            if action is None:
                return None
            if action.__class__ is int:
                break
            self._reduce(action)
        return self.values[-1] if self.values and isinstance(self.values[-1], Node) else None

    def accepts(self, symbol: str) -> bool:
        """Return whether a token of type `symbol` may come next."""
        states = list(self._states)
        while True:
            action = self._actions[states[-1]].get(symbol)
            if action is None:
                return False
            if action.__class__ is int:
                return True
            if symbol == "$END" and states[-1] == self._end:
                return True
            size, origin = (1, action) if isinstance(action, str) else action[:2]
            if size:
                del states[-size:]
            states.append(self._actions[states[-1]][origin])
            if symbol == "$END" and states[-1] == self._end:
                return True

    def accepted(self) -> set[str]:
        """Return the types of the tokens that may come next."""
        # The tables of states hold rules, too, which are written in small letters.
        symbols = self._actions[self._states[-1]]
        return {symbol for symbol in symbols if symbol.isupper() and self.accepts(symbol)}

    def mark(self) -> Mark:
        """Return where the run stands, for `back_to`."""
        sizes = [len(value.children) if isinstance(value, Node) else 0 for value in self.values]
        return Mark(
            list(self._states), list(self.values), list(self._firsts), list(self._lasts), sizes
        )

    def back_to(self, mark: Mark) -> None:
        """Forget all that was read since `mark`."""
        self._states[:] = mark.states
        self.values[:] = mark.values
        self._firsts[:] = mark.firsts
        self._lasts[:] = mark.lasts
        for value, size in zip(mark.values, mark.sizes, strict=True):
            # Lists grow in place, see `reduce`.
            if isinstance(value, Node):
                del value.children[size:]

    def _reduce(self, action: Reduction | str) -> None:
        if isinstance(action, str):
            self._states[-1] = self._actions[self._states[-2]][action]
        else:
            reduce(action, self._actions, self._states, self.values, self._firsts, self._lasts)

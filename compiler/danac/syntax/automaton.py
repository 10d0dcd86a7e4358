"""Tokens → tree, by lark's LALR tables: the automaton in one loop, with the rules' tree shapes worked out before.

lark's own loop calls three or four wrappers for each reduction, to filter tokens, to take single children
out, and to note positions. Here one tuple a rule says all of that, and a tree keeps its first and its last
token instead of copies of their positions. The trees are those that lark would build.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from lark import Token, Tree
from lark.grammar import Rule
from lark.parsers.lalr_parser_state import ParseConf
from lark.tree import Meta


class Node(Tree[Token]):
    """A tree that knows its first and last token; a rule that matched nothing has none."""

    first: Token | None
    last: Token | None

    def __init__(
        self, data: str, children: list[Any], first: Token | None, last: Token | None
    ) -> None:
        self.data = data
        self.children = children
        self.first = first
        self.last = last

    @property
    def meta(self) -> Meta:
        """The positions as lark keeps them."""
        meta = Meta()  # type: ignore[no-untyped-call]
        if self.first is not None and self.last is not None:
            meta.empty = False
            meta.line, meta.column = self.first.line or 1, self.first.column or 1
            meta.end_line, meta.end_column = self.last.end_line or 1, self.last.end_column or 1
            meta.start_pos, meta.end_pos = self.first.start_pos or 0, self.last.end_pos or 0
        return meta


class Reduction(NamedTuple):
    """What to do with the `size` values on the stack that a rule has matched."""

    size: int
    origin: str
    name: str
    kept: tuple[tuple[int, bool, int], ...] | None
    """The children that stay: index, whether its own children take its place, `None`s before it."""
    nones: int
    """How many `None`s follow the last of them: optional parts that are absent."""
    is_transparent: bool
    """Whether a single child stands for the whole."""


Action: TypeAlias = int | Reduction | str
"""The state to go to after a token or rule, or a reduction; a text is that of a rule that renames one value."""


class Automaton:
    """The tables of one grammar."""

    def __init__(self, configuration: ParseConf[int]) -> None:
        """Take the tables of lark's parser, whose actions are pairs."""
        reductions: dict[Rule, Reduction | str] = {}
        self.start = configuration.start_state
        self.end = configuration.end_state
        self.actions: dict[int, dict[str, Action]] = {}
        for state, actions in configuration.states.items():
            table: dict[str, Action] = {}
            for symbol, (_, argument) in actions.items():
                if isinstance(argument, Rule):
                    if argument not in reductions:
                        reductions[argument] = _unit(argument) or _reduction(argument)
                    table[symbol] = reductions[argument]
                else:
                    table[symbol] = argument
            self.actions[state] = table

    def parse(self, tokens: Iterable[Token]) -> Node | None:
        """Return the tree of `tokens`, or None where they are not in the language."""
        actions: dict[int, dict[str, Any]] = self.actions
        states = [self.start]
        values: list[Any] = []
        firsts: list[Token | None] = []
        lasts: list[Token | None] = []
        table = actions[self.start]
        for token in tokens:
            symbol = token.type
            while (action := table.get(symbol)).__class__ is not int:
                if action.__class__ is str:
                    # One level of precedence after the other: the value stays what it is.
                    states[-1] = state = actions[states[-2]][action]
                    table = actions[state]
                elif action is None:
                    return None
                else:
                    table = reduce(action, actions, states, values, firsts, lasts)
            states.append(action)
            values.append(token)
            firsts.append(token)
            lasts.append(token)
            table = actions[action]
        while states[-1] != self.end:
            action = table.get("$END")
            if isinstance(action, str):
                states[-1] = state = actions[states[-2]][action]
                table = actions[state]
            elif isinstance(action, Reduction):
                table = reduce(action, actions, states, values, firsts, lasts)
            else:
                return None
        result: Node = values[-1]
        return result


def reduce(
    reduction: Any,
    actions: dict[int, dict[str, Any]],
    states: list[int],
    values: list[Any],
    firsts: list[Token | None],
    lasts: list[Token | None],
) -> dict[str, Any]:
    """Put what `reduction` makes in the place of the values it has matched; return the next state's table."""
    size, origin, name, kept, nones, is_transparent = reduction
    if size:
        children = values[-size:]
        first, last = firsts[-size], lasts[-1]
        if first is None or last is None:
            # Parts that matched nothing stand at the edge.
            first = next((token for token in firsts[-size:] if token is not None), None)
            last = next((token for token in reversed(lasts[-size:]) if token is not None), None)
        del states[-size:], values[-size:], firsts[-size:], lasts[-size:]
    else:
        children, first, last = [], None, None
    if kept is not None:
        matched, children = children, []
        for index, is_spread, absent in kept:
            if absent:
                children += [None] * absent
            if not is_spread:
                children.append(matched[index])
            elif children:
                children += matched[index].children
            else:
                # A list grows by its last element: copying it each time would take quadratic time.
                children = matched[index].children
        if nones:
            children += [None] * nones
    if is_transparent and len(children) == 1:
        values.append(children[0])
    else:
        values.append(Node(name, children, first, last))
    firsts.append(first)
    lasts.append(last)
    state = actions[states[-1]][origin]
    states.append(state)
    return actions[state]


def _unit(rule: Rule) -> str | None:
    """Return the name of a rule that stands for its only part, and changes nothing about it."""
    if len(rule.expansion) != 1 or rule.alias or not rule.options.expand1:
        return None
    reduction = _reduction(rule)
    return rule.origin.name if reduction.kept is None and not reduction.nones else None


def _reduction(rule: Rule) -> Reduction:
    """Work out what lark's grammar means by `rule`: `_inlined` rules, `"filtered"` tokens, `[absent]` parts."""
    options = rule.options
    size = len(rule.expansion)
    absent = [0] * (size + 1)
    if options.empty_indices:
        # One flag for each part of the rule as written; the false ones are the parts of this variant.
        index = 0
        for is_absent in options.empty_indices:
            if is_absent:
                absent[index] += 1
            else:
                index += 1
    kept = []
    nones = 0
    for index, symbol in enumerate(rule.expansion):
        nones += absent[index]
        if options.keep_all_tokens or not (symbol.is_term and getattr(symbol, "filter_out", False)):
            is_inlined = not symbol.is_term and symbol.name.startswith("_")
            kept.append((index, is_inlined, nones))
            nones = 0
    nones += absent[size]
    is_plain = len(kept) == size and not nones and not any(k[1] or k[2] for k in kept)
    return Reduction(
        size,
        rule.origin.name,
        rule.alias or options.template_source or rule.origin.name,
        None if is_plain else tuple(kept),
        nones,
        bool(options.expand1 and not rule.alias),
    )

"""The grammar → LALR tables, kept as JSON beside it, and the tables → a lark parser."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token
from lark.grammar import Rule
from lark.lexer import Lexer, PatternStr, TerminalDef

_FOLDER = Path(__file__).parent
GRAMMAR = _FOLDER / "dana.lark"
TABLES = _FOLDER / "dana.tables.json"

# Literals that the grammar treats alike, under the name of the terminal that stands for all of them.
_SHARED_TERMINALS = {
    **dict.fromkeys(["//", "%", "==", "!=", "<", ">", "<=", ">=", "and", "or", "is"], "OPERATOR"),
    **dict.fromkeys(["+=", "-=", "*=", "/=", "//=", "%=", "**="], "AUGMENTED"),
    **dict.fromkeys(["resource", "workflow", "agent", "agent_blueprint"], "OUTSIDE"),
    **dict.fromkeys(["private", "public", "local", "system"], "SCOPE"),
}


class _FedByHand(Lexer):
    """The lexer that lark is given: it is never asked, since `parse` feeds the tokens itself."""

    def __init__(self, _configuration: object) -> None: ...

    def lex(self, lexer_state: object, parser_state: object = None) -> Iterator[Token]:
        return iter(())


def load_parser() -> Lark:
    """Return the parser: from the shipped tables, or from the grammar where they are missing."""
    try:
        stored = json.loads(TABLES.read_bytes())
    except FileNotFoundError:
        return build_parser()
    data, memo = stored["data"], stored["memo"]
    data["options"] |= _options()
    data["parser"]["lexer_conf"]["lexer_type"] = _FedByHand
    # JSON's keys are texts, and the parser's states are numbers.
    tables = data["parser"]["parser"]
    tables["states"] = {int(state): actions for state, actions in tables["states"].items()}
    memo = {int(key): value for key, value in memo.items()}
    parser: Lark = Lark._load_from_dict(data, memo)  # type: ignore[no-untyped-call]
    return parser


def build_parser() -> Lark:
    """Return a parser made from the grammar; raises lark's `GrammarError` on a conflict."""
    return Lark(GRAMMAR.read_text("utf-8"), **_options())


def _options() -> dict[str, Any]:
    return {"parser": "lalr", "lexer": _FedByHand, "propagate_positions": True}


def terminal_names(parser: Lark) -> dict[str, str]:
    """Return the terminal name of each literal of the grammar, such as `"if"` → `"IF"`."""
    names = {
        terminal.pattern.value: terminal.name
        for terminal in parser.terminals
        if isinstance(terminal.pattern, PatternStr)
    }
    return names | _SHARED_TERMINALS


def grammar_digest() -> str:
    """Return the digest of the grammar's text that the tables carry."""
    return hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()


def write_tables() -> None:
    """Compute the tables of the grammar and store them beside it."""
    data, memo = build_parser().memo_serialize([TerminalDef, Rule])
    lexer = data["parser"]["lexer_conf"]
    for part, unstorable in ((data["options"], _options()), (lexer, {"lexer_type": None})):
        for name in unstorable:
            del part[name]
    stored = {"grammar": grammar_digest(), "data": data, "memo": memo}
    TABLES.write_text(json.dumps(stored, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    write_tables()
    sys.stdout.write(f"wrote {TABLES.name}\n")

"""Dana text → Pygments tokens; installed as an entry point, so every tool that knows Pygments knows Dana.

It colours what a person types, so unlike the compiler's own lexer it takes any text, wrong and unfinished
programs included. Both read the same lists of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups, default, include, words
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Text,
    Whitespace,
)

from danac.analysis import builtins
from danac.syntax.keywords import KEYWORDS, LITERAL_WORDS, RESERVED_WORDS, SCOPES

_NAME = r"[^\W\d]\w*"
_OPERATOR_WORDS = frozenset({"and", "or", "not", "in", "is"})
_DEFINING = frozenset({"struct", "interface", "resource", "workflow", "agent", "agent_blueprint"})
_DIGITS = r"[0-9](?:_?[0-9])*"
_EXPONENT = rf"[eE][-+]?{_DIGITS}"
_QUOTES = {"'": "single", '"': "double", "'''": "long_single", '"""': "long_double"}
_ESCAPE = r"\\(?:N\{[^}\n]*\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{1,3}|\n|[\\'\"abfnrtv])"

Rules = list[Any]

# Of a match that only looks ahead.
_NOTHING = bygroups()


def _only(found: Iterable[str]) -> words:
    """Return a pattern for whole words."""
    return words(sorted(found), prefix=r"(?<!\w)", suffix=r"(?!\w)")


def _alternatives(found: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(found, key=lambda word: (-len(word), word))))


def _string_states() -> dict[str, Rules]:
    """Return the states inside of strings: for each kind of quote plain, raw, f-string and raw f-string."""
    states: dict[str, Rules] = {}
    for quote, label in _QUOTES.items():
        for is_raw in (False, True):
            name = f"{'raw_' if is_raw else ''}{label}"
            states[name] = _inside_string(quote, is_raw)
            states[f"f_{name}"] = [
                (r"\{\{|\}\}", String.Escape),
                (r"\{", String.Interpol, f"field_{name}"),
                (r"\}", Error),
                *_inside_string(quote, is_raw, stops="{}"),
            ]
            states[f"field_{name}"] = [
                (r"\}", String.Interpol, "#pop"),
                (r"=(?=\s*[!:}])", String.Interpol),
                (r"![rsa](?=\s*[:}])", String.Interpol),
                (r":", String.Interpol, f"spec_{name}"),
                include("expression"),
            ]
            # A format spec ends with its field, and so does not take the brace.
            states[f"spec_{name}"] = [
                (r"(?=\})", _NOTHING, "#pop"),
                (r"\{", String.Interpol, f"field_{name}"),
                (rf"(?={quote})", _NOTHING, "#pop"),
                (rf"[^{{}}\n{quote[0]}]+", String.Interpol),
                (r"\n" if len(quote) == 1 else r"(?!)", Whitespace, "#pop:2"),
                (r".|\n", String.Interpol),
            ]
    return states


def _inside_string(quote: str, is_raw: bool, stops: str = "") -> Rules:
    kind = String.Double if quote[0] == '"' else String.Single
    rules: Rules = [(quote, kind, "#pop")]
    if stops:
        # A backslash keeps a quote from ending the f-string, but never a brace from being one.
        rules.append((r"\\(?=[{}])", kind))
    if is_raw:
        rules.append((r"\\(?:.|\n)", kind))
    else:
        rules += [(_ESCAPE, String.Escape), (r"\\.", kind)]
    if len(quote) == 1:
        rules.append((r"\n", Whitespace, "#pop"))
    rules += [(rf"[^\\\n{quote[0]}{stops}]+", kind), (r"\n" if len(quote) > 1 else r"(?!)", kind)]
    rules.append((rf"[^\n{stops}]" if stops else r"[^\n]", kind))
    return rules


def _string_starts() -> Rules:
    rules: Rules = []
    for quote in sorted(_QUOTES, key=len, reverse=True):
        label = _QUOTES[quote]
        kind = String.Double if quote[0] == '"' else String.Single
        for prefix, state in (
            (r"(?:[rR][fF]|[fF][rR])", f"f_raw_{label}"),
            (r"[fF]", f"f_{label}"),
            (r"[rR]", f"raw_{label}"),
            (r"()", label),
        ):
            start = rf"(?<!\w)({prefix})({quote})" if prefix != "()" else rf"()({quote})"
            rules.append((start, bygroups(String.Affix, kind), state))
    return rules


class DanaLexer(RegexLexer):
    """Finds the tokens of Dana text for Pygments; `pygments.lexers.get_lexer_by_name("dana")` is one."""

    name = "Dana"
    aliases: ClassVar[list[str]] = ["dana", "na"]
    filenames: ClassVar[list[str]] = ["*.dana", "*.na"]
    mimetypes: ClassVar[list[str]] = ["text/x-dana"]
    flags = re.MULTILINE

    tokens: ClassVar[dict[str, Rules]] = {
        "root": [
            (r"\A#[ \t]*dana:.*$", Comment.Preproc),
            (
                r"^([ \t]*)([rR]?)(\"{3}(?:[^\\]|\\.|\\\n)*?\"{3}|'{3}(?:[^\\]|\\.|\\\n)*?'{3})",
                bygroups(Whitespace, String.Affix, String.Doc),
            ),
            include("expression"),
            (r"[)\]}]", Error),
        ],
        "expression": [
            # Not the `from` of `raise` and `yield`: the one that begins a statement.
            (
                r"(^|[;:])([ \t]*)(from)(?!\w)",
                bygroups(Punctuation, Whitespace, Keyword.Namespace),
                "from",
            ),
            (r"\n", Whitespace),
            (r"[ \t\f]+", Whitespace),
            (r"\\\n", Text),
            (r"#.*$", Comment.Single),
            *_string_starts(),
            (rf"(@)(\s*)({_NAME}(?:\.{_NAME})*)", bygroups(Operator, Whitespace, Name.Decorator)),
            (rf"(\.)(\s*)({_NAME})", bygroups(Operator, Whitespace, Name)),
            include("numbers"),
            # Reserved words are ordinary names as keywords of a call, and before a dot.
            (
                rf"(\()(\s*)({_NAME})(?=[ \t]*=(?!=))",
                bygroups(Punctuation, Whitespace, Name),
                "brackets",
            ),
            (rf"(,)(\s*)({_NAME})(?=[ \t]*=(?!=))", bygroups(Punctuation, Whitespace, Name)),
            (
                rf"(?<!\w)(?:{_alternatives(RESERVED_WORDS - LITERAL_WORDS.keys() - {'from'})})(?=\.{_NAME})",
                Name,
            ),
            (
                rf"(?<!\w)({_alternatives(SCOPES)})(:)({_NAME})",
                bygroups(Keyword.Type, Punctuation, Name.Variable.Global),
            ),
            (_only({"import"}), Keyword.Namespace, "import"),
            (_only({"def"}), Keyword.Declaration, "definition"),
            (
                rf"(?<!\w)({_alternatives(_DEFINING)})([ \t]+)({_NAME})",
                bygroups(Keyword.Declaration, Whitespace, Name.Class),
            ),
            (_only(LITERAL_WORDS), Keyword.Constant),
            (_only(_OPERATOR_WORDS), Operator.Word),
            (_only(KEYWORDS - _OPERATOR_WORDS), Keyword),
            (_only(SCOPES), Keyword.Type),
            (_only({"self"}), Name.Builtin.Pseudo),
            (_only(builtins.EXCEPTIONS), Name.Exception),
            (_only(builtins.NAMES - builtins.EXCEPTIONS), Name.Builtin),
            (_NAME, Name),
            (r"\$\$", Name.Variable.Magic),
            (r"->|::|:=|\*\*=?|//=?|[-+*/%]=?|[<>=!]=|[<>=|]", Operator),
            (r"\.\.\.", Keyword.Constant),
            (r"[(\[{]", Punctuation, "brackets"),
            (r"[,:;.]", Punctuation),
            (r"[^\s)\]}]", Error),
        ],
        "brackets": [(r"[)\]}]", Punctuation, "#pop"), include("expression")],
        "definition": [
            (r"[ \t\f]+", Whitespace),
            (r"(?<=def)\(|(?<=[ \t])\(", Punctuation, "brackets"),
            (_NAME, Name.Function, "#pop"),
            default("#pop"),
        ],
        "import": [
            include("import_words"),
            (r"\(", Punctuation, "import_list"),
            (r",", Punctuation),
            default("#pop"),
        ],
        "import_list": [
            (r"\n", Whitespace),
            (r"#.*$", Comment.Single),
            include("import_words"),
            (r",", Punctuation),
            (r"\)", Punctuation, "#pop:2"),
            default("#pop:2"),
        ],
        "from": [
            (r"[ \t\f]+|\\\n", Whitespace),
            (r"\.+", Operator),
            (r"(?<=\.)(?=import\b)", _NOTHING, "#pop"),
            (_only({"import"}), Keyword.Namespace, ("#pop", "import")),
            (_NAME, Name.Namespace),
            default("#pop"),
        ],
        "import_words": [
            (r"[ \t\f]+|\\\n", Whitespace),
            (rf"(as)([ \t]+)({_NAME})", bygroups(Keyword.Namespace, Whitespace, Name)),
            (rf"(\.)({_NAME})", bygroups(Operator, Name.Namespace)),
            (r"\*", Operator),
            (_NAME, Name.Namespace),
        ],
        "numbers": [
            (r"0[xX](?:_?[0-9a-fA-F])+(?!\w)", Number.Hex),
            (r"0[bB](?:_?[01])+(?!\w)", Number.Bin),
            (r"0[oO](?:_?[0-7])+(?!\w)", Number.Oct),
            (rf"(?:{_DIGITS})?\.{_DIGITS}(?:{_EXPONENT})?(?!\w)", Number.Float),
            (rf"{_DIGITS}(?:\.(?:{_EXPONENT})?|{_EXPONENT})(?!\w)", Number.Float),
            (rf"{_DIGITS}(?!\w)", Number.Integer),
            (r"[0-9]\w*", Error),
        ],
        **_string_states(),
    }

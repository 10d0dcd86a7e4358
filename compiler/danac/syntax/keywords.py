"""The reserved words, and where one is an ordinary name all the same: `os.system`, `f(in=1)`."""

from __future__ import annotations

import re

SCOPES = frozenset({"private", "public", "local", "system"})

# Each spelling of a literal word → the type of its token.
LITERAL_WORDS = {
    **dict.fromkeys(["True", "true", "TRUE"], "TRUE"),
    **dict.fromkeys(["False", "false", "FALSE"], "FALSE"),
    **dict.fromkeys(["None", "none", "NONE", "null", "NULL"], "NONE"),
}

# fmt: off
KEYWORDS = frozenset({
    "if", "elif", "else", "while", "for", "in", "def", "sync", "struct", "resource", "workflow",
    "interface", "agent", "agent_blueprint", "try", "except", "finally", "raise", "assert",
    "import", "from", "with", "as", "lambda", "return", "deliver", "break", "continue", "pass",
    "and", "or", "not", "is", "export", "yield", "global", "nonlocal", "del", "async", "await",
})
# fmt: on

RESERVED_WORDS = KEYWORDS | SCOPES | LITERAL_WORDS.keys()

# Names that generated code keeps to itself.
RESERVED_PREFIX = "_dana_"

# As in Python's own tokenizer a name is first of all a run of these and is looked at closely later.
NAME_START = r"[^\x00-@\[-^`{-\x7f]"
NAME_PART = r"[^\x00-/:-@\[-^`{-\x7f]"

# The keywords that join the parts of an import.
IMPORT_CONNECTIVES = frozenset({"import", "as"})

_ASSIGNED = re.compile(r"[ \t\f]*+=(?!=)")
_ATTRIBUTE = re.compile(rf"\.{NAME_START}")


class ImportContext:
    """Follows the import statements of one logical line, whose words are names in most places.

    `statement` is `"import"` where names or module paths are listed, `"from"` in the path of
    `from path import`, and empty outside imports.
    """

    __slots__ = ("statement",)

    def __init__(self) -> None:
        self.statement = ""

    def keyword(self, word: str, initial: bool) -> None:
        """Take note of a keyword; `initial` says that a statement begins with it."""
        if (word == "import" and (initial or self.statement == "from")) or (
            word == "from" and initial
        ):
            self.statement = word

    def makes_name(self, word: str, previous: str, before: str) -> bool:
        """Say whether `word` is a name in this import, after the tokens `before` and `previous`."""
        if previous in {".", "..."}:
            # `from . import x`: where dots are the whole path, `import` ends it.
            leading = previous == "..." or before in {"from", ".", "..."}
            return not (self.statement == "from" and word == "import" and leading)
        return previous in {"import", "from", ",", "(", "as"}


def names_keyword_argument(text: str, end: int, bracket: str, previous: str) -> bool:
    """Say whether a word that ends at `end`, inside `bracket`, is assigned to as in `f(in=1)`."""
    return (
        bracket in {"(", "["} and previous in {"(", ","} and _ASSIGNED.match(text, end) is not None
    )


def has_attribute(word: str, text: str, end: int) -> bool:
    """Say whether `word` is read as a module's name, as in `struct.pack`.

    Not `from`, which a relative path may touch (`from.m import x`), nor a literal (`None.x`).
    """
    return word != "from" and word not in LITERAL_WORDS and _ATTRIBUTE.match(text, end) is not None

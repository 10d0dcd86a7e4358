"""The extension for Visual Studio Code: its files fit together, and its colours fit the language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from danac.analysis import builtins
from danac.loading.import_hook import SUFFIXES
from danac.source import Source
from danac.syntax.keywords import KEYWORDS, LITERAL_WORDS, SCOPES
from danac.syntax.lexer import tokenize
from danac.syntax.tables import load_parser, terminal_names
from danac.version import __version__


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_manifest_names_files_that_are_there(extension):
    manifest = load(extension / "package.json")
    (language,) = manifest["contributes"]["languages"]
    (grammar,) = manifest["contributes"]["grammars"]
    for name in (manifest["main"], language["configuration"], grammar["path"]):
        assert (extension / name).is_file()
    assert language["extensions"] == list(SUFFIXES)
    assert manifest["version"] == __version__
    assert grammar["scopeName"] == load(extension / grammar["path"])["scopeName"]
    command = manifest["contributes"]["configuration"]["properties"]["dana.command"]
    assert command["default"] == ["danac", "lsp"]
    assert list(manifest["dependencies"]) == ["vscode-languageclient"]


def test_the_client_is_javascript(extension):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    subprocess.run([node, "--check", extension / "extension.js"], check=True, timeout=60)


def test_the_language_configuration_has_patterns_that_compile(extension):
    configuration = load(extension / "language-configuration.json")
    rules = configuration["indentationRules"]
    for line in (
        "def f(x):",
        "    if a:  # b",
        "struct P:",
        "async def f():",
        "else:",
        "with a as b:",
    ):
        assert re.match(rules["increaseIndentPattern"], line), line
    for line in ("def f(x) = abs | str", "x = {1: 2}", "print(a)", "iffy = 1"):
        assert not re.match(rules["increaseIndentPattern"], line), line
    assert re.match(rules["decreaseIndentPattern"], "    except (A, B) as e:")


def all_patterns(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("match", "begin", "end"):
                yield value
            else:
                yield from all_patterns(value)
    elif isinstance(node, list):
        for item in node:
            yield from all_patterns(item)


def test_the_grammar_is_well_formed(grammar):
    for pattern in all_patterns(grammar.data):
        re.compile(pattern)
    for name in re.findall(r'"include": "#(\w+)"', json.dumps(grammar.data)):
        assert name in grammar.data["repository"]


def words_of(rule):
    return set(re.search(r"\(\?:([\w|]+)\)", rule["match"])[1].split("|"))


def test_the_grammar_lists_the_words_of_the_language(grammar):
    rules = grammar.data["repository"]
    keywords = [words_of(rule) for rule in rules["keyword"]["patterns"]]
    assert set().union(*keywords) == KEYWORDS
    assert sum(map(len, keywords)) == len(KEYWORDS)
    assert words_of(rules["constant"]) == set(LITERAL_WORDS)
    assert set(re.search(r"\((local[\w|]+)\)", rules["scoped"]["match"])[1].split("|")) == SCOPES
    functions = words_of(rules["builtin"]["patterns"][0])
    assert functions == builtins.PYTHON_FUNCTIONS | builtins.DANA_NAMES


@pytest.mark.parametrize(
    ("line", "word", "scope"),
    [
        ("def price(n: int):", "price", "entity.name.function"),
        ("def (p: Point) scale(k):", "scale", "entity.name.function"),
        ("def (p: Point) scale(k):", "Point", "entity.name.type"),
        ("struct Point:", "Point", "entity.name.type"),
        ("interface Shape:", "Shape", "entity.name.type"),
        ("@cached.twice(1)", "cached.twice", "entity.name.function.decorator"),
        ("5 | f", "|", "keyword.operator.pipe"),
        ("lambda x :: x", "::", "keyword.operator"),
        ("f($$ + 1)", "$$", "variable.language.flow"),
        ("private:count = 1", "private", "storage.modifier.scope"),
        ("x = 0x_fF", "0x_fF", "constant.numeric"),
        ("x = 1_0.5e-3", "1_0.5e-3", "constant.numeric"),
        ("x = null", "null", "constant.language"),
        ("print(x)", "print", "support.function"),
        ("raise ValueError(1)", "ValueError", "support.type.exception"),
        ("x # y", "# y", "comment"),
        ("x = 'a # b'", "a # b", "string.quoted.single"),
        ("x = '''a\"b'''", 'a"b', "string.quoted.triple"),
        (r"x = 'a\n'", r"\n", "constant.character.escape"),
        (r"x = r'a\n'", r"a\n", "string.quoted"),
        ("f'{name!r:>{width}} {{b}}'", "name", "variable.other"),
        ("f'{name!r:>{width}} {{b}}'", "width", "variable.other"),
        ("f'{name!r:>{width}} {{b}}'", "{{", "constant.character.escape"),
        ("f'{d[\"k\"] | f}' + x", "k", "string.quoted.double"),
        ("f'{d[\"k\"] | f}' + x", "|", "keyword.operator.pipe"),
        ("f'{ {1: 2}[1] }' + x", "x", "variable.other"),
        ("os.system", "system", "variable.other"),
        ("f(in=1)", "in", "variable.other"),
        ("x = 'open", "open", "string.quoted"),
    ],
)
def test_a_word_gets_its_scope(grammar, line, word, scope):
    names = grammar.scopes(line)[0]
    start = line.rindex(word) if word == "x" else line.index(word)
    assert all(name.startswith(scope) for name in names[start : start + len(word)]), names


def test_strings_end_with_their_line_unless_they_are_triple(grammar):
    names = grammar.scopes("x = 'open\ny = 1\nz = '''open\ny = 1\n''' + y")
    assert names[1][0] == "variable.other.dana"
    assert names[3][0].startswith("string")
    assert names[4][-1] == "variable.other.dana"


# What the grammar makes of a token of the compiler's own lexer; what is not here may be anything.
EXPECTED = {
    "NUMBER": "constant.numeric",
    "TRUE": "constant.language",
    "FALSE": "constant.language",
    "NONE": "constant.language",
    "FLOW": "variable.language",
    "FSTRING_TEXT": ("string", "constant.character"),
    "NAME": ("variable", "entity.name", "support"),
}
KEYWORD = ("keyword", "storage")


@pytest.fixture(scope="session")
def lexed():
    names = terminal_names(load_parser())
    return lambda text: list(tokenize(Source(text), names))


def programs(checkout):
    return sorted([*checkout.glob("tests/programs/*.dana"), *checkout.glob("examples/*/*.dana")])


def test_the_colours_agree_with_the_lexer(checkout, grammar, lexed):
    wrong, seen = [], 0
    for path in programs(checkout):
        # As the lexer counts: without a byte order mark, and with one kind of line end.
        text = Source(path.read_text(encoding="utf-8")).text
        names = grammar.scopes(text)
        for token in lexed(text):
            is_word = str(token) in KEYWORDS and token.type != "NAME"
            expected = KEYWORD if is_word else EXPECTED.get(token.type)
            if token.type == "STRING":
                expected = ("string", "storage.type.string", "constant.character")
            if expected is None or not str(token) or token.line != token.end_line:
                continue
            seen += 1
            found = names[token.line - 1][token.column - 1 : token.end_column - 1]
            if not all(name.startswith(expected) for name in found):
                wrong.append((path.name, token.line, str(token), token.type, sorted(set(found))))
    assert wrong == []
    assert seen > 5000

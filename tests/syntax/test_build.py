"""Trees → nodes: how operators nest, what pipes and blocks become, and that each node knows its text."""

from __future__ import annotations

import pytest

from danac import nodes
from danac.compilation import build
from danac.diagnostics import DanaSyntaxError
from danac.source import Source


def built(text: str) -> nodes.Module:
    return build(Source(text))


def expression(text: str) -> nodes.Expression:
    (statement,) = built(text).body
    assert isinstance(statement, nodes.ExpressionStatement)
    return statement.value


def shape(node: nodes.Node | None) -> str:
    """Return an expression with all of its parentheses, and stages as `a | b`."""
    match node:
        case None:
            return "-"
        case nodes.Constant(value=value):
            return repr(value)
        case nodes.Name(id=name):
            return name
        case nodes.ScopedName(scope=scope, id=name):
            return f"{scope}:{name}"
        case nodes.FlowValue():
            return "$$"
        case nodes.UnaryOperation(operator=operator, operand=operand):
            return f"({operator} {shape(operand)})"
        case nodes.BinaryOperation(operator=operator, left=left, right=right):
            return f"({shape(left)} {operator} {shape(right)})"
        case nodes.Comparison(left=left, operators=operators, rest=rest):
            tail = " ".join(f"{o} {shape(r)}" for o, r in zip(operators, rest, strict=True))
            return f"({shape(left)} {tail})"
        case nodes.BooleanOperation(operator=operator, values=values):
            return "(" + f" {operator} ".join(map(shape, values)) + ")"
        case nodes.Conditional(test=test, body=body, otherwise=otherwise):
            return f"({shape(body)} if {shape(test)} else {shape(otherwise)})"
        case nodes.Lambda(parameters=parameters, body=body):
            return f"(lambda {', '.join(p.name or p.kind for p in parameters)} :: {shape(body)})"
        case nodes.Group(value=value):
            return f"<{shape(value)}>"
        case nodes.Pipe(stages=stages):
            return "[" + " | ".join(map(shape, stages)) + "]"
        case nodes.Stage(value=value, policy=policy, capture=capture):
            suffix = "" if policy is None else " with"
            return shape(value) + suffix + ("" if capture is None else f" as {capture.name}")
        case nodes.ParallelBlock(form=form, branches=branches):
            return f"{form}{{{', '.join(map(shape, branches))}}}"
        case nodes.Branch(key=key, stages=stages):
            name = "" if key is None else f"{shape(key)}: "
            return name + " | ".join(map(shape, stages))
        case nodes.Call(function=function, positional=positional, keywords=keywords):
            named = [f"{k.name or '**'}={shape(k.value)}" for k in keywords]
            return f"{shape(function)}({', '.join([*map(shape, positional), *named])})"
        case nodes.Attribute(value=value, name=name):
            return f"{shape(value)}.{name}"
        case nodes.Subscript(value=value, index=index):
            return f"{shape(value)}[{shape(index)}]"
        case nodes.Slice(lower=lower, upper=upper, step=step):
            return f"{shape(lower)}:{shape(upper)}:{shape(step)}"
        case nodes.Starred(value=value):
            return f"*{shape(value)}"
        case nodes.TupleDisplay(items=items):
            return f"tuple({', '.join(map(shape, items))})"
        case nodes.ListDisplay(items=items):
            return f"list({', '.join(map(shape, items))})"
        case nodes.SetDisplay(items=items):
            return f"set({', '.join(map(shape, items))})"
        case nodes.DictDisplay(items=pairs):
            return f"dict({', '.join(f'{shape(p.key)}: {shape(p.value)}' for p in pairs)})"
        case _:
            return type(node).__name__


SHAPES = {
    # Precedence, loosest first.
    "1 + 2 * 3": "(1 + (2 * 3))",
    "1 * 2 + 3": "((1 * 2) + 3)",
    "1 - 2 - 3": "((1 - 2) - 3)",
    "1 / 2 // 3 % 4": "(((1 / 2) // 3) % 4)",
    "2 ** 3 ** 4": "(2 ** (3 ** 4))",
    "-2 ** 2": "(- (2 ** 2))",
    "2 ** -1": "(2 ** (- 1))",
    "- - + 1": "(- (- (+ 1)))",
    "-a * b": "((- a) * b)",
    "-a.b()[c]": "(- a.b()[c])",
    "not a == b": "(not (a == b))",
    "not not a": "(not (not a))",
    "not a and b or c": "(((not a) and b) or c)",
    "a or b and not c or d": "(a or (b and (not c)) or d)",
    "a and b and c": "(a and b and c)",
    "a < b <= c != d": "(a < b <= c != d)",
    "a in b": "(a in b)",
    "a not in b is not c": "(a not in b is not c)",
    "a + b < c * d": "((a + b) < (c * d))",
    "a if b else c if d else e": "(a if b else (c if d else e))",
    "a or b if c and d else not e": "((a or b) if (c and d) else (not e))",
    "lambda x :: x if x else 1": "(lambda x :: (x if x else 1))",
    "lambda :: lambda x :: x": "(lambda  :: (lambda x :: x))",
    "(1 + 2) * 3": "((1 + 2) * 3)",
    # Pipes bind loosest of all.
    "a | b": "[a | b]",
    "a + 1 | b": "[(a + 1) | b]",
    "a or b | c": "[(a or b) | c]",
    "a if b else c | d": "[(a if b else c) | d]",
    "lambda x :: x | f": "[(lambda x :: x) | f]",
    "lambda x :: (x | f)": "(lambda x :: <[x | f]>)",
    "a | lambda x :: x + 1 | f": "[a | (lambda x :: (x + 1)) | f]",
    "(a | b) | c": "[<[a | b]> | c]",
    "a | (b | c)": "[a | <[b | c]>]",
    "a | (f(1))": "[a | <f(1)>]",
    "a | f(1)": "[a | f(1)]",
    "f(a | b, k=c | d)": "f([a | b], k=[c | d])",
    "a[b | c]": "a[[b | c]]",
    "a | b as c | d": "[a | b as c | d]",
    "a as b | c": "[a as b | c]",
    "a | b with (timeout=1) as c": "[a | b with as c]",
    "a | $$ + 1": "[a | ($$ + 1)]",
    # Blocks stand after a bar; anywhere else a display is data.
    "a | {b, c}": "[a | list{b, c}]",
    "a | [b, c | d]": "[a | in order{b, c | d}]",
    "a | {'x': b, 'y': c | d,}": "[a | keyed{'x': b, 'y': c | d}]",
    "a | {b, [c, {'x': d}]}": "[a | list{b, in order{c, keyed{'x': d}}}]",
    "a | {b as x, c | d as y}": "[a | list{b as x, c | d as y}]",
    "[a, b] | c": "[list(a, b) | c]",
    "{a, b} | c": "[set(a, b) | c]",
    "a | f([b, c])": "[a | f(list(b, c))]",
    "a | [b | [c, d], e]": "[a | in order{b | in order{c, d}, e}]",
    "a | {[b, c] | d}": "[a | list{in order{b, c} | d}]",
    # Trailers, displays, names.
    "a.b(c)[d].e": "a.b(c)[d].e",
    "a[1:2]": "a[1:2:-]",
    "a[::2]": "a[-:-:2]",
    "a[:]": "a[-:-:-]",
    "a[b::]": "a[b:-:-]",
    "a[1:, ::-1, ...]": "a[tuple(1:-:-, -:-:(- 1), Ellipsis)]",
    "a[b,]": "a[tuple(b)]",
    "f(*a, b, c=d, **e)": "f(*a, b, c=d, **=e)",
    "()": "tuple()",
    "(a,)": "tuple(a)",
    "a, *b": "tuple(a, *b)",
    "{}": "dict()",
    "{**a, 'b': c}": "dict(-: a, 'b': c)",
    "private:x + local:y": "(private:x + y)",
    "TRUE, null, 'a' 'b'": "tuple(True, None, 'ab')",
    "0x_ff + 1_0.5e1": "(255 + 105.0)",
}


@pytest.mark.parametrize(("text", "expected"), SHAPES.items())
def test_shape(text, expected):
    assert shape(expression(text)) == expected


class TestDeclarations:
    @pytest.mark.parametrize(
        ("text", "expected"),
        {
            "def p(x) = f": "[f]",
            "def p(x) = f | g": "[f | g]",
            "def p(x) = x | f": "[x | f]",
            "def p(x) = {f, g} | h": "[list{f, g} | h]",
            "def p(x) = [f, g.h, (m()), n(1)]": "[in order{f, g.h, <m()>, n(1)}]",
            "def p(x) = {'a': f, 'b': lambda y :: y} | h": "[keyed{'a': f, 'b': (lambda y :: y)} | h]",
            "def p(x) = [f, x] | g": "[list(f, x) | g]",
            "def p(x) = {'a': x} | g": "[dict('a': x) | g]",
            "def p(x) = [f, 1] | g": "[list(f, 1) | g]",
            "def p(x) = [] | g": "[list() | g]",
            "def p(x) = [[f, g], h]": "[in order{in order{f, g}, h}]",
            "def p(x) = f | [x, g]": "[f | in order{x, g}]",
        }.items(),
    )
    def test_display_at_the_start(self, text, expected):
        (declaration,) = built(text).body
        assert isinstance(declaration, nodes.Declaration)
        assert shape(declaration.pipe) == expected


class TestSpans:
    TEXT = """\
größe = [1, "äö", x] | max(key=lambda y :: y) as best | {len, str | f"{$$!r:>{best}}"}
def scale(a: int, *rest, k: float = 2.0, **more) -> list[int]:
    if a and not rest:
        return a.b[1:2](k, c=3, *rest, **more)
    for i, (j, *l) in rest: print(i if j else -l)
    return {**more, "x": [n for n in rest if n]}
"""

    def test_each_node_knows_its_text(self):
        source = Source(self.TEXT)
        texts = {
            (type(node).__name__, source.text_of(node.span)) for node in nodes.walk(build(source))
        }
        assert texts >= {
            ("Name", "größe"),
            ("ListDisplay", '[1, "äö", x]'),
            ("Constant", '"äö"'),
            ("Stage", "max(key=lambda y :: y) as best"),
            ("Call", "max(key=lambda y :: y)"),
            ("Keyword", "key=lambda y :: y"),
            ("Lambda", "lambda y :: y"),
            ("Capture", "as best"),
            ("ParallelBlock", '{len, str | f"{$$!r:>{best}}"}'),
            ("Branch", 'str | f"{$$!r:>{best}}"'),
            ("FormattedText", 'f"{$$!r:>{best}}"'),
            ("FlowValue", "$$"),
            ("CaptureRead", "best"),
            ("Parameter", "a: int"),
            ("Parameter", "k: float = 2.0"),
            ("TypeName", "list[int]"),
            ("BooleanOperation", "a and not rest"),
            ("UnaryOperation", "not rest"),
            ("Return", "return a.b[1:2](k, c=3, *rest, **more)"),
            ("Call", "a.b[1:2](k, c=3, *rest, **more)"),
            ("Subscript", "a.b[1:2]"),
            ("Attribute", "a.b"),
            ("Slice", "1:2"),
            ("Starred", "*rest"),
            ("For", "for i, (j, *l) in rest: print(i if j else -l)"),
            ("Conditional", "i if j else -l"),
            ("DictItem", "**more"),
            ("DictItem", '"x": [n for n in rest if n]'),
            ("Comprehension", "[n for n in rest if n]"),
            ("ComprehensionClause", "for n in rest if n"),
        }

    def test_children_lie_within_their_parents(self):
        for parent in nodes.walk(built(self.TEXT)):
            for child in nodes.children(parent):
                assert parent.span[:2] <= child.span[:2]
                assert child.span[2:] <= parent.span[2:]


class TestTargets:
    @pytest.mark.parametrize(
        "text", ["a = 1", "a.b = 1", "a[b] = 1", "a, *b = c", "[a, (b, c)] = d", "private:a = 1"]
    )
    def test_may_be_assigned_to(self, text):
        assert isinstance(built(text).body[0], nodes.Assignment)

    @pytest.mark.parametrize(
        ("text", "what"),
        {
            "f() = 1": "a call",
            "1 = 2": "a literal",
            "a, 1 = 2": "a literal",
            "'a' = 2": "a literal",
            "f'{a}' = 2": "an f-string",
            "a + b = 2": "an expression",
            "a == b = 2": "a comparison",
            "(lambda :: 1) = 2": "a lambda",
            "(a | b) = 2": "a pipe",
            "[x for x in a] = 2": "a comprehension",
            "(a if b else c) = 2": "a conditional expression",
            "none = 2": "a literal",
            "{} = 2": "a dict display",
        }.items(),
    )
    def test_may_not_be_assigned_to(self, text, what):
        with pytest.raises(DanaSyntaxError, match=f"cannot assign to {what}"):
            built(text)

    @pytest.mark.parametrize("text", ["*a = b", "*a, *b = c", "for *a in b: c", "a, b += 1"])
    def test_misplaced_stars_and_tuples(self, text):
        with pytest.raises(DanaSyntaxError):
            built(text)


class TestArguments:
    @pytest.mark.parametrize(
        ("text", "column"),
        {
            "f(a=1, b)": 8,
            "f(**a, b)": 8,
            "f(**a, *b)": 8,
            "f(a=1, a=2)": 8,
            "f(x for x in y, 1)": 3,
            "f(1, x for x in y)": 6,
        }.items(),
    )
    def test_refused(self, text, column):
        with pytest.raises(DanaSyntaxError) as caught:
            built(text)
        assert caught.value.offset == column

    @pytest.mark.parametrize("text", ["f(a=1, *b)", "f(*a, b, *c, d=1, **e, f=2)", "f(a, b,)"])
    def test_accepted(self, text):
        assert isinstance(expression(text), nodes.Call)


class TestParameters:
    @pytest.mark.parametrize(
        ("text", "column"),
        {
            "def f(a, a): 1": 10,
            "def f(a=1, b): 1": 12,
            "def f(*a, *b): 1": 11,
            "def f(**a, b): 1": 12,
            "def f(*): 1": 7,
            "def f(*, **a): 1": 7,
            "def f(/, a): 1": 7,
            "def f(a, /, b, /): 1": 16,
            "def f(*a, /): 1": 11,
            "lambda a, a :: 1": 11,
        }.items(),
    )
    def test_refused(self, text, column):
        with pytest.raises(DanaSyntaxError) as caught:
            built(text)
        assert caught.value.offset == column

    @pytest.mark.parametrize(
        "text", ["def f(a, /, b=1, *, c, d=2, **e): 1", "def f(*a, b): 1", "def f(a,): 1"]
    )
    def test_accepted(self, text):
        assert isinstance(built(text).body[0], nodes.Function)


def test_one_line_of_several_statements():
    module = built("a = 1; b = 2; f()\nif a: b; c\n")
    assert [type(s).__name__ for s in module.body] == [
        "Assignment",
        "Assignment",
        "ExpressionStatement",
        "If",
    ]
    assert len(module.body[3].branches[0].body) == 2


def test_imports():
    plain, origin, relative, star = built(
        "import a.b as c, d.py, py\nfrom e.py import f, g as h\nfrom ...i import j\nfrom . import *\n"
    ).body
    assert [(n.path, n.alias, n.is_python) for n in plain.names] == [
        ("a.b", "c", False),
        ("d", None, True),
        ("py", None, False),
    ]
    assert (origin.level, origin.path, origin.is_python) == (0, "e", True)
    assert [(n.path, n.alias) for n in origin.names] == [("f", None), ("g", "h")]
    assert (relative.level, relative.path) == (3, "i")
    assert (star.level, star.path, star.names) == (1, "", ())

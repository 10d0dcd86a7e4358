"""Programs in what Dana and Python have in common → the same values, errors and order in both.

The programs are written at random. They leave out what means something else in Dana: `+` between a
text literal and a number, functions that end with an expression, attributes of dicts, and names of
exceptions after their clause. The one difference in spelling is the lambda: `LAMBDA` stands for its
`::` or `:`.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from types import CodeType

from hypothesis import given
from hypothesis import strategies as st

from danac.compilation import compile_source

LAMBDA = "\N{SECTION SIGN}"
FILE = "program.dana"

# `t` notes that it was reached and gives its second argument: the order of evaluation is in `log`.
PROLOGUE = """\
import contextlib
log = []
def t(mark, value):
    log.append(mark)
    return value
@contextlib.contextmanager
def room(mark):
    log.append(mark)
    try:
        yield mark
    finally:
        log.append(-mark)
n0, n1, s0, s1 = 3, 0.5, "ab", ""
l0, l1, d0, d1 = [1, "x", None], [2, 3], {"a": 1, 2: "b"}, {}
"""

ERRORS = [
    *("ValueError", "TypeError", "ZeroDivisionError", "LookupError", "KeyError", "IndexError"),
    *("NameError", "AttributeError", "ArithmeticError", "AssertionError", "Exception"),
]

# Names tell the type of what they hold, so that most expressions mean something: numbers, texts,
# lists and dicts.
KINDS = "nsld"


class Writer:
    """Write a program by asking `choose(n)` for numbers below n."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose
        self.lines: list[str] = []
        self.indent = 0
        self.marks = 0
        self.functions: list[tuple[str, int]] = []
        self.generators: list[str] = []
        self.made = 0
        self.depth_of_functions = 0
        self.loops = 0

    def one_of(self, *options: str) -> str:
        return options[self.choose(len(options))]

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    # --- Expressions: `depth` is how much deeper they may become ----------------------------------

    def mark(self, text: str) -> str:
        self.marks += 1
        return f"t({self.marks}, {text})"

    def variable(self, kind: str) -> str:
        return f"{kind}{self.choose(2)}"

    def expression(self, kind: str, depth: int) -> str:
        text = getattr(self, f"_{kind}")(depth)
        return self.mark(text) if self.choose(4) == 0 else text

    def any(self, depth: int) -> str:
        return self.expression(KINDS[self.choose(len(KINDS))], depth)

    def _n(self, depth: int) -> str:
        if depth <= 0:
            return self.one_of("n0", "n1", "0", "1", "2", "-7", "2.5", "True", "1_000", "0x1F")

        def number() -> str:
            return self.expression("n", depth - 1)

        match self.choose(18):
            case 0 | 1 | 2:
                return f"({number()} {self.one_of('+', '-', '/', '//', '%')} {number()})"
            case 3:
                return f"({number()} * {self.one_of('2', '-3', '0.5')})"
            case 4:
                return f"({self.one_of('-', '+', 'not ')}{number()})"
            case 5:
                return f"({self.any(depth - 1)} {self.one_of('==', '!=')} {self.any(depth - 1)})"
            case 6:
                one, other = self.one_of("<", "<=", ">"), self.one_of(">=", "<", "==")
                return f"({number()} {one} {number()} {other} {number()})"
            case 7:
                return f"({number()} {self.one_of('and', 'or')} {number()})"
            case 8:
                return f"({number()} if {self.any(depth - 1)} else {number()})"
            case 9:
                return f"len({self.expression(self.one_of('s', 'l', 'd'), depth - 1)})"
            case 10:
                return f"{self.one_of('abs', 'int', 'round', 'bool', 'float')}({number()})"
            case 11:
                name = self.one_of("min", "max")
                return f"{name}({number()}, {number()}, key=lambda x{LAMBDA} {self.mark('-x')})"
            case 12:
                return f"sum({self._comprehension('(', ')', depth - 1, 'n')})"
            case 13:
                test = self.one_of("in", "not in")
                return f"({self.any(depth - 1)} {test} {self.expression('l', depth - 1)})"
            case 14:
                return (
                    f"(lambda x, y=({number()}){LAMBDA} {self.one_of('x - y', 'y, x')})({number()})"
                )
            case 15:
                return f"(n{self.choose(2)} := {number()})"
            case 16:
                return f"({self.item(depth - 1)} {self.one_of('-', '//', '<', '+')} {self.variable('n')})"
            case _:
                return self.call(depth - 1)

    def _s(self, depth: int) -> str:
        if depth <= 0:
            return self.one_of("s0", "s1", '"a"', "'it'", '"é🐍"', 'r"\\n"', '"x\\ty"', '""')

        def text() -> str:
            return self.expression("s", depth - 1)

        match self.choose(10):
            case 0:
                return f"({text()} + {text()})"
            case 1:
                return f"({text()} * {self.one_of('0', '2', '3')})"
            case 2:
                return f"{text()}.{self.one_of('upper', 'title', 'strip', 'swapcase')}()"
            case 3:
                return f"{text()}[{self.slice(depth - 1)}]"
            case 4:
                spec = self.one_of("", "!r", "!s:>6", "!a:<4")
                # Before 3.12, Python's fields took neither the quotes around them nor backslashes.
                field = self.mark(self.variable(KINDS[self.choose(4)]))
                width = f"{self.variable('n')}:>{{2 + 3}}"
                return f'f"{{{{{{{field}{spec}}}{{{width}}}"'
            case 5:
                return f"str({self.any(depth - 1)})"
            case 6:
                return f"{text()}.join({self._comprehension('[', ']', depth - 1, 's')})"
            case 7:
                return f"({text()} {self.one_of('and', 'or')} {text()})"
            case 8:
                return f"({text()} if {self.any(depth - 1)} else {text()})"
            case _:
                return f"{text()}.replace({text()}, {text()}, 2)"

    def _l(self, depth: int) -> str:
        if depth <= 0:
            return self.one_of("l0", "l1", "[]", "[1, 2, 3]", '["b", "a"]', "list(range(4))")
        match self.choose(10):
            case 0 | 1:
                return f"[{self.any(depth - 1)}, {self.any(depth - 1)}]"
            case 2:
                return f"[*{self.expression('l', depth - 1)}, {self.any(depth - 1)}]"
            case 3 | 4:
                return self._comprehension("[", "]", depth - 1, KINDS[self.choose(4)])
            case 5:
                return f"{self.expression('l', depth - 1)}[{self.slice(depth - 1)}]"
            case 6:
                return f"({self.expression('l', depth - 1)} + {self.expression('l', depth - 1)})"
            case 7:
                key = self.mark("str(x)")
                return f"sorted({self.expression('l', depth - 1)}, key=lambda x{LAMBDA} {key})"
            case 8:
                return f"list({self.expression(self.one_of('s', 'd'), depth - 1)})"
            case _:
                if self.generators:
                    name = self.generators[self.choose(len(self.generators))]
                    return f"list({name}({self.expression('n', depth - 1)}))"
                return f"[[{self.any(depth - 1)}], ({self.any(depth - 1)},)]"

    def _d(self, depth: int) -> str:
        if depth <= 0:
            return self.one_of("d0", "d1", "{}", '{"k": 1}', "{1: [2]}")
        match self.choose(4):
            case 0:
                key = self.expression(self.one_of("n", "s"), depth - 1)
                return f"{{{key}: {self.any(depth - 1)}, **{self.expression('d', depth - 1)}}}"
            case 1:
                iterable = self.expression("l", depth - 1)
                key, value = self.mark("str(x)"), self.expression("n", depth - 1)
                return f"{{{key}: {value} for x in {iterable}}}"
            case 2:
                return f"dict({self.one_of('a', 'b')}={self.any(depth - 1)})"
            case _:
                return f"({self.expression('d', depth - 1)} or {self.expression('d', depth - 1)})"

    def item(self, depth: int) -> str:
        match self.choose(4):
            case 0:
                return f"{self.expression('l', depth)}[{self.expression('n', depth)}]"
            case 1:
                return f"{self.expression('d', depth)}[{self.any(depth)}]"
            case 2:
                return f"[*{self.variable('l')}, 1][{self.mark(self.one_of('0', '-1', '1'))}]"
        key = self.mark("'a'")
        return f"{{'a': 1, **d0}}[{key}]"

    def slice(self, depth: int) -> str:
        def bound() -> str:
            match self.choose(6):
                case 0:
                    return self.expression("n", depth)
                case 1:
                    return self.mark(self.one_of("1", "-2", "3"))
            return self.one_of("", "", "1", "-1")

        step = self.one_of("", ":", ":-1", ":2")
        return f"{bound()}:{bound()}{step}"

    def _comprehension(self, opening: str, closing: str, depth: int, kind: str) -> str:
        clauses = f"for x in {self.expression('l', depth)}"
        if self.choose(3) == 0:
            clauses += f" for y in ({self.mark('[x]')}, {self.expression('l', 0)})"
        if self.choose(2):
            clauses += f" if {self.mark(self.one_of('x', 'x is not None', 'x != 1'))}"
        element = self.one_of(self.mark("x"), self.expression(kind, depth))
        # No walrus in the element or the iterable: Python forbids it in some of these places.
        text = f"{opening}{element} {clauses}{closing}"
        return text if ":=" not in text else f"{opening}x for x in l0{closing}"

    def call(self, depth: int) -> str:
        if not self.functions:
            return f"int({self.any(depth)})"
        name, number = self.functions[self.choose(len(self.functions))]
        # Sometimes one too many or too few.
        given_ones = max(0, number + self.choose(8) // 6 - self.choose(8) // 6)
        arguments = [self.expression("n", depth) for _ in range(given_ones)]
        match self.choose(4):
            case 0:
                arguments.append(f"*{self.expression('l', 0)}")
            case 1:
                arguments.append(f"key={self.any(depth)}")
        return f"{name}({', '.join(arguments)})"

    # --- Statements ----------------------------------------------------------------------------------

    def write(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def block(self, depth: int, size: int = 3) -> None:
        self.indent += 1
        for _ in range(1 + self.choose(size)):
            self.statement(depth - 1)
        self.indent -= 1

    def statement(self, depth: int) -> None:
        simple = [self.assignment, self.assignment, self.mutation, self.trace, self.abrupt]
        compound = [self.branches, self.for_loop, self.while_loop, self.attempt, self.function]
        compound += [self.generator, self.with_block]
        if depth <= 0 or self.choose(2):
            simple[self.choose(len(simple))]()
        else:
            compound[self.choose(len(compound))](depth)

    def protected(self, depth: int) -> None:
        """Write a statement whose failure mostly doesn't end the program: its rest is to run too."""
        if self.choose(6) == 0:
            self.statement(depth)
            return
        self.write("try:")
        self.indent += 1
        self.statement(depth)
        self.indent -= 1
        name = self.new("e")
        self.write(f"except Exception as {name}:")
        self.write(f"    log.append([type({name}).__name__, {name}.args])")

    def assignment(self) -> None:
        match self.choose(7):
            case 0 | 1:
                self.write(f"{self.variable('n')} = {self.expression('n', 3)}")
            case 2:
                # Cut, so that nothing grows without end in loops.
                self.write(f"{self.variable('s')} = {self.expression('s', 3)}[:12]")
            case 3:
                self.write(f"{self.variable('l')} = {self.expression('l', 3)}[:6]")
            case 4:
                self.write(f"{self.variable('d')} = {self.expression('d', 2)}")
            case 5:
                self.write(f"n0, *l0 = {self.expression('l', 2)}[:4]")
            case _:
                self.write(
                    f"s0, (n0, n1) = {self.expression('s', 1)}[:5], {self.expression('l', 2)}"
                )

    def mutation(self) -> None:
        match self.choose(6):
            case 0:
                operator = self.one_of("+=", "-=", "//=", "%=", "/=")
                self.write(f"{self.variable('n')} {operator} {self.expression('n', 2)}")
            case 1:
                self.write(f"l1.append({self.any(1)}); l1 = l1[-4:]")
            case 2:
                self.write(f"{self.item(1)} = {self.any(2)}")
            case 3:
                target = f"l0[{self.expression('n', 1)}]"
                self.write(f"{target} {self.one_of('+=', '-=')} {self.variable('n')}")
            case 4:
                self.write(f"del {self.one_of('l0', 'd0', 'l1')}[{self.any(1)}]")
            case _:
                self.write(f"l0[{self.slice(1)}] = {self.expression('l', 1)}[:3]")

    def trace(self) -> None:
        self.write(self.mark(self.any(2)))

    def abrupt(self) -> None:
        choices = ["raise", "assert"]
        if self.loops:
            choices += ["break", "continue"] * 2
        if self.depth_of_functions:
            choices += ["return"] * 2
        condition = self.mark(self.any(1))
        match self.one_of(*choices):
            case "raise":
                error = self.one_of(*ERRORS)
                self.write(f"if {condition}: raise {error}({self.any(1)})")
            case "assert":
                self.write(f"assert {condition}, {self.any(1)}")
            case "return":
                self.write(f"if {condition}: return {self.any(2)}")
            case jump:
                self.write(f"if {condition}: {jump}")

    def branches(self, depth: int) -> None:
        self.write(f"if {self.any(2)}:")
        self.block(depth)
        if self.choose(2):
            self.write(f"elif {self.mark(self.any(1))}:")
            self.block(depth)
        if self.choose(2):
            self.write("else:")
            self.block(depth)

    def for_loop(self, depth: int) -> None:
        target = self.one_of("x", "n0", "i, x", "d0['k']", "i, *l1")
        iterable = f"{self.expression('l', 2)}[:3]"
        if target[0] == "i":
            iterable = self.one_of(f"enumerate({iterable})", iterable)
        self.loop(f"for {target} in {iterable}:", depth)

    def while_loop(self, depth: int) -> None:
        counter = self.new("w")
        self.write(f"{counter} = {self.choose(3) + 1}")
        self.loop(f"while ({counter} := {counter} - 1) >= 0 and {self.mark(self.any(1))}:", depth)

    def loop(self, head: str, depth: int) -> None:
        self.write(head)
        self.loops += 1
        self.block(depth)
        self.loops -= 1
        if self.choose(3) == 0:
            self.write("else:")
            self.block(depth, 1)

    def attempt(self, depth: int) -> None:
        self.write("try:")
        self.block(depth)
        handlers = self.choose(3)
        for _ in range(handlers):
            name = self.new("e")
            self.write(f"except ({self.one_of(*ERRORS)}, {self.one_of(*ERRORS)}) as {name}:")
            self.indent += 1
            self.write(f"{self.mark('0')}; log.append([type({name}).__name__, str({name})])")
            if self.choose(4) == 0:
                self.write(self.one_of("raise", f"raise ValueError('again') from {name}"))
            self.indent -= 1
        if handlers and self.choose(2):
            self.write("else:")
            self.block(depth, 1)
        if not handlers or self.choose(2):
            self.write("finally:")
            self.indent += 1
            self.write(self.mark("0"))
            self.indent -= 1

    def with_block(self, depth: int) -> None:
        self.marks += 2
        self.write(f"with room({self.marks - 1}) as x, room({self.marks}):")
        self.block(depth)

    def function(self, depth: int) -> None:
        name = self.new("f")
        number = self.choose(3)
        parameters = [f"p{i}" for i in range(number)]
        if self.choose(2):
            parameters.append(f"q={self.expression('n', 1)}")
        if self.choose(2):
            parameters += ["*rest", f"key={self.mark('None')}"]
        if self.choose(3) == 0:
            parameters.append("**options")
        if self.choose(4) == 0:
            self.write(f"@t({self.marks}, lambda f{LAMBDA} f)")
        self.write(f"def {name}({', '.join(parameters)}):")
        self.indent += 1
        outer_loops, self.loops = self.loops, 0
        self.depth_of_functions += 1
        # Bare names that it assigns are its own, and often unbound: an error in both.
        match self.choose(3):
            case 0:
                self.write("global n0, n1, s0, s1, l0, l1, d0, d1, x, i")
            case 1 if self.depth_of_functions > 1:
                self.write("nonlocal own")
                self.write("own += 1")
            case _:
                self.write("n0, s0, l0, d0, x, i = 1, 'own', [5], {}, 2, 3")
        if "nonlocal own" not in self.lines[-2]:
            self.write(f"own = {self.expression('n', 1)}")
        for _ in range(1 + self.choose(3)):
            self.statement(depth - 1)
        parameter = parameters[0].partition("=")[0] if number else "own"
        self.write(f"return [{parameter}, own, {self.any(2)}]")
        self.depth_of_functions -= 1
        self.loops = outer_loops
        self.indent -= 1
        self.functions.append((name, number))

    def generator(self, depth: int) -> None:
        name = self.new("g")
        self.write(f"def {name}(p0):")
        self.indent += 1
        outer_loops, self.loops = self.loops, 0
        self.depth_of_functions += 1
        self.write("n0, own = p0, 1")
        self.write(f"for x in {self.one_of('[1, 2]', 'range(3)', 'l1[:2]')}:")
        self.loops += 1
        self.indent += 1
        self.write(f"yield {self.mark('x')}")
        self.indent -= 1
        self.block(depth, 2)
        self.loops -= 1
        if self.generators and self.choose(2):
            self.write(f"yield from {self.generators[-1]}(n0)")
        self.write(f"return {self.any(1)}")
        self.depth_of_functions -= 1
        self.loops = outer_loops
        self.indent -= 1
        self.generators.append(name)


@st.composite
def programs(draw: st.DrawFn) -> str:
    def choose(number: int) -> int:
        return draw(st.integers(0, number - 1))

    writer = Writer(choose)
    for _ in range(2 + choose(6)):
        writer.protected(3)
    return PROLOGUE + "\n".join(writer.lines) + "\n"


def compiled_by_python(text: str) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile(text, FILE, "exec", dont_inherit=True)


def compiled_by_danac(text: str) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return compile_source(text, FILE)


def outcome(code: CodeType) -> dict[str, object]:
    """Run the program; return the order of its marks, its variables, and how and where it failed."""
    names: dict[str, object] = {"__name__": "program"}
    failure = None
    try:
        exec(code, names)
    except Exception as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == FILE
        ]
        failure = [type(error).__name__, repr(error.args), repr(error.__cause__), lines]
    values = {
        name: repr(value)
        for name, value in names.items()
        if name[0] in KINDS + "xiw" and not callable(value)
    }
    return {"log": repr(names["log"]), "values": values, "failure": failure}


@given(programs())
def test_dana_does_what_python_does(program):
    python = compiled_by_python(program.replace(LAMBDA, ":"))
    dana = compiled_by_danac(program.replace(LAMBDA, " ::"))
    assert outcome(dana) == outcome(python), program

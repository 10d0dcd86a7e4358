"""`stage as name`: what a capture is, where it is seen, and that each run has its own."""

from __future__ import annotations

import asyncio
import threading

import pytest

import danac

PROGRAMS = {
    "of the head": (
        "result = note(5) as n | f | g(n, $$)",
        "n = note(5)\nresult = g(n, f(n))",
    ),
    "of the head, used in the next stage": (
        "result = note(5) as n | f(n, $$, n)",
        "n = note(5)\nresult = f(n, n, n)",
    ),
    "of a stage in the middle": (
        "result = note(5) | f as a | g as b | h(note(1), b, a)",
        "a = f(note(5))\nb = g(a)\nresult = h(note(1), b, a)",
    ),
    "mentioned captures stop the insertion": (
        "result = note(5) as n | f | g(n)",
        "n = note(5)\nf(n)\nresult = g(n)",
    ),
    "in an expression stage": (
        "result = note(5) as n | f | [$$, n][0:2] | len",
        "n = note(5)\nf(n)\nresult = 2",
    ),
    "in an f-string": (
        "result = note(5) as n | f | f'{n} {$$} {n}'",
        "n = note(5)\nvalue = f(n)\nresult = f'{n} {value} {n}'",
    ),
    "in a lambda stage": (
        "result = note(5) as n | f | (lambda x :: [x, n])",
        "n = note(5)\nresult = [f(n), n]",
    ),
    "in a comprehension": (
        "result = note(5) as n | range | f([x * n for x in $$])",
        "n = note(5)\nresult = f([x * n for x in range(n)])",
    ),
    "in a condition": (
        "result = note(5) as n | f | (g if n > note(3) else h)",
        "n = note(5)\nvalue = f(n)\nresult = g(value) if n > note(3) else h(value)",
    ),
    "as a callee": (
        "def run(): return [make('made')] | $$[0] as k | noop | k(1)\nresult = run()",
        "result = make('made')(1)",
    ),
    "shadows outer names, to its right only": (
        "n = 1\nresult = [f(n) | g(n) as n | h(n), n]",
        "n = 1\nresult = [h(g(f(n), n)), n]",
    ),
    "shadows a function": (
        "result = [note(5) as f | g | h(f, $$), f(1)]",
        "value = note(5)\nresult = [h(value, g(value)), f(1)]",
    ),
    "the nearest of two of one name": (
        "result = note(5) as n | f as n | g(n) as n | h(n, $$)",
        "a = g(f(note(5)))\nresult = h(a, a)",
    ),
    "a lambda's parameter hides it": (
        "result = note(5) as n | f | (lambda n :: [n])",
        "result = [f(note(5))]",
    ),
    "a comprehension's target hides it": (
        "result = note(5) as n | range | f([n for n in $$])",
        "result = f([n for n in range(note(5))])",
    ),
    "behind an effect": (
        "result = note(5) | f as n | g(note(1), n)",
        "n = f(note(5))\nresult = g(note(1), n)",
    ),
    "in a composed pipe": (
        "p = f as n | g | h(n, $$)\nresult = [p(1), p(2)]",
        "one = f(1)\nfirst = h(one, g(one))\ntwo = f(2)\nresult = [first, h(two, g(two))]",
    ),
    "of an unknown head": (
        "def run(x): return x as n | f | g(n, $$)\nresult = [run(5), run(h)(6)]",
        "first = g(5, f(5))\nhead = h(6)\nresult = [first, g(head, f(head))]",
    ),
    "in a declarative function": (
        "def p(a, b) = f as first | g(b, $$) as second | h(a, first, second)\nresult = p(1, 2)",
        "first = f(1, 2)\nresult = h(1, first, g(2, first))",
    ),
    "of a head that is a parameter": (
        "def p(a) = a as kept | f | g(kept, $$)\nresult = [p(1), p(h)(2)]",
        "first = g(1, f(1))\nhead = h(2)\nresult = [first, g(head, f(head))]",
    ),
    "of a block": (
        "result = note(5) | [f, g] as both | h(both, note(1), $$)",
        "value = note(5)\nboth = [f(value), g(value)]\nresult = h(both, note(1), both)",
    ),
    "in branches": (
        "result = note(5) | [f as a, g | f as b] | h(b, a)",
        "value = note(5)\na = f(value)\nb = f(g(value))\nresult = h(b, a)",
    ),
    "in branches, and the block's own": (
        "result = note(5) | [f as a, g] as both | h(a, both, $$)",
        "value = note(5)\nboth = [f(value), g(value)]\nresult = h(both[0], both, both)",
    ),
    "in the middle of a branch": (
        "result = note(5) | [f as a | g, h(1) as b | f(b, $$)] | h(a, b, $$)",
        "value = note(5)\na = f(value)\nfirst = g(a)\nb = h(value, 1)\nsecond = f(b, b)\n"
        "result = h(a, b, [first, second])",
    ),
    "of an outer stage, read in a branch": (
        "result = note(5) as n | f | [g(n, $$), h | g(n, 1)]",
        "n = note(5)\nvalue = f(n)\nfirst = g(n, value)\nh(value)\nresult = [first, g(n, 1)]",
    ),
    "in a keyed block": (
        "result = note(5) | {'x': f as a, 'y': g} | h(a, $$)",
        "value = note(5)\na, b = f(value), g(value)\nresult = h(a, {'x': a, 'y': b})",
    ),
    "in nested blocks": (
        "result = note(5) | [[f as a, g] | len, h as b] | h(a, b, $$)",
        "value = note(5)\na = f(value)\ng(value)\nb = h(value)\nresult = h(a, b, [2, b])",
    ),
    "in a block that is first": (
        "def p(x) = [f as a, g as b] | h(b, a)\nresult = p(5)",
        "a = f(5)\nb = g(5)\nresult = h(b, a)",
    ),
    "in a block that is first, with several parameters": (
        "def p(x, y) = [f as a, g(9)] | h(a, $$)\nresult = p(5, 6)",
        "a = f(5, 6)\nresult = h(a, [a, g(5, 6, 9)])",
    ),
    "in a composed block": (
        "p = f | [g as a, h]| h(a, $$)\nresult = [p(1), p(2)]",
        "def p(x):\n    value = f(x)\n    a = g(value)\n    return h(a, [a, h(value)])\n"
        "result = [p(1), p(2)]",
    ),
    "of parenthesised pipelines": (
        "result = note(5) | (f as a | g) as b | h(b, $$)",
        "b = g(f(note(5)))\nresult = h(b, b)",
    ),
    "a function made of it keeps it, in a loop": (
        "made = []\nfor i in range(3): i + 0 as n | noop | made.append(lambda :: n)\n"
        "result = [k() for k in made]",
        "result = [0, 1, 2]",
    ),
    "a function made of it keeps it, in a function's loop": (
        "made = []\ndef run():\n    for i in range(3):\n        note(i) as n | noop | made.append(lambda :: n)\n"
        "run()\nresult = [k() for k in made]",
        "for i in range(3): note(i)\nresult = [0, 1, 2]",
    ),
    "a function made of it keeps it, in a comprehension": (
        "def run(): return [len(x) as n | noop | (lambda y :: lambda :: n + y) for x in ['a', 'bb']]\n"
        "result = [k() for k in run()]",
        "result = [2, 4]",
    ),
    "a composed pipe made of it keeps it": (
        "def run(): return [i * 1 as n | noop | (lambda y :: (f | g(n, $$))) for i in range(2)]\n"
        "result = [p(9) for p in run()]",
        "result = [g(0, f(9)), g(1, f(9))]",
    ),
    "a generator made of it keeps it": (
        "made = []\ndef run():\n    for i in range(3):\n"
        "        len('a' * i) as n | range | made.append(x + n for x in $$)\n"
        "run()\nresult = [list(k) for k in made]",
        "result = [[], [1], [2, 3]]",
    ),
    "recursion": (
        "def tree(n): return [n] if n == 0 else (n + 0 as here | $$ - 1 | tree | [*$$, here][:])\n"
        "result = tree(3)",
        "result = [0, 1, 2, 3]",
    ),
}


@pytest.mark.parametrize(("dana", "python"), PROGRAMS.values(), ids=PROGRAMS.keys())
class TestCapture:
    def test_at_module_level(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + dana, prelude + python)

    def test_in_a_function(self, dana, python, tell_the_same, prelude):
        tell_the_same(prelude + _in_function(dana), prelude + _in_function(python))


def _in_function(text: str) -> str:
    body = "\n".join("    " + line for line in text.splitlines())
    return f"def program():\n{body}\n    return result\nresult = program()\n"


class TestRunsAtTheSameTime:
    def test_two_threads(self):
        program = danac.run_source(
            "def p(x, meet) = x as mine | wait(meet, $$) | pair(mine, $$)\n"
            "def wait(meet, value):\n    meet.wait()\n    return value\n"
            "def pair(a, b): return [a, b]\n"
        )
        meet = threading.Barrier(2, timeout=30)
        results = {}
        threads = [
            threading.Thread(target=lambda n=n: results.update({n: program["p"](n, meet)}))
            for n in (1, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {1: [1, 1], 2: [2, 2]}

    def test_two_threads_in_one_composed_pipe(self):
        program = danac.run_source(
            "def start(n): return n\n"
            "def pair(a, b): return [a, b]\n"
            "def compose(meet): return start as mine | wait(meet, $$) | pair(mine, $$)\n"
            "def wait(meet, value):\n    meet.wait()\n    return value\n"
        )
        pipeline = program["compose"](threading.Barrier(2, timeout=30))
        results = {}
        threads = [
            threading.Thread(target=lambda n=n: results.update({n: pipeline(n)})) for n in (1, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {1: [1, 1], 2: [2, 2]}

    def test_interleaved_generators(self):
        program = danac.run_source(
            "def pair(a, b): return [a, b]\n"
            "def run(x):\n    yield x * 1 as mine | noop | pair((yield mine), mine)\n"
        )
        one, two = program["run"](1), program["run"](2)
        assert [next(one), next(two)] == [1, 2]
        assert [one.send("a"), two.send("b")] == [["a", 1], ["b", 2]]

    def test_interleaved_generator_expressions(self):
        program = danac.run_source(
            "def pair(a, b): return [a, b]\n"
            "def run(items): return (x * 1 as mine | noop | pair(mine, $$) for x in items)\n"
        )
        one, two = program["run"]([1, 2]), program["run"]([3, 4])
        assert [next(one), next(two), next(one), next(two)] == [[1, 1], [3, 3], [2, 2], [4, 4]]

    def test_interleaved_coroutines(self):
        program = danac.run_source(
            "import asyncio\n"
            "def pair(a, b): return [a, b]\n"
            "async def run(x): return x * 1 as mine | noop | pair(mine, await later(x))\n"
            "async def later(x):\n    await asyncio.sleep(0)\n    return x\n"
            "async def both(): return await asyncio.gather(run(1), run(2))\n"
        )
        assert asyncio.run(program["both"]()) == [[1, 1], [2, 2]]

    def test_function_made_in_a_coroutine_loop_keeps_its_own(self):
        program = danac.run_source(
            "made = []\n"
            "def keep(x, function): made.append(function)\n"
            "async def one(): return 1\n"
            "async def run():\n"
            "    for i in range(3):\n"
            "        i * 1 as n | keep($$, lambda :: n) | noop(await one())\n"
        )
        asyncio.run(program["run"]())
        assert [function() for function in program["made"]] == [0, 1, 2]

    def test_nothing_is_left_in_the_module(self):
        program = danac.run_source("def f(x): return x\n1 + 1 as n | f | f([n, $$])\n")
        assert not {"n", "x"} & program.keys()
        assert not [
            name
            for name in program
            if name.startswith("_dana_") and name not in ("_dana_apply", "_dana_Pipeline")
        ]


class TestSuspension:
    """`await` and `yield` in stages, also where an expression has no room for a temporary."""

    PRELUDE = (
        "import asyncio\n"
        "def pair(*items): return list(items)\n"
        "async def later(x):\n    await asyncio.sleep(0)\n    return x\n"
    )

    def run(self, expression: str) -> object:
        text = f"{self.PRELUDE}async def run(items): return {expression}\n"
        return asyncio.run(danac.run_source(text)["run"]([1, 2]))

    @pytest.mark.parametrize(
        ("expression", "result"),
        {
            "items | pair(await later(5), $$)": [5, [1, 2]],
            "[x for x in (items | pair(await later(5), $$))]": [5, [1, 2]],
            "[x | pair(await later(5), $$) for x in items]": [[5, 1], [5, 2]],
            "[x async for x in (x | pair(await later(5), $$) for x in items)]": [[5, 1], [5, 2]],
            "items | pair(await later($$), $$)": [[1, 2], [1, 2]],
            "items as n | pair(await later(5), n)": [5, [1, 2]],
            "len(items) as n | (lambda x :: [x, n]) | pair(await later(5), $$)": [5, [2, 2]],
            "(await later(5)) | pair($$, $$)": [5, 5],
        }.items(),
    )
    def test_await(self, expression, result):
        assert self.run(expression) == result

    def test_yield_in_an_iterable(self):
        program = danac.run_source(
            f"{self.PRELUDE}def run(items):\n    yield [x for x in (items | pair((yield 1), $$))]\n"
        )
        steps = program["run"]([2])
        assert [next(steps), steps.send(3)] == [1, [3, [2]]]


def test_python_warns_of_nothing_that_was_not_written():
    """A constant put in the place of `$$` is no `is` with a literal. (Warnings are errors here.)"""
    danac.run_source("5 | ($$ is none)")

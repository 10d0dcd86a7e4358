"""Programs of any length, made of the constructs that programs consist of; the same number gives the same text."""

from __future__ import annotations

import danac

# About as many lines of each kind as the examples have; NN stands for a number.
_PART = '''\
# Orders of region NN: what they cost, and who gets them.
struct OrderNN:
    """One order."""
    name: str
    amount: int = 1
    price: float = 0.0

    def cost(self):
        return self.amount * self.price

def (order: OrderNN) describeNN(width):
    return f"{order.name:>{width}}: {order.amount} at {order.price:.2f}"

def tax_NN(order, rate=0.2): return order.cost() * rate
def total_NN(order): return order.cost() + tax_NN(order)
def report_NN(order) = total_NN | { round, int, str } | list | len
def label_NN(text) = clean_NN("-") as cleaned | shorten_NN(20, $$) | join_NN($$, cleaned)

def clean_NN(text, mark, *others, keep=None):
    """Return the text without marks."""
    found = []
    for index, letter in enumerate(text):
        if letter == mark and keep is None:
            continue
        elif letter in others or index > 1000:
            break
        found.append(letter)
    return "".join(found)

def shorten_NN(length, text): return text[:length] if len(text) > length else text

def join_NN(first, second):
    try:
        count = int(first) + len(second)
        limits: int = count * 2
    except (ValueError, TypeError) as error:
        log("no number: " + str(error))
        return first + " " + second
    return {"count": count, "limits": [limits, -1, 0x10], "all": (first, second)}

def squares_NN(numbers, limit):
    total = 0
    while total < limit and numbers:
        total += numbers.pop() ** 2 % 7 // 1
    pairs = [(a, b) for a in range(10) for b in numbers if a != b]
    names = {str(k): v for k, v in pairs if not k is None}
    return sorted(names.items(), key=lambda pair :: (-pair[1], pair[0])) | list | len

'''


def program(lines: int) -> str:
    """Return a Dana program of so many lines."""
    count = lines // _PART.count("\n") + 1
    text = "".join([_PART.replace("NN", str(number)) for number in range(1, count + 1)])
    kept = text.split("\n")[:lines]
    # A definition that is cut off would be an error.
    while kept and (kept[-1].startswith(" ") or kept[-1].endswith(":")):
        kept.pop()
    return "\n".join(kept + ["pass"] * (lines - len(kept))) + "\n"


def in_python(text: str) -> str:
    """Return the Python program that means the same."""
    import ast

    return ast.unparse(danac.to_ast(text, "program.dana")) + "\n"

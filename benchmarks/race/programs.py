"""A number of lines → the same program of about that length in Dana, Python, Hy, Coconut and the reference's Dana.

All of them define the same functions, line by line as far as the languages allow; `check(x)` gives the same value.
"""

from __future__ import annotations

_COMMON = '''\
# Part NN.
def clean_NN(text, mark):
    """Return the letters that are no marks."""
    found = []
    for letter in text:
        if letter == mark:
            continue
        found.append(letter)
    return found


def price_NN(amount, rate):
    total = 0
    while amount > 0:
        total = total + amount * rate % 7
        amount = amount - 1
    if total > 100:
        return {"total": total, "parts": [1, 2, total]}
    else:
        return {"total": total, "parts": []}


def half_NN(x):
    return x // 2


def next_NN(x):
    return x + NN


STEPS


def check_NN(x):
    return [clean_NN("a-b", "-"), price_NN(x, 3)["total"], steps_NN(x)]


'''
_STEPS = {
    "dana": "def steps_NN(x) = half_NN | next_NN | half_NN",
    "python": "def steps_NN(x): return half_NN(next_NN(half_NN(x)))",
    "coconut": "def steps_NN(x) = x |> half_NN |> next_NN |> half_NN",
}
_HY = """\
; Part NN.
(defn clean_NN [text mark]
  "Return the letters that are no marks."
  (setv found [])
  (for [letter text]
    (when (= letter mark)
      (continue))
    (.append found letter))
  found)


(defn price_NN [amount rate]
  (setv total 0)
  (while (> amount 0)
    (setv total (+ total (% (* amount rate) 7)))
    (setv amount (- amount 1)))
  (if (> total 100)
    {"total" total "parts" [1 2 total]}
    {"total" total "parts" []}))


(defn half_NN [x]
  (// x 2))


(defn next_NN [x]
  (+ x NN))


(defn steps_NN [x] (half_NN (next_NN (half_NN x))))


(defn check_NN [x]
  [(clean_NN "a-b" "-") (get (price_NN x 3) "total") (steps_NN x)])


"""
PART_LINES = _COMMON.count("\n")


def parts_of(lines: int) -> int:
    """Return how many parts make about so many lines of Dana."""
    return max(1, round(lines / PART_LINES))


def program(language: str, lines: int) -> str:
    """Return the program in `dana`, `python`, `coconut` or `hy`."""
    count = parts_of(lines)
    part = _HY if language == "hy" else _COMMON.replace("STEPS", _STEPS[language])
    text = "".join([part.replace("NN", str(number)) for number in range(1, count + 1)])
    if language == "hy":
        return text + f"(defn check [x] [(check_1 x) (check_{count} x)])\n"
    return text + f"def check(x):\n    return [check_1(x), check_{count}(x)]\n"

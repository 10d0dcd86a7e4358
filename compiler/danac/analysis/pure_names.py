"""Names of Python's and Dana's own → what calling them with plain values does.

The lists are kept by hand: a name belongs here only if, for exact built-in types, its call waits for nothing,
changes nothing that others can see, and gives the same whenever it is made.
"""

from __future__ import annotations

from collections.abc import Mapping

_BUILTINS = """
abs all any ascii bin bool callable chr dict divmod enumerate filter float format hex int isinstance issubclass
len list map max min oct ord pow range repr reversed round set sorted str sum tuple type zip
case cast noop semantic_bool sum_range is_odd is_even factorial capitalize_words title_case
add_one add_two add_three add_four
"""

PURE_BUILTINS = frozenset(_BUILTINS.split())
"""Functions and types that have no effect on others; iterators that they make belong to their caller."""

_IMPURE = """
breakpoint delattr input log log_level log_calls log_with_prefix next open print repeat setattr
"""

IMPURE_BUILTINS = frozenset(_IMPURE.split())
"""Functions that surely have an effect."""

_METHODS = """
as_integer_ratio bit_count bit_length capitalize casefold center conjugate copy count difference encode endswith
expandtabs find format fromkeys get hex index intersection is_integer isalnum isalpha isascii isdecimal isdigit
isdisjoint isidentifier islower isnumeric isprintable isspace issubset issuperset istitle isupper items join keys
ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split
splitlines startswith strip swapcase symmetric_difference title to_bytes translate union upper values zfill
"""

PURE_METHODS = frozenset(_METHODS.split())
"""Methods of numbers, texts and containers that change nothing."""

_CHANGING = """
add append clear difference_update discard extend insert intersection_update pop popitem remove reverse
setdefault sort symmetric_difference_update update
"""

CHANGING_METHODS = frozenset(_CHANGING.split())
"""Methods of containers that change them."""

_MATH = """
acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist e erf erfc exp exp2 expm1
fabs factorial floor fma fmod frexp fsum gamma gcd hypot inf isclose isfinite isinf isnan isqrt lcm ldexp lgamma
log log10 log1p log2 modf nan nextafter perm pi pow prod radians remainder sin sinh sqrt sumprod tan tanh tau
trunc ulp
"""
_OPERATOR = """
abs add and_ concat contains countOf eq floordiv ge getitem gt index indexOf inv invert is_ is_not le lshift lt mod
mul ne neg not_ or_ pos pow rshift sub truediv truth xor
"""
_STATISTICS = """
correlation covariance fmean geometric_mean harmonic_mean mean median median_grouped median_high median_low mode
multimode pstdev pvariance quantiles stdev variance
"""
_STRING = """
ascii_letters ascii_lowercase ascii_uppercase capwords digits hexdigits octdigits punctuation whitespace
"""

PURE_MEMBERS: Mapping[str, frozenset[str]] = {
    "math": frozenset(_MATH.split()),
    "operator": frozenset(_OPERATOR.split()),
    "statistics": frozenset(_STATISTICS.split()),
    "string": frozenset(_STRING.split()),
    "textwrap": frozenset({"dedent", "fill", "indent", "shorten", "wrap"}),
    "zlib": frozenset({"adler32", "crc32"}),
    "json": frozenset({"dumps", "loads"}),
}
"""Functions and constants of Python's modules."""

_WAITING = """
asyncio http io logging multiprocessing os pathlib queue random requests secrets shutil signal socket sqlite3
subprocess sys tempfile threading time urllib uuid
"""

IMPURE_MODULES = frozenset(_WAITING.split())
"""Modules whose functions wait, or deal with what is outside."""

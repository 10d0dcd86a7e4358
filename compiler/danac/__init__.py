"""danac compiles Dana, a language whose own idea is the pipe, to Python bytecode.

    import danac

    danac.install()                     # from here on `import orders` finds orders.dana
    danac.run_source('print("hi")')     # a program in memory

Importing this package changes nothing and loads nothing: each name is fetched when it is first
used.
"""

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from typing import Any

    from danac.api import check_source as check_source
    from danac.api import compile_source as compile_source
    from danac.api import run_source as run_source
    from danac.api import to_ast as to_ast
    from danac.api import to_python as to_python
    from danac.diagnostics import DanaSyntaxError as DanaSyntaxError
    from danac.diagnostics import Diagnostic as Diagnostic
    from danac.diagnostics import InternalError as InternalError
    from danac.loading.import_hook import install as install
    from danac.loading.import_hook import uninstall as uninstall
    from danac.version import __version__ as __version__

_MODULE_OF = {
    name: module
    for module, names in {
        "api": "check_source compile_source run_source to_ast to_python",
        "diagnostics": "DanaSyntaxError Diagnostic InternalError",
        "loading.import_hook": "install uninstall",
        "version": "__version__",
    }.items()
    for name in names.split()
}

__all__ = sorted(_MODULE_OF)


def __getattr__(name: str) -> object:
    """Fetch a public name from its module, once."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_MODULE_OF[name]}")
    value = globals()[name] = getattr(module, name)
    return value


def load_ipython_extension(shell: "Any") -> None:
    """Give IPython and its notebooks the magics of Dana: what `%load_ext danac` calls."""
    from danac.notebook import load

    load(shell)


def unload_ipython_extension(shell: "Any") -> None:
    """Take the magics away again: what `%unload_ext danac` calls."""
    from danac.notebook import unload

    unload(shell)


def __dir__() -> list[str]:
    """List the public names, fetched or not."""
    return sorted({*globals(), *__all__})

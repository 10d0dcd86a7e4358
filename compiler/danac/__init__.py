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

    from danac.api import check_source, compile_source, run_source, to_ast, to_python
    from danac.diagnostics import DanaSyntaxError, Diagnostic, InternalError
    from danac.loading.import_hook import install, uninstall
    from danac.version import __version__

__all__ = [
    "DanaSyntaxError",
    "Diagnostic",
    "InternalError",
    "__version__",
    "check_source",
    "compile_source",
    "install",
    "run_source",
    "to_ast",
    "to_python",
    "uninstall",
]

_HOMES = {
    "DanaSyntaxError": ("danac.diagnostics", "DanaSyntaxError"),
    "Diagnostic": ("danac.diagnostics", "Diagnostic"),
    "InternalError": ("danac.diagnostics", "InternalError"),
    "__version__": ("danac.version", "__version__"),
    "check_source": ("danac.api", "check_source"),
    "compile_source": ("danac.api", "compile_source"),
    "install": ("danac.loading.import_hook", "install"),
    "run_source": ("danac.api", "run_source"),
    "to_ast": ("danac.api", "to_ast"),
    "to_python": ("danac.api", "to_python"),
    "uninstall": ("danac.loading.import_hook", "uninstall"),
}


def __getattr__(name: str) -> object:
    """Fetch a public name from its module, once."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    value = globals()[name] = getattr(import_module(module), attribute)
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

"""Path of a Dana test file → its module, with the asserts explained as pytest explains Python's.

    text ─compile─► Python tree ─pytest's own rewriting─► tree with explained asserts ─► module

Positions stay those of the .dana file, so tracebacks and `pytest --pdb` point there.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from danac.compilation import to_ast
from danac.loading.code_object import compile_bytes, read_source
from danac.loading.import_hook import SUFFIXES, DanaLoader, install
from danac.loading.project import options_for
from danac.testing.asserts import explain_asserts


class ModuleMismatchError(Exception):
    """Another file of the same module name has been imported before."""


def load_test_module(
    path: Path, *, root: Path, import_mode: str, explains_asserts: bool
) -> ModuleType:
    """Import the test file at `path` and return its module.

    `import_mode` is pytest's: `prepend`, `append` or `importlib`; `root` is its root folder. Raises
    `DanaSyntaxError` for a wrong program, `ModuleMismatchError`, and whatever the program raises.
    """
    install()
    name, folder = _name_and_folder(path, root, import_mode)
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    if known is not None and import_mode != "importlib":
        raise ModuleMismatchError(
            f"import file mismatch: {name!r} is {getattr(known, '__file__', 'built in')} already, "
            f"and would be {path}. Give test files names of their own, or use --import-mode=importlib."
        )
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0 if import_mode == "prepend" else len(sys.path), str(folder))
    code = _explained(path) if explains_asserts else _plain(path)
    return _run(name, path, code)


def _run(name: str, path: Path, code: CodeType) -> ModuleType:
    spec = spec_from_file_location(name, path, loader=DanaLoader(name, str(path)))
    assert spec is not None
    module = module_from_spec(spec)
    # Before it runs: its functions and structs are pickled, and its types found, by this name.
    sys.modules[name] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _plain(path: Path) -> CodeType:
    return compile_bytes(path.read_bytes(), str(path), options_for(path))


def _explained(path: Path) -> CodeType:
    text = read_source(path)
    tree = to_ast(text, str(path), options_for(path))
    explain_asserts(tree, text, str(path))
    return compile(tree, str(path), "exec", dont_inherit=True)


def _name_and_folder(path: Path, root: Path, import_mode: str) -> tuple[str, Path | None]:
    """Return the module's name, and the folder that its imports are looked for in, if it is one more."""
    if import_mode == "importlib":
        below = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
        return ".".join((*below.parent.parts, path.stem)), None
    parts = [path.stem]
    folder = path.parent
    while _is_package(folder):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder


def _is_package(folder: Path) -> bool:
    return any((folder / f"__init__{suffix}").is_file() for suffix in (*SUFFIXES, ".py"))

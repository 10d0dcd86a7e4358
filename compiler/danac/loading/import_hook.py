"""Module name → module spec of a .dana or .na file: what `import orders` does once installed.

    import orders ─► DanaFinder.find_spec ─► FolderListing (one per entry of the search path)
                          └─► ModuleSpec with a DanaLoader ─► loading.code_object.load_code

The finder stands right before Python's own `PathFinder` in `sys.meta_path`. In each entry of the
search path a Dana module comes before a Python module of that name; an entry comes before the next
one whatever it holds. A module is compiled with the options that its own project asks for.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from _thread import allocate_lock
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, MethodType, ModuleType

from dana_runtime.execution.worker_setups import register_worker_setup, unregister_worker_setup
from danac.loading.bytecode_cache import cache_path
from danac.loading.code_object import compile_bytes, load_code, read_source
from danac.loading.errors import UsageError
from danac.loading.project import options_for
from danac.options import DEFAULT, Options

TYPE_CHECKING = False  # as `typing` has it, whose import costs more than a cached start
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from danac.compilation import Report

SUFFIXES = (".dana", ".na")
"""The file name endings of Dana programs and modules, in the order in which they are looked for."""

# Below this age a folder may change again without its time changing (see bytecode_cache).
_CLOCK_TICK_NS = 2_000_000_000
_NEVER = -1

# Two things here are importlib's own affair, since no public way leads there; without them tracebacks
# show more frames and import cycles get no note, and nothing else changes. The first: where importlib
# calls something through this function, Python leaves the frames of importlib that led there out of
# tracebacks. The second is `_initializing`, see `DanaSpec`.
_call_with_frames_removed = getattr(
    getattr(importlib, "_bootstrap", None),
    "_call_with_frames_removed",
    lambda function, *arguments: function(*arguments),
)


class DanaSpec(ModuleSpec):
    """The spec of a Dana module, which learns how the module's import has ended.

    importlib keeps in `_initializing` whether the module is being imported, and resets it while an
    exception leaves the import. Seen from here, the exception can be completed without a frame
    of danac between the importer and the module, which a wrapper around `exec_module` would leave
    there: in tracebacks, and for warnings that are to show the importer's line.
    """

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name != "_initializing":
            return
        if value:
            # The import may stand in an `except` clause, whose exception is none of its own.
            self.__dict__["_handled"] = sys.exception()
            return
        handled = self.__dict__.pop("_handled", None)
        error = sys.exception()
        if error is not None and error is not handled:
            # Imported late: most imports succeed.
            from danac.loading.import_failures import complete

            complete(error)


class DanaLoader(SourceFileLoader):
    """Loads one module from a .dana or .na file.

    Its base gives what `importlib`, `inspect`, `linecache`, `runpy` and `importlib.resources` ask
    for (`exec_module`, `get_filename`, `get_data`, `is_package` …); reading and compiling differ.
    `given` are compile options besides those that the module's project asks for; `report` is told
    what the module can hardly mean, when it is compiled.
    """

    def __init__(
        self, fullname: str, path: str, given: Options = DEFAULT, report: Report | None = None
    ) -> None:
        super().__init__(fullname, path)
        self._given = given
        self._report = report

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the new module, marked with `__dana__`.

        Marked here, and not when it is executed, so that between an import statement and the
        module's code there are only frames of importlib, which Python hides from tracebacks.
        """
        module = ModuleType(spec.name)
        module.__dict__["__dana__"] = True
        return module

    @property
    def get_code(self) -> Callable[[str], CodeType]:
        """Return the code of the module that is named; raises as `_get_code`."""
        return MethodType(_call_with_frames_removed, self._get_code)

    def _get_code(self, fullname: str) -> CodeType:
        """Return the module's code; raises `ImportError`, `OSError` or `DanaSyntaxError`."""
        path = self.get_filename(fullname)
        try:
            return load_code(path, self._options(path), self._report)
        except SyntaxError as error:
            # Where in the compiler the error was found is nothing that an importer wants to see.
            raise error.with_traceback(None) from None

    def _options(self, path: str) -> Options:
        try:
            return options_for(path, self._given)
        except UsageError as error:
            raise ImportError(str(error), name=self.name, path=path) from None

    def get_source(self, fullname: str) -> str:
        """Return the module's text; raises `ImportError` where it cannot be read."""
        path = self.get_filename(fullname)
        try:
            return read_source(path)
        except OSError as error:
            raise ImportError(f"cannot read {path}", name=fullname, path=path) from error

    # Python's own signature is wider than what a module of text can be compiled from.
    def source_to_code(  # type: ignore[override]
        self, data: bytes | str, path: str | os.PathLike[str] = "<dana>"
    ) -> CodeType:
        """Return the code of `data`, the module's text or the bytes of it."""
        content = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        filename = os.fspath(path)
        return compile_bytes(content, filename, self._options(filename))


class FolderListing:
    """The names in one folder of the search path, read again when the folder has changed."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        # One pair, replaced as a whole, so that threads never see names of another moment.
        self._listed: tuple[int, frozenset[str]] = (_NEVER, frozenset())

    def find(self, name: str) -> tuple[str, bool] | None:
        """Return the file of the Dana module `name` in this folder and whether it is a package."""
        names = self._current_names()
        for suffix in SUFFIXES:
            if name + suffix in names:
                path = os.path.join(self.folder, name + suffix)
                if os.path.isfile(path):
                    return path, False
        if name in names:
            for suffix in SUFFIXES:
                path = os.path.join(self.folder, name, "__init__" + suffix)
                if os.path.isfile(path):
                    return path, True
        return None

    def _current_names(self) -> frozenset[str]:
        listed_at, names = self._listed
        try:
            mtime_ns = os.stat(self.folder).st_mtime_ns
            if mtime_ns == listed_at:
                return names
            age = time.time_ns() - mtime_ns
            # Only names that can matter are kept: folders and Dana files.
            names = frozenset(
                name
                for name in os.listdir(self.folder)
                if "." not in name or name.endswith(SUFFIXES)
            )
        except OSError:
            # Missing, not a folder, not readable: Python, too, looks for nothing there.
            return frozenset()
        self._listed = (_NEVER if 0 <= age < _CLOCK_TICK_NS else mtime_ns, names)
        return names


class DanaFinder:
    """The meta path finder for Dana modules; several threads may use one.

    `given` are the compile options for all of them, besides those of their projects; `report` is
    told what they can hardly mean.
    """

    def __init__(self) -> None:
        self.given = DEFAULT
        self.report: Report | None = None
        self._listings: dict[str, FolderListing] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the Dana module `fullname`, or `None` to let Python's finders look.

        `path` is the package's `__path__`, or `None` for a top-level module.
        """
        name = fullname.rpartition(".")[2]
        earlier: list[str] = []
        for entry in sys.path if path is None else path:
            listing = self._listing(entry)
            found = None if listing is None else listing.find(name)
            if found is None:
                earlier.append(entry)
            elif _holds_python_module(fullname, earlier):
                return None
            else:
                return self._spec(fullname, *found)
        return None

    def invalidate_caches(self) -> None:
        """Forget all listings; `importlib.invalidate_caches` calls this."""
        self._listings.clear()

    def _spec(self, fullname: str, path: str, is_package: bool) -> ModuleSpec:
        loader = DanaLoader(fullname, path, self.given, self.report)
        spec = DanaSpec(fullname, loader, origin=path, is_package=is_package)
        # These three give the module its `__file__`, `__cached__` and `__path__`.
        spec.has_location = True
        spec.cached = cache_path(path)
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(path)]
        return spec

    def _listing(self, entry: object) -> FolderListing | None:
        if not isinstance(entry, str):
            return None
        if not os.path.isabs(entry):
            try:
                entry = os.path.abspath(entry)
            except OSError:  # the working directory is gone
                return None
        listing = self._listings.get(entry)
        if listing is None:
            listing = self._listings.setdefault(entry, FolderListing(entry))
        return listing


def _holds_python_module(fullname: str, entries: list[str]) -> bool:
    """Return whether one of `entries` has a Python module of that name; a bare folder is none."""
    if not entries:
        return False
    spec = PathFinder.find_spec(fullname, entries)
    return spec is not None and spec.loader is not None


def dana_path() -> list[str]:
    """Return the folders named in `DANAPATH`, absolute and in order."""
    entries = os.environ.get("DANAPATH", "").split(os.pathsep)
    return [os.path.abspath(entry) for entry in entries if entry]


class _Hook:
    """What is installed: all of the hook's state, so that it can be taken back completely."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._finder: DanaFinder | None = None
        self._path_entries: list[str] = []
        self._worker_setup = ""

    def install(
        self, given: Options | None, report: Report | None = None, more: Options = DEFAULT
    ) -> None:
        with self._lock:
            if self._finder is None:
                self._finder = DanaFinder()
                self._path_entries = _add_to_path(dana_path())
            if given is not None:
                self._finder.given = given
                self._finder.report = report
            self._finder.given |= more
            # A test runner may have restored a copy of sys.meta_path since the last call.
            if self._finder not in sys.meta_path:
                sys.meta_path.insert(_position_of_path_finder(), self._finder)

            # Functions of Dana modules travel to worker processes by name, and are imported there.
            setup = _worker_setup(self._finder.given)
            if setup != self._worker_setup:
                unregister_worker_setup(self._worker_setup)
                self._worker_setup = setup
            register_worker_setup(setup)

    def uninstall(self) -> None:
        with self._lock:
            if self._finder is None:
                return
            unregister_worker_setup(self._worker_setup)
            if self._finder in sys.meta_path:
                sys.meta_path.remove(self._finder)
            for entry in self._path_entries:
                if entry in sys.path:
                    sys.path.remove(entry)
            self._finder = None
            self._path_entries = []


def _add_to_path(entries: Iterable[str]) -> list[str]:
    new = [entry for entry in entries if entry not in sys.path]
    # The program's own folder is first and stays first.
    sys.path[1:1] = new
    return new


def _position_of_path_finder() -> int:
    try:
        return sys.meta_path.index(PathFinder)
    except ValueError:
        return len(sys.meta_path)


def _worker_setup(given: Options) -> str:
    """Return the name of the function that installs the hook in a process that runs branches."""
    name = {(True, False): "_coercing", (False, True): "_tracing", (True, True): "_both"}
    return f"{__name__}:install{name.get((given.coerce, given.trace), '')}"


_hook = _Hook()


def install(*, trace: bool = False) -> None:
    """Make `import` find .dana and .na files, and put `DANAPATH` after `sys.path[0]`; idempotent.

    Modules that are already imported stay as they are. Each module is compiled with the options
    that its own project asks for. With `trace` those that are imported from now on tell the timeline
    of `dana_runtime.tracing` of their stages.
    """
    _hook.install(None, more=Options(trace=trace))


def install_for_program(given: Options, report: Report | None = None) -> None:
    """Install the hook for a program that was started with these compile options.

    They hold for all modules that are imported from now on, besides what their projects ask for;
    `report` is told what these modules can hardly mean.
    """
    _hook.install(given, report)


def install_coercing() -> None:
    """Install the hook for a program that was started with the option `coerce`."""
    install_for_program(Options(coerce=True))


def install_tracing() -> None:
    """Install the hook for a program that was started with the option `trace`."""
    install_for_program(Options(trace=True))


def install_both() -> None:
    """Install the hook for a program that was started with the options `coerce` and `trace`."""
    install_for_program(Options(coerce=True, trace=True))


def uninstall() -> None:
    """Undo `install`; modules that were imported through the hook stay imported and work on."""
    _hook.uninstall()

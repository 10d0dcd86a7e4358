"""Cells of a notebook that begin with `%%dana` → their values, in the names that Python cells use.

%load_ext danac      the magics below, and the import hook: `import orders` finds orders.dana
%%dana               the cell is Dana; its last expression is the cell's value
%dana 5 | double     one line of Dana, as a value: `total = %dana rows | prices | sum`
"""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import no_var_expand

from dana_runtime import subscript_note
from danac.diagnostics import DanaSyntaxError
from danac.interactive.session import NOTHING, Session
from danac.loading.import_hook import install
from danac.loading.tracebacks import render_syntax_error, trim
from danac.options import DEFAULT, Options

_MAGIC = "dana"
_COERCE = "--coerce"


class CellSyntaxError(Exception):
    """A cell that is no Dana. IPython shows its message, and not how the error was found."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def load(shell: InteractiveShell) -> None:
    """Register the magics with `shell`, and the import hook with Python."""
    cells = _Cells(shell)

    # Otherwise IPython would take `$$` for one of its own signs.
    @no_var_expand
    def dana(line: str, cell: str | None = None) -> Any:
        """Run Dana: the line, or with %% the cell.

        The value is that of the last expression. `%%dana --coerce` lets operators join and compare
        texts with numbers.
        """
        return cells.run(line, cell)

    shell.magics_manager.register_function(dana, "line_cell", _MAGIC)
    install()


def unload(shell: InteractiveShell) -> None:
    """Take the magics from `shell`; modules go on being found, since some may be in use."""
    for magics in shell.magics_manager.magics.values():
        magics.pop(_MAGIC, None)


class _Cells:
    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        self._session = Session(shell.user_ns)

    def run(self, line: str, cell: str | None) -> Any:
        number = _number_of_cell(self._shell)
        if cell is None:
            shown = text = line
            options = DEFAULT
        else:
            shown = f"%%{_MAGIC} {line}".rstrip() + "\n" + cell
            # The line of the magic counts, so that positions are those that the reader sees.
            text = "\n" + cell
            options = _options(line, cell)
        filename = self._shell.compile.cache(shown, number, raw_code=shown)
        try:
            self._session.options = options
            value = self._session.run(self._session.compile(text, filename, f"Cell In[{number}]"))
        except DanaSyntaxError as error:
            raise CellSyntaxError(render_syntax_error(error, f"Cell In[{number}]")) from None
        except Exception as error:
            _show_program_only(error, self._shell)
            raise
        return None if value is NOTHING or _is_silenced(text) else value


def _number_of_cell(shell: InteractiveShell) -> int:
    """Return the number of the cell that runs.

    When IPython counts `execution_count` up, before a cell or behind it, depends on its version.
    """
    if shell.history_manager is None:
        return shell.execution_count
    return len(shell.history_manager.input_hist_parsed) - 1


def _is_silenced(text: str) -> bool:
    """Whether a cell ends with `;`, by which notebooks say that its value is not to be shown."""
    last_line = text.rstrip().rpartition("\n")[2]
    return last_line.endswith(";") and "#" not in last_line


def _options(line: str, cell: str) -> Options:
    words = line.split()
    if any(word != _COERCE for word in words):
        raise UsageError(f"%%{_MAGIC} takes {_COERCE} or nothing, not {line}")
    # Where the compiler looks for it, there is the line of the magic.
    return Options(coerce=bool(words)).for_program(cell.partition("\n")[0])


def _show_program_only(error: Exception, shell: InteractiveShell) -> None:
    """Let IPython print the frames of the program, and not those between it and the cell."""
    if isinstance(error, LookupError | TypeError) and (note := subscript_note(error)) is not None:
        error.add_note(note)
    trim(error)
    frames = error.__traceback__

    def render() -> list[str]:
        rendered: list[str] = shell.InteractiveTB.structured_traceback(
            type(error), error, frames, tb_offset=0
        )
        return rendered

    try:
        # What IPython asks an exception for before it prints it itself.
        error._render_traceback_ = render  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        # One that takes no attributes is printed with all frames.
        return

"""A Dana test file → its functions and fixtures, collected by pytest as those of a Python module are."""

from __future__ import annotations

import os
from types import ModuleType

import pytest

from danac.diagnostics import DanaSyntaxError
from danac.loading.errors import UsageError
from danac.loading.tracebacks import render_syntax_error, trim
from danac.testing.modules import ModuleMismatchError, load_test_module


class DanaModule(pytest.Module):
    """The tests of one .dana file. Names of tests, fixtures, marks and set-up are pytest's."""

    def _getobj(self) -> ModuleType:
        """Return the module, imported anew: pytest calls this once for each file."""
        try:
            module = load_test_module(
                self.path,
                root=self.config.rootpath,
                import_mode=self.config.getoption("importmode"),
                explains_asserts=self.config.getoption("assertmode") == "rewrite",
            )
        except DanaSyntaxError as error:
            raise self.CollectError(render_syntax_error(error)) from None
        except (UsageError, ModuleMismatchError) as error:
            raise self.CollectError(str(error)) from None
        except ImportError as error:
            raise self.CollectError(_import_failure(self.path, error)) from error
        self.config.pluginmanager.consider_module(module)
        return module


def _import_failure(path: os.PathLike[str], error: ImportError) -> str:
    trim(error)
    shown = pytest.ExceptionInfo.from_exception(error).getrepr(style="short")
    return f"ImportError while importing the tests of '{path}'.\nTraceback:\n{shown}"


def hide_runtime(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Take the frames of danac and its runtime out of what a test of a Dana file has ended in."""
    is_shown = item.config.getoption("fulltrace")
    if call.excinfo is None or is_shown or item.getparent(DanaModule) is None:
        return
    # pytest cuts the traceback itself later on, and would not see what was left out of its own list.
    trim(call.excinfo.value)
    call.excinfo = pytest.ExceptionInfo.from_exception(call.excinfo.value)

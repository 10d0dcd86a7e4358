"""Finding about a program → what people and tools read of it: the model, the errors, codes, lessons, printing."""

from __future__ import annotations

from danac.diagnostics.errors import DanaSyntaxError, InternalError
from danac.diagnostics.model import Diagnostic, Edit, Fix, Related, Severity
from danac.diagnostics.rendering import render

__all__ = [
    "DanaSyntaxError",
    "Diagnostic",
    "Edit",
    "Fix",
    "InternalError",
    "Related",
    "Severity",
    "render",
]

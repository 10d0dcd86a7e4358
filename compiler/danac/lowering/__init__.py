"""Dana nodes → a Python `ast.Module`, split by language construct."""

from __future__ import annotations

from danac.lowering.module import lower

__all__ = ["lower"]

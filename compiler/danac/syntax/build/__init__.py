"""The lark tree → Dana nodes."""

from __future__ import annotations

from danac.syntax.build.builder import build

__all__ = ["build"]

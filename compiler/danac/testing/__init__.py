"""Tests written in Dana → what test runners collect: the pytest plugin, found by its entry point."""

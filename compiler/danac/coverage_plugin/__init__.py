"""coverage.py's questions → answers about .dana files: the plugin that measures Dana line by line.

[tool.coverage.run]
plugins = ["danac.coverage_plugin"]

run:     frame of a .dana file ─plugin─► its lines, as for any Python file
report:  text ─statements─► lines to execute ─branches─► ways to leave them
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coverage.plugin_support import Plugins


def coverage_init(reg: Plugins, options: dict[str, object]) -> None:
    """Register the plugin; coverage.py calls this by its name."""
    # Not at the top: coverage.py loads this module in each process that it measures.
    from danac.coverage_plugin.plugin import DanaPlugin

    plugin = DanaPlugin()
    reg.add_file_tracer(plugin)
    reg.add_configurer(plugin)

"""Source files → running modules and programs: code objects, their cache, imports, the runner."""

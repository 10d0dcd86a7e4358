"""Programs that grow while they run: cells in one namespace, for the prompt and for notebooks."""

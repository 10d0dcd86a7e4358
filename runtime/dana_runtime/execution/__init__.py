"""A parallel block, from its branches and their input to the results: who runs them, and within which limits."""

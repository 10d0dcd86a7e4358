"""What can be wrong with a call of danac, as opposed to a program: `UsageError`."""

from __future__ import annotations


class UsageError(Exception):
    """A mistake in how danac was called: one line for the user, and the exit status 2.

    `path` is the file that it is about, if it is about one.
    """

    def __init__(self, message: str, path: str = "") -> None:
        """Describe the mistake."""
        super().__init__(message)
        self.path = path


def unreadable(path: str, error: OSError) -> UsageError:
    """Return the usage error for a file or folder that could not be read."""
    return UsageError(f"cannot read {path}: {error.strerror or error}", path)

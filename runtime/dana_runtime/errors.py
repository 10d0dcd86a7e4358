"""The classes of the errors that the runtime itself raises."""


class BranchCancelled(BaseException):
    """A branch goes on although its block is over: another branch failed, or Ctrl-C came.

    Not an Exception, so that a branch's `except Exception` does not take it for a failure.
    The runtime raises it where a cancelled branch would begin a block; a branch may raise it
    too once `cancelled()` is true.
    """

"""What a compilation can be asked for besides its text."""

from __future__ import annotations


class Options:
    """The compile options.

    `coerce` makes operators join and compare texts with numbers throughout, `trace` makes each stage
    tell the timeline of `dana_runtime.tracing` when it begins and ends.

    `ignore` are codes of diagnostics that a check leaves out; no code depends on them.

    No dataclass: the path of a cached program leads through here, and to import that takes longer
    than the rest of the path.
    """

    __slots__ = ("coerce", "ignore", "trace")

    def __init__(
        self, coerce: bool = False, *, ignore: tuple[str, ...] = (), trace: bool = False
    ) -> None:
        """Take each option by its name."""
        self.coerce = coerce
        self.ignore = ignore
        self.trace = trace

    def __or__(self, other: Options) -> Options:
        """Return the options in force where both places ask for theirs."""
        ignore = (*self.ignore, *other.ignore)
        return Options(self.coerce or other.coerce, ignore=ignore, trace=self.trace or other.trace)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Options) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        trace = ", trace=True" if self.trace else ""
        return f"Options(coerce={self.coerce}{trace})"

    def for_program(self, first_line: str) -> Options:
        """Return these options with what the program's first line asks for: `# dana: coerce`."""
        mark, colon, word = first_line.removeprefix("#").partition(":")
        asked = first_line.startswith("#") and colon and mark.lstrip() == "dana"
        return self | Options(coerce=True) if asked and word.strip() == "coerce" else self

    @property
    def key(self) -> str:
        """A short text that differs for different options: caches of bytecode carry it."""
        return f"{'coerce' if self.coerce else ''}{' trace' if self.trace else ''}"


DEFAULT = Options()

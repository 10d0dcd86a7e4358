"""What blocks, stages and attempts are called in a timeline → their spans.

The runtime calls these methods, where `execution.traced.tracer` is not None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from time import monotonic_ns, perf_counter_ns
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any

from dana_runtime.execution.cancellation import cancelled
from dana_runtime.orchestration.branches import Orchestrated
from dana_runtime.pipelines import Pipeline
from dana_runtime.trace.planned import Planned
from dana_runtime.trace.recorder import Exporter, Recorder
from dana_runtime.trace.spans import Span, Track
from dana_runtime.wording import REPR_LENGTH, callable_text

if TYPE_CHECKING:
    from dana_runtime.execution.attempt import Attempt
    from dana_runtime.execution.block import Block
    from dana_runtime.execution.branches import Branch
    from dana_runtime.execution.streams import Job
    from dana_runtime.faults.retry import Tries
    from dana_runtime.trace.slices import TracedStage

# Of these the names are known without a word of the program's own, such as its `__getattr__`.
_NAMED = (FunctionType, BuiltinFunctionType, type, Orchestrated, Pipeline)


class Tracer(Recorder):
    """The timeline of a running program, in the words of the runtime."""

    def __init__(self, exporters: list[Exporter]) -> None:
        super().__init__(exporters)
        self._remote: dict[tuple[int, int], Track] = {}
        # What to add to the clocks of processes that have one of their own.
        self._shifts: dict[int, int] = {}
        self._since_monotonic = perf_counter_ns() - monotonic_ns()

    def end(self, span: Span, error: BaseException | None = None) -> None:
        """End a span; of a branch it is told that somebody has told it to end."""
        if span.kind in ("branch", "attempt", "input") and cancelled():
            span.args["cancelled"] = True
        super().end(span, error)

    # --- Pipelines and stages ---------------------------------------------------------------------

    def pipeline(self, pipeline: Pipeline) -> AbstractContextManager[object]:
        """Begin the run of a composed pipeline."""
        name = shortened(repr(pipeline))
        if self._is_shown(name):
            return nullcontext()
        args = {}
        if type(pipeline.func) is FunctionType:
            code = pipeline.func.__code__
            args["at"] = f"{_base_name(code.co_filename)}:{code.co_firstlineno}"
        return self.begin(name, "pipeline", args)

    def _is_shown(self, name: str) -> bool:
        """Tell whether a pipeline is all that the stage, branch or input around it is about."""
        around = self.current()
        return around is not None and around.name == name and around.kind != "pipeline"

    def written(self, stage: TracedStage, flags: int) -> Span | None:
        """Begin a stage of generated code, which stands in code with these flags.

        None for a pipeline that is shown already.
        """
        if stage.kind == "pipeline" and self._is_shown(stage.name):
            return None
        span = self.begin(stage.name, stage.kind, stage.args(), self.lane_of(flags))
        span.is_policed = stage.is_policed
        return span

    def stage(self, where: str, function: Branch) -> AbstractContextManager[object]:
        """Begin a stage that the runtime runs under a policy."""
        around = self.current()
        if around is not None and around.is_policed:
            # Generated code has begun it.
            around.is_policed = False
            return nullcontext()
        name = text_of(function) if isinstance(function, _NAMED) else where
        return self.begin(where if name == "<lambda>" else name, "stage", {"stage": where})

    def attempts(self, call: Callable[[], Any], tries: Tries) -> Callable[[], Any]:
        """Return `call` with a span for each attempt that `tries` count."""

        def attempt() -> Any:
            around = self.current()
            name = "call" if around is None else around.name
            with self.begin(numbered(name, tries.number), "attempt", {"attempt": tries.number}):
                return call()

        return attempt

    def awaited_attempt(self, name: str, number: int) -> Span:
        """Begin an attempt to call a coroutine function with `@poet`."""
        args = {"attempt": number}
        return self.begin(numbered(name, number), "attempt", args, self.lane_of_task())

    def call(self, function: Callable[..., Any]) -> Span:
        """Begin a call that a task awaits."""
        name = f"await {shortened(text_of(function))}"
        return self.begin(name, "call", {}, self.lane_of_task())

    # --- Blocks and branches ----------------------------------------------------------------------

    def block(
        self, branches: Iterable[Branch] | dict[str, Branch], block: Block | None, form: str = "{}"
    ) -> Span:
        """Begin a block; `form` are its brackets."""
        args: dict[str, Any] = {}
        if block is None:
            functions = branches.values() if isinstance(branches, dict) else branches
            texts = [text_of(function) for function in functions]
        else:
            texts = [text for text, _, _ in block.branches]
            args["at"] = block.place(0)
            if block.pipeline:
                args["pipeline"] = block.pipeline
        args["branches"] = len(texts)
        name = f"{form[0]} {', '.join(texts)} {form[1]}"
        return self.begin(shortened(name), "block", args)

    def parallel(self, run: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[Any, Any]]:
        """Return `run`, which runs a block and returns its results and its failure, with the block's span."""

        def run_block(branches: Any, value: Any, block: Block | None, *rest: Any) -> Any:
            with self.block(branches, block) as span:
                results, error = run(branches, value, block, *rest)
                span.end(error)
            return results, error

        return run_block

    def one_by_one(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """Return `run`, which runs a block in order and returns its results, with the block's span."""

        def run_block(
            branches: Any, value: Any, block: Block | None, *rest: Any, **options: Any
        ) -> Any:
            with self.block(branches, block, "[]"):
                return run(branches, value, block, *rest, **options)

        return run_block

    def branch(self, branch: Branch, index: int, block: Block | None) -> Span:
        """Begin a branch in the thread and context that it runs in, or an input of a map."""
        name, args = self.described(branch, index, block)
        span = self.begin(name, "input" if "input" in args else "branch", args)
        parent = span.parent
        if parent is not None and parent.kind == "block" and parent.track is not span.track:
            args["waited_ms"] = (span.begun - parent.begun) / 1e6
        return span

    def in_order(
        self, run: Callable[..., Any], branch: Branch, index: int, block: Block | None
    ) -> Callable[..., Any]:
        """Return `run` with the span of a branch around it."""

        def run_branch(*args: Any, **kwargs: Any) -> Any:
            with self.branch(branch, index, block):
                return run(*args, **kwargs)

        return run_branch

    def described(
        self, branch: Branch, index: int, block: Block | None
    ) -> tuple[str, dict[str, Any]]:
        """Return the name and the arguments of a branch."""
        if block is not None:
            args: dict[str, Any] = {"at": block.place(index)}
            if block.pipeline:
                args["pipeline"] = block.pipeline
            return block.branches[index][0], args
        around = self.current()
        name = shortened(text_of(branch))
        if around is not None and around.kind == "map":
            return name, {"input": index + 1}
        if around is not None and around.kind == "stage" and name == "<lambda>":
            return around.name, {}
        return name, {}

    # --- Attempts ---------------------------------------------------------------------------------

    def attempt(self, attempt: Attempt, block: Block | None) -> Planned:
        """Return what becomes the span of an attempt when it begins, wherever that is."""
        name, args = attempt.context.run(self.described, attempt.function, attempt.index, block)
        if attempt.settings.retry is not None or attempt.number > 1:
            args["attempt"] = attempt.number
        parent = attempt.context.run(self.current)
        kind = "branch"
        if "input" in args:
            kind = "input"
        elif parent is None or parent.kind != "block":
            kind = "attempt"
        since = perf_counter_ns()
        if parent is not None and parent.kind == "block" and attempt.number == 1:
            # Until there was a worker for it the block has not made the attempt either.
            since = parent.begun
        return Planned(self, numbered(name, attempt.number), kind, args, parent, since)

    def task(self, attempt: Any) -> Span:
        """Begin a coroutine, in the task that runs it: that of an attempt or of a stage."""
        planned: Planned | None = getattr(attempt, "trace", None)
        if planned is not None:
            return planned.begin(self.lane_of_task())
        return self.begin(shortened(attempt.name), "coroutine", {}, self.lane_of_task())

    def map(self, job: Job) -> Span:
        """Begin a run over many inputs, in the job's context and not in the one of whoever iterates."""
        lane = next(self._lanes)
        span = self.begin(f"map {shortened(job.text)}", "map", {}, lane, is_current=False)
        job.context.run(self.enter, span)
        return span

    # --- Elsewhere --------------------------------------------------------------------------------

    def ran_elsewhere(
        self,
        planned: Planned,
        name: str,
        args: dict[str, Any],
        place: tuple[int, int],
        times: tuple[int, int],
    ) -> None:
        """Record what another process has run, which is known afterwards only."""
        pid, tid = place
        lane = 0
        if pid:
            track = self._remote_track(pid, tid or pid)
        else:
            # Nobody knows where.
            track, lane = self.track(), next(self._lanes)
        span = Span(self, name, planned.kind, args, planned.parent, track, lane)
        span.begun, span.ended = times[0], max(times)
        if not self.is_closed:
            self.export(span)

    def since_monotonic(self, seconds: float) -> int:
        """Return a time of `time.monotonic` in nanoseconds of `perf_counter_ns`."""
        return int(seconds * 1e9) + self._since_monotonic

    def local_times(self, pid: int, begun: int, ended: int, earliest: int) -> tuple[int, int]:
        """Return times of another process by this one's clock; it cannot have begun before `earliest`."""
        now = perf_counter_ns()
        if pid not in self._shifts:
            # The clock of another machine: what has ended there has just been heard of.
            is_ours = earliest <= begun <= ended <= now
            self._shifts[pid] = 0 if is_ours else now - ended
        shift = self._shifts[pid]
        return begun + shift, ended + shift

    def _remote_track(self, pid: int, tid: int) -> Track:
        with self._lock:
            track = self._remote.get((pid, tid))
            if track is None and pid == self.pid:
                # A thread of a cluster within this process.
                ours = [track for track in self._tracks if (track.pid, track.tid) == (pid, tid)]
                track = ours[0] if ours else None
            if track is None:
                track = self._remote[pid, tid] = self.new_track(pid, tid, "worker")
        return track


def text_of(function: Branch) -> str:
    """Return what a branch or stage is called."""
    if type(function) is Orchestrated:
        function = function.function
    return repr(function) if isinstance(function, Pipeline) else callable_text(function)


def numbered(name: str, number: int) -> str:
    """Return the name of an attempt."""
    return name if number == 1 else f"{name} (attempt {number})"


def shortened(text: str) -> str:
    """Return `text`, cut to what a slice can show."""
    return text if len(text) <= REPR_LENGTH else text[: REPR_LENGTH - 1] + "…"


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]

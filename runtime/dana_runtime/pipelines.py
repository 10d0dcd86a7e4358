"""Callables → a `Pipeline`; and the calls of stages that the compiler could not write plainly."""

from __future__ import annotations

import functools
from types import CoroutineType

from dana_runtime.orchestration.calls import TAKES_IT_WHOLE, find, found
from dana_runtime.wording import callable_text, not_callable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from typing import Any, Self, TypeVar

    from dana_runtime.amany import AsyncResults
    from dana_runtime.many import Results

    _Function = TypeVar("_Function", bound=Callable[..., Any])
    _Partial = functools.partial[Any]
else:
    _Partial = functools.partial


class Pipeline(_Partial):
    """A function composed of stages; it takes the arguments of its first stage.

    `stages` are the source texts of the stages, `run` is the callable that runs them all. `first` is
    the callable of the first stage where it is known: the pipeline's arguments are that one's.
    `pipeline | stage` and `stage | pipeline` are longer pipelines, and `value | pipeline` applies
    the pipeline to a value that is not callable. Pipelines are equal only to themselves, and are
    their own copies, as functions are. A pipeline can be pickled if `run` can.
    """

    # A subclass of functools.partial, because its calls stay in C. A call of `lambda x: x` takes
    # 17 ns on CPython 3.13, through a Pipeline 35, and through a class with
    # `def __call__(self, *args, **kwargs)` 113; on 3.11 it is 17, 45 and 110. A partial itself takes
    # 35 on both: no object that has a `|` takes less, since only functions are called without C.

    stages: tuple[str, ...]
    first: Callable[..., Any] | None

    # numpy arrays would otherwise apply `array | pipeline` to each of their items.
    __array_ufunc__ = None

    def __new__(
        cls,
        stages: tuple[str, ...],
        run: Callable[..., Any],
        first: Callable[..., Any] | None = None,
    ) -> Self:
        """Make a pipeline of `run`; raise TypeError if that is not callable."""
        # Where `run` is itself a partial without attributes, functools.partial takes over its
        # function and arguments: `func` need not be `run`, but the calls mean the same.
        pipeline = super().__new__(cls, run)
        pipeline.stages = tuple(stages)
        pipeline.first = first
        return pipeline

    def __repr__(self) -> str:
        return " | ".join(self.stages)

    # str.format and print go through __str__, which partial leaves to object: the same text.
    __str__ = __repr__

    def __or__(self, other: object) -> Pipeline:
        if not callable(other):
            texts = (*self.stages, repr(other))
            raise not_callable(f"stage {len(texts)} of {' | '.join(texts)}", other)
        return Pipeline(self.stages + _texts(other), _in_turn_of(self, other), self.first)

    def __ror__(self, other: object) -> Any:
        if not callable(other):
            return resolved(self(other), repr(self))
        return Pipeline(_texts(other) + self.stages, _in_turn_of(other, self), other)

    async def aio(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the pipeline from async code: `await pipeline.aio(value)`.

        Its coroutine stages and branches run on the event loop that awaits it, which goes on
        meanwhile; all else runs on the runtime's threads.
        """
        return await _aio(self, *args, **kwargs)

    def map(self, inputs: Iterable[Any], ordered: bool = True, limit: int | None = None) -> Results:
        """Return a lazy iterator over the results for each of `inputs`: `dana_runtime.many.map_over`."""
        return _map(self, inputs, ordered, limit)

    def amap(
        self,
        inputs: Iterable[Any] | AsyncIterable[Any],
        ordered: bool = True,
        limit: int | None = None,
    ) -> AsyncResults:
        """Return the same for async code: `async for result in pipeline.amap(inputs)`."""
        return _amap(self, inputs, ordered, limit)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        run = self.func
        if self.args or self.keywords:
            run = functools.partial(run, *self.args, **self.keywords)
        return type(self), (self.stages, run, self.first)


def _texts(function: Callable[..., Any]) -> tuple[str, ...]:
    return function.stages if isinstance(function, Pipeline) else (callable_text(function),)


def _in_turn_of(*functions: Callable[..., Any]) -> Callable[..., Any]:
    """Return one callable for several; what `|` joined before is taken apart, not nested."""
    flat: list[Callable[..., Any]] = []
    for function in functions:
        if isinstance(function, Pipeline) and function.func is _in_turn:
            flat.extend([stage for stage, _ in function.args[0]])
        else:
            flat.append(function)
    texts = [" | ".join(_texts(function)) for function in flat]
    whole = " | ".join(texts)
    wheres = [f"stage {number} of {whole}, {text}," for number, text in enumerate(texts, 1)]
    # A partial of a module's function, not a closure: that is what can be pickled.
    return functools.partial(_in_turn, tuple(zip(flat, wheres, strict=True)))


def _in_turn(
    stages: tuple[tuple[Callable[..., Any], str], ...], /, *args: Any, **kwargs: Any
) -> Any:
    rest = iter(stages)
    function, where = next(rest)
    value = function(*args, **kwargs)
    if type(value) is CoroutineType:
        value = resolved(value, where)
    for function, where in rest:
        value = call_stage(value, function, where)
    return value


def resolved(result: Any, where: str) -> Any:
    """Return what the stage `where` gave to plain code; the result of the coroutine if it is one."""
    if type(result) is CoroutineType:
        # Only then: most programs never load asyncio.
        from dana_runtime.awaiting import completed

        return completed(result, where)
    return result


def apply(value: Any, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Return `function(value, *args, **kwargs)`; the value is evaluated before the callable."""
    return function(value, *args, **kwargs)


def call_stage(
    value: Any,
    stage: Any,
    where: str,
    local: Callable[[], Mapping[str, object]] | None = None,
    is_block_result: bool = False,
) -> Any:
    """Call `stage` with `value` for a stage that the compiler could not resolve; return its result.

    `where` names the stage: `"stage 2 of x | f"`. The value meets the stage's signature by the rules of
    orchestration; `local` gives the local names that may fill parameters which the value leaves open.
    Raises TypeError if the stage is not callable, OrchestrationError if the two do not meet.
    """
    # What `orchestrate` does, without the call of it.
    runners = found.get(id(stage))
    if runners is None:
        runners = find(stage, where)
    if runners is TAKES_IT_WHOLE:
        result = stage(value)
    else:
        result = runners[id(type(value))](stage, value, where, local, is_block_result)
    # Not a call of `resolved`: for plain results this test is all there is to pay.
    return resolved(result, where) if type(result) is CoroutineType else result


def pipe(head: Any, flow: Callable[[Any], Any], stages: tuple[str, ...]) -> Any:
    """Apply or compose: the pipe expression of a head that is known only at run time.

    `flow` runs the stages after the head on a value; `stages` are the texts of head and stages.
    A callable head gives a Pipeline, any other is a value that flows at once.
    """
    if callable(head):
        return Pipeline(stages, functools.partial(_head_and_flow, head, flow), head)
    return flow(head)


def _head_and_flow(
    head: Callable[..., Any], flow: Callable[[Any], Any], /, *args: Any, **kwargs: Any
) -> Any:
    value = head(*args, **kwargs)
    if type(value) is CoroutineType:
        value = resolved(value, callable_text(head))
    return flow(value)


def start(head: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Return what the first stage of a declarative function gives: its result, or itself."""
    if not callable(head):
        return head
    result = head(*args, **kwargs)
    if type(result) is CoroutineType:
        return resolved(result, f"{callable_text(head)}, the first stage,")
    return result


def declared(*stages: str) -> Callable[[_Function], _Function]:
    """Give a declarative function what a Pipeline has too: `stages`, `aio`, `map` and `amap`.

    What a decorator has made of it may not take attributes: that is left as it is.
    """

    def declare(function: _Function) -> _Function:
        try:
            function.stages = stages  # type: ignore[attr-defined]
            function.aio = functools.partial(_aio, function)  # type: ignore[attr-defined]
            function.map = functools.partial(_map, function)  # type: ignore[attr-defined]
            function.amap = functools.partial(_amap, function)  # type: ignore[attr-defined]
        except (AttributeError, TypeError):
            pass
        return function

    return declare


async def _aio(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    # Imported late, for the programs that never load asyncio. A coroutine function itself, so
    # that it is known as one: as a branch, it goes to the event loop.
    from dana_runtime.aio import awaited_call

    return await awaited_call(function, *args, **kwargs)


# Imported late, for the programs that never load the threads.


def _map(
    function: Callable[..., Any],
    inputs: Iterable[Any],
    ordered: bool = True,
    limit: int | None = None,
) -> Results:
    from dana_runtime.many import map_over

    return map_over(function, inputs, ordered, limit)


def _amap(
    function: Callable[..., Any],
    inputs: Iterable[Any] | AsyncIterable[Any],
    ordered: bool = True,
    limit: int | None = None,
) -> AsyncResults:
    from dana_runtime.amany import amap_over

    return amap_over(function, inputs, ordered, limit)

"""What a picture shows: pipelines, made of stages and of blocks whose lanes are made of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["value", "open", "stage"]
"""What a box stands for: data, a head of which only the run shows what it is, or a stage."""

Form: TypeAlias = Literal["parallel", "in order", "choice", "group"]
"""How a block runs its lanes: a choice only one of them; a group is a pipeline in parentheses with suffixes."""


@dataclass(frozen=True, slots=True)
class Box:
    """One stage, or the value that a pipeline begins with: its text on one line and its suffixes."""

    text: str
    role: Role
    line: int
    policy: str | None = None
    capture: str | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One branch of a block; `key` names its result, or says when it is chosen."""

    key: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lanes that get the same value, and whose results go on together."""

    form: Form
    lanes: tuple[Lane, ...]
    line: int
    policy: str | None = None
    capture: str | None = None


Step: TypeAlias = Box | Block


@dataclass(frozen=True, slots=True)
class Flow:
    """One pipeline: its name if it has one, the function around it, and its steps in order."""

    name: str
    inside: str
    line: int
    steps: tuple[Step, ...]

    @property
    def title(self) -> str:
        """How a picture calls it: `report(order)`, or `line 12, in main`."""
        if self.name:
            return f"{self.name}, in {self.inside}" if self.inside else self.name
        return f"line {self.line}, in {self.inside}" if self.inside else f"line {self.line}"


def suffixes(step: Step) -> list[str]:
    """Return the policy and the capture of a step as they are written behind it."""
    found = [] if step.policy is None else [f"with {step.policy}"]
    return found if step.capture is None else [*found, f"as {step.capture}"]


CAPTIONS: dict[Form, str | None] = {
    "parallel": "at the same time",
    "in order": "one after the other",
    "choice": "the first that holds",
    "group": None,
}
"""What is said of the lanes of a block."""

FORK = "case"
"""What stands where a choice is made."""


def in_words(flow: Flow) -> str:
    """Return a pipeline as a sentence, for those who cannot see its picture."""
    return f"{flow.title}: {_steps_in_words(flow.steps)}."


def _steps_in_words(steps: tuple[Step, ...]) -> str:
    return ", then ".join(map(_step_in_words, steps))


def _step_in_words(step: Step) -> str:
    behind = "".join(f" {suffix}" for suffix in suffixes(step))
    if isinstance(step, Box):
        return step.text + behind
    lanes = "; ".join(
        (f"{lane.key}: " if lane.key is not None else "") + _steps_in_words(lane.steps)
        for lane in step.lanes
    )
    caption = CAPTIONS[step.form]
    return f"{caption} ({lanes}){behind}" if caption else f"({lanes}){behind}"

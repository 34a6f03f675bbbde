"""What proposes the formulas of an open parameter: a generator by its name, or one that is trained on past tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from designer.documents import Value
from designer.errors import Fault, InvalidInput

BASELINE, LEARNED = "baseline", "learned"
MIN_FORMULAS = 50
"""Formulas with a value that a generator is trained on at least."""


class GeneratorSettings(Value):
    """A generator of formulas.

    Parameters
    ----------
    kind
        A name registered under ``designer.generators``, or ``learned``: half of the formulas are the baseline's, and
        half are drawn by a network that is trained on past tasks.
    tasks
        What a learned one is trained on: folders with a ``family.yaml``, files or stores of finished campaigns,
        relative to the campaign file.

    Examples
    --------
    >>> GeneratorSettings(kind="learned", tasks=["past/oxides"]).is_learned
    True
    >>> GeneratorSettings(kind="learned")
    Traceback (most recent call last):
    ...
    designer.errors.InvalidInput: a learned generator has no past tasks; write '{kind: learned, tasks: [folder]}'
    """

    kind: Annotated[str, Field(min_length=1)] = BASELINE
    tasks: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> GeneratorSettings:
        if self.is_learned and not self.tasks:
            what = "a learned generator has no past tasks"
            raise InvalidInput(Fault(what, "write '{kind: learned, tasks: [folder]}'"))
        if self.tasks and not self.is_learned:
            what = f"generator {self.kind!r} learns from no tasks"
            raise InvalidInput(Fault(what, "write 'kind: learned', or leave 'tasks' out", path=("tasks",)))
        return self

    @property
    def is_learned(self) -> bool:
        """Whether it is trained on past tasks."""
        return self.kind == LEARNED


def _named(given: Any) -> Any:
    if isinstance(given, str):
        return {"kind": given}
    if isinstance(given, Mapping | GeneratorSettings):
        return given
    raise ValueError(f"generator {given!r} is no name; write 'baseline', or '{{kind: learned, tasks: [folder]}}'")


Generated = Annotated[GeneratorSettings, BeforeValidator(_named)]
"""A field for a generator: its name alone, or a mapping."""

"""The grammar of a classical design: what stands behind ``initial:`` in a campaign file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from designer.counting import count
from designer.documents import Value, whole_number
from designer.errors import Fault, InvalidInput

MAX_RUNS = 1000
"""Runs of one design, centre points aside."""
MAX_LEVELS = 20
OPTIMAL = ("d-optimal", "i-optimal")
SEQUENCES = ("latin-hypercube", "sobol")
KINDS = (*OPTIMAL, "factorial", *SEQUENCES)

Kind = Literal["d-optimal", "i-optimal", "factorial", "latin-hypercube", "sobol"]
Terms = Literal["linear", "interactions", "quadratic"]


def _whole_from(low: int, high: int) -> Any:
    return Annotated[int, BeforeValidator(whole_number), Field(ge=low, le=high)]


class ClassicalDesign(Value):
    """A classical design of experiments.

    Parameters
    ----------
    kind
        ``d-optimal`` (smallest joint confidence region of the coefficients of the model), ``i-optimal`` (smallest mean
        variance of its predictions), ``factorial`` (all combinations of levels, or the D-optimal part of them),
        ``latin-hypercube`` or ``sobol``.
    model
        The terms that the runs can estimate: ``linear``, ``interactions`` (products of two parameters as well) or
        ``quadratic`` (squares as well). Default: quadratic for optimal designs, linear for others.
    number
        Runs, centre points aside. Default: three more than the model has terms and the design blocks for optimal
        designs, all combinations for factorial ones.
    levels
        Levels of a numeric parameter of a factorial design: evenly spaced on its scale, 2 unless given.
    blocks
        Groups of runs made under the same conditions (a day, an operator); effects of blocks do not bias the
        coefficients more than necessary.
    centre_points
        Runs in the middle of all ranges, added to `number`; of every combination of choices in turn.

    Examples
    --------
    >>> ClassicalDesign(kind="factorial", levels=3, centre_points=2).terms
    'linear'
    """

    kind: Kind
    model: Terms | None = None
    number: _whole_from(1, MAX_RUNS) | None = None  # type: ignore[valid-type]
    levels: _whole_from(2, MAX_LEVELS) | None = None  # type: ignore[valid-type]
    blocks: _whole_from(1, MAX_RUNS) = 1  # type: ignore[valid-type]
    centre_points: _whole_from(0, MAX_RUNS) = 0  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _check(self) -> ClassicalDesign:
        faults = list(self._faults())
        if faults:
            raise InvalidInput(faults)
        return self

    def _faults(self) -> Iterator[Fault]:
        if self.levels is not None and self.kind != "factorial":
            what = f"a design of kind {self.kind} has no 'levels'"
            yield Fault(what, "leave it out, or use 'kind: factorial'", path=("levels",))
        if self.kind in SEQUENCES and self.number is None:
            yield Fault(f"a design of kind {self.kind} has no 'number'", "add 'number: 12'", path=("kind",))
        if self.kind in SEQUENCES and self.model is not None and self.blocks == 1:
            what = f"a design of kind {self.kind} is made for no 'model'"
            yield Fault(what, "leave it out, or use 'kind: i-optimal'", path=("model",))
        if self.number is not None and self.blocks > self.number:
            what = f"{count(self.blocks, 'block')} of {count(self.number, 'run')}"
            yield Fault(what, "give fewer blocks", path=("blocks",))

    @property
    def terms(self) -> Terms:
        """The terms that the runs can estimate."""
        return self.model or ("quadratic" if self.kind in OPTIMAL else "linear")

    @property
    def words(self) -> str:
        """What the design is called in the reason of a suggestion.

        >>> ClassicalDesign(kind="d-optimal").words, ClassicalDesign(kind="sobol", number=8).words
        ('d-optimal design for a quadratic model', 'Sobol sequence')
        """
        names = {"latin-hypercube": "Latin hypercube", "sobol": "Sobol sequence", "factorial": "factorial design"}
        if self.kind in names:
            return names[self.kind]
        return f"{self.kind} design for {'an' if self.terms == 'interactions' else 'a'} {self.terms} model"

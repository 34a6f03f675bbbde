"""One observation of a campaign: what is measured of a design beside its targets, or before them.

An observation with a `stage` can be made before the targets and costs less: hardness in an hour, strength in a week. By
it the campaign decides whether the targets of the design are worth measuring.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from designer.documents import Value, plain_number, whole_number
from designer.errors import Fault, InvalidInput
from designer.objective import Target
from designer.oracles.measure import MeasureSpec

MAX_STAGE = 9
MAX_OBSERVATIONS = 20
FAILED = "failed"
"""The cell of an observation that was tried and gave nothing."""


class Observation(Value):
    """What is observed of a design.

    Parameters
    ----------
    name, unit, description
        Its name, which is its column in tables; its unit; words for the reader.
    kind
        ``scalar``: one number.
    stage
        Its place before the targets: observations of stage 1 are made first. None where it comes with the targets, or
        at any time.
    cost
        What it costs, where it has a stage: in the unit of the campaign's ``cost``, or in experiments where the
        campaign states none.
    measure
        What gives it in a run, where this is not the table of the campaign's own ``measure``.

    Raises
    ------
    InvalidInput
        If it has a stage and no cost, or a cost and no stage.

    Examples
    --------
    >>> Observation(name="hardness", unit="HV", stage=1, cost=0.1).kind
    'scalar'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    name: Annotated[str, Field(min_length=1)]
    kind: Literal["scalar"] = "scalar"
    unit: str | None = None
    stage: Annotated[int, BeforeValidator(whole_number), Field(ge=1, le=MAX_STAGE)] | None = None
    cost: Annotated[float, BeforeValidator(plain_number), Field(gt=0)] | None = None
    measure: MeasureSpec | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Observation:
        faults = []
        if self.name != self.name.strip() or not self.name.isprintable():
            what = f"observation name {self.name!r} cannot be used"
            faults.append(Fault(what, "give printable characters without outer blanks", path=("name",)))
        if self.stage is not None and self.cost is None:
            what = f"observation {self.name!r} has a stage and no cost"
            faults.append(Fault(what, "add 'cost: 0.1', the cost beside that of the target", path=("cost",)))
        if self.cost is not None and self.stage is None:
            what = f"observation {self.name!r} has a cost and no stage"
            faults.append(Fault(what, "add 'stage: 1', or leave 'cost' out", path=("stage",)))
        if faults:
            raise InvalidInput(faults)
        return self

    @property
    def as_target(self) -> Target:
        """The quantity as an oracle measures it; its goal is not used."""
        return Target(name=self.name, unit=self.unit, goal="maximize")

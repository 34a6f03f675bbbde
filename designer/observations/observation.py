"""One observation of a campaign: what is measured of a design beside its targets, or before them.

An observation with a `stage` can be made before the targets and costs less: hardness in an hour, strength in a week. By
it the campaign decides whether the targets of the design are worth measuring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from designer.counting import count
from designer.documents import Value, plain_number, whole_number
from designer.errors import Fault, InvalidInput
from designer.objective import Target
from designer.observations.curves.curve_features import CURVE_FEATURES
from designer.observations.images.image_features import BUILT_IN, COMPONENTS, IMAGE_FEATURES
from designer.oracles.measure import MeasureSpec

Kind = Literal["scalar", "curve", "spectrum", "image"]
IMAGE: Kind = "image"
CURVES: frozenset[str] = frozenset({"curve", "spectrum", IMAGE})
"""Kinds whose results are curves; that of an image is its two-point correlation."""
MAX_STAGE = 9
MIN_PAIRS = 3
"""Results with an observation from which it is judged whether it says something of the target."""
MAX_COLUMNS = 200
MAX_OBSERVATIONS = 20
FAILED = "failed"
"""The cell of an observation that was tried and gave nothing."""


class Axis(Value):
    """The axis of a curve: its name and unit, and the part of it that is used, from `low` to `high`.

    Raises
    ------
    InvalidInput
        If `low` is not below `high`.

    >>> Axis.model_validate("two_theta").name
    'two_theta'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    name: str | None = None
    unit: str | None = None
    low: Annotated[float, BeforeValidator(plain_number)] | None = None
    high: Annotated[float, BeforeValidator(plain_number)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _check(self) -> Axis:
        if self.low is not None and self.high is not None and not self.low < self.high:
            what = f"the axis goes from {self.low:g} to {self.high:g}"
            raise InvalidInput(Fault(what, "give 'low' below 'high'", path=("low",)))
        return self


class Observation(Value):
    """What is observed of a design.

    Parameters
    ----------
    name, unit, description
        Its name, which is its column in tables; its unit; words for the reader.
    kind
        ``scalar``: one number; ``curve``: values along an axis; ``spectrum``: a curve whose baseline is subtracted
        before its features are computed; ``image``: a picture of the microstructure.
    axis
        The axis of a curve: its name, or a mapping with ``name``, ``unit``, ``low`` and ``high``.
    columns
        Columns of tables that hold points of a curve, with the position of each on the axis.
    features
        The numbers of a curve that a regression uses (`designer.observations.curves.curve_features`): ``components``,
        functional principal components; ``peaks``, position, height, width and area of its largest peak; or the name
        of a registered function. Of an image (`designer.observations.images.image_features`): ``microstructure``,
        ``moments``, ``grains``, ``components`` of the two-point correlation, or the name of a registered function.
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
        If it has a stage and no cost, or a cost and no stage, or a key of another kind.

    Examples
    --------
    >>> Observation(name="hardness", unit="HV", stage=1, cost=0.1).kind
    'scalar'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    name: Annotated[str, Field(min_length=1)]
    kind: Kind = "scalar"
    unit: str | None = None
    axis: Axis | None = None
    columns: dict[str, Annotated[float, BeforeValidator(plain_number)]] | None = None
    features: str | None = None
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
        faults += self._curve_faults()
        if faults:
            raise InvalidInput(faults)
        return self

    def _curve_faults(self) -> Iterator[Fault]:
        """Yield the faults of the keys of curves."""
        given = [name for name in ("axis", "columns", "features") if getattr(self, name) is not None]
        if not self.is_curve:
            for name in given:
                what = f"observation {self.name!r} is one number and has {name!r}"
                yield Fault(what, f"add 'kind: curve', or leave {name!r} out", path=(name,))
            return
        if self.is_image:
            yield from self._image_faults()
        elif self.features is not None and self.features not in CURVE_FEATURES:
            yield replace(CURVE_FEATURES.unknown(self.features), path=("features",))
        if self.columns is not None and not 2 <= len(self.columns) <= MAX_COLUMNS:
            what = f"{count(len(self.columns), 'column')} of points"
            yield Fault(what, f"give 2 to {MAX_COLUMNS} columns", path=("columns",))
        elif self.columns is not None and len(set(self.columns.values())) < len(self.columns):
            yield Fault("two columns have one position", "give each its own position on the axis", path=("columns",))

    def _image_faults(self) -> Iterator[Fault]:
        """Yield the faults of the keys of images."""
        for name in ("columns", "unit"):
            if getattr(self, name) is not None:
                what = f"observation {self.name!r} is an image and has {name!r}"
                yield Fault(what, f"leave {name!r} out", path=(name,))
        if self.features is not None and self.features != COMPONENTS and self.features not in IMAGE_FEATURES:
            yield replace(IMAGE_FEATURES.unknown(self.features), path=("features",))

    @property
    def is_curve(self) -> bool:
        """Whether its results are curves, those of images included."""
        return self.kind in CURVES

    @property
    def is_image(self) -> bool:
        """Whether its results are images."""
        return self.kind == IMAGE

    @property
    def noun(self) -> str:
        """What one result is, in a word for messages."""
        return "image" if self.is_image else "curve" if self.is_curve else "number"

    @property
    def own_features(self) -> str | None:
        """The name of the features of images that are not built in; None where they are."""
        own = self.is_image and self.features not in (None, COMPONENTS, *BUILT_IN)
        return self.features if own else None

    @property
    def as_targets(self) -> list[Target]:
        """The quantities as an oracle measures them, of a curve each of its points; their goals are not used."""
        return [Target(name=name, unit=self.unit, goal="maximize") for name in self.columns or (self.name,)]

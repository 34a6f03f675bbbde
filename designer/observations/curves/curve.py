"""A curve that was observed of a design: its points, and the file that they were read from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from designer.counting import count
from designer.documents import Value
from designer.errors import Fault, InvalidInput
from designer.observations.images.summary import ImageSummary

MIN_POINTS, MAX_POINTS = 2, 2_000
"""Points of a stored curve; a longer one is averaged over neighbouring points, and its file is stored as it is."""
MAX_NUMBER = 1e150
"""The largest absolute value of a point."""
MAX_TEXT_POINTS = 200
"""Points up to which a curve is written as text into a cell of a table."""

Number = Annotated[float, Field(allow_inf_nan=False)]


class Curve(Value):
    """Points of a curve, by rising position.

    Parameters
    ----------
    x, y
        ``n`` positions and values each, in the units of the observation's axis and of the observation.
    image
        What else is known of an image; its points are the two-point correlation by the distance in pixels.
    file, digest
        The name of the file that it was read from, and the SHA-256 of its content, under which the store has it.

    Raises
    ------
    InvalidInput
        If there are fewer than two points, positions do not rise, or a number is not finite.

    Examples
    --------
    >>> Curve(x=(6, 12, 24), y=(11.5, 30, 41)).text
    '6:11.5; 12:30; 24:41'
    """

    error_type: ClassVar[type[InvalidInput]] = InvalidInput

    x: tuple[Number, ...]
    y: tuple[Number, ...]
    image: ImageSummary | None = None
    file: str | None = None
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        """Leave out what version 7 wrote into the events of an undone action, always without content."""
        if isinstance(given, dict) and given.get("moments", 1) in ([], ()):
            return {key: value for key, value in given.items() if key != "moments"}
        return given

    @model_validator(mode="after")
    def _check(self) -> Curve:
        if len(self.x) != len(self.y):
            raise InvalidInput(Fault(_unequal(self.x, self.y), "give one value for each position"))
        if not MIN_POINTS <= len(self.x) <= MAX_POINTS:
            what = f"a curve of {count(len(self.x), 'point')}"
            raise InvalidInput(Fault(what, f"give {MIN_POINTS} to {MAX_POINTS} points"))
        if any(not b > a for a, b in pairwise(self.x)):
            raise InvalidInput(Fault("the positions of the curve do not rise", "give each position once, in order"))
        if max(map(abs, (*self.x, *self.y))) > MAX_NUMBER:
            raise InvalidInput(Fault(f"a point beyond {MAX_NUMBER:g}", "give smaller numbers"))
        return self

    def __eq__(self, other: object) -> bool:
        """Whether the points are the same; a file may have another name."""
        if not isinstance(other, Curve):
            return NotImplemented
        return (self.x, self.y, self.image) == (other.x, other.y, other.image)

    def __hash__(self) -> int:
        return hash((self.x, self.y, self.image))

    @property
    def text(self) -> str:
        """The points as a cell of a table holds them."""
        return "; ".join(f"{_number(x)}:{_number(y)}" for x, y in zip(self.x, self.y, strict=True))

    @property
    def words(self) -> str:
        """The curve or the image in a few words, without units."""
        return self.words_in(None, None)

    def words_in(self, unit: str | None, axis_unit: str | None) -> str:
        """Return the curve or the image in a few words, with the units of its values and of its axis."""
        if self.image is not None:
            return self.image.words
        peak = max(range(len(self.y)), key=self.y.__getitem__)
        value, position = (
            f"{number:.4g}{f' {each}' if each else ''}"
            for number, each in ((self.y[peak], unit), (self.x[peak], axis_unit))
        )
        return f"{count(len(self.x), 'point')}, largest value {value} at {position}"

    @property
    def is_short(self) -> bool:
        """Whether a cell of a table holds it as text: a curve of few points, and no image."""
        return self.image is None and len(self.x) <= MAX_TEXT_POINTS

    @property
    def cell(self) -> str:
        """What a table shows: few points of a curve, else the name of the file, else the number of points."""
        if self.is_short:
            return self.text
        return self.file or self.words


def _number(value: float) -> str:
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def curve_of(
    x: Iterable[float], y: Iterable[float], *, file: str | None = None, digest: str | None = None, line: int = 0
) -> Curve:
    """Return a curve of points in rising or falling order; a long one is averaged over neighbouring points.

    Parameters
    ----------
    line
        The line of the first point in a file that has one point a line, for messages; 0 where there is none.

    Raises
    ------
    InvalidInput
        With the first point that cannot be used.
    """
    xs, ys = [float(value) for value in x], [float(value) for value in y]
    if len(xs) != len(ys):
        raise InvalidInput(Fault(_unequal(xs, ys), "give one value for each position"))
    if len(xs) < MIN_POINTS:
        what = f"{count(len(xs), 'point')}: too few for a curve"
        raise InvalidInput(Fault(what, f"give at least {MIN_POINTS} points"))
    falls = xs[-1] < xs[0]
    for i, (a, b) in enumerate(zip(xs, ys, strict=True)):
        where = f"line {line + i}: " if line else f"point {i + 1}: "
        if not (math.isfinite(a) and math.isfinite(b)):
            raise InvalidInput(Fault(f"{where}a number that is not finite", "leave the point out"))
        if max(abs(a), abs(b)) > MAX_NUMBER:
            raise InvalidInput(Fault(f"{where}a number beyond {MAX_NUMBER:g}", "leave the point out"))
        if i and not (a < xs[i - 1] if falls else a > xs[i - 1]):
            what = f"{where}position {a:g} does not {'fall' if falls else 'rise'} after {xs[i - 1]:g}"
            raise InvalidInput(Fault(what, "sort the points by position, each position once"))
    if falls:
        xs, ys = xs[::-1], ys[::-1]
    if len(xs) > MAX_POINTS:
        xs, ys = _averaged(xs), _averaged(ys)
    return Curve(x=tuple(xs), y=tuple(ys), file=file, digest=digest)


def _unequal(x: Sequence[float], y: Sequence[float]) -> str:
    return f"positions and values differ in number: {len(x)} and {len(y)}"


def _averaged(values: Sequence[float]) -> list[float]:
    """Return the means of neighbouring values, `MAX_POINTS` of them, in double precision."""
    edges = [round(i * len(values) / MAX_POINTS) for i in range(MAX_POINTS + 1)]
    return [math.fsum(values[a:b]) / (b - a) for a, b in pairwise(edges)]

"""What an oracle is: whatever turns one design into measured values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from numbers import Real
from typing import Any, Protocol, runtime_checkable

from designer.errors import MeasurementFailed, OracleUnusable
from designer.units.limits import LIMIT, SIDES, Side


@runtime_checkable
class Oracle(Protocol):
    """Anything that measures one design.

    An oracle must be a function of the design and the suggestion's id alone, so that a run that was killed and
    resumed goes on as if it had never stopped; real instruments and noisy simulators are noisy, of course.
    """

    def measure(self, design: Mapping[str, Any], *, suggestion: str | None = None) -> Mapping[str, float]:
        """Measure `design` and return a finite number for every target.

        Parameters
        ----------
        design
            One design in lab units, by lab column (``{"composition.Ni": 30.0, "temperature": 450.0}``).
        suggestion
            The id under which the design was suggested, if it was.

        Raises
        ------
        MeasurementFailed
            If the experiment was made and gave no value: the design counts as failed.
        OracleUnusable
            If the oracle cannot measure at all: the run must stop; the design does not count as failed.
        """
        ...


@dataclass(frozen=True)
class Measured(Mapping[str, float]):
    """The values of one measurement, by target, and what else is to be known about it.

    Parameters
    ----------
    by_target
        A finite number for every target.
    notes
        What a reader of the result must know (which row was nearest, how many replicates were averaged).
    executed
        The design that was measured, by lab column, where it is not the one that was asked for.
    censored
        On which side of its number a result lies that is known only as a limit: ``<`` or ``>``.

    Examples
    --------
    >>> result = Measured({"hardness": 612.0}, notes=("mean of 3 rows",))
    >>> dict(result), result.notes
    ({'hardness': 612.0}, ('mean of 3 rows',))
    """

    by_target: Mapping[str, float]
    notes: tuple[str, ...] = ()
    executed: Mapping[str, Any] | None = None
    censored: Mapping[str, Side] = field(default_factory=dict)

    @property
    def cells(self) -> dict[str, float | str]:
        """The values as cells of a table of results: a limit as text, ``<0.01``."""
        sides = self.censored
        return {name: f"{sides[name]}{value!r}" if name in sides else value for name, value in self.by_target.items()}

    def __getitem__(self, target: str) -> float:
        return self.by_target[target]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_target)

    def __len__(self) -> int:
        return len(self.by_target)


def read_measured(result: object, targets: tuple[str, ...], who: str) -> Measured:
    """Return `result` as `checked` does, in which a text such as ``"<0.01"`` or ``">1e6"`` is a limit.

    Raises
    ------
    MeasurementFailed, OracleUnusable
        As `checked`; the latter also where no number follows the sign.

    Examples
    --------
    >>> found = read_measured({"yield": "<0.5"}, ("yield",), "the function")
    >>> dict(found), found.censored, found.cells
    ({'yield': 0.5}, {'yield': '<'}, {'yield': '<0.5'})
    """
    given = result if isinstance(result, Mapping) or len(targets) != 1 else {targets[0]: result}
    sides: dict[str, Side] = {}
    if isinstance(given, Mapping):
        values = dict(given)
        for name, value in given.items():
            match = LIMIT.match(value) if isinstance(value, str) else None
            if match is not None:
                values[name], sides[str(name)] = _limit_number(name, value, match[2], who), SIDES[match[1]]
        given = values
    return Measured(checked(given, targets, who), censored=sides)


def _limit_number(name: object, value: str, number: str, who: str) -> float:
    try:
        found = float(number)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise OracleUnusable(f"{who} gave {_short(value)} for {name!r}; give a number, or a limit such as '<0.01'")
    return found


def checked(result: object, targets: tuple[str, ...], who: str) -> dict[str, float]:
    """Return `result` as a finite number for every target.

    A bare number is the value of the only target. None, NaN and infinity mean that the experiment gave no value; a
    result of another form means that the oracle does not fit the campaign.

    Raises
    ------
    MeasurementFailed
        If a value is None, NaN or infinite.
    OracleUnusable
        If a target is missing, a name is no target, or a value is no number.

    Examples
    --------
    >>> checked(3, ("yield",), "the function")
    {'yield': 3.0}
    """
    if not isinstance(result, Mapping):
        if len(targets) != 1:
            raise OracleUnusable(f"{who} gave {_short(result)}; give a value for each of {', '.join(targets)}")
        result = {targets[0]: result}
    for name in result:
        if name not in targets:
            raise OracleUnusable(f"{who} gave {name!r}, which is no target; {_nearest(str(name), targets)}")
    missing = [name for name in targets if name not in result]
    if missing:
        raise OracleUnusable(f"{who} gave no {', '.join(map(repr, missing))}; give every target, null where it failed")
    return {name: _number(name, result[name], who) for name in targets}


def _number(name: str, value: object, who: str) -> float:
    if value is None:
        raise MeasurementFailed(f"{who} gave no value for {name!r}")
    if isinstance(value, bool) or not isinstance(value, Real):
        raise OracleUnusable(f"{who} gave {_short(value)} for {name!r}; give a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise MeasurementFailed(f"{who} gave {number} for {name!r}")
    return number


def _nearest(name: str, targets: tuple[str, ...]) -> str:
    close = get_close_matches(name, targets, n=1)
    return f"did you mean {close[0]!r}?" if close else f"targets: {', '.join(targets)}"


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."

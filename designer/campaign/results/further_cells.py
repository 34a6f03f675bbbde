"""Cells of a results table beside those of designs and targets: costs, replicate numbers, and points of curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from designer.campaign.log.events import Seen
from designer.campaign.results.numeric_cells import read_number
from designer.errors import Fault, InvalidInput
from designer.observations.curves.curve import curve_of

COST = "cost"

Points: TypeAlias = dict[float, float]
"""Values of one curve by their position."""


def read_cost(cell: Any, unit: str | None = None) -> float:
    """Return what an experiment has cost.

    Raises
    ------
    InvalidInput
        If it is no positive number, or has a unit: costs are in the unit of the campaign file's cost.
    """
    if unit is not None:
        raise InvalidInput(Fault(f"the cost has the unit {unit!r}", "give numbers in the unit of the file's 'cost'"))
    number = read_number(cell, None, None)
    if number <= 0:
        raise InvalidInput(Fault(f"a cost of {number:g} is not positive", "leave the cell blank if it is not known"))
    return number


def read_replicate(cell: Any) -> int:
    """Return the number of a replicate; raise InvalidInput where it is none."""
    number = read_number(cell, None, None)
    if number < 1 or not number.is_integer():
        raise InvalidInput(Fault(f"{cell} is no replicate number", "give 1, 2, 3, ..."))
    return int(number)


def curves_of_points(points: Mapping[str, Points], observed: Mapping[str, Seen]) -> tuple[dict[str, Seen], list[Fault]]:
    """Return the curves whose points stand in columns of their own, and the faults of the others.

    Parameters
    ----------
    observed
        Observations that the row gives in one cell: a curve is given once.
    """
    curves: dict[str, Seen] = {}
    faults: list[Fault] = []
    for name, found in points.items():
        try:
            if name in observed:
                raise InvalidInput(Fault("its points are also in columns of their own", "give it once"))
            curves[name] = curve_of(sorted(found), [found[x] for x in sorted(found)])
        except InvalidInput as error:
            faults += [fault.at(column=name) for fault in error.faults]
    return curves, faults

"""Measured values beside the formulas or molecules of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable

from designer.errors import Fault, InvalidData


def mean_values(cells: Iterable[tuple[int, str, object]], *, file: str, column: str) -> dict[str, float]:
    """Return the mean value of each name; empty cells are left out.

    Parameters
    ----------
    cells
        The row of the file, the name, and the cell of the value.
    column
        The header of the values.

    Raises
    ------
    InvalidData
        With every value that is no finite number.

    Examples
    --------
    >>> mean_values([(2, "NaCl", "1"), (3, "NaCl", 0), (4, "KCl", " ")], file="t.csv", column="y")
    {'NaCl': 0.5}
    """
    found: dict[str, list[float]] = {}
    faults: list[Fault] = []
    for row, name, cell in cells:
        given = "" if cell is None else str(cell).strip()
        if not given:
            continue
        number = _number(given)
        if not math.isfinite(number):
            what = f"{given!r} is no number"
            faults.append(Fault(what, "write a number, or leave it empty", file=file, row=row, column=column))
        found.setdefault(name, []).append(number)
    if faults:
        raise InvalidData(faults)
    return {name: sum(numbers) / len(numbers) for name, numbers in found.items()}


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan

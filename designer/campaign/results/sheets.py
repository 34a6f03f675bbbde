"""Tables to fill in: designs in lab units, with empty cells for the results."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.campaign.results.designs import candidate_ids
from designer.objective import Target
from designer.observations.observation import Observation
from designer.rounding import significant
from designer.space import DesignSpace
from designer.units import with_unit

_DIGITS = 10


@dataclass(frozen=True)
class Sheet:
    """A table to fill in.

    Parameters
    ----------
    headers
        The ids, the lab columns and the targets, with units.
    rows
        The cells of each row, as text; numbers stay numbers for programs that calculate.
    blank
        The columns to fill in: indices of `headers`.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    blank: tuple[int, ...]

    def reordered(self, order: Sequence[int]) -> Sheet:
        """Return the table with its rows in another order."""
        return Sheet(self.headers, tuple(self.rows[i] for i in order), self.blank)

    def text(self) -> str:
        """Return the table as CSV."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.headers)
        writer.writerows([[written(cell) for cell in row] for row in self.rows])
        return text.getvalue()


def sheet_headers(
    space: DesignSpace,
    targets: Sequence[Target],
    replicates: int = 1,
    id_column: str | None = None,
    observations: Sequence[Observation] = (),
) -> list[str]:
    """Return the headers of a table to fill in: the ids, the lab columns, the observations and the targets."""
    headers = ["suggestion", "replicate"] if replicates > 1 else ["suggestion"]
    headers += [id_column] if id_column is not None else []
    for parameter in space.parameters:
        headers += [with_unit(column, parameter.unit) for column in parameter.lab_columns]
    headers += [with_unit(name, each.unit) for each in observations for name in each.columns or (each.name,)]
    return headers + [with_unit(target.column or target.name, target.unit) for target in targets]


def sheet_of(
    space: DesignSpace,
    targets: Sequence[Target],
    designs: Iterable[tuple[str, Mapping[str, Any]]],
    replicates: int = 1,
    id_column: str | None = None,
    observations: Sequence[Observation] = (),
) -> Sheet:
    """Return a table of designs, given with their ids, with empty cells for the observations and the targets.

    With several replicates each design has as many rows, which a column ``replicate`` numbers.
    """
    headers = tuple(sheet_headers(space, targets, replicates, id_column, observations))
    given, empty = list(designs), sum(len(each.columns or (each.name,)) for each in observations) + len(targets)
    labels = candidate_ids(space, [design for _, design in given]) if id_column is not None else [None] * len(given)
    rows: list[tuple[str | float, ...]] = []
    for (name, design), label in zip(given, labels, strict=True):
        cells: list[str | float] = [] if id_column is None else [label or ""]
        cells += [_cell(design[column]) for column in space.columns] + [""] * empty
        numbers = [[float(each)] for each in range(1, replicates + 1)] if replicates > 1 else [[]]
        rows.extend((name, *number, *cells) for number in numbers)
    blank = tuple(range(len(headers) - empty, len(headers)))
    return Sheet(headers, tuple(rows), blank)


def _cell(value: Any) -> str | float:
    """Return the value of a cell: empty where the parameter does not exist."""
    return "" if value is None else value if isinstance(value, str) else float(value)


def written(cell: str | float) -> str:
    """Return a cell as text.

    >>> written(455.0), written("N2")
    ('455', 'N2')
    """
    return cell if isinstance(cell, str) else significant(cell, _DIGITS)

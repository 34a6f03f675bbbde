"""Results recorded by the names by which the lab knows its candidates (`id_column`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import candidate_ids, lab_designs
from designer.campaign.results.numeric_cells import is_blank, is_missing
from designer.campaign.results.results_table import ID_COLUMNS, row_numbers, with_ids
from designer.errors import Fault, InvalidData, did_you_mean
from designer.objective import Target
from designer.space import DesignSpace
from designer.space.pool import SEPARATOR
from designer.space.table_reader import headers_of
from designer.units import split_header

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CandidateNames:
    """The names of a campaign's candidates, and what was suggested of them.

    Parameters
    ----------
    space
        The space with its pool of candidates.
    column
        The header of the names; None where the campaign has no `id_column`, and nothing below does anything.
    state
        What was suggested.
    """

    space: DesignSpace
    column: str | None
    state: CampaignState

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        """The row of the pool by name; a design that is listed under several names has each of them."""
        labels = self.space.pool.labels if self.column is not None and self.space.pool is not None else None
        rows: dict[str, int] = {}
        for row, label in enumerate(labels or ()):
            for name in (label, *label.split(SEPARATOR)):
                rows.setdefault(name, row)
        rows.pop("", None)
        return rows

    @cached_property
    def _suggested(self) -> Mapping[int, str]:
        """The suggestion of a row of the pool: its first open one, or else its last one."""
        suggestions = list(self.state.suggestions.values())
        found: dict[int, str] = {}
        labels = candidate_ids(self.space, [each.design for each in suggestions])
        for each, label in zip(suggestions, labels, strict=True):
            row = self._rows.get(label or "")
            if row is not None and (row not in found or self.state.suggestions[found[row]].status != "open"):
                found[row] = each.id
        return found

    def suggestion_of(self, name: str) -> str:
        """Return the suggestion of a candidate; the name itself where it is a suggestion's id, or none is known."""
        if not self._rows or name in self.state.suggestions:
            return name
        return self._suggested.get(self._rows.get(name.strip(), -1), name)

    def with_suggestions(self, frame: pd.DataFrame, targets: Sequence[Target]) -> pd.DataFrame:
        """Return a table of results of suggestions with their ids in place of candidates' names.

        The names stand in the column of suggestions, or in the candidates' own column, where the table has no other.
        There the rows of candidates that were not suggested are left out, where they hold no result.
        """
        if not self._rows:
            return frame
        frame = with_ids(frame)
        place = _place(frame, ID_COLUMNS)
        if place is not None:
            return _with_column(frame, place, [self._id(cell) for cell in frame.iloc[:, place]])
        place = _place(frame, (str(self.column),))
        if place is None:
            return frame
        named = _with_column(frame, place, [self._named(cell) for cell in frame.iloc[:, place]])
        named = named.rename(columns={frame.columns[place]: ID_COLUMNS[0]})
        numbered = named.set_axis(_numbers(frame), axis=0)
        open_rows = [cell in self.state.suggestions for cell in named.iloc[:, place]]
        kept = [is_open or has for is_open, has in zip(open_rows, _has_result(named, targets), strict=True)]
        return numbered[kept]

    def with_designs(self, frame: pd.DataFrame, *, file: str | None = None) -> pd.DataFrame:
        """Return a table of results of other designs with the settings of the candidates that it names.

        Only where it has no column of a setting.

        Raises
        ------
        InvalidData
            With every name that is none of a candidate.
        """
        place = _place(frame, (str(self.column),)) if self._rows else None
        if place is None or _place(frame, (*self.space.columns, *dict(headers_of(self.space)))) is not None:
            return frame
        names = ["" if is_blank(cell) else str(cell).strip() for cell in frame.iloc[:, place]]
        header, numbers = str(frame.columns[place]), row_numbers(frame)
        faults = [
            Fault(f"there is no candidate {name!r}", did_you_mean(name, self._rows), file, row=row, column=header)
            for name, row in zip(names, numbers, strict=True)
            if name not in self._rows
        ]
        if faults:
            raise InvalidData(faults)
        assert self.space.pool is not None
        designs = lab_designs(self.space, self.space.pool.coordinates[[self._rows[name] for name in names]])
        columns: dict[str, Any] = {column: [design[column] for design in designs] for column in self.space.columns}
        return frame.set_axis(_numbers(frame), axis=0).assign(**columns)

    def _id(self, cell: Any) -> Any:
        return cell if is_blank(cell) else self.suggestion_of(str(cell).strip())

    def _named(self, cell: Any) -> Any:
        """Return the suggestion of a candidate; a name without one never passes for a suggestion's id."""
        if is_blank(cell):
            return cell
        name = str(cell).strip()
        found = self._suggested.get(self._rows.get(name, -1))
        if found is None and name in self.state.suggestions:
            return f"{self.column} {name}"
        return name if found is None else found


def _place(frame: pd.DataFrame, names: Sequence[str]) -> int | None:
    """Return the first column with one of the names, with or without a unit."""
    headers = [str(header).strip() for header in frame.columns]
    found = (i for i, header in enumerate(headers) if header in names or split_header(header)[0] in names)
    return next(found, None)


def _with_column(frame: pd.DataFrame, place: int, cells: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    columns = [frame.iloc[:, i] for i in range(frame.shape[1])]
    columns[place] = pd.Series(list(cells), index=frame.index, dtype=object, name=frame.columns[place])
    return pd.concat(columns, axis=1)


def _numbers(frame: pd.DataFrame) -> pd.Index[Any]:
    import pandas as pd

    return pd.Index(row_numbers(frame), name="row", dtype="int64")


def _has_result(frame: pd.DataFrame, targets: Sequence[Target]) -> list[bool]:
    """Return which rows hold a value of a target, or a failure."""
    names = {name for target in targets for name in (target.name, target.column) if name is not None} | {"failed"}
    places = [i for i, header in enumerate(frame.columns) if split_header(str(header).strip())[0] in names]
    return [
        any(not is_blank(cell) and not is_missing(cell) for cell in row) for row in frame.iloc[:, places].to_numpy()
    ]

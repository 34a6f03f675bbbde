"""A table to check: its cells as text, its task and its file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks.quality.findings import Change, Finding, Kind


@dataclass(frozen=True, eq=False)
class Sheet:
    """The table of one task as text, with what its cells should mean.

    Parameters
    ----------
    task, file
        The task's name and its table's path, for messages.
    space, targets
        What its columns mean.
    frame
        The cells; the index, called ``row``, counts as a spreadsheet does.
    group
        The group of near copies to which the task belongs, if it does.
    own_bounds
        Whether the bounds of the space were read off this very table, so that they are no reference for it.
    """

    task: str
    file: str | None
    space: DesignSpace
    targets: tuple[Target, ...]
    frame: pd.DataFrame
    group: str | None = None
    own_bounds: bool = False

    @property
    def rows(self) -> list[int]:
        """The number of each row, as a spreadsheet counts."""
        return self.frame.index.astype(int).tolist()

    def cells(self, header: str) -> Iterator[tuple[int, str]]:
        """Go through the rows and the texts of a column."""
        return zip(self.rows, self.frame[header].astype(str).tolist(), strict=True)

    def is_bare(self, header: str) -> bool:
        """Whether a header is a column's or target's own name, so that brackets in it are no unit."""
        names = {*self.space.columns, *(target.column or target.name for target in self.targets)}
        return header.strip() in names

    def finding(
        self, kind: Kind, what: str, remedy: str, *, row: int | None = None, column: str | None = None,
        repair: tuple[Change, ...] = (),
    ) -> Finding:  # fmt: skip
        """Return a finding in this table."""
        return Finding(kind, what, remedy, self.task, self.file, row, column, repair)

"""Cells of tables that name files of curves: the paths from the table's folder, for tables of this computer alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.results.results_table import row_numbers
from designer.errors import Fault, InvalidData, InvalidInput
from designer.observations.curves.curve_cells import names_file, path_of
from designer.observations.observation import Observation
from designer.units import split_header

if TYPE_CHECKING:
    import pandas as pd


def with_paths(frame: pd.DataFrame, observations: Sequence[Observation], folder: Path) -> pd.DataFrame:
    """Return a table with the `Path` of each file of a curve that a cell names, relative to a folder.

    Raises
    ------
    InvalidData
        With every cell whose path leads out of the folder.
    """
    names = {each.name for each in observations if each.is_curve}
    columns = [column for column in frame.columns if split_header(str(column).strip())[0] in names]
    if not columns:
        return frame
    import pandas as pd

    frame, faults, numbers = frame.copy(), list[Fault](), row_numbers(frame)
    for column in columns:
        cells = []
        for number, cell in zip(numbers, frame[column], strict=True):
            try:
                cells.append(path_of(cell.strip(), folder) if names_file(cell) else cell)
            except InvalidInput as error:
                faults += [fault.at(row=number, column=str(column)) for fault in error.faults]
        if not faults:
            frame[column] = pd.Series(cells, index=frame.index, dtype=object)
    if faults:
        raise InvalidData(faults)
    return frame


def values_with_paths(values: Mapping[str, Any], observations: Sequence[Observation], folder: Path) -> dict[str, Any]:
    """Return values by name with the `Path` of each file of a curve that one names, relative to a folder.

    Raises
    ------
    InvalidInput
        If a path leads out of the folder.
    """
    names = {each.name for each in observations if each.is_curve}
    return {
        name: path_of(value.strip(), folder) if name in names and names_file(value) else value
        for name, value in values.items()
    }

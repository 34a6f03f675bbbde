"""Cells of tables that name files of curves, in the table's folder or below it: on reading, and on export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.log.state import CampaignState
from designer.campaign.log.store import EventStore
from designer.campaign.results.results_table import row_numbers
from designer.errors import Fault, InvalidData, InvalidInput
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_cells import names_file, path_of
from designer.observations.observation import Observation
from designer.units import split_header
from designer.whole_files import write_new

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


def exported(frame: pd.DataFrame, state: CampaignState, store: EventStore, path: Path) -> pd.DataFrame:
    """Return a table of measurements for export, in which images and curves of many points are files beside `path`.

    They are written into the folder ``<name>-curves``: the file as it was recorded, or the points as CSV. A table that
    is read again from its folder then holds the same curves.

    Parameters
    ----------
    frame
        Indexed by the measurements' ids.
    """
    large = {
        (each.id, name): seen
        for each in state.measurements.values()
        for name, seen in each.observed.items()
        if isinstance(seen, Curve) and not seen.is_short
    }
    if not large:
        return frame
    frame, folder = frame.copy(), path.with_name(f"{path.stem}-curves")
    folder.mkdir(exist_ok=True)
    for i, ((measurement, name), curve) in enumerate(large.items()):
        ending = ".csv" if curve.file is None else Path(curve.file).suffix.lower()
        file = folder / f"{measurement}-{i + 1}{ending}"
        if curve.digest is None:
            write_new(file, "".join(f"{x!r},{y!r}\n" for x, y in zip(curve.x, curve.y, strict=True)))
        else:
            write_new(file, store.stored_file(curve.digest))
        frame.loc[measurement, name] = f"{folder.name}/{file.name}"
    return frame

"""Known molecules from the tables that a person names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from designer.chemistry.smiles import canonical_smiles, smiles_fault
from designer.errors import Fault, InvalidData, did_you_mean
from designer.generation.value_cells import mean_values
from designer.space.table_files import read_frame


def read_molecules(path: Path | str, column: str) -> tuple[str, ...]:
    """Return the canonical SMILES of a table's molecules, each once; empty cells are left out.

    Raises
    ------
    InvalidData
        If the table cannot be read, has no such column or no molecule; with every cell that is no molecule.
    """
    found = dict.fromkeys(text for _, text in _molecules(read_frame(path), column, str(path)))
    if not found:
        raise InvalidData(Fault("there is no molecule", "give a table with SMILES", file=str(path), column=column))
    return tuple(found)


def molecules_of(path: Path | str, headers: Sequence[str]) -> tuple[str, ...]:
    """Return the canonical SMILES of a table under the first of several headers that it has, each once.

    Parameters
    ----------
    path
        A table, or a folder, which stands for all its CSV files that have one of the headers.

    Raises
    ------
    InvalidData
        As `read_molecules`.
    """
    path = Path(path)
    tables = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    found: dict[str, None] = {}
    for table in tables:
        frame = read_frame(table)
        header = next((each for each in headers if each in frame.columns), None)
        if header is not None:
            found |= dict.fromkeys(text for _, text in _molecules(frame, header, str(table)))
        elif table == path:
            names = " or ".join(map(repr, headers))
            remedy = f"name its column of SMILES with 'smiles'; it has {', '.join(map(str, frame.columns[:20]))}"
            raise InvalidData(Fault(f"there is no column {names}", remedy, file=str(table)))
    if not found:
        raise InvalidData(Fault("there is no molecule", f"give a table with SMILES in {headers[0]!r}", file=str(path)))
    return tuple(found)


def read_molecule_values(path: Path | str, column: str, value: str) -> dict[str, float]:
    """Return the mean value of each molecule of a table; rows without a molecule or a value are left out.

    Raises
    ------
    InvalidData
        As `read_molecules`, and with every value that is no finite number.
    """
    frame, file = read_frame(path), str(path)
    header = _header(frame, value, file)
    cells = [(row, smiles, frame.at[row, header]) for row, smiles in _molecules(frame, column, file)]
    return mean_values(cells, file=file, column=header)


def _molecules(frame: pd.DataFrame, column: str, file: str) -> list[tuple[int, str]]:
    """Return the row and the canonical SMILES of every molecule."""
    header = _header(frame, column, file)
    found: list[tuple[int, str]] = []
    faults: list[Fault] = []
    for row, value in zip(frame.index, frame[header], strict=True):
        text = "" if value is None else str(value).strip()
        fault = smiles_fault(text) if text else None
        if fault is not None:
            faults.append(fault.at(file=file, row=int(row), column=header))
        elif text:
            found.append((int(row), str(canonical_smiles(text))))
    if faults:
        raise InvalidData(faults)
    return found


def _header(frame: pd.DataFrame, column: str, file: str) -> str:
    headers = [str(name) for name in frame.columns]
    if column not in headers:
        raise InvalidData(Fault(f"there is no column {column!r}", did_you_mean(column, headers), file=file))
    return column

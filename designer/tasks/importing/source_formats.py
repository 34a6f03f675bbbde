"""Readers of what is given to import, chosen by file ending and content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from designer.errors import Fault, InvalidData, MissingExtra
from designer.space.table_files import read_frame
from designer.tasks.importing.citrine import is_citrine, read_citrine
from designer.tasks.importing.olympus import is_olympus, read_olympus
from designer.tasks.importing.raw import RawTable, as_text, from_records

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
_REMEDY = "give a table (.csv, .xlsx, .json, .parquet), or a folder of Citrine or Olympus files"


def read_source(path: Path | str) -> list[RawTable]:
    """Read a file or a folder.

    * ``.csv``, ``.tsv``, ``.xlsx``: a table with one header row (the first sheet);
    * ``.json``: records, columns, or Citrine's materials (PIF or GEMD);
    * ``.parquet``: a table (extra ``parquet``);
    * a folder with ``config.json`` and ``data.csv``: a data set of Olympus;
    * a folder of ``.json`` files: Citrine's materials.

    Raises
    ------
    InvalidData
        If it is none of these, or with every fault of it.
    MissingExtra
        For Excel and Parquet files, if what reads them is not installed.
    """
    path = Path(path)
    if path.is_dir():
        return _folder(path)
    if not path.exists():
        raise InvalidData(Fault("no such file", _REMEDY, file=str(path)))
    suffix = path.suffix.casefold()
    if suffix in TABLES:
        return [RawTable(path.stem, str(path), as_text(read_frame(path)))]
    if suffix == ".json":
        return _json(path)
    if suffix in (".parquet", ".pq"):
        return [RawTable(path.stem, str(path), as_text(_parquet(path)))]
    raise InvalidData(Fault(f"a {suffix or 'file without ending'} is not read", _REMEDY, file=str(path)))


def _folder(path: Path) -> list[RawTable]:
    if is_olympus(path):
        return [read_olympus(path)]
    files = sorted(path.glob("*.json"))
    if not files:
        raise InvalidData(Fault("the folder holds nothing that is read", _REMEDY, file=str(path)))
    documents: list[tuple[str, Any]] = [(str(file), load_json(file)) for file in files]
    strangers = [
        Fault("is no Citrine file (PIF or GEMD)", _REMEDY, file=f) for f, data in documents if not is_citrine(data)
    ]
    if strangers:
        raise InvalidData(strangers)
    return [read_citrine(documents, name=path.name, file=str(path))]


def _json(path: Path) -> list[RawTable]:
    data, file = load_json(path), str(path)
    if is_citrine(data):
        return [read_citrine([(file, data)], name=path.stem, file=file)]
    if isinstance(data, list) and all(isinstance(record, Mapping) for record in data):
        return [RawTable(path.stem, file, from_records(data, file=file))]
    if isinstance(data, Mapping) and isinstance(data.get("columns"), list) and isinstance(data.get("data"), list):
        rows = [
            dict(zip(map(str, data["columns"]), row, strict=False)) for row in data["data"] if isinstance(row, list)
        ]
        if len(rows) == len(data["data"]) and all(len(row) == len(data["columns"]) for row in data["data"]):
            return [RawTable(path.stem, file, from_records(rows, file=file))]
    if isinstance(data, Mapping) and data and all(isinstance(column, list) for column in data.values()):
        lengths = {len(column) for column in data.values()}
        if len(lengths) == 1:
            records = [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
            return [RawTable(path.stem, file, from_records(records, file=file))]
    raise InvalidData(
        Fault("is no table", "give a list of records, one an experiment, or columns of equal length", file=file)
    )


def load_json(path: Path) -> Any:
    """Read a JSON file.

    Raises
    ------
    InvalidData
        If it is no JSON in UTF-8, with the line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise InvalidData(
            Fault(f"is no JSON: {error.msg}", "check brackets, commas and quotes", file=str(path), line=error.lineno)
        ) from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidData(Fault(f"cannot be read: {error}", "give a JSON file in UTF-8", file=str(path))) from None


def _parquet(path: Path) -> pd.DataFrame:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    import pyarrow

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        text = " ".join(str(error).split())
        raise InvalidData(Fault(f"cannot be read: {text}", "write it as Parquet again", file=str(path))) from None
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})

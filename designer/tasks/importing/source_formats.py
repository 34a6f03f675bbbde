"""Readers of what is given to import, chosen by file ending and content."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from designer.errors import Fault, InvalidData, InvalidInput, MissingExtra
from designer.registry import Registry
from designer.space.table_files import read_frame
from designer.tasks.importing.citrine import is_citrine, read_citrine
from designer.tasks.importing.olympus import is_olympus, read_olympus
from designer.tasks.importing.raw import RawTable, as_text, from_records

Importer = Callable[[Path], list[RawTable]]

_HERE = "designer.tasks.importing.source_formats"
IMPORTERS: Registry[Importer] = Registry(
    "designer.importers",
    "importer",
    {
        **dict.fromkeys((".csv", ".tsv", ".txt", ".xlsx", ".xlsm"), f"{_HERE}:read_table_file"),
        ".json": f"{_HERE}:read_json_file",
        **dict.fromkeys((".parquet", ".pq"), f"{_HERE}:read_parquet_file"),
    },
    accepts=callable,
    expected="a function that takes a path and returns a list of RawTable",
    error_type=InvalidData,
)
"""What reads a file, by the ending of its name in small letters; other packages add theirs under this group."""

_REMEDY = "give a table (.csv, .xlsx, .json, .parquet), or a folder of Citrine or Olympus files"


def read_source(path: Path | str) -> list[RawTable]:
    """Read a file or a folder.

    * ``.csv``, ``.tsv``, ``.xlsx``: a table with one header row (the first sheet);
    * ``.json``: records, columns, or Citrine's materials (PIF or GEMD);
    * ``.parquet``: a table (extra ``parquet``);
    * a folder with ``config.json`` and ``data.csv``: a data set of Olympus;
    * a folder of ``.json`` files: Citrine's materials;
    * an ending that another package registered (`register_importer`).

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
    if suffix not in IMPORTERS:
        raise InvalidData(Fault(f"a {suffix or 'file without ending'} is not read", _REMEDY, file=str(path)))
    return IMPORTERS.load(suffix)(path)


def register_importer(ending: str, read: Importer) -> Importer:
    """Register what reads files of an ending (".mpr") for this process; return it.

    An installed package does the same with an entry point of the group ``designer.importers``, named by the ending.
    The function returns one `RawTable` for each table of the file, and raises `InvalidData` with every fault of it.

    Raises
    ------
    InvalidInput
        If the ending has no dot or capital letters, or is taken.
    """
    if not ending.startswith(".") or ending != ending.casefold():
        raise InvalidInput(Fault(f"{ending!r} is no ending", "write it in small letters with its dot, such as '.mpr'"))
    return IMPORTERS.register(ending, read)


def read_table_file(path: Path) -> list[RawTable]:
    """Read a text table or the first sheet of a workbook."""
    return [RawTable(path.stem, str(path), as_text(read_frame(path)))]


def read_parquet_file(path: Path) -> list[RawTable]:
    """Read a Parquet file."""
    return [RawTable(path.stem, str(path), as_text(_parquet(path)))]


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


def read_json_file(path: Path) -> list[RawTable]:
    """Read records, columns, or Citrine's materials."""
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

"""Reads uploaded campaigns and tables: within size limits, and without access to files outside the lab's folder."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.file.unit_notes import unit_notes
from designer.campaign.log.store_location import within
from designer.counting import count
from designer.documents import Document, read_document
from designer.errors import DesignerError, Fault, InvalidCampaign, InvalidData, InvalidInput
from designer.service.problems import Refused
from designer.service.url_names import encode_name
from designer.space.table_files import read_csv_text, read_frame

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 10_000_000
MAX_CAMPAIGN_BYTES = 1_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 500
_MAX_UNPACKED = 100_000_000
_MAX_PARTS = 1000
SERVED_MEASURES = ("table", "simulator")
"""Kinds of oracles that an uploaded campaign may name: none of them runs a program."""


def read_campaign(content: str | Mapping[str, Any], folder: Path) -> CampaignSpec:
    """Read an uploaded campaign: YAML text or plain data.

    It may not name a store, a program, a Python function or a file outside `folder`.

    Raises
    ------
    InvalidCampaign
        With every fault; for YAML text, with lines.
    """
    if isinstance(content, str):
        if len(content.encode()) > MAX_CAMPAIGN_BYTES:
            raise Refused("too-large", f"a campaign has at most {MAX_CAMPAIGN_BYTES} bytes; upload tables separately")
        try:
            document = read_document(content, file="campaign")
        except InvalidInput as error:
            raise InvalidCampaign(error.faults) from None
    else:
        document = Document(dict(content))
    try:
        return _read(document, folder)
    except InvalidCampaign as error:  # the path of the lab's folder is confidential
        raise InvalidCampaign([_without_folder(fault, folder) for fault in error.faults]) from None


def _without_folder(fault: Fault, folder: Path) -> Fault:
    hidden = f"{folder}/"
    file = None if fault.file is None else fault.file.replace(hidden, "")
    return fault.at(what=fault.what.replace(hidden, ""), remedy=fault.remedy.replace(hidden, ""), file=file)


def _read(document: Document, folder: Path) -> CampaignSpec:
    refused = list(_refused(document.data, folder)) if isinstance(document.data, Mapping) else []
    if refused:
        faults = [document.locate(fault) for fault in refused]
        faults += _other_faults(document, folder, {fault.path[0] for fault in refused})
        raise InvalidCampaign(faults)
    return CampaignSpec.from_document(document, folder=folder)


def _refused(data: Mapping[Any, Any], folder: Path) -> list[Fault]:
    """Return faults for what an uploaded campaign may not contain."""
    faults = []
    if data.get("store") is not None:
        faults.append(Fault("an uploaded campaign cannot choose its store", "leave out 'store'", path=("store",)))
    for where, measure in _measures(data):
        kind = measure.get("kind") if isinstance(measure, Mapping) else measure
        if kind not in SERVED_MEASURES:
            what = f"an uploaded campaign cannot measure by {kind!r}: it would run a program on the server"
            remedy = "leave out 'measure', and record results with a client"
            faults.append(Fault(what, remedy, path=where))
        elif isinstance(measure, Mapping) and kind == "table":
            faults += _outside(measure.get("file"), folder, (*where, "file"))
    faults += _outside(data.get("candidates"), folder, ("candidates",))
    for where, text in _texts(data.get("prior"), ("prior",)):
        faults += _outside(text, folder, where)  # kinds and names pass as paths inside the folder
    space = data.get("space")
    for i, parameter in enumerate(space if isinstance(space, list | tuple) else ()):
        generator = parameter.get("generator") if isinstance(parameter, Mapping) else None
        for where, text in _texts(generator, ("space", i, "generator")):
            faults += _outside(text, folder, where)
    return faults


def _measures(data: Mapping[Any, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every oracle that a campaign names, of its targets and its observations, with its path."""
    if data.get("measure") is not None:
        yield ("measure",), data["measure"]
    observations = data.get("observations")
    for i, each in enumerate(observations if isinstance(observations, list) else []):
        if isinstance(each, Mapping) and each.get("measure") is not None:
            yield ("observations", i, "measure"), each["measure"]


def _texts(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text in plain data, with its path."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*where, str(key)))
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from _texts(item, (*where, i))


def _outside(path: Any, folder: Path, where: tuple[str | int, ...]) -> list[Fault]:
    if not isinstance(path, str):
        return []  # the grammar of campaign files reports it
    try:
        within(path, folder, str(where[0]), "upload the table first")
    except ValueError as error:
        what, _, remedy = str(error).partition("; ")
        return [Fault(what, remedy, path=where)]
    return []


def _other_faults(document: Document, folder: Path, without: set[str | int]) -> list[Fault]:
    """Return the faults of the other keys, so that all faults are reported at once."""
    rest = {key: value for key, value in document.data.items() if key not in without}
    try:
        CampaignSpec.from_document(Document(rest, document.file, document.lines), folder=folder)
    except InvalidInput as error:
        return list(error.faults)
    return []


def read_table(content: bytes, name: str) -> pd.DataFrame:
    """Read an uploaded CSV or XLSX table, cell by cell as `designer.space.table_files` does.

    Parameters
    ----------
    name
        The name of the file, for its format and for messages; it is never used as a path.

    Raises
    ------
    InvalidData
        With every fault, or if the table is too large.
    """
    name = shown_name(name)
    if len(content) > MAX_BYTES:
        raise Refused("too-large", f"a table has at most {MAX_BYTES} bytes")
    suffix = Path(name).suffix.lower()
    if suffix == ".xlsx" or (not suffix and content[:2] == b"PK"):
        frame = _excel(content, name)
    elif suffix in (".csv", ".tsv", ".txt", ""):
        try:
            frame = read_csv_text(content.decode("utf-8-sig"), file=name)
        except UnicodeDecodeError:
            raise InvalidData(Fault("the file is not UTF-8 text", "save it as CSV UTF-8", file=name)) from None
    else:
        raise InvalidData(Fault(f"files that end in {suffix} are not supported", "give .csv or .xlsx", file=name))
    if len(frame) > MAX_ROWS or len(frame.columns) > MAX_COLUMNS:
        what = f"the table has {count(len(frame), 'row')} and {count(len(frame.columns), 'column')}"
        raise InvalidData(Fault(what, f"at most {MAX_ROWS} and {MAX_COLUMNS}", file=name))
    return frame


def _excel(content: bytes, name: str) -> pd.DataFrame:
    """Read an Excel workbook, after a check of its parts."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise InvalidData(Fault("the workbook is too large when unpacked", "save one small sheet", file=name))
            if any("vbaProject" in part.filename for part in parts):
                raise InvalidData(Fault("the workbook holds macros", "save it as plain .xlsx, or as CSV", file=name))
            if any(b"<!DOCTYPE" in _begin(archive, part) for part in parts if part.filename.endswith(".xml")):
                raise InvalidData(Fault("the workbook defines entities", "save it as CSV UTF-8", file=name))
        with tempfile.TemporaryDirectory(prefix="designer-") as folder:
            path = Path(folder) / "sheet.xlsx"
            path.write_bytes(content)
            return read_frame(path)
    except InvalidInput as error:  # messages name the user's file, not the temporary one
        raise InvalidData([fault.at(file=name) for fault in error.faults]) from None
    except (DesignerError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  zipfile, zlib and XML parsers raise many kinds on damaged files
        what = f"the file cannot be read as Excel: {str(error)[:200] or type(error).__name__}"
        raise InvalidData(Fault(what, "save it as .xlsx again, or as CSV UTF-8", file=name)) from None


def _begin(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
    with archive.open(part) as file:
        return file.read(4096)


def shown_name(name: str) -> str:
    """Return a file's name for messages: its last part, without unprintable characters.

    >>> shown_name("C:\\\\lab\\\\plate 3.csv"), shown_name("../../etc/x"), shown_name("")
    ('plate 3.csv', 'x', 'table.csv')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "table.csv"


# The tasks of upload workers: bytes and plain data in, plain data out


def table_data(content: bytes, name: str) -> dict[str, Any]:
    """Return an uploaded table as plain data: columns, numbers of rows, and rows of cells."""
    frame = read_table(content, name)
    return {"columns": list(frame.columns), "rows": frame.index.tolist(), "cells": frame.to_numpy(object).tolist()}


def frame_of(data: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that `table_data` describes."""
    import pandas as pd

    index = pd.Index(data["rows"], name="row")
    return pd.DataFrame(data["cells"], index=index, columns=pd.Index(data["columns"], dtype=object), dtype=object)


def campaign_data(content: bytes, folder: str, kind: str) -> dict[str, Any]:
    """Return an uploaded campaign (`kind` ``yaml`` or ``json``) as plain data: its content, a summary and notes."""
    spec = read_campaign(content.decode("utf-8") if kind == "yaml" else json.loads(content), Path(folder))
    summary = {
        "id": encode_name(spec.name),
        "name": spec.name,
        "columns": list(spec.space.columns),
        "targets": [target.name for target in spec.targets],
        "candidates": None if spec.space.pool is None else len(spec.space.pool.coordinates),
    }
    return {"data": dict(spec.data), "pool_digest": spec.pool_digest, "summary": summary, "notes": unit_notes(spec)}


UPLOAD_TASKS: dict[str, Callable[..., Any]] = {"table": table_data, "campaign": campaign_data}

"""What may come over the network: campaigns that name nothing outside the lab's folder, tables of a lab's size."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.store_location import within
from designer.documents import Document, read_document
from designer.errors import Fault, InvalidCampaign, InvalidData, InvalidInput
from designer.service.problems import Refused
from designer.service.store.paths import TABLES
from designer.space.table_files import read_csv_text, read_frame

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 10_000_000
MAX_CAMPAIGN_BYTES = 1_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 500
_MAX_UNPACKED = 100_000_000
_SHEET = "a sheet of CSV or XLSX"
_MEASURES = ("table", "simulator")


def read_campaign(content: str | Mapping[str, Any], folder: Path) -> CampaignSpec:
    """Read a campaign from the network: YAML text, or the same as plain data.

    It may not say where the events are kept, nor name a program, a Python function or a file outside `folder`.

    Raises
    ------
    InvalidCampaign
        With every fault; those of YAML text with their lines.
    """
    if isinstance(content, str):
        if len(content.encode()) > MAX_CAMPAIGN_BYTES:
            raise Refused("too-large", f"a campaign has at most {MAX_CAMPAIGN_BYTES} bytes; upload tables as files")
        try:
            document = read_document(content, file="campaign")
        except InvalidInput as error:
            raise InvalidCampaign(error.faults) from None
    else:
        document = Document(dict(content))
    try:
        return _read(document, folder)
    except InvalidCampaign as error:  # where the lab's folder is, is nobody's business
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
    """Return what a campaign from the network may not say."""
    faults = []
    if data.get("store") is not None:
        faults.append(Fault("the service keeps the events itself", "leave 'store' out", path=("store",)))
    measure = data.get("measure")
    if measure is not None:
        kind = measure.get("kind") if isinstance(measure, Mapping) else measure
        if kind not in _MEASURES:
            what = f"a campaign from the network cannot measure by {kind!r}: it would run a program on the server"
            remedy = "leave 'measure' out, and record results with a client"
            faults.append(Fault(what, remedy, path=("measure",)))
        elif isinstance(measure, Mapping) and kind == "table":
            faults += _outside(measure.get("file"), folder, ("measure", "file"))
    faults += _outside(data.get("candidates"), folder, ("candidates",))
    for where, text in _texts(data.get("prior"), ("prior",)):
        faults += _outside(text, folder, where)  # a kind or a name is as good as a path in the folder
    return faults


def _texts(value: Any, where: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text in plain data, with its place."""
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
        return []  # the campaign's own grammar says what is wrong with it
    try:
        within(path, folder, str(where[0]), "upload the table first")
    except ValueError as error:
        what, _, remedy = str(error).partition("; ")
        return [Fault(what, remedy, path=where)]
    return []


def _other_faults(document: Document, folder: Path, without: set[str | int]) -> list[Fault]:
    """Return what else is wrong, so that all is said at once; nothing that was refused is looked at."""
    rest = {key: value for key, value in document.data.items() if key not in without}
    try:
        CampaignSpec.from_document(Document(rest, document.file, document.lines), folder=folder)
    except InvalidInput as error:
        return list(error.faults)
    return []


def read_sheet(content: bytes, name: str) -> pd.DataFrame:
    """Read an uploaded CSV or XLSX table, cell by cell as `designer.space.table_files` does.

    Parameters
    ----------
    name
        What the file is called, for its kind and for messages; it is never used as a path.

    Raises
    ------
    InvalidData
        With every fault, or if the table is larger than a lab's sheet can be.
    """
    name = shown_name(name)
    if len(content) > MAX_BYTES:
        raise Refused("too-large", f"{_SHEET} has at most {MAX_BYTES} bytes")
    suffix = Path(name).suffix.lower()
    if suffix == ".xlsx" or (not suffix and content[:2] == b"PK"):
        frame = _excel(content, name)
    elif suffix in (".csv", ".tsv", ".txt", ""):
        try:
            frame = read_csv_text(content.decode("utf-8-sig"), file=name)
        except UnicodeDecodeError:
            raise InvalidData(Fault("the file is not UTF-8 text", "save it as CSV UTF-8", file=name)) from None
    else:
        raise InvalidData(Fault(f"a file that ends in {suffix} is not taken", "give .csv or .xlsx", file=name))
    if len(frame) > MAX_ROWS or len(frame.columns) > MAX_COLUMNS:
        what = f"the table has {len(frame)} rows and {len(frame.columns)} columns"
        raise InvalidData(Fault(what, f"at most {MAX_ROWS} and {MAX_COLUMNS}", file=name))
    return frame


def _excel(content: bytes, name: str) -> pd.DataFrame:
    """Read an Excel workbook, after a look at what it would unpack to."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > 1000 or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise InvalidData(Fault("the workbook unpacks to too much", "save one small sheet", file=name))
            if any("vbaProject" in part.filename for part in parts):
                raise InvalidData(Fault("the workbook holds macros", "save it as plain .xlsx, or as CSV", file=name))
            if any(part.filename.endswith(".xml") and b"<!DOCTYPE" in archive.read(part)[:4096] for part in parts):
                raise InvalidData(Fault("the workbook defines entities", "save it as CSV UTF-8", file=name))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        what = f"the file cannot be read as Excel: {error}"
        raise InvalidData(Fault(what, "save it as .xlsx again, or as CSV UTF-8", file=name)) from None
    with tempfile.TemporaryDirectory(prefix="designer-") as folder:
        path = Path(folder) / "sheet.xlsx"
        path.write_bytes(content)
        try:
            return read_frame(path)
        except InvalidInput as error:  # the person knows the file by its own name
            raise InvalidData([fault.at(file=name) for fault in error.faults]) from None


def shown_name(name: str) -> str:
    """Return a file's name as messages show it: its last part, and nothing that does not print.

    >>> shown_name("C:\\\\lab\\\\plate 3.csv"), shown_name("../../etc/x"), shown_name("")
    ('plate 3.csv', 'x', 'table.csv')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:100] or "table.csv"


def keep_table(frame: pd.DataFrame, folder: Path) -> str:
    """Keep a table of candidates in the lab's folder and return the name by which a campaign refers to it.

    The name comes from the content, so that a kept table never changes, and the same one is kept once.
    """
    text = frame.to_csv(index=False, lineterminator="\n")
    name = f"{TABLES}/{hashlib.sha256(text.encode()).hexdigest()[:20]}.csv"
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, suffix=".part", encoding="utf-8", newline="", delete=False
        ) as file:
            file.write(text)
        Path(file.name).replace(path)  # whole or not at all
    return name

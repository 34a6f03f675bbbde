"""From tables to the mapping of an import: guessed as for a new campaign, shown, and confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.cli.column_guess import guess, read_columns
from designer.cli.goal_guess import likely_target
from designer.cli.lab_column import ColumnRequest
from designer.documents import write_document
from designer.errors import Fault, InvalidInput

if TYPE_CHECKING:
    import pandas as pd

    from designer.tasks.importing.mapping import Mapping
    from designer.tasks.importing.raw import RawTable


def mapping_of(
    table: RawTable, requests: Sequence[ColumnRequest], ignore: Sequence[str], by: str | None
) -> tuple[Mapping, list[str]]:
    """Return the mapping of a table, and what a person should know of it: which columns were left out, and why.

    What the source itself states (an Olympus folder, a campaign) is taken as it is.

    Raises
    ------
    InvalidInput
        With every fault.
    """
    from designer.tasks.importing.mapping import Mapping

    if table.card:
        return Mapping(**dict(table.card), by=by), []
    data, remarks = guessed(table.frame, table.file, requests, ignore, by)
    return Mapping(**data), remarks


def guessed(
    frame: pd.DataFrame, file: str, requests: Sequence[ColumnRequest], ignore: Sequence[str], by: str | None
) -> tuple[dict[str, Any], list[str]]:
    """Return the guessed mapping of a bare table as plain data, and the remarks."""
    from designer.tasks.quality.tidy_cells import plain_cells

    columns = read_columns(plain_cells(frame))
    if not requests:
        likely = likely_target([column for column in columns if column.header not in {by, *ignore}])
        if likely is None:
            raise InvalidInput(Fault("no column of the table holds results", "name one with --measured", file=file))
        requests = [ColumnRequest(likely.header, None)]
    left = [*ignore, *([by] if by is not None and by not in ignore else [])]
    draft = guess(columns, "import", requests, left, file, is_record=True)
    data: dict[str, Any] = {"by": by} if by is not None else {}
    data["space"] = [{key: _plain(value) for key, value in entry.keys} for entry in draft.parameters]
    data["targets"] = [{key: _plain(value) for key, value in entry.keys} for entry in draft.targets]
    return data, [remark for remark in draft.remarks[1:] if by is None or repr(by) not in remark]


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises
    ------
    InvalidInput
        With every fault, each with its line.
    """
    from designer.documents import load_document, parse
    from designer.tasks.importing.mapping import Mapping

    return parse(Mapping, load_document(path))


def shown(mapping: Mapping) -> str:
    """Return a mapping as the YAML that `--mapping` reads."""
    from designer.space.parameters.amending import as_plain

    data: dict[str, Any] = {"by": mapping.by} if mapping.by is not None else {}
    data["space"] = [as_plain(parameter) for parameter in mapping.space]
    data["targets"] = [target.model_dump(exclude_unset=True) for target in mapping.targets]
    return write_document(_plain(data))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        whole = int(value) if value == value.to_integral_value() and abs(value) < 10**15 else None
        return whole if whole is not None else float(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value

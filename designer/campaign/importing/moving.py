"""An imported campaign as a folder: a campaign file with its store, and the tables that belong to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from designer.campaign.campaign import Campaign
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.importing.imported import Cell, ImportedCampaign
from designer.campaign.results.recording import RecordReport
from designer.campaign.results.results_table import NOISE
from designer.counting import count
from designer.documents import write_document
from designer.errors import Fault, InvalidCampaign, InvalidData
from designer.whole_files import part_folder, publish

FILE, CANDIDATES, RESULTS, PENDING = "campaign.yaml", "candidates.csv", "results.csv", "pending.csv"


@dataclass(frozen=True)
class Moved:
    """What was written.

    Parameters
    ----------
    folder
        The folder.
    recorded
        What happened to the results; None where there were none.
    """

    folder: Path
    recorded: RecordReport | None


def write_campaign(imported: ImportedCampaign, folder: Path | str) -> Moved:
    """Write a folder with the campaign file and a store that holds the results, whole or not at all.

    Results that the campaign cannot record are faults of the report; ``results.csv`` has all of them.

    Raises
    ------
    InvalidCampaign
        If what was imported is no campaign that can run, or the folder exists.
    InvalidData
        If there are results, and none can be recorded.
    """
    folder = Path(folder)
    if folder.exists():
        raise InvalidCampaign(Fault("the folder exists already", "give another with --out", file=str(folder)))
    content = campaign_content(imported)
    with part_folder(folder) as part:
        if imported.candidates is not None:
            _table(imported.candidates, imported).to_csv(part / CANDIDATES, index=False)
        (part / FILE).write_text(_comments(imported) + write_document(content), encoding="utf-8")
        CampaignSpec.from_file(part / FILE)
        recorded = None
        if imported.results:
            results = _table(imported.results, imported)
            results.to_csv(part / RESULTS, index=False)
            recorded = _attached(results, part)
        if imported.pending:
            _table(imported.pending, imported).to_csv(part / PENDING, index=False)
        publish(part, folder)
    return Moved(folder, recorded)


def campaign_content(imported: ImportedCampaign) -> dict[str, Any]:
    """Return the content of the campaign file."""
    content: dict[str, Any] = {"designer": 1, "name": imported.name, "space": [dict(each) for each in imported.space]}
    if imported.constraints:
        content["constraints"] = list(imported.constraints)
    if imported.candidates is not None:
        content["candidates"] = CANDIDATES
    content["targets"] = [dict(each) for each in imported.targets]
    if imported.combine is not None:
        content["combine"] = imported.combine
    return content


def _comments(imported: ImportedCampaign) -> str:
    lines = [f"A campaign of {imported.program}, imported by designer."]
    lines += [f"Changed: {each}." for each in imported.remarks]
    lines += [f"Left out: {each}." for each in imported.left_out]
    if imported.pending:
        lines.append(f"{count(len(imported.pending), 'open design')} without a result yet: see {PENDING}.")
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)


def _attached(results: pd.DataFrame, part: Path) -> RecordReport:
    """Record the results in the store of the campaign file."""
    report = Campaign.open(part / FILE).attach(results, partial=True, file=RESULTS)
    if report.faults and not (report.recorded or report.failed):
        raise InvalidData(report.faults)
    return report


def _table(rows: Sequence[Mapping[str, Cell]], imported: ImportedCampaign) -> pd.DataFrame:
    """Return rows as a table of text, with the headers that the campaign file states."""
    stated = [*imported.space, *imported.targets]
    headers = {each["name"]: str(each["column"]) for each in stated if "column" in each}
    headers |= {each["name"] + NOISE: each["column"] + NOISE for each in imported.targets if "column" in each}
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = {
        headers.get(column, column): ["" if row.get(column) is None else _text(row[column]) for row in rows]
        for column in columns
    }
    return pd.DataFrame(text, dtype=object)


def _text(cell: Cell) -> str:
    return repr(cell) if isinstance(cell, float) else str(cell)

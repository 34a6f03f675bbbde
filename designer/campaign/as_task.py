"""A campaign's results as a table to import: today's result is tomorrow's past work."""

from __future__ import annotations

from pathlib import Path

from designer.campaign.campaign import Campaign
from designer.campaign.spec import CampaignSpec
from designer.campaign.store import open_store
from designer.errors import Fault, InvalidInput
from designer.tasks.importing.raw import RawTable, as_text


def raw_table(path: Path) -> RawTable:
    """Return what a campaign has measured, with its space, constraints and targets.

    Raises
    ------
    InvalidInput
        If the campaign has not begun or has no measurement.
    """
    spec = CampaignSpec.from_file(path)
    if spec.name not in open_store(spec.store).names():
        what = f"campaign {spec.name!r} has not begun"
        raise InvalidInput(Fault(what, "record its results first", file=str(path)))
    campaign = Campaign.open(path)
    measured = campaign.measurements()
    if not len(measured):
        raise InvalidInput(Fault(f"campaign {spec.name!r} has no measurement yet", "record one first", file=str(path)))
    frame = as_text(measured.reset_index())
    card = campaign.space.to_dict()
    targets = [target.model_dump(exclude_unset=True) for target in campaign.objective.targets]
    for target in targets:
        target.pop("column", None)  # the table of measurements has the targets' own names
    return RawTable(spec.name, str(path), frame, {**card, "targets": targets})

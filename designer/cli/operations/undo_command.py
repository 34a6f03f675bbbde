"""The command `undo`."""

from __future__ import annotations

import typer

from designer.cli.loop import PANEL
from designer.cli.options import CampaignArgument, CampaignOption, JsonFlag, StoreOption, campaign_file, open_campaign
from designer.cli.output import Report, emit


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel=PANEL)(undo)


def undo(
    campaign: CampaignArgument = None,
    option: CampaignOption = None,
    store: StoreOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Undo the last action: recorded results, a failure, a comparison, a withdrawal or an amendment.

    It stays in the history and counts no more. Suggestions are passed over, and so are changes of the space and
    of settings, which the campaign file states; the same command again undoes the action before.
    """
    opened = open_campaign(campaign_file(campaign, option), store)
    done = opened.undo()
    report = Report({"campaign": opened.name, "changed": done is not None, "undone": done})
    report.say("nothing can be undone" if done is None else f"undone: {done}")
    emit(report, as_json)

"""Campaigns of a study as lines of a file, of which those that are there are not run again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def completed(
    path: Path, campaigns: Iterable[Row], key: Callable[[Row], tuple[Any, ...]], run: Callable[[Row], Row]
) -> list[Row]:
    """Return the rows of a file, after those of the campaigns that it lacks were run and added, one after another.

    Parameters
    ----------
    campaigns
        What distinguishes each campaign.
    key
        Returns that of a row.
    run
        Returns the row of a campaign.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows: list[Row] = [json.loads(line) for line in lines]
    known = {key(row) for row in rows}
    for campaign in campaigns:
        if key(campaign) not in known:
            rows.append(run(campaign))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    return rows

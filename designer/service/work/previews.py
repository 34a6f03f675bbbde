"""What past work would change for a campaign that is not created yet. It runs in a worker process."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from designer.campaign.file.opening import Opening
from designer.campaign.log.store import MemoryStore
from designer.campaign.task_preview import preview_of
from designer.service.store.cache import CampaignCache
from designer.service.store.paths import LabPaths
from designer.service.work.past_results import TERMS, family_of
from designer.service.work.uploads import read_campaign
from designer.tasks.registry.registry_folder import publish_family

MAX_SECONDS = 20.0


def preview_past_work(
    paths: LabPaths,
    cache: CampaignCache,
    content: Mapping[str, Any],
    tasks: Sequence[str],
    campaigns: Sequence[str],
    n: int,
) -> dict[str, Any]:
    """Return the next suggestions without and with past work: folders of published tasks, and campaigns by name."""
    given = {**content, "prior": {"kind": "auto", "tasks": list(tasks)}} if tasks else dict(content)
    spec = read_campaign(given, paths.folder)  # checks the folders as well
    settings = spec.settings
    prior = settings.prior.model_copy(update={"kind": "none", "tasks": ()})
    seconds = min(settings.suggest_seconds, MAX_SECONDS)
    spec = replace(spec, settings=settings.model_copy(update={"prior": prior, "suggest_seconds": seconds}))
    candidates = None if settings.candidates is None else spec.folder / settings.candidates
    with tempfile.TemporaryDirectory(prefix="designer-preview-") as place:
        folders = [paths.folder / task for task in tasks]
        for name in campaigns:
            with cache.open(name) as (opened, _):
                family = family_of(opened)
            entry, _new = publish_family(family, Path(place), provenance=f"campaign {name}", terms=TERMS)
            folders.append(Path(place) / entry.slug / entry.digest)
        found = preview_of(Opening(MemoryStore(), spec, candidates), folders, n=n)
    rows = {"without": found.without, "with": found.with_tasks}
    return {
        "words": found.words,
        "changed": found.changed,
        "columns": list(found.without.columns),
        **{key: frame.reset_index(drop=True).to_dict("records") for key, frame in rows.items()},
    }

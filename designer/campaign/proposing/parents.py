"""What proposals start from: the words of a campaign's designs, and its best results with weights."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState

_BEST_SHARE, _MIN_RESULTS = 0.2, 3


def tried_words(state: CampaignState, column: str) -> tuple[str, ...]:
    """Return the words of a lab column in all designs that were suggested, measured or failed, sorted."""
    designs = [each.design for each in state.suggestions.values()]
    designs += [each.design for each in state.results]
    designs += [each.design for each in state.failures]
    return tuple(sorted({str(design[column]) for design in designs}))


def best_words(spec: CampaignSpec, state: CampaignState, column: str) -> tuple[tuple[str, float], ...]:
    """Return the words of the best fifth of the results with weights that sum to 1; none of fewer than 3 results."""
    names = [target.name for target in spec.targets]
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in state.results]).reshape(-1, len(names))
    if len(Y) < _MIN_RESULTS:
        return ()
    utilities = spec.objective.utilities(Y, spec.objective.ranges(Y) if spec.objective.needs_ranges else None)
    # The mean rank over the goals; a result without a value, or beyond a limit, is behind all that have one.
    ranks = np.argsort(np.argsort(-np.nan_to_num(utilities, nan=-np.inf), axis=0, kind="stable"), axis=0).mean(axis=1)
    order = np.lexsort((ranks, ~spec.objective.feasible(Y)))
    best: dict[str, float] = {}
    for place, row in enumerate(order[: max(_MIN_RESULTS, round(_BEST_SHARE * len(Y)))].tolist()):
        text = str(state.results[row].design[column])
        best.setdefault(text, 1.0 / (1 + place))
    total = sum(best.values())
    return tuple((text, weight / total) for text, weight in best.items())


def seed_of_proposals(spec: CampaignSpec, state: CampaignState) -> int:
    """Return the seed of the proposals of a state."""
    return spec.settings.seed * 1_000_003 + len(state.suggestions)


def file_states(names: Iterable[str], folder: Path) -> tuple[tuple[int, int], ...]:
    """Return time and size of tables, and of those of folders: other contents give other proposals."""
    paths = [folder / name for name in names]
    files = [each for path in paths for each in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    return tuple((each.stat().st_mtime_ns, each.stat().st_size) if each.exists() else (0, 0) for each in files)

"""`designer` with a prior of some kind or none: the same posterior and the same proposal as in a campaign over a pool.

The prior is fitted to the sources before the first suggestion, or taken from the cache of fitted priors, as in a
campaign.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import torch

import designer
from benchmarks.suite.pools import Candidates
from benchmarks.suite.provenance import commit
from designer.campaign.suggesting.past_tasks import fitted
from designer.campaign.suggesting.pool_campaign import PoolCampaign, first_designs
from designer.priors.auto import FittedAuto, Guard
from designer.priors.baseline import BaselinePrior


def versions() -> dict[str, str]:
    """Return the versions that decide, and the commit of `designer`."""
    return {
        "designer": commit(Path(designer.__file__)),
        "torch": torch.__version__,
        **{name: version(name) for name in ("botorch", "gpytorch", "numpy")},
    }


def begin(
    candidates: Candidates,
    seed: int,
    kind: str = "none",
    without: str | None = None,
    *,
    forest: bool = True,
    first_by_dimension: bool = False,
) -> PoolCampaign:
    """Start a campaign with a prior of a kind, or with the baseline prior if there are no sources.

    Parameters
    ----------
    kind
        A kind of prior, or ``none``.
    without
        The check of the guard that is switched off.
    forest
        Whether the search uses a forest (`designer.acquisition.search_model`).
    first_by_dimension
        Whether there are as many first designs as in a space without a list of candidates.
    """
    learns = kind != "none" and candidates.sources
    prior = fitted(kind, candidates.sources) if learns else BaselinePrior()
    if without and isinstance(prior, FittedAuto):
        prior = replace(prior, guard=Guard.without(without))
    first = first_designs(candidates.space) if first_by_dimension else None
    space, designs, objective = candidates.space, candidates.designs, candidates.objective
    return PoolCampaign(space, designs, objective, seed, prior, forest=forest, first=first)

"""The prior that a campaign learns from the past work that it names.

A campaign's own results so far are never among its sources: it is not a finished campaign.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer.campaign.file.past_work_formats import form_of
from designer.campaign.past_work import cache_folder, file_signatures, past_tasks
from designer.errors import Fault, InvalidPrior
from designer.tasks import Task

if TYPE_CHECKING:
    from designer.campaign.file.spec import CampaignSpec
    from designer.priors.base import FittedPrior

_FORMAT = 3  # of what is cached: raise it whenever fitting changes

MAX_IN_MEMORY = 16
"""Fitted priors that a process keeps in memory, the last used ones."""

_fitted: OrderedDict[str, FittedPrior] = OrderedDict()


def prior_of_spec(spec: CampaignSpec) -> FittedPrior:
    """Return the prior that a campaign begins from: fitted once, then taken from memory or from the cache on disk.

    Raises
    ------
    InvalidInput
        With every fault of the past work that the campaign names.
    """
    from designer.priors.baseline import BaselinePrior

    if spec.given_prior is not None:
        refuse_other_scales(spec.given_prior, spec)
        return spec.given_prior
    settings = spec.settings.prior
    if not settings.learns:
        return BaselinePrior()
    places = [(spec.folder / path).resolve() for path in settings.tasks]
    scales = [(target.name, target.unit, target.scale) for target in spec.targets]
    signature = repr((settings.kind, settings.leave_out, [*file_signatures(places)], scales, settings.quantities))
    if signature not in _fitted:
        _fitted[signature] = _read_or_fit(places, spec)
    _fitted.move_to_end(signature)
    while len(_fitted) > MAX_IN_MEMORY:
        _fitted.popitem(last=False)
    refuse_other_scales(_fitted[signature], spec)
    return _fitted[signature]


def saved_card(spec: CampaignSpec) -> dict[str, Any]:
    """Return the card of the saved prior that a campaign names; empty where it names tasks, or none.

    Raises
    ------
    InvalidPrior
        If it cannot be read.
    """
    settings = spec.settings.prior
    if spec.given_prior is not None or not settings.learns:
        return {}
    from designer.priors.saving import read_card

    folders = [(spec.folder / path).resolve() for path in settings.tasks]
    saved = next((folder for folder in folders if form_of(folder) == "saved"), None)
    return {} if saved is None else read_card(saved)


def refuse_other_scales(prior: object, spec: CampaignSpec) -> None:
    """Refuse a prior that was fitted to a target of the campaign on another scale.

    Raises
    ------
    InvalidPrior
        With every such target.
    """
    from designer.priors.sources import scale_faults

    faults = scale_faults(prior, spec.targets, spec.settings.prior.quantities)
    if faults:
        raise InvalidPrior([spec.locate(fault.at(path=("prior",))) for fault in faults])


def prior_digest(spec: CampaignSpec, prior: FittedPrior) -> str | None:
    """Return the kind and digest of a campaign's prior, which its events record; None without past tasks."""
    if not spec.learns:
        return None
    from designer.priors.fidelity.level_prior import LevelPrior
    from designer.priors.saving import digest_of

    prior = prior.inner if isinstance(prior, LevelPrior) else prior

    return f"{prior.kind} {digest_of(prior)}"


def _read_or_fit(places: Sequence[Path], spec: CampaignSpec) -> FittedPrior:
    from designer.priors.kinds import load_prior

    settings = spec.settings.prior
    saved = saved_alone(places, settings.leave_out, "'leave_out'")
    if saved is not None:
        return load_prior(saved)
    read = past_tasks(places, settings.leave_out)
    tasks = [task.on_scales_of(spec.targets, settings.quantities) for task in read]
    if not tasks:
        raise InvalidPrior(Fault("'leave_out' leaves no past task", "name fewer tasks"))
    return fitted(settings.kind, tasks)


def saved_alone(places: Sequence[Path], leave_out: Sequence[str], option: str) -> Path | None:
    """Return the saved prior among places of past work; None where there is none.

    Parameters
    ----------
    option
        What `leave_out` is called where it was given.

    Raises
    ------
    InvalidPrior
        If other work is named beside it, or it is to leave something out.
    """
    saved = next((place for place in places if form_of(place) == "saved"), None)
    if saved is not None and (len(places) > 1 or leave_out):
        what = f"{str(saved)!r} is a saved prior, and cannot be joined with other past work"
        raise InvalidPrior(Fault(what, f"name it alone, without {option}, or name the tasks themselves"))
    return saved


def fitted(kind: str, tasks: Sequence[Task]) -> FittedPrior:
    """Return the prior of a kind fitted to tasks, from the cache on disk where it was fitted to the same before."""
    from designer.priors.kinds import fit_prior, load_prior

    folder = cache_folder() / "priors" / content_digest(kind, tasks)
    try:
        return load_prior(folder)
    except InvalidPrior:
        prior = fit_prior(tasks, kind, seed=0)
    _keep(prior, folder)
    return prior


def content_digest(kind: str, tasks: Sequence[Task]) -> str:
    """Return a digest of a kind and of all that a prior of it learns from: names, spaces, targets and data."""
    from designer.campaign.log.versions import versions

    digest = hashlib.sha256(repr((_FORMAT, kind, versions())).encode())
    for task in sorted(tasks, key=lambda task: (task.family or "", task.name)):
        described = (task.family, task.name, task.group, task.space.parameters, task.targets)
        digest.update(repr(described).encode())
        digest.update(task.data.to_csv(index=False, float_format="%.17g").encode())
    return digest.hexdigest()[:32]


def _keep(prior: FittedPrior, folder: Path) -> None:
    """Save a prior in the cache, whole or not at all; a cache that cannot be written is no fault."""
    from designer.priors.saving import save_whole

    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        save_whole(prior, folder)

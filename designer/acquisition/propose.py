"""The proposal of designs: a pure function of the posterior, the space, the objective, the data and a seed."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np
import torch
from botorch.models.model import Model
from torch import Tensor

from designer.acquisition.archive import LogWeights
from designer.acquisition.batch_rule import SharedSettings
from designer.acquisition.builder import build_acquisition
from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition
from designer.acquisition.initial import initial_designs, quick_designs
from designer.acquisition.observed import Observed, Proposal
from designer.acquisition.reasons import best_first, reasons
from designer.acquisition.registered import AcquisitionBuilder
from designer.acquisition.replication import worthwhile_replicate
from designer.acquisition.search import Found, Search, require
from designer.acquisition.shared_settings import search_batch
from designer.arrays import FloatArray
from designer.deadline import Deadline
from designer.errors import NoDesignLeft
from designer.objective import Objective
from designer.objective.design_costs import DesignCosts
from designer.space import DesignSpace
from designer.space.cells import Cells
from designer.space.encoding import Encoder
from designer.threads import one_thread

NOT_SHARED = SharedSettings()
"""Every design has its own settings."""

REGION = 512
"""Designs over which the uncertainty of a surface is averaged (`AcquisitionContext.region`)."""

_REFERENCE = 256
_STARTS = 8
_LATE = "time limit reached"


class SuccessModel(Protocol):
    """A model of the probability that an experiment succeeds."""

    def log_probability(self, X: Tensor) -> Tensor:
        """Return log P(success) (``n``) of features `X` (``n x d``)."""
        ...


def propose(
    posterior: Model,
    space: DesignSpace,
    objective: Objective,
    data: Observed,
    pending: FloatArray,
    n: int,
    seed: int,
    *,
    feasibility: SuccessModel | None = None,
    forbidden_keys: Set[Any] = frozenset(),
    replicates: Literal["never", "auto"] = "never",
    encoder: Encoder | None = None,
    deadline: Deadline | None = None,
    acquisition: AcquisitionBuilder | None = None,
    search: Model | None = None,
    shared: SharedSettings = NOT_SHARED,
    log_weights: LogWeights | None = None,
    costs: DesignCosts | None = None,
    cells: Cells | None = None,
    further: FloatArray | None = None,
) -> Proposal:
    """Return the `n` designs to make next, each chosen with those before it pending.

    The same arguments give the same designs, whatever the order of the rows of `data` and `pending`; torch runs on
    one thread inside.

    Parameters
    ----------
    posterior
        Model of the m targets, in the order of the objective's, over the encoder's features; conditioned on `data`.
    data
        What was measured. Its designs are not proposed again; those that the space forbids are no incumbents.
    pending
        ``p x c`` designs that were suggested and not measured yet. They are not proposed again.
    feasibility
        Where experiments succeed; None if none has failed.
    forbidden_keys
        `DesignSpace.keys` of designs that may not be proposed: withdrawn and failed ones.
    replicates
        ``auto`` proposes a measured design again where that is worth more than any new design
        (`designer.acquisition.replication` states the rule); ``never`` does not.
    encoder
        The features that `posterior` was conditioned on; the space's own unless given.
    deadline
        When to stop searching. The designs proposed are then the best of those scored so far, or, where none was,
        designs that fill the space; their notes begin with ``time limit reached``.
    acquisition
        Builds the acquisition function from model and context; the default unless given.
    search
        The model whose improvement is maximised, where it is not the posterior
        (`designer.acquisition.search_model.search_model`); replicates are decided by the posterior.
    shared
        The parameters that have one setting in all `n` designs, and what changing it costs.
    log_weights
        A term that is added to the log acquisition of each design, such as a belief; nothing unless given. Scores
        include it.
    costs
        What designs cost and what may be spent on them; the search then maximises the gain for the cost.
    cells
        Cells of the space in each of which the best design is wanted; the best of all unless given.
    further
        ``k x c`` designs from which the search starts besides, such as those with results at a lower level.

    Raises
    ------
    NoDesignLeft
        If every design is measured, pending or forbidden, or none satisfies the constraints.
    BudgetSpent
        If what is left of a cost budget pays no useful design.
    """
    if n < 1:
        raise ValueError(f"n is {n}: ask for at least one design")
    with one_thread():
        known = Known.of(space, data, pending, forbidden_keys)
        encoder = encoder or space.encoder
        context = acquisition_context(
            search or posterior, space, objective, data, known, seed, feasibility, encoder, acquisition, cells
        )
        proposing = _Proposing(
            space, encoder, known, context, posterior, seed, deadline, shared, log_weights, costs, further
        )
        return proposing.run(n, replicates)


def log_acquisition(
    search: Model,
    space: DesignSpace,
    objective: Objective,
    data: Observed,
    pending: FloatArray,
    coordinates: FloatArray,
    seed: int,
    *,
    feasibility: SuccessModel | None = None,
) -> FloatArray:
    """Return the acquisition (``n``) of designs (``n x c``) that `propose` would maximise, each alone.

    Logarithms, whatever the designs cost; the other arguments are those of `propose`.
    """
    with one_thread(), torch.no_grad():
        known, encoder = Known.of(space, data, pending, frozenset()), space.encoder
        context = acquisition_context(search, space, objective, data, known, seed, feasibility, encoder)
        return np.asarray(build_acquisition(context)(features(encoder, coordinates)[:, None, :]).numpy())


@dataclass(frozen=True, eq=False)
class Known:
    """The designs that were measured and those that are pending, distinct and in canonical order.

    Parameters
    ----------
    measured, pending
        Those that the space allows: a design that may not be made is not the best one either.
    results
        How many results there are, those of forbidden designs included.
    in_context
        Whether the space is that of a given context. `measured` then holds the measured designs as they would be in
        this context (`DesignSpace.in_fixed`), and `pending` those that are pending in it.
    elsewhere
        Designs that are pending in other contexts.
    """

    measured: FloatArray
    pending: FloatArray
    forbidden: frozenset[Any]
    taken: frozenset[Any]
    results: int
    in_context: bool = False
    elsewhere: FloatArray | None = None

    @classmethod
    def of(cls, space: DesignSpace, data: Observed, pending: FloatArray, forbidden: Set[Any]) -> Known:
        """Return the distinct designs among the arguments of `propose`."""
        measured, waiting = distinct(space, data.coordinates), distinct(space, pending)
        keys = set(space.keys(measured))
        waiting = waiting[[key not in keys for key in space.keys(waiting)]]
        taken = keys | set(space.keys(waiting)) | forbidden
        here, elsewhere = space.within(waiting), None
        if space.at_context:
            measured = distinct(space, space.in_fixed(measured))
            elsewhere = waiting[~here]
        measured = measured[space.within(measured)]
        return cls(
            measured, waiting[here], frozenset(forbidden), frozenset(taken), len(data.Y), space.at_context, elsewhere
        )


def acquisition_context(
    posterior: Model,
    space: DesignSpace,
    objective: Objective,
    data: Observed,
    known: Known,
    seed: int,
    feasibility: SuccessModel | None,
    encoder: Encoder,
    acquisition: AcquisitionBuilder | None = None,
    cells: Cells | None = None,
) -> AcquisitionContext:
    """Return the context from which an acquisition function is built."""
    compared = known.measured[:0]
    if not len(known.measured):
        compared = space.sample(_REFERENCE, np.random.default_rng(seed))
    return AcquisitionContext(
        model=posterior,
        objective=objective,
        ranges=objective.ranges(data.Y) if objective.needs_ranges else (),
        measured=features(encoder, known.measured),
        pending=features(encoder, known.pending),
        reference=features(encoder, compared),
        gates=() if feasibility is None else (feasibility.log_probability,),
        seed=seed % 2**31,
        unmeasured=frozenset(np.flatnonzero(~np.isfinite(data.Y).any(axis=0)).tolist() if len(data.Y) else ()),
        builder=acquisition,
        in_context=known.in_context,
        elsewhere=None if known.elsewhere is None else features(encoder, known.elsewhere),
        region=features(encoder, region_of(space, seed)) if objective.explores or cells is not None else None,
        cells=cells,
        transferred=None if known.elsewhere is None else features(encoder, space.in_fixed(known.elsewhere)),
    )


def region_of(space: DesignSpace, seed: int, count: int = REGION) -> FloatArray:
    """Return designs (at most ``count x c``) all over the space: random ones, or candidates where they are listed."""
    rng = np.random.default_rng(seed)
    if space.pool is None:
        return space.sample(count, rng)
    rows = np.asarray(space.pool.coordinates)
    if len(rows) > count:
        rows = rows[np.sort(rng.choice(len(rows), count, replace=False))]
    return rows[space.valid(rows)]


def features(encoder: Encoder, coordinates: FloatArray) -> Tensor:
    """Return the features (``n x d``) of coordinates (``n x c``) as a tensor."""
    return torch.as_tensor(encoder.encode(coordinates), dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class _Proposing:
    space: DesignSpace
    encoder: Encoder
    known: Known
    context: AcquisitionContext
    posterior: Model
    seed: int
    deadline: Deadline | None
    shared: SharedSettings = NOT_SHARED
    log_weights: LogWeights | None = None
    costs: DesignCosts | None = None
    further: FloatArray | None = None

    @cached_property
    def searched(self) -> DesignSpace:
        """The space of the designs that can be paid."""
        return self.space if self.costs is None else self.costs.space_of(self.space)

    def run(self, n: int, replicates: Literal["never", "auto"]) -> Proposal:
        if self.deadline is not None and self.deadline.passed:
            return self._completed(n, np.empty((0, self.space.width)), (), ())
        acquisition = build_acquisition(self.context)
        starts = self.known.measured[best_first(self.context)[:_STARTS]]
        rng = np.random.default_rng(self.seed)
        found = self._searched(acquisition, starts, rng, n)
        if self.costs is not None:
            self.costs.require_paid(len(found.coordinates) > 0 or not found.exhausted)
        require(found)
        if self.costs is not None and self.searched is not self.space and not found.unsearched:
            free = Search(self.space, self.encoder.encode, self.known.taken, starts, rng, self.deadline)
            self.costs.require_useful(found.scores[0], max(free.run(acquisition, 1).scores, default=-math.inf))
        notes = reasons(acquisition, features(self.encoder, found.coordinates), self.known.results)
        first_late = len(notes) - found.unsearched
        notes = [note if i < first_late else f"{_LATE}; {note}" for i, note in enumerate(notes)]
        if len(notes) < n and not found.exhausted:
            return self._completed(n, found.coordinates, found.scores, tuple(notes))
        remarks = (f"only {len(notes)} of {n} designs: no others are left",) if len(notes) < n else ()
        proposal = Proposal(found.coordinates, found.scores, tuple(notes), remarks)
        return self._with_replicate(proposal) if replicates == "auto" else proposal

    def _searched(self, acquisition: Acquisition, starts: FloatArray, rng: np.random.Generator, n: int) -> Found:
        encode, taken = self.encoder.encode, self.known.taken

        def search_of(space: DesignSpace) -> Search:
            near = space.in_fixed(starts) if len(starts) else starts
            return Search(space, encode, taken, near, rng, self.deadline, self.log_weights, self.costs, self.further)

        if not self.shared.names:
            return search_of(self.searched).run(acquisition, n)
        return search_batch(
            self.searched,
            self.shared,
            acquisition,
            n,
            search_of,
            encode,
            taken,
            starts,
            rng,
            self.log_weights,
            self.costs,
        )

    def _space_of(self, coordinates: FloatArray) -> DesignSpace:
        """Return the space of further designs of a batch (``k x c``), whose shared settings are those of its first."""
        if not self.shared.names:
            return self.searched
        if len(coordinates):
            return self.searched.fixed(self.shared.of(self.space, coordinates[0]))
        return self.searched.fixed(self.shared.current) if self.shared.current else self.searched

    def _completed(
        self, n: int, coordinates: FloatArray, scores: tuple[float, ...], notes: tuple[str, ...]
    ) -> Proposal:
        """Return a proposal filled up to `n` with space-filling designs, if the time limit did not allow a search."""
        taken = np.concatenate([self.known.measured, self.known.pending, coordinates])
        space = self._space_of(coordinates)
        if self.shared.names and space is self.searched:
            space = self._space_of(quick_designs(space, 1, self.seed, taken, self.known.forbidden))
        spread = quick_designs(space, n - len(coordinates), self.seed, taken, self.known.forbidden)
        if not len(spread):  # nearly all are taken
            spread = initial_designs(space, n + len(self.known.forbidden), self.seed, taken)
            keys = self.space.keys(spread)
            spread = spread[[key not in self.known.forbidden for key in keys]][: n - len(coordinates)]
        if not len(coordinates) + len(spread):
            raise NoDesignLeft("every design that could be found was suggested, measured, failed or withdrawn before")
        if self.costs is not None:
            spread = spread[: len(self.costs.affordable(np.concatenate([coordinates, spread]))) - len(coordinates)]
        notes = (*notes, *[f"{_LATE}: chosen to fill the space"] * len(spread))
        scores = (*scores, *[-math.inf] * len(spread))
        remarks = (f"only {len(notes)} of {n} designs: no others are left",) if len(notes) < n else ()
        return Proposal(np.concatenate([coordinates, spread]), scores, notes, remarks)

    def _with_replicate(self, proposal: Proposal) -> Proposal:
        """Return `proposal` with its last design replaced by a replicate, if that is worth more than its first."""
        new = features(self.encoder, proposal.coordinates[:1])[0]
        measured = self.known.measured
        known = self.known
        allowed = [key not in known.forbidden and key in known.taken for key in self.space.keys(measured)]
        here = self._space_of(proposal.coordinates)
        allowed = list(np.array(allowed, dtype=bool) & here.valid(measured)) if len(measured) else allowed
        again = worthwhile_replicate(
            replace(self.context, model=self.posterior), new, torch.tensor(allowed, dtype=torch.bool)
        )
        if again is None:
            return proposal
        kept = len(proposal) - 1
        chosen = np.concatenate([measured[again : again + 1], proposal.coordinates[:kept]])
        if self.costs is not None and len(self.costs.affordable(chosen)) < len(chosen):
            return proposal
        return Proposal(
            chosen,
            (-math.inf, *proposal.scores[:kept]),
            (
                "replicate: repeating this design is more informative about the best than a new one",
                *proposal.notes[:kept],
            ),
            proposal.remarks,
        )


def distinct(space: DesignSpace, coordinates: FloatArray) -> FloatArray:
    """Return different designs once each, in an order that does not depend on the order given."""
    coordinates = np.asarray(coordinates, dtype=np.float64).reshape(-1, space.width)
    keys = space.keys(coordinates)
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    kept = coordinates[sorted(first.values())]
    return kept[np.lexsort(kept.T[::-1])] if len(kept) else kept


__all__ = ["Observed", "Proposal", "SuccessModel", "distinct", "propose"]

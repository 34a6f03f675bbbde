"""The state of a campaign, as the policy sees it: features of every expert, and of the campaign.

All of them are functions of the results, whatever the order in which they came, and of the candidates: predictions of
every result from all the others stand in the place of predictions one step ahead, so that a suggestion does not depend
on the order of the results. Values are in units of the results' standard deviation, and clipped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import erfcx, ndtr
from scipy.stats import rankdata
from torch import Tensor

from designer.arrays import FloatArray
from designer.priors.agreement import rank_correlation
from designer.priors.policy.search_experts import Experts, shares
from designer.priors.transfer import FittedTransfer, TransferHyperpriors
from designer.space.encoding import FeatureColumn
from designer.surrogates.data import TaskData
from designer.surrogates.gaussian_process import GaussianProcess

EXPERT_FEATURES = (
    "error of its held-out predictions",
    "log density of its held-out predictions",
    "rank correlation of its held-out predictions",
    "rank that it predicted for the best result",
    "candidates that it preferred to the best result",
    "candidates that it preferred to the best three results",
    "expected improvement",
    "number of candidates with nearly its largest improvement",
    "predicted gain of its proposal",
    "deviation at its proposal",
    "rank of its proposal among the other experts",
    "share of its best candidates with the other experts",
    "weight in the mixture of the kind auto",
    "use of past tasks",
    "share of trees",
    "deviations are ignored",
    "number of components",
)
"""The features of an expert."""

STATE_FEATURES = (
    "number of results",
    "number of candidates",
    "number of past tasks",
    "evidence for past tasks",
    "past tasks are used",
    "slope of past tasks on each other",
    "variance that past tasks leave",
    "coverage of the candidates by past designs",
    "clustering of past designs",
    "variance that the Gaussian process leaves",
    "weight of the forest",
    "roughness",
    "skewness of the results",
    "share of choices among the parameters",
    "number of parameters",
    "the design is chosen without past tasks",
)
"""The features of the campaign, the same for all experts."""

MAX_CANDIDATES = 1000
"""Candidates that features are computed from; of more, as many at equal distances in the list."""

_CLIP = 3.0
_TOP = 0.05
_ROWS = 200


@dataclass(frozen=True, eq=False)
class PastDesigns:
    """What the sources are for one list of candidates, whatever the results.

    Parameters
    ----------
    count
        How many sources are informative about the target.
    coverage
        Median distance from a candidate to the nearest source design, over that between candidates.
    clustering
        Median distance between the designs of a source, over that between candidates.
    """

    count: int = 0
    hyperpriors: TransferHyperpriors | None = None
    coverage: float = 0.0
    clustering: float = 0.0


def past_designs(transfer: FittedTransfer, one: TaskData, candidates: Tensor) -> PastDesigns:
    """Return what the sources of a fitted prior are for candidates (``n x d`` features)."""
    models = transfer.about(one.quantities[0] if one.quantities else None)
    feature_map = transfer.common.feature_map(one.columns)
    if not models or not feature_map.shares:
        return PastDesigns()
    with torch.no_grad():
        own = feature_map(_thinned(candidates, _ROWS))
        centre, width = own.mean(0), own.std(0)
        width = torch.where(width > 1e-9, width, torch.inf)
        own = (own - centre) / width
        pasts = [(model.source.X[:_ROWS] - centre) / width for model in models]
        typical = float(torch.cdist(own, own).median()) or 1.0
        nearest = torch.stack([torch.cdist(own, past).amin(1) for past in pasts]).amin(0)
        spread = np.median([float(torch.cdist(past, past).median()) for past in pasts])
    return PastDesigns(
        len(models), transfer.hyperpriors(models), float(nearest.median()) / typical, float(spread) / typical
    )


@dataclass(frozen=True, eq=False)
class CampaignState:
    """Features of the experts (``e x k``, in the order of `names`) and of the campaign (``c``)."""

    names: tuple[str, ...]
    experts: FloatArray
    campaign: FloatArray

    def without_past(self) -> CampaignState:
        """Return the same state of a campaign whose next design is chosen without past tasks."""
        used = self.campaign[STATE_FEATURES.index("past tasks are used")]
        return CampaignState(self.names, self.experts, np.append(self.campaign[:-1], used))


@dataclass(frozen=True, eq=False)
class _Predicted:
    """Predictions of one component or expert: held-out ones (``n``), and of candidates (``N``), larger is better."""

    held_mean: FloatArray
    held_variance: FloatArray
    mean: FloatArray
    variance: FloatArray


def campaign_state(
    one: TaskData,
    experts: Experts,
    candidates: Tensor,
    sign: int,
    past: PastDesigns,
    log_evidence: float,
    *,
    without_past: bool,
) -> CampaignState:
    """Return the state.

    Parameters
    ----------
    one
        The data of the target (``m = 1``).
    candidates
        ``N x d`` features of designs that are not measured.
    sign
        1 where larger values are better, -1 where smaller ones are.
    without_past
        Whether the next design is chosen without past tasks (`designer.priors.interleaving`).
    """
    candidates = _thinned(candidates, MAX_CANDIDATES)
    y = one.Y[:, 0].numpy()
    centre, spread = float(y.mean()), float(y.std()) or 1.0
    z = sign * (y - centre) / spread
    parts = {name: _predicted(model, candidates, sign, centre, spread) for name, model in experts.components.items()}
    each = [_mixed([(parts[key], weight) for key, weight in expert.weights.items()]) for expert in experts.experts]
    best = float(z.max())
    gains = np.stack([_log_improvement(p.mean - best, np.sqrt(p.variance)) for p in each])
    greedy = np.array([expert.name == "transfer-mean" for expert in experts.experts])
    rows = [_expert_features(p, z, best, gain) for p, gain in zip(each, gains, strict=True)]
    features = np.column_stack(
        [
            np.array(rows),
            _against_others(gains),
            shares(experts),
            [sum(w for k, w in expert.weights.items() if k not in ("gp", "forest")) for expert in experts.experts],
            [sum(w for k, w in expert.weights.items() if "forest" in k) for expert in experts.experts],
            greedy.astype(float),
            [len(expert.weights) / 4 for expert in experts.experts],
        ]
    )
    gp = experts.components["gp"]
    assert isinstance(gp, GaussianProcess)
    campaign = _campaign_features(one, z, gp, experts, len(candidates), past, log_evidence, without_past=without_past)
    return CampaignState(experts.names, _clipped(features), _clipped(campaign))


def _thinned(X: Tensor, limit: int) -> Tensor:
    if len(X) <= limit:
        return X
    return X[torch.from_numpy(np.linspace(0, len(X) - 1, limit).round().astype(np.int64))]


def _predicted(model: object, candidates: Tensor, sign: int, centre: float, spread: float) -> _Predicted:
    held = model.held_out()  # type: ignore[attr-defined]  # every component has it
    mean, variance = model.marginals(candidates)  # type: ignore[attr-defined]
    return _Predicted(
        sign * (held.means - centre) / spread,
        held.variances / spread**2,
        sign * (mean.numpy() - centre) / spread,
        np.maximum(variance.numpy() / spread**2, 1e-12),
    )


def _mixed(parts: Sequence[tuple[_Predicted, float]]) -> _Predicted:
    weights = np.array([weight for _, weight in parts])[:, None]

    def moments(means: FloatArray, variances: FloatArray) -> tuple[FloatArray, FloatArray]:
        mean = (weights * means).sum(0)
        return mean, (weights * (variances + (means - mean) ** 2)).sum(0)

    held = moments(np.stack([p.held_mean for p, _ in parts]), np.stack([p.held_variance for p, _ in parts]))
    return _Predicted(*held, *moments(np.stack([p.mean for p, _ in parts]), np.stack([p.variance for p, _ in parts])))


def _expert_features(p: _Predicted, z: FloatArray, best: float, gains: FloatArray) -> list[float]:
    """Return the first ten features of an expert."""
    errors = z - p.held_mean
    density = -0.5 * (np.log(2 * np.pi * p.held_variance) + errors**2 / p.held_variance)
    top = np.argsort(-z, kind="stable")[:3]
    upper = p.mean + np.sqrt(p.variance)
    preferred = [float((upper > p.held_mean[i] + math.sqrt(p.held_variance[i])).sum()) for i in top]
    scale = math.log(len(p.mean) + 1)
    chosen = int(gains.argmax())
    return [
        math.sqrt(float(np.mean(errors**2))),
        float(np.clip(density, -8.0, 3.0).mean()) / 2,
        rank_correlation(p.held_mean, z),
        (float(rankdata(-p.held_mean)[top[0]]) - 1) / max(len(z) - 1, 1),
        math.log1p(preferred[0]) / scale,
        float(np.mean(np.log1p(preferred))) / scale,
        max(float(gains.max()), -9.0) / 3,
        math.log(float((gains >= gains.max() - math.log(2)).sum())) / scale,
        float(p.mean[chosen]) - best,
        math.sqrt(float(p.variance[chosen])),
    ]


def _against_others(gains: FloatArray) -> FloatArray:
    """Return two features of each expert (``e x 2``): the rank of its proposal, and the overlap of its best 5 %."""
    count, scale = gains.shape[1], math.log(gains.shape[1] + 1)
    ranks = np.stack([rankdata(-gain, method="min") - 1 for gain in gains])
    size = max(1, math.ceil(_TOP * count))
    tops = ranks < size
    found = []
    for i in range(len(gains)):
        others = [j for j in range(len(gains)) if j != i]
        proposal = int(gains[i].argmax())
        found.append(
            [
                float(np.mean(np.log1p(ranks[others, proposal]))) / scale,
                float(np.mean([(tops[i] & tops[j]).sum() for j in others])) / size,
            ]
        )
    return np.array(found)


def _campaign_features(
    one: TaskData,
    z: FloatArray,
    gp: GaussianProcess,
    experts: Experts,
    candidates: int,
    past: PastDesigns,
    log_evidence: float,
    *,
    without_past: bool,
) -> FloatArray:
    used = len(experts.auto) > 2
    distances = torch.cdist(one.X, one.X) + torch.diag(torch.full((len(z),), torch.inf, dtype=torch.float64))
    nearest = distances.argmin(1).numpy()
    held = gp.held_out()
    left = float(np.mean((gp.values.numpy() - held.means) ** 2)) / (float(gp.values.numpy().var()) or 1.0)
    alone = experts.auto["gp"] + experts.auto["forest"]
    hyper = past.hyperpriors
    return np.array(
        [
            math.log(len(z)) / 2,
            math.log(candidates + 1) / 4,
            math.log1p(past.count) / 2,
            np.clip(log_evidence, -6, 6) / 3 if used else 0.0,
            float(used),
            hyper.slope if hyper else 0.0,
            hyper.variance if hyper else 1.0,
            past.coverage,
            past.clustering,
            left,
            experts.auto["forest"] / alone if alone > 0 else 0.0,
            float(np.mean(np.abs(z - z[nearest]))),
            float(np.mean(z**3)) / 2,
            _choices(one.columns),
            math.log(len({column.parameter for column in one.columns})) / 2,
            float(without_past and used),
        ]
    )


def _choices(columns: Sequence[FeatureColumn]) -> float:
    roles: Mapping[str, bool] = {column.parameter: column.role == "category" for column in columns}
    return sum(roles.values()) / len(roles)


def _clipped(values: FloatArray) -> FloatArray:
    return np.asarray(np.clip(np.nan_to_num(values, nan=0.0), -_CLIP, _CLIP))


def _log_improvement(gain: FloatArray, deviation: FloatArray) -> FloatArray:
    """Return the logarithm of the expected improvement of a normal prediction with this mean gain and deviation."""
    u = gain / deviation
    density = np.exp(-0.5 * u**2) / math.sqrt(2 * math.pi)
    near = np.maximum(density + u * ndtr(u), 1e-300)
    v = np.minimum(u, 0.0)
    # For u < -1 without cancellation: phi(u) (1 + u Phi(u) / phi(u)), where Phi / phi is a scaled error function.
    ratio = np.maximum(1.0 + v * erfcx(-v / math.sqrt(2)) * math.sqrt(math.pi / 2), 1e-16)
    far = -0.5 * u**2 - 0.5 * math.log(2 * math.pi) + np.log(ratio)
    return np.asarray(np.where(u < -1.0, far, np.log(near)) + np.log(deviation))

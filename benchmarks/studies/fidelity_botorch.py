"""Two multi-fidelity acquisition functions of BoTorch over listed designs, for `benchmarks.studies.fidelity`.

The model is `SingleTaskMultiFidelityGP` on the features that campaigns use (scaled to 0 to 1, constant ones left
out), fitted again for each experiment; the cost is `AffineFidelityCostModel` in `InverseCostWeightedUtility`, and both
functions project to the top level. Campaigns begin with three random designs at both levels and three further ones at
the lower level. The acquisition function is evaluated at every design and level, and the best pair that is not measured
is next.

qMultiFidelityMaxValueEntropy is BoTorch's. Of qMultiFidelityKnowledgeGradient the inner maximum is over the listed
designs as well: its value is then the mean over fantasies of the best posterior mean at the top level, less the best
one now. A fantasy changes the posterior mean along its covariance with the measured pair, so that no fantasy model is
built: `knowledge_gradient` equals the class's value where its fantasy designs are the best listed ones (a test compares
them).

References: S. Takeno et al., Multi-fidelity Bayesian optimization with max-value entropy search (ICML 2020);
J. Wu, S. Toscano-Palmerin, P. I. Frazier, A. G. Wilson, Practical multi-fidelity Bayesian optimization for
hyperparameter tuning (UAI 2019).
"""

from __future__ import annotations

import time

import numpy as np
import torch
from botorch.acquisition.cost_aware import InverseCostWeightedUtility
from botorch.acquisition.max_value_entropy_search import qMultiFidelityMaxValueEntropy
from botorch.acquisition.utils import project_to_target_fidelity
from botorch.exceptions import ModelFittingError
from botorch.fit import fit_gpytorch_mll
from botorch.models.cost import AffineFidelityCostModel
from botorch.models.gp_regression_fidelity import SingleTaskMultiFidelityGP
from botorch.models.transforms.outcome import Standardize
from gpytorch.mlls import ExactMarginalLogLikelihood
from torch import Tensor

from benchmarks.studies.fidelity_tasks import Pair
from designer import Campaign
from designer.threads import one_thread

ENTROPY, GRADIENT = "BoTorch qMFMES", "BoTorch qMFKG"
FIRST, FANTASIES = 3, 8
_MAX_STEPS = 150


def botorch_search(pair: Pair, seed: int, ratio: float, method: str, budget: float) -> tuple[float, float, float]:
    """Return the cost to one of the best designs, the results at the lower level, and CPU s a step."""
    torch.manual_seed(seed)
    X = features(pair)
    levels = [torch.cat([X, torch.full((len(X), 1), level, dtype=X.dtype)], 1) for level in (0.0, 1.0)]
    everything, number = torch.cat(levels), len(X)
    values = torch.as_tensor(np.concatenate([pair.frame["low"], pair.frame["top"]]))
    utility = InverseCostWeightedUtility(AffineFidelityCostModel({X.shape[1]: 1.0 - ratio}, fixed_cost=ratio))
    first = np.random.default_rng(seed).permutation(number)[: 2 * FIRST]
    made = [*first.tolist(), *(number + first[:FIRST]).tolist()]
    spent = sum(ratio if row < number else 1.0 for row in made)
    begin, steps = time.process_time(), 0
    with one_thread():
        while spent < budget and steps < _MAX_STEPS and not {row - number for row in made} & pair.good:
            known = torch.tensor(made)
            model = fitted(everything[known], values[known])
            if method == GRADIENT:
                scores = knowledge_gradient(model, everything, levels[1], utility)
            else:
                scores = entropy(model, everything, levels[1], utility)
            scores[known] = -torch.inf
            made.append(int(scores.argmax()))
            spent += ratio if made[-1] < number else 1.0
            steps += 1
    reached = bool({row - number for row in made} & pair.good)
    lower = float(sum(row < number for row in made))
    return spent if reached else budget + 1.0, lower, (time.process_time() - begin) / max(steps, 1)


def features(pair: Pair) -> Tensor:
    """Return the features (``n x d``) of the designs, each scaled to 0 to 1."""
    targets = [{"name": "y", "goal": "maximize"}]
    space = Campaign.create(space=pair.space, targets=targets, candidates=pair.frame[pair.columns]).space
    X = torch.as_tensor(space.encoder.encode(space.coordinates(pair.frame[pair.columns])), dtype=torch.float64)
    low, high = X.amin(0), X.amax(0)
    varies = high > low
    return (X[:, varies] - low[varies]) / (high - low)[varies]


def fitted(X: Tensor, y: Tensor) -> SingleTaskMultiFidelityGP:
    """Return the model of all levels; with the hyperparameters that it begins with where no fit converges."""

    def made() -> SingleTaskMultiFidelityGP:
        return SingleTaskMultiFidelityGP(
            X, y[:, None], data_fidelities=[X.shape[1] - 1], outcome_transform=Standardize(m=1)
        )

    model = made()
    try:
        likelihood = ExactMarginalLogLikelihood(model.likelihood, model)
        fit_gpytorch_mll(likelihood, optimizer_kwargs={"options": {"maxiter": 75}})
    except ModelFittingError:
        model = made()
    return model.eval()


def entropy(model: SingleTaskMultiFidelityGP, X: Tensor, top: Tensor, utility: InverseCostWeightedUtility) -> Tensor:
    """Return the maximum-value entropy for the cost (``n``) of designs at a level (``n x d``)."""
    acquisition = qMultiFidelityMaxValueEntropy(
        model, candidate_set=top, num_mv_samples=10, num_fantasies=FANTASIES, cost_aware_utility=utility,
        project=at_top,
    )  # fmt: skip
    with torch.no_grad():
        return torch.cat([acquisition(part[:, None]) for part in torch.split(X, 200)])


def knowledge_gradient(
    model: SingleTaskMultiFidelityGP,
    X: Tensor,
    top: Tensor,
    utility: InverseCostWeightedUtility,
    base_samples: Tensor | None = None,
) -> Tensor:
    """Return the knowledge gradient for the cost (``n``) of designs at a level (``n x d``).

    Parameters
    ----------
    top
        The listed designs at the top level (``m x d``).
    base_samples
        Standard normal numbers of the fantasies; midpoints of as many equal probabilities unless given.
    """
    if base_samples is None:
        base_samples = torch.special.ndtri((torch.arange(FANTASIES, dtype=X.dtype) + 0.5) / FANTASIES)
    with torch.no_grad():
        joint = model.posterior(torch.cat([X, top]))
        mean, covariance = joint.mean[len(X) :, 0], joint.distribution.covariance_matrix
        noise = model.posterior(X[:1], observation_noise=True).variance - model.posterior(X[:1]).variance
        deviation = (covariance.diagonal()[: len(X)] + noise.squeeze()).clamp_min(1e-12).sqrt()
        slopes = covariance[: len(X), len(X) :] / deviation[:, None]
        best = torch.stack([(mean + z * slopes).amax(1) for z in base_samples])
        values: Tensor = utility(X[:, None], deltas=best - mean.max()).mean(0)
    return values


def at_top(X: Tensor) -> Tensor:
    """Return designs (``... x d``) at the top level."""
    return project_to_target_fidelity(X, {X.shape[-1] - 1: 1.0}, X.shape[-1])

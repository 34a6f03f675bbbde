"""Probability of improvement and expected improvement of one design, and the shares of exploration and exploitation.

With U the utility of the design and B that of the best design so far, both uncertain, the expected improvement is
``E[(U - B)^+]``. The improvement of the means, ``(E[U - B])^+``, is never larger (Jensen's inequality). It is the part
called *exploitation* here; the rest, ``E[(U - B)^+] - (E[U - B])^+``, is *exploration*: the expected value of perfect
information for the decision between the two designs (Howard 1966), which is 0 if nothing is uncertain. For
U ~ N(mu, s^2) and a known B the closed forms are

    E[(U - B)^+] = s (z Phi(z) + phi(z)),   exploration = s (phi(z) - |z| Phi(-|z|)),   z = (mu - B) / s

(D. R. Jones, M. Schonlau, W. J. Welch 1998 for the first). As shares of the expected improvement the two sum to 1.

For a Pareto front the improvement is that of the dominated hypervolume (M. Emmerich et al. 2006), and exploitation is
the improvement by the posterior means. The hypervolume improvement is convex in each goal, so that for independent
goals the improvement of the means is not larger than the expected one either.

References: R. A. Howard, Information value theory, IEEE Trans. Syst. Sci. Cybern. 2 (1966); D. R. Jones et al.,
Efficient global optimization of expensive black-box functions, J. Glob. Optim. 13 (1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.fantasies import Draws, Fantasies
from designer.acquisition.hypervolume import HypervolumeImprovement
from designer.acquisition.improvement import log_improvement
from designer.acquisition.improvement_probability import BASELINE, joint_draws
from designer.acquisition.moments import components, single_output
from designer.acquisition.reasons import best_first
from designer.objective import Target, hypervolume, pareto_mask
from designer.threads import one_thread

DRAWS = 1024
_FRONTS = 512


@dataclass(frozen=True)
class Improvement:
    """The improvement by one design over others.

    Parameters
    ----------
    probability
        Probability of improvement.
    expected
        Expected improvement, in the utility's unit.
    of_means
        Improvement of the posterior means, at most the expected one.
    """

    probability: float
    expected: float
    of_means: float

    @property
    def exploitation(self) -> float:
        """The share of the expected improvement that the means account for, 0 to 1; 0 if no improvement is expected."""
        return min(1.0, self.of_means / self.expected) if self.expected > 0 else 0.0


@dataclass(frozen=True)
class Forecast:
    """Probabilities of what an experiment will give, and the shares of exploration and exploitation.

    Parameters
    ----------
    success
        Probability that the experiment gives a result.
    feasible
        Probability that the result meets all outcome constraints that have a model.
    improvement
        Probability of a feasible result better than the best measured design (of a Pareto front: that no measured
        design dominates it); None while no measured design is feasible with a probability of at least a half.
    exploitation
        Share of the expected improvement that the posterior means account for, 0 to 1; 0 without an incumbent.
    """

    success: float
    feasible: float
    improvement: float | None
    exploitation: float

    @property
    def exploration(self) -> float:
        """Share of the expected improvement that comes from uncertainty."""
        return 1.0 - self.exploitation


@one_thread()
def forecast_of(context: AcquisitionContext, x: Tensor) -> Forecast:
    """Return the probabilities and shares for the design `x` (``d`` features) in `context`.

    For a single goal they are exact if the measured designs have no uncertainty, otherwise means over 1024 quasi-random
    draws of their values. For several goals they are means over 2048 draws (512 fronts for the shares).
    """
    X = x[None]
    with torch.no_grad():
        success = math.exp(float(context.log_gates(X)[0]))
        feasible = math.exp(float(context.log_feasible(X)[0])) if context.limits else 1.0
        incumbents = context.incumbents()
        if context.cells is not None and len(incumbents):  # the best of the design's own cell
            cells = context.cells.of_features(torch.cat([X, incumbents]).numpy())
            incumbents = incumbents[torch.from_numpy(cells[1:] == cells[0])]
        if not len(incumbents) or context.objective.explores:  # there is no best to improve on
            return Forecast(success, feasible, None, 0.0)
        found = improvement_over(context, X, incumbents)
    return Forecast(success, feasible, found.probability * feasible * success, found.exploitation)


@torch.no_grad()
def improvement_over(context: AcquisitionContext, X: Tensor, others: Tensor) -> Improvement:
    """Return the improvement by one design `X` (``1 x d``) over `others` (``b x d``), without limits and failures."""
    match context.objective.mode:
        case "single":
            return _single(context, X, others)
        case "desirability" | "tiers":
            return _desirability(context, X, others)
        case "pareto":
            return _front(context, X, others)
        case "map" | "boundary":
            raise ValueError("no design improves on another where the goal is a map or a boundary")


def _single(context: AcquisitionContext, X: Tensor, others: Tensor) -> Improvement:
    target = context.objective.goals[0]
    probability = expected = of_means = 0.0
    for weight, model in components(single_output(context.model, context.objective.goal_columns[0])):
        fantasies = Fantasies(model, others, Draws(DRAWS, context.seed), target.sign or 1)
        best = target.utility(fantasies.values).amax(-1)
        mean, deviation = fantasies.conditional(X)
        mean, deviation = mean[0], deviation[0]
        probability += weight * float(_probability(target, mean, deviation, best).mean())
        expected += weight * float(log_improvement(target, mean, deviation, best).exp().mean())
        of_means += weight * float((_expected_utility(target, mean, deviation) - best).mean())
    return Improvement(probability, expected, max(0.0, of_means))


def _probability(target: Target, mean: Tensor, deviation: Tensor, best: Tensor) -> Tensor:
    """Return P(u(f) > best) for ``f ~ N(mean, deviation^2)``."""
    probability: Tensor
    if target.value is None:
        probability = torch.special.ndtr((target.sign * mean - best) / deviation)
        return probability
    offset, distance = mean - target.value, -best
    above, below = (distance - offset) / deviation, (-distance - offset) / deviation
    probability = torch.special.ndtr(above) - torch.special.ndtr(below)
    return probability


def _expected_utility(target: Target, mean: Tensor, deviation: Tensor) -> Tensor:
    if target.value is None:
        return target.sign * mean
    z = (mean - target.value) / deviation
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    utility: Tensor = -deviation * (2 * density + z * (1 - 2 * torch.special.ndtr(-z)))
    return utility


def _drawn(context: AcquisitionContext, X: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return joint draws of the utilities of the design (``S x k``) and of the best of the others (``S x b x k``)."""
    leading = others if len(others) <= BASELINE else context.measured[best_first(context)[:BASELINE]]
    generator = torch.Generator().manual_seed(context.seed)
    U = context.utilities(joint_draws(context, torch.cat([X, leading]), generator))
    return U[:, 0], U[:, 1:]


def _desirability(context: AcquisitionContext, X: Tensor, others: Tensor) -> Improvement:
    own, theirs = _drawn(context, X, others)
    gain = own[:, 0] - theirs[:, :, 0].amax(-1)
    return Improvement(float((gain > 0).double().mean()), float(gain.clamp_min(0).mean()), max(0.0, float(gain.mean())))


def _front(context: AcquisitionContext, X: Tensor, others: Tensor) -> Improvement:
    own, theirs = _drawn(context, X, others)
    dominated = ((theirs >= own[:, None, :]).all(-1) & (theirs > own[:, None, :]).any(-1)).any(-1)
    scale = HypervolumeImprovement(context)
    reference = scale.reference_point.numpy()
    own, theirs = (own - scale.centre) / scale.spread, (theirs - scale.centre) / scale.spread
    mean = own.mean(0).numpy()
    expected, of_means = [], []
    for design, front in zip(own[:_FRONTS].numpy(), theirs[:_FRONTS].numpy(), strict=True):
        front = front[pareto_mask(front)]
        before = hypervolume(front, reference)
        expected.append(hypervolume(np.vstack([front, design]), reference) - before)
        of_means.append(hypervolume(np.vstack([front, mean]), reference) - before)
    probability = 1.0 - float(dominated.double().mean())
    return Improvement(probability, float(np.mean(expected)), max(0.0, float(np.mean(of_means))))

"""What is hoped for from one design: the chance to beat the best, and how much of the hope is curiosity.

With U the utility of the design and B that of the best design so far, both uncertain, the expected improvement is
``E[(U - B)^+]``. If everything turned out exactly as expected it would be ``(E[U - B])^+``, which is never more
(Jensen's inequality). That part is *exploiting*; the rest, ``E[(U - B)^+] - (E[U - B])^+``, is *exploring*: it is the
expected value of perfect information for the decision between the two (Howard 1966), and is there only because the
outcome is uncertain. For U ~ N(mu, s^2) and a known B these are the closed forms

    E[(U - B)^+] = s (z Phi(z) + phi(z)),   exploring = s (phi(z) - |z| Phi(-|z|)),   z = (mu - B) / s

(D. R. Jones, M. Schonlau, W. J. Welch 1998 for the first). As shares of the expected improvement the two sum to 1.

For a Pareto front the improvement is that of the dominated hypervolume (M. Emmerich et al. 2006), and exploiting is the
improvement by the posterior means. In one goal, the others given, the hypervolume improvement is convex, so that for
independent goals it, too, is never more than the expected one.

References: R. A. Howard, Information value theory, IEEE Trans. Syst. Sci. Cybern. 2 (1966); D. R. Jones et al.,
Efficient global optimization of expensive black-box functions, J. Glob. Optim. 13 (1998).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from designer.acquisition.fantasies import Draws, Fantasies
from designer.acquisition.functions import AcquisitionContext
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
class Hope:
    """Expected improvement over some designs, in the utility's unit, and what it would be without uncertainty.

    `chance` is the probability of any improvement.
    """

    chance: float
    expected: float
    certain: float

    @property
    def exploit(self) -> float:
        """The share of the improvement that rests on what is expected, 0 to 1; 0 where nothing is hoped for."""
        return min(1.0, self.certain / self.expected) if self.expected > 0 else 0.0


@dataclass(frozen=True)
class Outlook:
    """What is hoped for from one design.

    Parameters
    ----------
    success
        Chance that the experiment gives a result.
    within
        Chance that the result keeps all limits that can be judged.
    beat
        Chance that a result comes, keeps the limits and is better than the best measured design (of a Pareto front:
        that no measured design dominates it); None while no measured design more probably keeps the limits than not.
    exploit
        The share of the expected improvement over the best measured design that is exploiting, 0 to 1; the rest is
        exploring. 0 where there is nothing to improve on: then all is search.
    """

    success: float
    within: float
    beat: float | None
    exploit: float

    @property
    def explore(self) -> float:
        """The share that is exploring."""
        return 1.0 - self.exploit


@one_thread()
def outlook_of(context: AcquisitionContext, x: Tensor) -> Outlook:
    """Return what is hoped for from the design `x` (``d`` features) in `context`.

    Chances and shares of a single goal are exact where measured designs are known for certain, and else means over 1024
    quasi-random draws of these; of several goals they are means over 2048 draws (512 fronts for the shares).
    """
    X = x[None]
    with torch.no_grad():
        success = math.exp(float(context.log_gates(X)[0]))
        within = math.exp(float(context.log_feasible(X)[0])) if context.limits else 1.0
        incumbents = context.incumbents()
        if not len(incumbents):
            return Outlook(success, within, None, 0.0)
        hope = hope_over(context, X, incumbents)
    return Outlook(success, within, hope.chance * within * success, hope.exploit)


@torch.no_grad()
def hope_over(context: AcquisitionContext, X: Tensor, others: Tensor) -> Hope:
    """Return the improvement by one design `X` (``1 x d``) over `others` (``b x d``), limits and failures left out."""
    match context.objective.mode:
        case "single":
            return _single(context, X, others)
        case "desirability":
            return _desirability(context, X, others)
        case "pareto":
            return _front(context, X, others)


def _single(context: AcquisitionContext, X: Tensor, others: Tensor) -> Hope:
    target = context.objective.goals[0]
    chance = expected = certain = 0.0
    for weight, model in components(single_output(context.model, context.objective.goal_columns[0])):
        fantasies = Fantasies(model, others, Draws(DRAWS, context.seed), target.sign or 1)
        best = _utility(target, fantasies.values).amax(-1)
        mean, deviation = fantasies.conditional(X)
        mean, deviation = mean[0], deviation[0]
        chance += weight * float(_chance(target, mean, deviation, best).mean())
        expected += weight * float(log_improvement(target, mean, deviation, best).exp().mean())
        certain += weight * float((_expected_utility(target, mean, deviation) - best).mean())
    return Hope(chance, expected, max(0.0, certain))


def _utility(target: Target, f: Tensor) -> Tensor:
    utility: Tensor = -(f - target.value).abs() if target.value is not None else target.sign * f
    return utility


def _chance(target: Target, mean: Tensor, deviation: Tensor, best: Tensor) -> Tensor:
    """Return P(u(f) > best) for ``f ~ N(mean, deviation^2)``."""
    chance: Tensor
    if target.value is None:
        chance = torch.special.ndtr((target.sign * mean - best) / deviation)
        return chance
    offset, distance = mean - target.value, -best
    chance = torch.special.ndtr((distance - offset) / deviation) - torch.special.ndtr((-distance - offset) / deviation)
    return chance


def _expected_utility(target: Target, mean: Tensor, deviation: Tensor) -> Tensor:
    if target.value is None:
        return target.sign * mean
    z = (mean - target.value) / deviation
    density = torch.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    utility: Tensor = -deviation * (2 * density + z * (1 - 2 * torch.special.ndtr(-z)))
    return utility


def _drawn(context: AcquisitionContext, X: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Return joint draws of the utilities of the design (``S x k``) and of the best of the others (``S x b x k``)."""
    kept = others if len(others) <= BASELINE else context.measured[best_first(context)[:BASELINE]]
    generator = torch.Generator().manual_seed(context.seed)
    U = context.utilities(joint_draws(context, torch.cat([X, kept]), generator))
    return U[:, 0], U[:, 1:]


def _desirability(context: AcquisitionContext, X: Tensor, others: Tensor) -> Hope:
    own, theirs = _drawn(context, X, others)
    gain = own[:, 0] - theirs[:, :, 0].amax(-1)
    return Hope(float((gain > 0).double().mean()), float(gain.clamp_min(0).mean()), max(0.0, float(gain.mean())))


def _front(context: AcquisitionContext, X: Tensor, others: Tensor) -> Hope:
    own, theirs = _drawn(context, X, others)
    dominated = ((theirs >= own[:, None, :]).all(-1) & (theirs > own[:, None, :]).any(-1)).any(-1)
    scale = HypervolumeImprovement(context)
    reference = scale.reference_point.numpy()
    own, theirs = (own - scale.centre) / scale.spread, (theirs - scale.centre) / scale.spread
    mean = own.mean(0).numpy()
    expected, certain = [], []
    for design, front in zip(own[:_FRONTS].numpy(), theirs[:_FRONTS].numpy(), strict=True):
        front = front[pareto_mask(front)]
        before = hypervolume(front, reference)
        expected.append(hypervolume(np.vstack([front, design]), reference) - before)
        certain.append(hypervolume(np.vstack([front, mean]), reference) - before)
    return Hope(1.0 - float(dominated.double().mean()), float(np.mean(expected)), max(0.0, float(np.mean(certain))))

"""Which acquisition function a situation calls for."""

from __future__ import annotations

from designer.acquisition.functions import (
    Acquisition,
    DesirabilityImprovement,
    FirstFeasible,
    NoisyImprovement,
    Situation,
)


def build_acquisition(situation: Situation) -> Acquisition:
    """Return the acquisition function of `situation`.

    A single goal: `NoisyImprovement`; a desirability: `DesirabilityImprovement`; a Pareto front:
    `HypervolumeImprovement`. While there are outcome constraints that can be judged and measured designs, and none of
    these is more probably feasible than not: `FirstFeasible`.
    """
    if situation.limits and len(situation.measured) and not len(situation.incumbents()):
        return FirstFeasible(situation)
    match situation.objective.mode:
        case "single":
            return NoisyImprovement(situation)
        case "desirability":
            return DesirabilityImprovement(situation)
        case "pareto":
            from designer.acquisition.hypervolume import HypervolumeImprovement

            return HypervolumeImprovement(situation)

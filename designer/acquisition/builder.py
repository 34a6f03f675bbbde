"""Which acquisition function a context calls for."""

from __future__ import annotations

from designer.acquisition.functions import (
    Acquisition,
    AcquisitionContext,
    DesirabilityImprovement,
    FirstFeasible,
    NoisyImprovement,
)


def build_acquisition(context: AcquisitionContext) -> Acquisition:
    """Return the acquisition function of `context`.

    A single goal: `NoisyImprovement`; a desirability: `DesirabilityImprovement`; a Pareto front:
    `HypervolumeImprovement`. While there are outcome constraints that can be judged and measured designs, and none of
    these is more probably feasible than not: `FirstFeasible`.
    """
    if context.limits and len(context.measured) and not len(context.incumbents()):
        return FirstFeasible(context)
    match context.objective.mode:
        case "single":
            return NoisyImprovement(context)
        case "desirability":
            return DesirabilityImprovement(context)
        case "pareto":
            from designer.acquisition.hypervolume import HypervolumeImprovement

            return HypervolumeImprovement(context)

"""The choice of the acquisition function for a context."""

from __future__ import annotations

from dataclasses import replace

from botorch.models.model import Model

from designer.acquisition.context import AcquisitionContext
from designer.acquisition.functions import Acquisition, DesirabilityImprovement, FirstFeasible, NoisyImprovement


def build_acquisition(context: AcquisitionContext) -> Acquisition:
    """Return the acquisition function that the search maximises: the user's own, else the default."""
    if context.builder is None:
        return build_default(context.model, context)
    from designer.acquisition.botorch_functions import BotorchAcquisition

    return BotorchAcquisition(context)


def build_default(model: Model, context: AcquisitionContext) -> Acquisition:
    """Return the default acquisition function of a context with `model`.

    A single goal: `NoisyImprovement`; a desirability or tiers: `DesirabilityImprovement`; a Pareto front:
    `HypervolumeImprovement`; a map or a boundary: `VarianceReduction` or `BoundaryVariance`. While there are outcome
    constraints that can be judged and measured designs, and none of these is more probably feasible than not:
    `FirstFeasible`.
    """
    context = replace(context, model=model, builder=None)
    if context.limits and len(context.measured) and not len(context.incumbents()):
        return FirstFeasible(context)
    match context.objective.mode:
        case "single":
            if context.cells is not None:
                from designer.acquisition.cell_improvement import CellImprovement

                return CellImprovement(context)
            return NoisyImprovement(context)
        case "desirability" | "tiers":
            return DesirabilityImprovement(context)
        case "map":
            from designer.acquisition.surface import VarianceReduction

            return VarianceReduction(context)
        case "boundary":
            from designer.acquisition.surface import BoundaryVariance

            return BoundaryVariance(context)
        case "pareto":
            from designer.acquisition.hypervolume import HypervolumeImprovement

            return HypervolumeImprovement(context)

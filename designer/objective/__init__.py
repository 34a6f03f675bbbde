"""What is wanted: targets, their goals, outcome constraints, and how several goals are combined."""

from designer.objective.objective import Objective
from designer.objective.pareto import hypervolume, pareto_mask
from designer.objective.targets import Target

__all__ = ["Objective", "Target", "hypervolume", "pareto_mask"]

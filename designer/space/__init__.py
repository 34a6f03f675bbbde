"""Spaces of designs: parameters, compositions, mixtures, formulas, constraints."""

from designer.space.constraints.constraint import Constraint
from designer.space.design_space import DesignSpace
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.composition import CompositionParameter
from designer.space.parameters.formula import FormulaParameter
from designer.space.parameters.mixture import MixtureParameter
from designer.space.parameters.molecules.molecule import MoleculeParameter
from designer.space.parameters.numeric import NumericParameter
from designer.space.parameters.parameter_kinds import Parameter, register_parameter
from designer.space.parameters.shares import ShareParameter
from designer.space.table_files import read_frame
from designer.space.table_reader import ReadResult

__all__ = [
    "CategoricalParameter",
    "CompositionParameter",
    "Constraint",
    "DesignSpace",
    "FormulaParameter",
    "MixtureParameter",
    "MoleculeParameter",
    "NumericParameter",
    "Parameter",
    "ParameterBase",
    "ReadResult",
    "ShareParameter",
    "read_frame",
    "register_parameter",
]

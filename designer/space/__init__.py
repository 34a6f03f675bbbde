"""Spaces of designs: parameters, compositions, mixtures, formulas, constraints."""

from designer.space.constraints.constraint import Constraint
from designer.space.design_space import DesignSpace, Parameter
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.compositions import CompositionParameter, MixtureParameter, ShareParameter
from designer.space.parameters.formula import FormulaParameter
from designer.space.parameters.numeric import NumericParameter
from designer.space.table_files import read_frame
from designer.space.table_reader import ReadResult

__all__ = [
    "CategoricalParameter",
    "CompositionParameter",
    "Constraint",
    "DesignSpace",
    "FormulaParameter",
    "MixtureParameter",
    "NumericParameter",
    "Parameter",
    "ReadResult",
    "ShareParameter",
    "read_frame",
]

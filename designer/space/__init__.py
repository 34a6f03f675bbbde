"""Spaces of designs: parameters, compositions, mixtures, formulas, constraints."""

from designer.space.choices import CategoricalParameter
from designer.space.compositions import CompositionParameter, MixtureParameter, ShareParameter
from designer.space.constraints import Constraint
from designer.space.design_space import DesignSpace, Parameter
from designer.space.files import read_frame
from designer.space.formula import FormulaParameter
from designer.space.parameters import NumericParameter
from designer.space.tables import ReadResult

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

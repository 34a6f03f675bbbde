"""The kinds of parameter: those of this package, and those that others register under ``designer.parameters``.

A campaign file's ``space:`` is a list of mappings; the word behind ``kind:`` chooses the class that reads the rest.
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any, TypeAlias

from designer.documents import ByKind
from designer.errors import InvalidSpace
from designer.registry import Registry
from designer.space.parameters.base import ParameterBase


def _is_kind(item: Any) -> bool:
    if not (isinstance(item, type) and issubclass(item, ParameterBase)) or inspect.isabstract(item):
        return False
    return "kind" in item.model_fields and ("unit" in item.model_fields or hasattr(item, "unit"))


PARAMETERS: Registry[type[ParameterBase]] = Registry(
    "designer.parameters",
    "parameter kind",
    {
        "numeric": "designer.space.parameters.numeric:NumericParameter",
        "categorical": "designer.space.parameters.categorical:CategoricalParameter",
        "composition": "designer.space.parameters.composition:CompositionParameter",
        "mixture": "designer.space.parameters.mixture:MixtureParameter",
        "formula": "designer.space.parameters.formula:FormulaParameter",
        "molecule": "designer.space.parameters.molecules.molecule:MoleculeParameter",
        "fidelity": "designer.space.fidelity.fidelity_parameter:FidelityParameter",
    },
    accepts=_is_kind,
    expected="a subclass of ParameterBase with all its methods, `kind` and `unit`",
    error_type=InvalidSpace,
)
"""Every kind of parameter by its word."""

Parameter: TypeAlias = Annotated[ParameterBase, ByKind(PARAMETERS)]
"""A parameter of any registered kind; from plain data, the class is chosen by ``kind``."""


def register_parameter(kind: type[ParameterBase]) -> type[ParameterBase]:
    """Register a class as a kind of parameter for this process, under the default of its ``kind``; return the class.

    A package that is installed does the same with an entry point of the group ``designer.parameters``.

    Raises
    ------
    InvalidInput
        If the kind is registered already, or the class is not one of a parameter.
    """
    field = getattr(kind, "model_fields", {}).get("kind")
    return PARAMETERS.register(field.default if field is not None else "", kind)

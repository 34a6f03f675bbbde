"""Acquisition functions by name, and any callable that builds one. Reading this loads no torch.

A campaign names its acquisition function (``acquisition: upper-confidence-bound``) or is given a callable in Python
(``Campaign.create(acquisition=build)``). Either builds a botorch `AcquisitionFunction` from the model of all targets
and the `AcquisitionContext`. Other packages add names as entry points of the group ``designer.acquisitions``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from designer.errors import Fault, InvalidInput
from designer.registry import Registry

if TYPE_CHECKING:
    from botorch.acquisition.acquisition import AcquisitionFunction
    from botorch.models.model import Model

    from designer.acquisition.context import AcquisitionContext

AcquisitionBuilder = Callable[["Model", "AcquisitionContext"], "AcquisitionFunction"]
AUTO = "auto"

_BOTORCH = "designer.acquisition.botorch_functions"
ACQUISITIONS: Registry[AcquisitionBuilder] = Registry(
    "designer.acquisitions",
    "acquisition function",
    {
        AUTO: "designer.acquisition.builder:build_default",
        "upper-confidence-bound": f"{_BOTORCH}:upper_confidence_bound",
        "probability-of-improvement": f"{_BOTORCH}:probability_of_improvement",
        "posterior-mean": f"{_BOTORCH}:posterior_mean",
        "posterior-deviation": f"{_BOTORCH}:posterior_deviation",
    },
    accepts=callable,
    expected="a callable that takes (model, context) and returns a botorch AcquisitionFunction",
)


def acquisition_name(given: Any) -> Any:
    """Return the name under which a campaign records its acquisition function, registering a callable.

    A function ``build`` of the module ``my_lab.acquisition`` is recorded as ``my_lab.acquisition:build``. A process
    that resumes the campaign gives it again, or registers it under that name.

    Raises
    ------
    InvalidInput
        If another callable has the same name, as two lambdas have.

    Examples
    --------
    >>> acquisition_name("auto")
    'auto'
    """
    if not callable(given):
        return given
    module, name = getattr(given, "__module__", None), getattr(given, "__qualname__", None)
    if not module or not name:
        what = f"the acquisition function {given!r} has no name that a campaign could record"
        raise InvalidInput(Fault(what, "give a function, or register it: ACQUISITIONS.register(name, it)"))
    registered = f"{module}:{name}"
    ACQUISITIONS.register(registered, given)
    return registered

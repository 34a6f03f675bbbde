"""The kinds of prior by name; each is imported on first use. Reading this loads no torch.

Other packages add kinds as entry points of the group ``designer.priors``: a class that is constructed without
arguments, learns with ``fit(tasks, seed=...)`` and restores a fitted prior with ``from_saved(card, tensors)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from designer.errors import DesignerError, Fault, InvalidPrior
from designer.registry import Registry

if TYPE_CHECKING:
    from designer.priors.base import FittedPrior, Prior
    from designer.priors.stacking.property_prior import FittedProperties
    from designer.tasks import Task

PROPERTIES = "properties"
"""The kind with a posterior for each property (`designer.priors.stacking.property_posterior`), not for campaigns."""

PRIORS: Registry[Any] = Registry(
    "designer.priors",
    "prior kind",
    {
        "auto": "designer.priors.auto:AutoPrior",
        "none": "designer.priors.baseline:BaselinePrior",
        "transfer-gp": "designer.priors.transfer:TransferPrior",
        "deep-kernel": "designer.priors.deep.deep_kernel:DeepKernelPrior",
        "metric": "designer.priors.metric.metric:MetricPrior",
        "neural-process": "designer.priors.networks.neural_process:NeuralProcessPrior",
        "learned-init": "designer.priors.networks.learned_init:LearnedInitPrior",
        "policy": "designer.priors.policy.policy_prior:PolicyPrior",
        PROPERTIES: "designer.priors.stacking.property_prior:PropertyPrior",
    },
    accepts=lambda item: callable(item) and callable(getattr(item, "fit", None)),
    expected="a class with the methods fit(tasks, seed) and from_saved(card, tensors)",
    error_type=InvalidPrior,
)


def campaign_kinds() -> tuple[str, ...]:
    """Return the names of the kinds of prior that a campaign can begin from; nothing is imported."""
    return tuple(name for name in PRIORS.names() if name != PROPERTIES)


def prior_of(kind: str, **settings: Any) -> Prior:
    """Return the prior of a kind, not fitted yet, with settings of its class.

    Raises
    ------
    InvalidPrior
        If there is no such kind.
    """
    return cast("Prior", PRIORS.load(kind)(**settings))


def fit_prior(tasks: Sequence[Task], kind: str = "auto", *, seed: int = 0) -> FittedPrior:
    """Learn a prior from past tasks; the same tasks and seed give the same prior.

    Raises
    ------
    InvalidPrior
        If there is no such kind for campaigns, or the tasks cannot be learned from.
    """
    if kind == PROPERTIES:
        raise InvalidPrior(Fault(f"prior kind {kind!r} is not for campaigns", f"one of: {', '.join(campaign_kinds())}"))
    return prior_of(kind).fit(tasks, seed=seed)


def load_prior(folder: Path | str) -> FittedPrior:
    """Read a saved prior for campaigns; no code of it is run.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or a prior over properties, or it is damaged or of another version.
    """
    return cast("FittedPrior", _loaded(folder, properties=False))


def load_properties(folder: Path | str) -> FittedProperties:
    """Read a saved prior over properties; no code of it is run.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or one for campaigns, or it is damaged or of another version.
    """
    return cast("FittedProperties", _loaded(folder, properties=True))


def _loaded(folder: Path | str, *, properties: bool) -> Any:
    from designer.priors import saving

    card, tensors = saving.read(folder)
    kind, place = card.get("kind"), str(Path(folder) / saving.CARD)
    if kind not in PRIORS:
        raise InvalidPrior(Fault(f"its kind {kind!r} is not known", f"one of: {', '.join(PRIORS.names())}", file=place))
    if properties != (kind == PROPERTIES):
        what = f"it is a prior of kind {kind!r}, for {'campaigns' if properties else 'designer predict'}"
        remedy = (
            f"name past tasks, or a prior made by: designer prior fit --kind {PROPERTIES if properties else 'auto'}"
        )
        raise InvalidPrior(Fault(what, remedy, file=place))
    try:
        prior = PRIORS.load(kind).from_saved(card, tensors)
    except _RAW as error:
        what = f"it is not as a prior of kind {kind!r} is saved ({_brief(error)})"
        raise InvalidPrior(Fault(what, "save the prior again", file=place)) from error
    _places[prior] = place
    return prior


@contextmanager
def errors_of_saved(prior: object) -> Iterator[None]:
    """Report an error inside the context as one of the saved prior, where `prior` was read from a folder.

    What a card and tensors mean shows only when the prior is used; those of version 0.1 have no digest of the card, so
    that damage to it is not always seen when they are read.

    Raises
    ------
    InvalidPrior
        In the place of an error that is none of designer's own.
    """
    try:
        yield
    except DesignerError:
        raise
    except _RAW as error:
        place = _places.get(prior)
        if place is None:
            raise
        what = f"the saved prior cannot be used ({_brief(error)})"
        remedy = "fit it again from its tasks, or copy the whole folder again"
        raise InvalidPrior(Fault(what, remedy, file=place)) from error


_RAW = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
)
_places: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"

"""The kinds of prior by their names in campaign files; each is imported on first use."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from designer.errors import Fault, InvalidPrior
from designer.priors import saving

if TYPE_CHECKING:
    from designer.priors.base import FittedPrior, Prior
    from designer.tasks import Task

# The class of the prior, and that of the fitted one, whose `from_saved(card, tensors)` reads what its `save` wrote.
_CLASSES = {
    "none": ("designer.priors.baseline", "BaselinePrior", "BaselinePrior"),
    "auto": ("designer.priors.auto", "AutoPrior", "FittedAuto"),
    "transfer-gp": ("designer.priors.transfer", "TransferPrior", "FittedTransfer"),
    "deep-kernel": ("designer.priors.deep.deep_kernel", "DeepKernelPrior", "FittedDeepKernel"),
    "neural-process": ("designer.priors.networks.neural_process", "NeuralProcessPrior", "FittedNeuralProcess"),
    "learned-init": ("designer.priors.networks.learned_init", "LearnedInitPrior", "FittedLearnedInit"),
    "metric": ("designer.priors.metric.metric", "MetricPrior", "FittedMetric"),
}
KINDS = tuple(_CLASSES)


def prior_of(kind: str) -> Prior:
    """Return the prior of a kind, not fitted yet.

    Raises
    ------
    InvalidPrior
        If there is no such kind.
    """
    module, name, _ = _classes(kind)
    return cast("Prior", getattr(import_module(module), name)())


def fit_prior(tasks: Sequence[Task], kind: str = "auto", *, seed: int = 0) -> FittedPrior:
    """Learn a prior from past tasks; the same tasks and seed give the same prior.

    Raises
    ------
    InvalidPrior
        If there is no such kind, or the tasks cannot be learned from.
    """
    return prior_of(kind).fit(tasks, seed=seed)


def load_prior(folder: Path | str) -> FittedPrior:
    """Read a saved prior; no code of it is run.

    Raises
    ------
    InvalidPrior
        If the folder holds none, or it is damaged or of another version.
    """
    card, tensors = saving.read(folder)
    kind = card.get("kind")
    if kind not in _CLASSES:
        what = f"its kind {kind!r} is not known"
        raise InvalidPrior(Fault(what, f"one of: {', '.join(KINDS)}", file=str(Path(folder) / saving.CARD)))
    module, _, name = _classes(str(kind))
    try:
        return cast("FittedPrior", getattr(import_module(module), name).from_saved(card, tensors))
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        what = f"it is not as a prior of kind {kind!r} is saved ({type(error).__name__}: {error})"
        raise InvalidPrior(Fault(what, "save the prior again", file=str(Path(folder) / saving.CARD))) from None


def _classes(kind: Any) -> tuple[str, str, str]:
    if kind not in _CLASSES:
        raise InvalidPrior(Fault(f"prior kind {kind!r} is not known", f"one of: {', '.join(KINDS)}"))
    return _CLASSES[kind]

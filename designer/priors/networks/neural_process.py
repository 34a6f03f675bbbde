"""Model-based meta-learning: a network that takes the measurements of a task as input and predicts it.

A transformer (`designer.priors.networks.transformer`) trained half on past tasks and half on synthetic surfaces over
the same features. With few past tasks such a network is overconfident, so its prediction is the mean of an exact
Gaussian process over the design's own features, and its variance, scaled by the errors on held-out tasks, is the prior
mean of the process' variance (`designer.priors.networks.adapted_model`). The second, small member of the family is an
LSTM that generates a learner (`designer.priors.networks.recurrent`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from designer.priors.networks.fitted_networks import Networks, fit_networks, networks_from
from designer.priors.networks.learners import Method
from designer.priors.networks.recurrent import RecurrentMethod, RecurrentSettings
from designer.priors.networks.transformer import TransformerMethod, TransformerSettings

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "neural-process"
MEMBERS = ("transformer", "lstm")


@dataclass(frozen=True)
class NeuralProcessPrior:
    """A prior that learns to predict from measurements as input.

    Parameters
    ----------
    member
        ``transformer`` or ``lstm``.
    transformer, recurrent
        Settings of each.
    networks
        How many networks are trained, at most one a group of tasks.

    Raises
    ------
    ValueError
        If there is no such member.
    """

    member: Literal["transformer", "lstm"] = "transformer"
    transformer: TransformerSettings = field(default_factory=TransformerSettings)
    recurrent: RecurrentSettings = field(default_factory=RecurrentSettings)
    networks: int = 2
    kind: str = field(default=KIND, init=False)

    def __post_init__(self) -> None:
        if self.member not in MEMBERS:
            raise ValueError(f"member {self.member!r} is not known; one of: {', '.join(MEMBERS)}")

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> Networks:
        """Train on past tasks, in any order; see `Prior.fit`."""
        settings = asdict(self.transformer if self.member == "transformer" else self.recurrent)
        card = {"member": self.member, **settings}
        return fit_networks(KIND, card, _method(self.member, settings), tasks, self.networks, seed)

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Networks:
        """Return what `Networks.save` wrote."""
        settings = dict(card["settings"])
        member = settings.pop("member")
        return networks_from(card, tensors, _method(member, settings))


def _method(member: str, settings: Mapping[str, Any]) -> Method:
    if member == "transformer":
        return TransformerMethod(TransformerSettings(**settings))
    return RecurrentMethod(RecurrentSettings(**{**settings, "widths": tuple(settings["widths"])}))

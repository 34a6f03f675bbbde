"""Optimisation-based meta-learning: past tasks give the initial state of learning, and its updates.

The default is a Bayesian linear head on meta-learned features, whose adaptation is closed-form
(`designer.priors.networks.bayesian_head`, after ALPaCA):

    f(x) = c + (1 + a) m(x) + w . phi(x) + g(x),   w ~ N(0, v_w),  a ~ N(0, v_a),  g ~ GP(0, baseline kernel).

Several networks are trained, each without one fold of the past tasks; together they are the features of a new task. The
predictions of each for the fold that it has not seen calibrate the priors of v_w, v_a, g and the noise
(`designer.priors.networks.network_calibration`). A second model assumes the opposite sign; both are weighted by their
evidence.

Other methods adapt networks by gradient descent from a learned initialisation (`designer.priors.networks.gradient`):
MAML, its first-order form, ANIL and Meta-SGD.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor

from designer.priors.networks.bayesian_head import HeadMethod, HeadSettings
from designer.priors.networks.fitted_networks import Networks, fit_networks, networks_from
from designer.priors.networks.gradient import VARIANTS, GradientMethod, GradientSettings, Variant
from designer.priors.networks.learners import Method

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "learned-init"
METHODS = ("alpaca", *VARIANTS)


@dataclass(frozen=True)
class LearnedInitPrior:
    """A prior that meta-learns the initial state of networks for a new task.

    Parameters
    ----------
    method
        ``alpaca`` (a Bayesian head in closed form), ``maml``, ``fomaml``, ``anil`` or ``meta-sgd``.
    head, gradient
        Settings of the first, and of the others; the variant of `gradient` is that of `method`.
    members
        How many networks are trained, at most one a group of tasks.

    Raises
    ------
    ValueError
        If there is no such method.
    """

    method: Literal["alpaca"] | Variant = "alpaca"
    head: HeadSettings = field(default_factory=HeadSettings)
    gradient: GradientSettings = field(default_factory=GradientSettings)
    members: int = 4
    kind: str = field(default=KIND, init=False)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r} is not known; one of: {', '.join(METHODS)}")

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> Networks:
        """Train on past tasks, in any order; see `Prior.fit`."""
        method, settings = self._method()
        return fit_networks(KIND, {"method": self.method, **settings}, method, tasks, self.members, seed)

    def _method(self) -> tuple[Method, dict[str, Any]]:
        if self.method == "alpaca":
            return HeadMethod(self.head), asdict(self.head)
        gradient = replace(self.gradient, variant=self.method)
        return GradientMethod(gradient), asdict(gradient)

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Networks:
        """Return what `Networks.save` wrote."""
        settings = dict(card["settings"])
        name = settings.pop("method")
        settings["widths"] = tuple(settings["widths"])
        if name == "alpaca":
            return networks_from(card, tensors, HeadMethod(HeadSettings(**settings)))
        return networks_from(card, tensors, GradientMethod(GradientSettings(**settings)))

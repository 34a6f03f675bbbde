"""Optimisation-based meta-learning: what past tasks teach is where learning of a new task begins, and how it goes on.

The default is a Bayesian linear head on meta-learned features, whose adaptation is closed-form
(`designer.priors.nets.bayesian_head`, after ALPaCA):

    f(x) = c + (1 + a) m(x) + w . phi(x) + g(x),   w ~ N(0, v_w),  a ~ N(0, v_a),  g ~ GP(0, plain kernel).

Several networks are trained, each without one fold of the past tasks; together they are the features of a new task, and
what each says about the fold that it has not seen teaches the priors of v_w, v_a, g and the noise
(`designer.priors.nets.calibration`). That a new task runs against the past is a second model beside, weighted by its
evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor

from designer.priors.nets.bayesian_head import HeadMethod, HeadSettings
from designer.priors.nets.fitted import Networks, fit_networks, networks_from

if TYPE_CHECKING:
    from designer.tasks import Task

KIND = "learned-init"


@dataclass(frozen=True)
class LearnedInitPrior:
    """A prior that learns where a new task begins.

    Parameters
    ----------
    head
        Settings of the Bayesian head.
    members
        How many networks are trained, at most one a group of tasks.
    """

    head: HeadSettings = field(default_factory=HeadSettings)
    members: int = 4
    kind: str = field(default=KIND, init=False)

    def fit(self, tasks: Sequence[Task], *, seed: int = 0) -> Networks:
        """Train on past tasks, in any order; see `Prior.fit`."""
        settings = {"method": "alpaca", **asdict(self.head)}
        return fit_networks(KIND, settings, HeadMethod(self.head), tasks, self.members, seed)


class FittedLearnedInit:
    """Reads a saved prior of this kind."""

    @staticmethod
    def from_saved(card: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Networks:
        """Return what `Networks.save` wrote."""
        return networks_from(card, tensors, HeadMethod(HeadSettings()))

"""The network of the policy: a score for each expert, from its features, those of the campaign, and all others.

    h_i = silu(A x_i + B c + a),    s_i = w . silu(C h_i + D mean_j h_j + E c + b),    p_i = softmax(s)_i,

with x_i the features of expert i and c those of the campaign, standardised. The scores are permuted as the experts are,
and there may be any number of them (M. Zaheer et al., Deep Sets, NeurIPS 2017; for a policy over candidates of a
Bayesian optimisation: M. Volpp et al., Meta-Learning Acquisition Functions for Transfer Learning in Bayesian
Optimization, ICLR 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.policy.campaign_state import EXPERT_FEATURES, STATE_FEATURES, CampaignState

HIDDEN = 20
SHAPES: dict[str, tuple[int, ...]] = {
    "centre.experts": (len(EXPERT_FEATURES),),
    "width.experts": (len(EXPERT_FEATURES),),
    "centre.campaign": (len(STATE_FEATURES),),
    "width.campaign": (len(STATE_FEATURES),),
    "A": (HIDDEN, len(EXPERT_FEATURES)),
    "B": (HIDDEN, len(STATE_FEATURES)),
    "a": (HIDDEN,),
    "C": (HIDDEN, HIDDEN),
    "D": (HIDDEN, HIDDEN),
    "E": (HIDDEN, len(STATE_FEATURES)),
    "b": (HIDDEN,),
    "w": (HIDDEN,),
}
"""The tensors of the network."""

LEARNED = ("A", "B", "a", "C", "D", "E", "b", "w")
"""Those that are trained; the others standardise features."""


def scores(tensors: Mapping[str, Tensor], experts: Tensor, campaign: Tensor, there: Tensor) -> Tensor:
    """Return scores (``... x e``) of experts from their features (``... x e x k``) and the campaign's (``... x c``).

    Parameters
    ----------
    there
        Which experts there are (``... x e``); the scores of the others are minus infinity.
    """
    x = (experts - tensors["centre.experts"]) / tensors["width.experts"]
    c = ((campaign - tensors["centre.campaign"]) / tensors["width.campaign"])[..., None, :]
    silu = torch.nn.functional.silu
    hidden = silu(x @ tensors["A"].T + c @ tensors["B"].T + tensors["a"])
    mask = there[..., None].to(hidden.dtype)
    pooled = (hidden * mask).sum(-2, keepdim=True) / mask.sum(-2, keepdim=True)
    second = silu(hidden @ tensors["C"].T + pooled @ tensors["D"].T + c @ tensors["E"].T + tensors["b"])
    return (second @ tensors["w"]).masked_fill(~there, -torch.inf)


def initial(seed: int) -> dict[str, Tensor]:
    """Return an untrained network, whose features are not standardised."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in SHAPES.items():
        if name.startswith(("centre", "a", "b")):
            found[name] = torch.zeros(shape, dtype=torch.float64)
        elif name.startswith("width"):
            found[name] = torch.ones(shape, dtype=torch.float64)
        else:
            size = 0.1 if name == "w" else 1.0
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            found[name] = size * drawn / shape[-1] ** 0.5
    return found


@dataclass(frozen=True, eq=False)
class ExpertScorer:
    """A trained network.

    Raises
    ------
    ValueError
        If its tensors are not those of `SHAPES`.
    """

    tensors: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        found = {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}
        if found != SHAPES:
            raise ValueError(f"the network of a policy has tensors of the shapes {SHAPES}, not {found}")

    def scores(self, state: CampaignState) -> Tensor:
        """Return the scores of the experts (``e``) in a state."""
        experts, campaign = torch.from_numpy(state.experts), torch.from_numpy(state.campaign)
        return scores(self.tensors, experts, campaign, torch.ones(len(experts), dtype=torch.bool))

    def influences(self, state: CampaignState, chosen: int, other: int) -> list[tuple[str, float]]:
        """Return each feature's part in the margin of expert `chosen` over expert `other`, largest first.

        The part of a feature is by how much the margin falls if the feature has its mean over the training states, of
        all experts at once.
        """
        experts, campaign = torch.from_numpy(state.experts), torch.from_numpy(state.campaign)
        there = torch.ones(len(experts), dtype=torch.bool)

        def margin(experts: Tensor, campaign: Tensor) -> float:
            found = scores(self.tensors, experts, campaign, there)
            return float(found[chosen] - found[other])

        whole, parts = margin(experts, campaign), []
        for j, name in enumerate(EXPERT_FEATURES):
            changed = experts.clone()
            changed[:, j] = self.tensors["centre.experts"][j]
            parts.append((name, whole - margin(changed, campaign)))
        for j, name in enumerate(STATE_FEATURES):
            moved = campaign.clone()
            moved[j] = self.tensors["centre.campaign"][j]
            parts.append((name, whole - margin(experts, moved)))
        return sorted(parts, key=lambda part: -part[1])

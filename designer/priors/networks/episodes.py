"""Episodes: parts of past tasks on which networks are trained."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from designer.priors.networks.corpus import Corpus

HIDE_QUANTITY = 0.2
HIDE_PARAMETER = 0.15


@dataclass(frozen=True, eq=False)
class Episodes:
    """A batch of episodes.

    Parameters
    ----------
    inputs
        ``b x n x w``.
    z
        ``b x n`` values.
    there
        ``b x n``: 1 where there is a row, 0 where the source has no more.
    """

    inputs: Tensor
    z: Tensor
    there: Tensor


def draw(corpus: Corpus, batch: int, rows: int, generator: torch.Generator) -> Episodes:
    """Draw episodes of up to `rows` rows from random sources.

    Sometimes the quantity is hidden, with a random sign, and sometimes a parameter, so that a network learns to predict
    tasks without them.
    """
    picks = torch.randint(len(corpus.members), (batch,), generator=generator).tolist()
    chances = torch.rand(batch, 4, generator=generator).tolist()
    inputs = torch.zeros(batch, rows, corpus.inputs.width)
    z, there = torch.zeros(batch, rows), torch.zeros(batch, rows)
    for b, (pick, (hide_quantity, sign, hide_parameter, place)) in enumerate(zip(picks, chances, strict=True)):
        member = corpus.members[pick]
        chosen = torch.randperm(len(member.z), generator=generator)[:rows]
        hidden = hide_quantity < HIDE_QUANTITY
        flags = member.flags
        if hide_parameter < HIDE_PARAMETER and int(flags.sum()) > 1:
            flags = flags.clone()
            had = flags.nonzero()[:, 0]
            flags[had[int(place * len(had))]] = False
        count = len(chosen)
        inputs[b, :count] = corpus.inputs.of(member.X[chosen], flags, None if hidden else member.number)
        z[b, :count] = member.z[chosen] * (-1.0 if hidden and sign < 0.5 else 1.0)
        there[b, :count] = 1.0
    return Episodes(inputs, z, there)

"""The utility of a target with ``goal: prefer``, from the comparisons that count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import FloatArray, IndexArray
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import coordinates_of
from designer.space import DesignSpace

if TYPE_CHECKING:
    from designer.surrogates.preference import PreferenceProcess


@dataclass(frozen=True, eq=False)
class ComparedDesigns:
    """Designs that were compared.

    Parameters
    ----------
    coordinates
        ``n x c`` different designs.
    pairs
        ``m x 2`` of their rows: the better and the worse one; a tie is a pair each way. Comparisons of two results of
        one design are left out.
    """

    coordinates: FloatArray
    pairs: IndexArray

    @classmethod
    def of(cls, space: DesignSpace, state: CampaignState) -> ComparedDesigns:
        """Return the designs of the comparisons that count at `state`."""
        comparisons = state.counted_comparisons
        names = list(dict.fromkeys(name for each in comparisons for name in (each.better, each.worse)))
        coordinates = coordinates_of(space, (state.measurements[name].design for name in names))
        rows: dict[object, int] = {}
        row_of, first = {}, []
        for i, key in enumerate(space.keys(coordinates)):
            if key not in rows:
                first.append(i)
            row_of[names[i]] = rows.setdefault(key, len(rows))
        pairs = []
        for each in comparisons:
            better, worse = row_of[each.better], row_of[each.worse]
            if better != worse:
                pairs += [(better, worse), (worse, better)] if each.tie else [(better, worse)]
        return cls(coordinates[first], np.array(pairs, dtype=np.intp).reshape(-1, 2))


def preference_model(space: DesignSpace, state: CampaignState) -> PreferenceProcess:
    """Return the process of the utility given the comparisons that count at `state`, of which there is one at least."""
    import torch

    from designer.surrogates.preference import fit_preferences

    compared = ComparedDesigns.of(space, state)
    X = torch.as_tensor(space.encoder.encode(compared.coordinates), dtype=torch.float64)
    return fit_preferences(X, torch.as_tensor(compared.pairs))

"""Which past campaigns tell how a target depends on its observations, in words.

Reached only when a model is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from designer.campaign.suggesting.campaign_posterior import CampaignPosterior
from designer.campaign.wording import percent
from designer.counting import count

MIN_SHOWN = 0.05
"""Probability of a past relation from which it is mentioned."""


def relation_words(known: CampaignPosterior, column: int, names: Sequence[str]) -> Iterator[str]:
    """Yield one sentence for each past campaign whose relation of a target to some observations may hold."""
    target, revised = known.objective.targets[column].name, known.revised_targets
    regression = None if revised is None else revised.regression(column, names)
    for each in () if regression is None else regression.parts:
        if each.past is not None and each.weight >= MIN_SHOWN:
            learned = f"how {target} depends on {' and '.join(names)} was learned from "
            learned += f"{count(each.past.results, 'result')} of past campaign {each.past.campaign!r}"
            yield f"{learned}, and holds here with a probability of {percent(each.weight)}"

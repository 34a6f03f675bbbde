"""Whether a campaign's table of candidates has a design that may be made."""

from __future__ import annotations

from collections import Counter

from designer.campaign.file.spec import CampaignSpec
from designer.counting import count
from designer.errors import Fault, InvalidCampaign
from designer.space import DesignSpace

_EXAMINED = 1_000  # rows whose violations are put into words


def refuse_unusable_candidates(spec: CampaignSpec) -> None:
    """Refuse a campaign whose bounds and constraints leave none of its candidates.

    A campaign that has begun may come to this by a change of its space, so that opening one does not refuse it.

    Raises
    ------
    InvalidCampaign
        With one fault, which names what excludes most rows.
    """
    pool = spec.space.pool
    if pool is None or spec.space.within(pool.coordinates).any():
        return
    listed, excluding = len(pool.coordinates), _most_excluding(spec.space)
    what = f"none of the {listed} candidates keeps the bounds and constraints" if listed > 1 else "the only candidate"
    what += f": {excluding}" if listed > 1 else f" does not keep the bounds and constraints: {excluding}"
    fault = Fault(what, "change the bounds or constraints, or the table of candidates", path=("candidates",))
    raise InvalidCampaign(spec.locate(fault))


def _most_excluding(space: DesignSpace) -> str:
    """Return the violation that most rows have, with one row's values."""
    assert space.pool is not None
    rows = space.pool.coordinates[:_EXAMINED]
    found = [text for row in rows for text in space.violations(row) if "step" not in text]
    kinds = Counter(text.partition(" = ")[0] for text in found)
    kind = kinds.most_common(1)[0][0]
    first = next(text for text in found if text.partition(" = ")[0] == kind)
    return f"{first} (in {kinds[kind]} of {count(len(rows), 'row')})"

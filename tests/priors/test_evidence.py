from __future__ import annotations

import pytest

from designer.priors.evidence import PriorEvidence


def test_the_leading_task_is_the_heaviest() -> None:
    assert PriorEvidence(sources=(("a", 0.2), ("b", 0.5), ("c", 0.3))).leading == ("b", 0.5)
    assert PriorEvidence().leading is None


@pytest.mark.parametrize("weights", [(0.5, 0.4), (1.5, -0.5)])
def test_weights_are_shares(weights: tuple[float, float]) -> None:
    pairs = tuple(zip("ab", weights, strict=True))
    with pytest.raises(ValueError, match="weights of experts"):
        PriorEvidence(experts=pairs)
    with pytest.raises(ValueError, match="weights of sources"):
        PriorEvidence(sources=pairs)

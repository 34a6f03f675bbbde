"""Named families load, and hold tasks that a campaign can pursue."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.suite.families import NAMED, load_named
from benchmarks.suite.pools import pool_of
from designer.errors import InvalidData, MissingExtra


@pytest.mark.parametrize("name", NAMED)
def test_every_named_family_loads_and_its_tasks_are_pools(name: Any) -> None:
    try:
        family = load_named(name)
    except MissingExtra as error:
        pytest.skip(str(error))
    assert len(family.tasks) >= 4
    assert family.license
    for task in family.tasks:
        assert len(pool_of(task)) >= 6
        assert len(family.sources(task.name)) >= (3 if family.related else 0)


def test_an_unknown_name_is_answered_with_the_likely_one() -> None:
    with pytest.raises(InvalidData, match="family 'alloy-hardnes' is not known; did you mean 'alloy-hardness'"):
        load_named("alloy-hardnes")

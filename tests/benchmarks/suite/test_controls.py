"""Controls: each destroys (or gives) what it says, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from benchmarks.suite.controls import BAD, CONTROLS, controlled, numbers
from benchmarks.suite.pools import Pool, pool_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task

SPACE = DesignSpace(
    parameters=[
        {"name": "x", "kind": "numeric", "bounds": [0, 1]},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)


def task(name: str, sign: float, seed: int, n: int = 60) -> Task:
    rng = np.random.default_rng(seed)
    x, gas = rng.random(n), rng.choice(["N2", "Ar"], n)
    y = sign * np.sin(3 * x) + (gas == "Ar")
    data = pd.DataFrame({"x": x, "gas": gas, "y": y})
    return Task(space=SPACE, targets=[Target(name="y", goal="maximize")], data=data, name=name, family="waves")


@pytest.fixture
def pool() -> Pool:
    return pool_of(task("target", 1.0, 0))


@pytest.fixture
def sources() -> tuple[Task, ...]:
    return task("alike", 1.0, 1), task("against", -2.0, 2)


def unrelated() -> Task:
    rng = np.random.default_rng(5)
    a = rng.random(80)
    data = pd.DataFrame({"a": a, "b": rng.random(80), "z": np.exp(a)})
    space = DesignSpace(parameters=[{"name": n, "kind": "numeric", "bounds": [0, 1]} for n in "ab"])
    return Task(space=space, targets=[Target(name="z")], data=data, name="other", family="others")


def values(tasks: Sequence[Task]) -> list[np.ndarray]:
    return [each.Y[:, 0] for each in tasks]


def test_none_and_no_sources(pool: Pool, sources: tuple[Task, ...]) -> None:
    assert controlled("none", pool, sources) == sources
    assert controlled("no-sources", pool, sources) == ()


@pytest.mark.parametrize("control", ["shuffled", "negated", "rescaled", "smooth", "unrelated"])
def test_designs_stay_and_values_change_the_same_way_each_time(
    pool: Pool, sources: tuple[Task, ...], control: str
) -> None:
    made = controlled(control, pool, sources, unrelated())
    again = controlled(control, pool, sources, unrelated())
    assert [each.name for each in made] == [each.name for each in sources]
    for old, new, same in zip(sources, made, again, strict=True):
        pd.testing.assert_frame_equal(old.designs, new.designs)
        pd.testing.assert_frame_equal(new.data, same.data)
        assert not np.allclose(old.Y, new.Y)


def test_shuffled_keeps_the_values_and_breaks_the_order(pool: Pool, sources: tuple[Task, ...]) -> None:
    for old, new in zip(values(sources), values(controlled("shuffled", pool, sources)), strict=True):
        assert sorted(old) == sorted(new)
        assert abs(spearmanr(old, new).statistic) < 0.4


def test_negated_turns_ranks_round_and_keeps_the_range(pool: Pool, sources: tuple[Task, ...]) -> None:
    for old, new in zip(values(sources), values(controlled("negated", pool, sources)), strict=True):
        assert spearmanr(old, new).statistic == pytest.approx(-1)
        assert (new.min(), new.max()) == pytest.approx((old.min(), old.max()))


def test_rescaled_keeps_ranks_and_differs_between_sources(pool: Pool, sources: tuple[Task, ...]) -> None:
    made = values(controlled("rescaled", pool, sources))
    factors = []
    for old, new in zip(values(sources), made, strict=True):
        assert spearmanr(old, new).statistic == pytest.approx(1)
        factors.append(np.ptp(new) / np.ptp(old))
    assert factors[0] != pytest.approx(factors[1])


def test_smooth_is_smooth_and_scaled_as_the_source(pool: Pool, sources: tuple[Task, ...]) -> None:
    for source, new in zip(sources, values(controlled("smooth", pool, sources)), strict=True):
        assert new.mean() == pytest.approx(source.Y.mean())
        assert new.std() == pytest.approx(source.Y.std())
        argon = (source.data["gas"] == "Ar").to_numpy()
        order = np.argsort(source.data["x"].to_numpy()[argon])
        steps = np.abs(np.diff(new[argon][order]))
        assert steps.max() < 0.5 * np.ptp(new)
        assert np.ptp(new) > 0


def test_unrelated_values_are_those_of_the_other_table(pool: Pool, sources: tuple[Task, ...]) -> None:
    other = unrelated()
    for new in values(controlled("unrelated", pool, sources, other)):
        assert set(new) <= set(other.Y[:, 0])
        assert len(set(new)) > 10
    with pytest.raises(ValueError, match="needs a task of another family"):
        controlled("unrelated", pool, sources)


def test_past_campaigns_hold_some_rows_of_the_sources(pool: Pool, sources: tuple[Task, ...]) -> None:
    made, again = (controlled("campaigns", pool, sources) for _ in range(2))
    assert [each.name for each in made] == [each.name for each in sources]
    for old, new, same in zip(sources, made, again, strict=True):
        assert 20 <= len(new) <= 30
        pd.testing.assert_frame_equal(new.data, same.data)
        assert set(values([new])[0]) <= set(values([old])[0])
        assert np.median(new.Y) > np.median(old.Y)


def test_one_good_source_among_nine_bad(pool: Pool, sources: tuple[Task, ...]) -> None:
    made = controlled("one-in-nine", pool, sources)
    assert len(made) == BAD + 1
    good = [each for each in made if each is sources[0]]
    assert len(good) == 1
    assert len({each.name for each in made}) == BAD + 1
    for bad in made:
        if bad is not good[0]:
            origin = next(source for source in sources if bad.name.startswith(source.name))
            assert sorted(bad.Y[:, 0]) == sorted(origin.Y[:, 0])
            assert not np.allclose(bad.Y, origin.Y)


def test_the_target_as_its_own_source(pool: Pool) -> None:
    (own,) = controlled("target-as-source", pool, ())
    pd.testing.assert_frame_equal(own.designs, pool.candidates.designs)
    assert own.Y[:, 0].tolist() == pool.y.tolist()
    large = pool_of(task("large", 1.0, 3, n=300))
    assert len(controlled("target-as-source", large, ())[0]) == 200


def test_what_cannot_be_made_is_said(pool: Pool) -> None:
    with pytest.raises(ValueError, match=r"waves/target has no sources, which the control 'shuffled' needs"):
        controlled("shuffled", pool, ())
    with pytest.raises(ValueError, match="there is no control 'magic'; one of: none, no-sources"):
        controlled("magic", pool, ())
    assert len(CONTROLS) == 10


def test_tables_of_different_columns_share_one_matrix() -> None:
    both = numbers([task("a", 1.0, 0, n=4), unrelated()])
    assert both.shape == (84, 5)  # x, a, b, and one column a gas
    assert (both[:4, 1:3] == 0).all()

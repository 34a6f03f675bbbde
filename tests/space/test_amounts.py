"""Drawn amounts: exact, complete and evenly spread, against a plain list of every design."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.space.amounts import AmountRule


@st.composite
def rules(draw, largest=4, most=7):
    size = draw(st.integers(1, largest))
    total = draw(st.integers(0, most))
    pairs = [sorted((draw(st.integers(0, most)), draw(st.integers(0, most)))) for _ in range(size)]
    zero_or = [draw(st.booleans()) for _ in range(size)]
    fewest = draw(st.integers(0, size))
    greatest = draw(st.integers(fewest, size))
    low, high = zip(*pairs, strict=True)
    return AmountRule(total, low, high, tuple(zero_or), fewest, greatest)


def every_design(rule):
    """All amounts that keep the rule, by trying all there are."""
    found = []
    for amounts in itertools.product(range(rule.total + 1), repeat=rule.size):
        each = zip(amounts, rule.low, rule.high, rule.zero_or, strict=True)
        inside = all(low <= x <= high or (x == 0 and zero_or) for x, low, high, zero_or in each)
        present = sum(x > 0 for x in amounts)
        if inside and sum(amounts) == rule.total and rule.min_nonzero <= present <= rule.max_nonzero:
            found.append(amounts)
    return found


@settings(max_examples=150, deadline=None)
@given(rules(), st.integers(0, 2**32 - 1))
def test_counts_are_exact_and_draws_keep_the_rule(rule, seed):
    designs = every_design(rule)
    assert rule.possible == bool(designs)
    if not designs:
        with pytest.raises(ValueError, match="no amounts"):
            rule.draw(1, np.random.default_rng(seed))
        return
    assert math.exp(rule.log_count) == pytest.approx(len(designs), rel=1e-9)
    drawn = rule.draw(50, np.random.default_rng(seed))
    assert set(map(tuple, drawn.tolist())) <= set(designs)


@settings(max_examples=60, deadline=None)
@given(rules(largest=3, most=5))
def test_valid_agrees_with_the_list(rule):
    grid = list(itertools.product(range(7), repeat=rule.size))
    kept = [amounts for amounts, good in zip(grid, rule.valid(grid), strict=True) if good]
    assert kept == every_design(rule)


def test_designs_of_one_size_are_equally_likely_and_all_are_reached():
    rule = AmountRule(6, (0, 0, 2, 1), (6, 3, 4, 5), (False, False, True, False), 2, 3)
    designs = every_design(rule)
    drawn = Counter(map(tuple, rule.draw(60_000, np.random.default_rng(0)).tolist()))
    assert set(drawn) == set(designs)
    for size in (2, 3):
        counts = np.array([drawn[d] for d in designs if sum(x > 0 for x in d) == size])
        chi_squared = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
        assert chi_squared < 3 * len(counts)  # its mean is about len(counts)


def test_small_and_large_systems_are_both_drawn():
    rule = AmountRule(100, (0,) * 10, (100,) * 10, (False,) * 10, 1, 5)
    exact = sum(math.comb(10, k) * math.comb(99, k - 1) for k in range(1, 6))
    assert math.exp(rule.log_count) == pytest.approx(exact, rel=1e-9)
    drawn = rule.draw(2000, np.random.default_rng(1))
    assert rule.valid(drawn).all()
    sizes = Counter((drawn > 0).sum(axis=1).tolist())
    assert set(sizes) == {1, 2, 3, 4, 5}
    assert min(sizes.values()) > 40


def test_a_corner_that_is_one_in_1e20_is_still_found():
    # The bounds add up to exactly the total: one design among astronomically many partial ones.
    rule = AmountRule(1000, (0,) * 20, (50,) * 20, (False,) * 20, 1, 20)
    assert math.exp(rule.log_count) == pytest.approx(1)
    assert rule.draw(3, np.random.default_rng(0)).tolist() == [[50] * 20] * 3
    nearly = AmountRule(999, (0,) * 20, (50,) * 20, (False,) * 20, 1, 20)
    assert math.exp(nearly.log_count) == pytest.approx(20)
    assert nearly.valid(nearly.draw(100, np.random.default_rng(0))).all()


def test_zero_or_much_leaves_few_ways():
    # Out of amounts 0 or 33..34 exactly three must be present.
    rule = AmountRule(100, (33,) * 8, (34,) * 8, (True,) * 8, 0, 8)
    assert math.exp(rule.log_count) == pytest.approx(math.comb(8, 3) * 3)
    assert rule.valid(rule.draw(200, np.random.default_rng(0))).all()


@pytest.mark.parametrize(("size", "total", "most"), [(1, 5, 1), (50, 10_000, 50), (50, 10_000, 5), (118, 1000, 118)])
def test_large_rules(size, total, most):
    rule = AmountRule(total, (0,) * size, (total,) * size, (False,) * size, 1, most)
    drawn = rule.draw(300, np.random.default_rng(0))
    assert rule.valid(drawn).all()
    assert not rule.valid(drawn + np.eye(size, dtype=int)[:1]).any()


def test_draws_depend_only_on_the_generator():
    rule = AmountRule(20, (0, 1, 0), (20, 9, 15), (False,) * 3, 1, 3)
    first, second = (rule.draw(30, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)

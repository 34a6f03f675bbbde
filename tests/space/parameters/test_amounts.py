import itertools

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from designer.space.parameters.amounts import AmountLattice, Member


@st.composite
def lattices(draw: st.DrawFn) -> AmountLattice:
    total = draw(st.integers(1, 8))
    number = draw(st.integers(1, 4))
    members = []
    for _ in range(number):
        low = draw(st.integers(1, total))
        members.append(Member(low, draw(st.integers(low - 1, total)), draw(st.booleans())))
    least = draw(st.integers(1, number))
    return AmountLattice(total, tuple(members), least, draw(st.integers(least, number)))


def brute_force(lattice: AmountLattice) -> list[tuple[int, ...]]:
    ways = []
    for amounts in itertools.product(range(lattice.total + 1), repeat=len(lattice.members)):
        ranges = [m.zero if a == 0 else m.low <= a <= m.high for a, m in zip(amounts, lattice.members, strict=True)]
        present = sum(a > 0 for a in amounts)
        if all(ranges) and sum(amounts) == lattice.total and lattice.min_nonzero <= present <= lattice.max_nonzero:
            ways.append(amounts)
    return ways


@settings(max_examples=150, deadline=None)
@given(lattices())
def test_counting_listing_and_checking_agree_with_trying_everything(lattice: AmountLattice) -> None:
    ways = brute_force(lattice)
    assert lattice.count == len(ways)
    assert lattice.is_feasible == bool(ways)
    assert [tuple(row) for row in lattice.enumerate().tolist()] == ways
    box = np.array(list(itertools.product(range(lattice.total + 1), repeat=len(lattice.members))), dtype=float)
    assert [tuple(map(int, row)) for row in box[lattice.contains(box)]] == ways


def test_a_large_lattice_is_counted_without_listing_it() -> None:
    six = AmountLattice(10, (Member(1, 10, True),) * 6, 1, 4)
    # Compositions of 10 into at most 4 of 6: sum of C(6, k) C(9, k - 1), as on the oxide plates.
    assert six.count == 6 * 1 + 15 * 9 + 20 * 36 + 15 * 84
    assert AmountLattice(100, (Member(1, 100, True),) * 10, 1, 5).count == sum(
        c * b for c, b in zip([10, 45, 120, 210, 252], [1, 99, 4851, 156849, 3764376], strict=True)
    )


def test_beyond_a_trillion_the_number_is_none() -> None:
    lattice = AmountLattice(10_000, (Member(1, 10_000, True),) * 10, 1, 10)
    assert lattice.count is None
    assert lattice.is_feasible


def test_amounts_between_the_steps_are_no_way() -> None:
    lattice = AmountLattice(4, (Member(1, 4, True),) * 2, 1, 2)
    assert lattice.contains(np.array([[1.5, 2.5], [1.0, 3.0], [np.nan, 4.0], [-1.0, 5.0]])).tolist() == [
        False, True, False, False,
    ]  # fmt: skip

from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from designer.errors import InvalidSpace
from designer.space import DesignSpace

PARAMETERS: list[dict[str, Any]] = [
    {"name": "alloy", "kind": "composition", "elements": ["Ni", "Fe", "Co"], "step": 0.1},
    {"name": "t", "kind": "numeric", "bounds": [0, 10], "step": 0.1},
    {"name": "time", "kind": "numeric", "bounds": [1, 1000], "scale": "log"},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar", "P1-L1", "ethyl acetate", "2N"]},
]


def space(*constraints: str) -> DesignSpace:
    return DesignSpace(parameters=PARAMETERS, constraints=constraints)


def holds(text: str, *, ni: int = 3, fe: int = 3, t: float = 5.0, time: float = 10.0, gas: int = 0) -> bool:
    row = np.array([[ni, fe, 10 - ni - fe, t, time, gas]], dtype=float)
    return bool(space(text).satisfied(row)[0])


def test_sums_of_decimals_are_exact() -> None:
    assert holds("alloy.Ni + alloy.Fe <= 0.3", ni=1, fe=2)
    assert not holds("alloy.Ni + alloy.Fe < 0.3", ni=1, fe=2)
    assert holds("alloy.Ni + alloy.Fe == 0.3", ni=1, fe=2)
    assert holds("3 * alloy.Ni - t >= 0", ni=1, t=0.3)
    assert holds("t * t == 0.01", t=0.1)
    assert holds("t / 3 * 3 == t", t=0.1)
    assert holds("abs(t - 0.3) <= 0", t=0.3)


def test_logarithms_of_round_numbers_are_round() -> None:
    assert holds("t * log10(time) <= 9", t=3.0, time=1000)
    assert not holds("t * log10(time) < 9", t=3.0, time=1000)
    assert holds("ln(exp(t)) == t", t=0.7)
    assert holds("sqrt(t) * sqrt(t) <= t", t=0.2)
    assert holds("log10(time) - 3 >= 0", time=1000)


def test_chains_and_words() -> None:
    assert holds("1 <= t < 5.1")
    assert not holds("1 <= t < 5")
    assert holds("5 >= t >= 1 and not t == 2 or t > 9")
    assert holds("max(t, 7) == 7 and min(t, 7, 9) == t")
    assert holds("-t ^ 2 <= 0")
    assert holds("2 ** -1 == 0.5")


def test_choices() -> None:
    assert holds("gas == N2")
    assert holds("N2 == gas")
    assert not holds("gas != N2")
    assert holds("gas == P1-L1", gas=2)
    assert holds('gas == "ethyl acetate"', gas=3)
    assert holds("gas in [N2, P1-L1]", gas=2)
    assert holds("gas in [ethyl acetate, '2N']", gas=4)
    assert not holds("gas not in [Ar, N2]", gas=1)


def test_if_then_and_forbid() -> None:
    assert holds("if gas == Ar then t <= 3", gas=0, t=9.0)
    assert not holds("if gas == Ar then t <= 3", gas=1, t=9.0)
    assert holds("forbid gas == Ar and t > 3", gas=1, t=3.0)
    assert not holds("forbid gas == Ar and t > 3", gas=1, t=3.1)


def test_what_cannot_be_computed_is_not_valid_but_may_not_matter() -> None:
    assert not holds("log10(t - 5) <= 100", t=3.0)
    assert not holds("forbid log10(t - 5) > 100", t=3.0)
    assert holds("if t > 5 then log10(t - 5) <= 100", t=3.0)
    assert holds("t < 4 or log10(t - 5) <= 100", t=3.0)
    assert not holds("1 / (t - 3) <= 100", t=3.0)
    assert not holds("1 / (alloy.Ni + alloy.Fe - 0.3) != 100", ni=1, fe=2)


REFUSED = [
    ("temp <= 3", "there is no parameter 'temp'", ""),
    ("tim <= 3", "there is no parameter 'tim'", "did you mean 'time'?"),
    ("alloy.Mn <= 3", "there is no parameter 'alloy.Mn'", "did you mean 'alloy."),
    ("alloy <= 3", "'alloy' is a composition of several amounts", "name a member, such as alloy.Ni"),
    ("gas <= 3", "'gas' is a choice and has no order", "by == or in"),
    ("gas == 3", "'3' is not a choice of 'gas'", "compare it with one of: N2, Ar"),
    ("gas == Arr", "'Arr' is not a choice of 'gas'", "did you mean 'Ar'?"),
    ("gas in [N2, O2]", "'O2' is not a choice of 'gas'", ""),
    ("t in [N2]", "'t' has no choices", ""),
    ("gas + 1 <= 3", "'gas' is a choice, not a number", ""),
    ("t == N2", "there is no parameter 'N2'", ""),
    ('t == "N2"', "the choice 'N2' is no number", ""),
    ("time == 10", "'time' is continuous, so == and != have no meaning", "write a range such as 'a <= time <= b'"),
    ("gas == N2 == Ar", "has no order", ""),
]


@pytest.mark.parametrize(("text", "what", "remedy"), REFUSED)
def test_what_has_no_meaning_is_refused(text: str, what: str, remedy: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        space("t <= 9", text)
    (fault,) = caught.value.faults
    assert what in fault.what
    assert remedy in fault.remedy
    assert fault.path[:2] == ("constraints", 1)


def test_all_wrong_constraints_are_reported_together() -> None:
    with pytest.raises(InvalidSpace) as caught:
        space("temp <= 3", "gas <= 3", "t <= 3", "tt > 1")
    assert [fault.path for fault in caught.value.faults] == [("constraints", i) for i in (0, 1, 3)]
    with pytest.raises(InvalidSpace) as caught:
        space("t <=", "t =< 3")
    assert [fault.path[:2] for fault in caught.value.faults] == [("constraints", 0), ("constraints", 1)]


def test_linear_constraints_show_their_coefficients() -> None:
    bound = space("2 * alloy.Ni - t / 4 >= 0.5 - alloy.Fe", "1 <= t < 5 and alloy.Ni == 2 * alloy.Fe").bound_constraints
    (first,) = bound[0].linear()
    assert (first.coefficients, first.bound, first.strict) == (
        {"alloy.Ni": -2.0, "t": 0.25, "alloy.Fe": -1.0}, -0.5, False,
    )  # fmt: skip
    low, high, equal = bound[1].linear()
    assert (low.coefficients, low.bound) == ({"t": -1.0}, -1.0)
    assert (high.coefficients, high.bound, high.strict) == ({"t": 1.0}, 5.0, True)
    assert (equal.coefficients, equal.bound, equal.equal) == ({"alloy.Ni": 1.0, "alloy.Fe": -2.0}, 0.0, True)
    (banned,) = space("forbid t > 3").bound_constraints[0].linear()
    assert (banned.coefficients, banned.bound, banned.strict) == ({"t": 1.0}, 3.0, False)
    for text in ("t * time <= 3", "t <= 3 or time <= 3", "log10(t + 1) <= 1", "t != 3", "gas == Ar"):
        assert space(text).bound_constraints[0].linear() == ()


def test_lab_columns_may_be_named() -> None:
    made = DesignSpace(
        parameters=[
            {
                "name": "c",
                "kind": "composition",
                "elements": ["Ni", "Fe"],
                "step": 0.1,
                "columns": ["frac_Ni", "frac_Fe"],
            }
        ],
        constraints=["frac_Ni <= c.Fe"],
    )
    assert made.satisfied(np.array([[5.0, 5.0], [6.0, 4.0]])).tolist() == [True, False]


EMPTY = [
    (["t > 10.1"], "constraint 't > 10.1' cannot hold within the bounds"),
    (["alloy.Ni + alloy.Fe >= 0.8", "alloy.Co >= 0.5"], "cannot hold together"),
    (["t + alloy.Ni >= 12"], "cannot hold within the bounds"),
]


@pytest.mark.parametrize(("texts", "message"), EMPTY)
def test_a_space_without_any_design_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        space(*texts)
    assert message in str(caught.value)


def test_a_small_space_is_looked_through() -> None:
    small = [PARAMETERS[0], PARAMETERS[3]]
    with pytest.raises(InvalidSpace, match="none of the 330 designs satisfies the constraints"):
        DesignSpace(parameters=small, constraints=["alloy.Ni * alloy.Fe > 0.3"])
    assert DesignSpace(parameters=small, constraints=["alloy.Ni * alloy.Fe >= 0.25"]).size() == 5


POINTS = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 100))


@st.composite
def linear_texts(draw: st.DrawFn) -> tuple[str, list[Fraction], Fraction, str]:
    coefficients = [draw(st.integers(-30, 30)) for _ in range(4)]
    bound = draw(st.integers(-200, 200))
    sign = draw(st.sampled_from(["<=", "<", ">=", ">", "=="]))
    names = ["alloy.Ni", "alloy.Fe", "alloy.Co", "t"]
    text = " + ".join(f"{c / 10} * {name}" for c, name in zip(coefficients, names, strict=True))
    return f"{text} {sign} {bound / 100}", [Fraction(c, 10) for c in coefficients], Fraction(bound, 100), sign


@settings(max_examples=150, deadline=None)
@given(
    linear_texts(),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 100)), min_size=1, max_size=30),
)
def test_comparisons_agree_with_fractions(
    made: tuple[str, list[Fraction], Fraction, str], points: list[tuple[int, int, int]]
) -> None:
    text, coefficients, bound, sign = made
    rows = np.array([[a, b, 10 - a - b, float(f"{t / 10}"), 10.0, 0.0] for a, b, t in points])
    try:
        got = space(text).satisfied(rows)
    except InvalidSpace:
        got = np.zeros(len(points), dtype=bool)  # refused because no design can satisfy it: so none of these may
    for (a, b, t), answer in zip(points, got, strict=True):
        amounts = [Fraction(a, 10), Fraction(b, 10), Fraction(10 - a - b, 10), Fraction(t, 10)]
        left = sum((c * x for c, x in zip(coefficients, amounts, strict=True)), Fraction(0))
        truth = {"<=": left <= bound, "<": left < bound, ">=": left >= bound, ">": left > bound, "==": left == bound}
        assert answer == truth[sign]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 100), st.integers(1, 9), st.integers(2, 5))
def test_products_and_powers_agree_with_fractions(t: int, k: int, power: int) -> None:
    x = Fraction(t, 10)
    for text, left, right in (
        (f"t ^ {power} / {k} <= {k / 10} * t", x**power / k, Fraction(k, 10) * x),
        (f"(t - {k / 10}) * (t + {k / 10}) >= t ^ 2 - {k / 10} ^ 2", x**2, x**2),
        (f"1 / (t + {k / 10}) <= {k} - t", 1 / (x + Fraction(k, 10)), k - x),
    ):
        expected = left >= right if ">=" in text else left <= right
        assert holds(f"{text} or gas == Ar", t=float(f"{t / 10}")) == expected

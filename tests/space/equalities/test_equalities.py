"""Linear equalities between numeric parameters, checked in exact fractions that share no code with the product."""

from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from designer.documents import read_document
from designer.errors import InvalidSpace
from designer.space import DesignSpace
from tests.space.checker import broken_rules


def number(name: str, low: float, high: float, **keys: Any) -> dict[str, Any]:
    return {"name": name, "kind": "numeric", "bounds": [low, high], **keys}


def zero_or(name: str, low: float, high: float, **keys: Any) -> dict[str, Any]:
    return {"name": name, "kind": "numeric", "zero_or": [low, high], **keys}


CASES: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "sum": ([number("A", 0, 100), number("B", 0, 100), number("C", 0, 100)], ["A + B + C == 100"]),
    "steps": ([number("A", 0, 100, step=5), number("B", 0, 90, step=3), number("C", 0, 100, step=1)], ["A+B+C==100"]),
    "multiple": ([number("A", 0, 10), number("B", 0, 10), number("T", 300, 900, step=50)], ["A == 2 * B"]),
    "ratios": ([number("A", 1, 90), number("B", 1, 90), number("C", 0, 98)], ["A / B == 0.5", "A + B + C == 100"]),
    "share": ([number("A", 1, 9), number("B", 1, 9)], ["A / (A + B) == 0.25"]),
    "log": ([number("A", 0.01, 100, scale="log"), number("B", 0.01, 100, scale="log")], ["A == 2.5 * B"]),
    "zero": ([zero_or("A", 20, 60), zero_or("B", 20, 60, step=0.5), number("C", 0, 100)], ["A + B + C == 100"]),
    "values": ([{"name": "A", "kind": "numeric", "values": [1, 2.5, 7, 30]}, number("B", 0, 40)], ["2 * B == A + 3"]),
    "chain": ([number("A", 0, 9), number("B", 0, 9), number("C", 0, 9)], ["A + 1 == B == C - 1 and C <= 5"]),
    "many": ([number(f"x{i}", 0, 50, step=0.1) for i in range(8)],
             ["x0+x1+x2+x3+x4+x5+x6+x7 == 100", "x0 + x1 == 2 * x2", "x6 == x7"]),
    "two groups": ([number("A", 0, 1), number("B", 0, 1), number("C", 5, 9), number("D", 5, 9)], ["A+B==1", "C==D"]),
}  # fmt: skip
EXACT = {
    "sum": lambda r: r["A"] + r["B"] + r["C"] == 100,
    "steps": lambda r: r["A"] + r["B"] + r["C"] == 100,
    "multiple": lambda r: r["A"] == 2 * r["B"],
    "ratios": lambda r: 2 * r["A"] == r["B"] and r["A"] + r["B"] + r["C"] == 100,
    "share": lambda r: r["B"] == 3 * r["A"],
    "log": lambda r: r["A"] == Fraction(5, 2) * r["B"],
    "zero": lambda r: r["A"] + r["B"] + r["C"] == 100,
    "values": lambda r: 2 * r["B"] == r["A"] + 3,
    "chain": lambda r: r["A"] + 1 == r["B"] == r["C"] - 1 and r["C"] <= 5,
    "many": lambda r: (
        sum(r.values()) == 100 and r["x0"] + r["x1"] == 2 * r["x2"] and r["x6"] == r["x7"]
    ),
    "two groups": lambda r: r["A"] + r["B"] == 1 and r["C"] == r["D"],
}  # fmt: skip


def exact_rows(space: DesignSpace, designs: Any) -> list[dict[str, Fraction]]:
    frame = space.frame(designs)
    return [
        {str(name): Fraction(repr(float(value))) for name, value in row.items()}
        for row in frame.to_dict(orient="records")
    ]


@pytest.mark.parametrize("name", CASES)
def test_draws_and_moves_satisfy_equalities_exactly(name: str) -> None:
    parameters, constraints = CASES[name]
    space = DesignSpace(parameters=parameters, constraints=constraints)
    rng = np.random.default_rng(0)
    drawn = space.sample(300, rng)
    found = [drawn, space.space_filling(6, rng)]
    for radius in (0.3, 0.05, 0.01):
        near = space.neighbours(drawn[:20], 8, rng, radius)
        assert len(near) > 100  # nothing is thrown away
        found.append(near)
    off = drawn[:20] + rng.normal(scale=0.01, size=drawn[:20].shape) * np.ptp(drawn, axis=0)
    found.append(space.neighbours(off, 4, rng, 0.05))
    for designs in found:
        assert space.valid(designs).all()
        assert all(EXACT[name](row) for row in exact_rows(space, designs))
        assert not any(broken_rules(space, row) for row in space.frame(designs).to_dict(orient="records"))
    assert len(np.unique(drawn, axis=0)) >= (4 if name == "values" else 25)  # all there are, or many


def test_draws_reach_the_whole_range_of_a_sum() -> None:
    space = DesignSpace(parameters=CASES["sum"][0], constraints=CASES["sum"][1])
    drawn = space.sample(2000, np.random.default_rng(1))
    assert np.allclose(drawn.mean(axis=0), 100 / 3, atol=2)
    assert drawn.min() < 0.5
    assert drawn.max() > 95
    corners = [(drawn[:, i] > 80).mean() for i in range(3)]  # 4 % of a simplex lie in each corner
    assert all(0.02 < share < 0.06 for share in corners)


def test_draws_on_log_scales_reach_every_decade() -> None:
    space = DesignSpace(parameters=CASES["log"][0], constraints=CASES["log"][1])
    logs = np.log10(space.sample(2000, np.random.default_rng(1))[:, 0])
    counts, _ = np.histogram(logs, bins=[-1.61, -1, 0, 1, 2])
    assert counts.min() > 200


def test_every_combination_of_absent_amounts_is_drawn() -> None:
    space = DesignSpace(parameters=CASES["zero"][0], constraints=CASES["zero"][1])
    drawn = space.sample(500, np.random.default_rng(2))
    patterns = {tuple(row) for row in (drawn[:, :2] == 0).tolist()}
    assert patterns == {(False, False), (False, True), (True, False), (True, True)}
    both = DesignSpace(parameters=CASES["zero"][0], constraints=["A + B + C == 100", "C <= 30"])
    assert not (both.sample(200, np.random.default_rng(2))[:, :2] == 0).all(axis=1).any()


def test_a_small_space_is_listed() -> None:
    space = DesignSpace(parameters=CASES["steps"][0], constraints=CASES["steps"][1])
    designs = space.enumerate()
    brute = {(a, b, 100 - a - b) for a in range(0, 101, 5) for b in range(0, 91, 3) if a + b <= 100}
    assert {tuple(row) for row in designs.tolist()} == brute
    assert len(space.sample(len(brute), np.random.default_rng(0))) == len(brute)


REFUSED = [
    (["A + B == 1", "A + B == 2"], "the constraints 'A + B == 1' and 'A + B == 2' cannot hold together; loosen one"),
    (["A + B == 1", "C == 1.5", "A + B == 2 * C"],
     "the constraints 'A + B == 1', 'C == 1.5' and 'A + B == 2 * C' cannot hold together"),
    (["A + B == 50"], "a.yaml:6: constraint 'A + B == 50' cannot hold within the bounds; loosen it or widen"),
    (["S + 2 * S == 4"], "constraint 'S + 2 * S == 4' cannot hold on the steps of the parameters; change a step"),
    (["3 * S + 1.5 * R == 2"], "'3 * S + 1.5 * R == 2' cannot hold on the steps of the parameters"),
    (["A * B == 3"], "constraint 'A * B == 3': the equality is not linear, so that it is not solved, and 'A' is "
                     "continuous (character 1); write sums, multiples or ratios of parameters (A == 2 * B)"),
    (["A ** 2 + S == 3"], "the equality is not linear, so that it is not solved, and 'A' is continuous"),
    (["log10(A) == B"], "the equality is not linear"),
    (["U * V == 3"], "and there are 1,002,001 combinations to try"),
    (["A == 3"], "'A' is continuous, so == and != have no meaning"),
    (["A != B"], "'A' is continuous, and == is not solved under a condition, nor !="),
    (["if S > 1 then A == B"], "'A' is continuous, and == is not solved under a condition"),
    (["A == B or S > 1"], "'A' is continuous, and == is not solved under a condition"),
    (["A == m.x"], "'A' is continuous, and == is solved only between numbers that are chosen and always exist"),
    (["A == H"], "'A' is continuous, and == is solved only between numbers that are chosen and always exist"),
    (["S == S + 1"], "cannot hold"),
]  # fmt: skip


@pytest.mark.parametrize(("constraints", "message"), REFUSED)
def test_what_cannot_be_solved_is_refused(constraints: list[str], message: str) -> None:
    lines = "\n".join(f"  - {text}" for text in constraints)
    text = f"""\
space:
  - {{name: A, kind: numeric, bounds: [0, 10]}}
  - {{name: B, kind: numeric, bounds: [0, 10]}}
  - {{name: C, kind: numeric, bounds: [0, 10], step: 0.5}}
constraints:
{lines}
"""
    extra = [
        "  - {name: S, kind: numeric, bounds: [0, 10], step: 1}",
        "  - {name: R, kind: numeric, bounds: [0, 10], step: 2}",
        "  - {name: U, kind: numeric, bounds: [0, 1000], step: 1}",
        "  - {name: V, kind: numeric, bounds: [0, 1000], step: 1}",
        "  - {name: m, kind: mixture, components: [x, y]}",
        "  - {name: H, kind: numeric, bounds: [0, 10], role: context}",
    ]
    head, tail = text.split("constraints:")
    used = [line for line in extra if any(line.split(":")[1][1] in each for each in constraints)]
    document = read_document(head + "".join(f"{line}\n" for line in used) + "constraints:" + tail, file="a.yaml")
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace.from_document(document)
    assert message in str(caught.value)
    assert caught.value.faults[0].line is not None


def test_an_equality_of_few_settings_that_is_not_linear_is_tried_out() -> None:
    space = DesignSpace(parameters=[number("A", 1, 9, step=1), number("B", 1, 9, step=1)], constraints=["A * B == 12"])
    assert space.enumerate().tolist() == [[2, 6], [3, 4], [4, 3], [6, 2]]


def test_measured_amounts_may_miss_an_equality_by_rounding() -> None:
    continuous = DesignSpace(parameters=CASES["sum"][0], constraints=["A + B + C == 100"])
    rows = np.array([[33.3, 33.3, 33.3], [33.3, 33.3, 32.8], [50, 30, 20], [50, 30, 30]])
    assert continuous.within(rows).tolist() == [True, False, True, False]
    assert continuous.valid(rows).tolist() == [False, False, True, False]
    assert continuous.violations(rows[0]) == []
    assert continuous.violations(rows[1]) == ["violates 'A + B + C == 100'"]
    stepped = DesignSpace(parameters=CASES["steps"][0], constraints=["A + B + C == 100"])
    assert stepped.violations(np.array([50.0, 30.0, 19.7])) == ["C = 19.7 is not on the step of 1"]
    whole = DesignSpace(
        parameters=[number("A", 0, 1000, step=1), number("B", 0, 1000, step=1)], constraints=["A + B == 1000"]
    )
    assert whole.violations(np.array([500.0, 499.0])) == ["violates 'A + B == 1000'"]  # exact on the steps


def test_a_parameter_that_is_fixed_fixes_what_follows_from_it() -> None:
    space = DesignSpace(parameters=CASES["sum"][0], constraints=CASES["sum"][1])
    fixed = space.fixed({"A": [33.333]})
    drawn = fixed.sample(100, np.random.default_rng(0))
    assert (drawn[:, 0] == 33.333).all()
    assert fixed.valid(drawn).all()
    assert all(EXACT["sum"](row) for row in exact_rows(fixed, drawn))
    moved = fixed.neighbours(drawn[:10], 5, np.random.default_rng(0), 0.1)
    assert fixed.valid(moved).all()
    assert len(moved) == 50
    with pytest.raises(InvalidSpace, match="cannot hold within the bounds"):
        DesignSpace(parameters=CASES["multiple"][0], constraints=["A == 2 * B"]).fixed({"A": [1.0], "B": [3.0]})


def test_bounds_that_change_keep_the_equality_or_are_refused() -> None:
    space = DesignSpace(parameters=CASES["sum"][0], constraints=["A + B + C == 100"])
    narrower = space.amend("A", bounds=[0, 20]).amend("B", bounds=[0, 20])
    drawn = narrower.sample(100, np.random.default_rng(0))
    assert drawn[:, 2].min() >= 60
    with pytest.raises(InvalidSpace, match="'A \\+ B \\+ C == 100' cannot hold within the bounds"):
        narrower.amend("C", bounds=[0, 50])


@st.composite
def mixed_spaces(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[tuple[list[int], int]]]:
    """Draw parameters of all kinds, and equalities that a random setting of the numeric ones satisfies."""
    parameters, values = [], []
    for i in range(draw(st.integers(2, 5))):
        step = draw(st.sampled_from([1, 2, 5, 10]))
        low, count = draw(st.integers(-20, 20)), draw(st.integers(1, 40))
        data = number(f"n{i}", low / 10, (low + step * count) / 10)
        style = draw(st.sampled_from(["step", "continuous", "zero", "values"]))
        value = low + step * draw(st.integers(0, count))
        if style == "step":
            data["step"] = step / 10
        elif style == "values":
            data = {"name": f"n{i}", "kind": "numeric", "values": sorted({low / 10, value / 10, 7.7})}
        elif style == "zero" and low > 0:
            data["zero_or"] = True
            value = draw(st.sampled_from([0, value]))
        parameters.append(data)
        values.append(value)
    equalities = []
    for _ in range(draw(st.integers(1, 2))):
        row = [draw(st.integers(-2, 3)) for _ in values]
        if sum(a != 0 for a in row) > 1:
            equalities.append((row, sum(a * v for a, v in zip(row, values, strict=True))))
    gas = {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]}
    mixture = {"name": "m", "kind": "mixture", "components": ["x", "y"], "step": 0.1}
    return parameters + draw(st.sampled_from([[], [gas], [mixture]])), equalities


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mixed_spaces(), st.integers(0, 1000))
def test_random_equalities_hold_in_draws_and_moves(
    made: tuple[list[dict[str, Any]], list[tuple[list[int], int]]], seed: int
) -> None:
    parameters, equalities = made
    texts = [
        " + ".join(f"{a} * n{i}" for i, a in enumerate(row) if a).replace("+ -", "- ") + f" == {total / 10}"
        for row, total in equalities
    ]
    space = DesignSpace(parameters=parameters, constraints=texts)  # a setting satisfies them, so none is refused
    rng = np.random.default_rng(seed)
    drawn = space.sample(40, rng)
    moved = space.neighbours(drawn, 2, rng, 0.1)
    for designs in (drawn, moved):
        assert space.valid(designs).all()
        for row in exact_rows_of_numbers(space, designs, len(equalities[0][0]) if equalities else 0):
            for coefficients, total in equalities:
                assert sum(a * v for a, v in zip(coefficients, row, strict=True)) == Fraction(total, 10)
    back, _ = space.coordinates(space.frame(drawn)), None
    assert (back == drawn).all()
    assert len(set(space.keys(drawn))) == len(np.unique(drawn, axis=0))


def exact_rows_of_numbers(space: DesignSpace, designs: Any, count: int) -> list[list[Fraction]]:
    frame = space.frame(designs)
    return [[Fraction(repr(float(row[f"n{i}"]))) for i in range(count)] for row in frame.to_dict(orient="records")]


def test_values_of_many_lists_are_counted_and_drawn() -> None:
    rng = np.random.default_rng(5)
    lists = [sorted({float(v) for v in rng.integers(0, 1000, 40)}) for _ in range(5)]
    parameters = [{"name": f"v{i}", "kind": "numeric", "values": values} for i, values in enumerate(lists)]
    space = DesignSpace(parameters=parameters, constraints=["v0 + v1 + v2 + v3 + v4 == 2000"])
    drawn = space.sample(500, rng)
    assert space.valid(drawn).all()
    assert len(np.unique(drawn, axis=0)) == 500
    near = space.neighbours(drawn[:20], 10, rng, 0.02)
    assert (near.sum(axis=1) == 2000).all()
    assert np.median(np.abs(near - np.repeat(drawn[:20], 10, axis=0)[: len(near)])) < 200


def test_few_of_many_absent_parameters_are_found() -> None:
    parameters = [zero_or(f"x{i}", 30, 50) for i in range(25)]
    space = DesignSpace(parameters=parameters, constraints=[" + ".join(f"x{i}" for i in range(25)) + " == 100"])
    drawn = space.sample(100, np.random.default_rng(0))
    assert {int(n) for n in (drawn > 0).sum(axis=1)} <= {2, 3}
    assert len({tuple(row) for row in (drawn > 0).tolist()}) > 20


@pytest.mark.parametrize(
    ("parameters", "constraints", "message"),
    [
        ([number("A", 0, 10), number("B", 0, 10)], ["A == 3.14159265358979 * B"], "have so many digits"),
        ([number("A", 0, 10), number("B", 0, 10)], ["A == 2 * B", "A + B == 1"], "exactly in decimal numbers"),
        ([number("A", 0, 1e6, step=1e-6), number("B", 0, 1e6, step=1e-6)], ["123456789.12 * A + 98765.21 * B == 5"],
         "steps and coefficients are too fine to be calculated exactly"),
        ([number(f"x{i}", 0, 9) for i in range(200)], [f"x{i % 199} == x{i % 199 + 1}" for i in range(2000)],
         "2000 equalities join 200 parameters, too many to be solved exactly"),
    ],
)  # fmt: skip
def test_what_cannot_be_calculated_is_refused(parameters: Any, constraints: list[str], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        DesignSpace(parameters=parameters, constraints=constraints)
    assert message in str(caught.value)
    assert caught.value.faults[0].path[0] == "constraints"

"""Classical designs against text-book cases, and over random spaces."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designer.acquisition.classical.design import KINDS, ClassicalDesign
from designer.acquisition.classical.design_faults import design_faults
from designer.acquisition.classical.design_runs import Runs, first_runs, run_count
from designer.acquisition.classical.exchange import divided
from designer.acquisition.classical.model_basis import ModelBasis
from designer.acquisition.classical.parameter_levels import centres, grid, reference_designs
from designer.arrays import FloatArray
from designer.errors import InvalidSpace
from designer.space import DesignSpace
from designer.space.pool import Pool
from tests.space.spaces import categoricals, compositions, numerics


def cube(dimension: int, **more: Any) -> DesignSpace:
    parameters = [{"name": f"x{i}", "kind": "numeric", "bounds": [-1, 1], **more} for i in range(dimension)]
    return DesignSpace(parameters=parameters)


def runs_of(space: DesignSpace, batch_size: int = 1, seed: int = 0, **design: Any) -> FloatArray:
    made = ClassicalDesign(**design)
    assert design_faults(space, made, batch_size) == []
    return first_runs(space, made, batch_size, seed).coordinates


def matrix(points: Any, model: str) -> FloatArray:
    """Return the text-book model matrix in the coded variables."""
    x = np.asarray(points, dtype=float)
    d = x.shape[1]
    columns = [np.ones(len(x)), *x.T]
    if model != "linear":
        columns += [x[:, i] * x[:, j] for i in range(d) for j in range(i)]
    if model == "quadratic":
        columns += [x[:, i] ** 2 for i in range(d)]
    return np.column_stack(columns)


def efficiency(points: Any, model: str) -> float:
    """Return the D-efficiency: the determinant of the information matrix to the power 1/p, for one run."""
    X = matrix(points, model)
    return float(np.linalg.det(X.T @ X) ** (1 / X.shape[1]) / len(X))


def central_composite(dimension: int) -> FloatArray:
    axial = np.concatenate([np.eye(dimension), -np.eye(dimension)])
    corners = np.array(list(product([-1.0, 1.0], repeat=dimension)))
    return np.concatenate([corners, axial, np.zeros((1, dimension))])


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_two_level_factorial_has_all_corners_and_full_efficiency(k: int) -> None:
    points = runs_of(cube(k), kind="factorial")
    assert sorted(map(tuple, points.tolist())) == sorted(product([-1.0, 1.0], repeat=k))
    assert efficiency(points, "interactions" if k > 1 else "linear") == pytest.approx(1.0)


@pytest.mark.parametrize(("k", "number"), [(3, 4), (5, 8), (7, 8), (6, 16)])
def test_fraction_of_a_factorial_is_orthogonal_for_main_effects(k: int, number: int) -> None:
    points = runs_of(cube(k), kind="factorial", number=number)
    assert efficiency(points, "linear") == pytest.approx(1.0)


def test_d_optimal_design_for_a_quadratic_in_one_variable_is_at_the_ends_and_the_middle() -> None:
    """J. Kiefer: equal weights at -1, 0 and 1."""
    assert sorted(runs_of(cube(1), kind="d-optimal", number=6)[:, 0].tolist()) == [-1, -1, 0, 0, 1, 1]


def test_i_optimal_design_for_a_quadratic_in_one_variable_has_half_its_runs_in_the_middle() -> None:
    """I-optimal weights on [-1, 1] are 1/4, 1/2, 1/4 (Goos and Jones, Optimal Design of Experiments, 2011)."""
    points = runs_of(cube(1), kind="i-optimal", number=8)[:, 0]
    assert np.rint(np.sort(points)).tolist() == [-1, -1, 0, 0, 0, 0, 1, 1]
    assert np.allclose(points, np.rint(points), atol=0.02)


def test_d_optimal_design_for_a_quadratic_in_two_variables_is_the_three_level_factorial() -> None:
    points = runs_of(cube(2), kind="d-optimal", number=9)
    assert sorted(map(tuple, points.tolist())) == sorted(product([-1.0, 0.0, 1.0], repeat=2))


@pytest.mark.parametrize(("k", "least"), [(2, 1.0), (3, 1.0), (4, 1.0)])
def test_d_optimal_design_is_at_least_as_good_as_a_central_composite_of_its_size(k: int, least: float) -> None:
    composite = central_composite(k)
    points = runs_of(cube(k), kind="d-optimal", number=len(composite))
    assert efficiency(points, "quadratic") >= least * efficiency(composite, "quadratic")


def test_d_optimal_design_of_twelve_runs_in_eleven_variables_is_nearly_plackett_burman() -> None:
    points = runs_of(cube(11), kind="d-optimal", model="linear", number=12)
    assert efficiency(points, "linear") > 0.9  # a Plackett-Burman design has 1


def test_mixture_design_is_the_simplex_lattice_of_scheffe() -> None:
    space = DesignSpace(parameters=[{"name": "m", "kind": "mixture", "components": ["a", "b", "c"], "step": 0.05}])
    shares = space.frame(runs_of(space, kind="d-optimal", number=6)).to_numpy()
    pure_and_pairs = [*np.eye(3).tolist(), [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    assert sorted(shares.tolist()) == sorted(pure_and_pairs)


def test_terms_are_counted_once_where_a_mixture_or_two_levels_make_them_equal() -> None:
    mixture = DesignSpace(parameters=[{"name": "m", "kind": "mixture", "components": ["a", "b", "c"], "step": 0.05}])
    two = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "values": [0, 1]}])
    three = DesignSpace(parameters=[{"name": "g", "kind": "categorical", "choices": ["a", "b", "c"]}])
    for space, terms in [(mixture, 6), (two, 2), (three, 3), (cube(3), 10)]:
        assert ModelBasis.of(space, "quadratic", reference_designs(space)).terms == terms


def test_levels_are_on_the_scale_and_the_steps() -> None:
    space = DesignSpace(
        parameters=[
            {"name": "t", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
            {"name": "T", "kind": "numeric", "bounds": [300, 905], "step": 55},
            {"name": "g", "kind": "categorical", "choices": ["N2", "Ar"]},
        ]
    )
    frame = space.frame(runs_of(space, kind="factorial", levels=3))
    assert sorted(set(frame["t"])) == [1, 10, 100]
    assert sorted(set(frame["T"])) == [300, 630, 905]  # 602.5 is not on the steps
    assert set(frame["g"]) == {"N2", "Ar"}
    assert len(frame) == 18


def test_centre_points_are_in_the_middle_for_each_choice_in_turn() -> None:
    space = DesignSpace(
        parameters=[
            {"name": "t", "kind": "numeric", "bounds": [1, 100], "scale": "log"},
            {"name": "g", "kind": "categorical", "choices": ["N2", "Ar"]},
        ]
    )
    frame = space.frame(centres(space, 3))
    assert frame["t"].tolist() == [10, 10, 10]
    assert frame["g"].tolist() == ["N2", "Ar", "N2"]


def test_two_blocks_of_a_factorial_are_orthogonal_to_main_effects_and_interactions() -> None:
    made = first_runs(cube(3), ClassicalDesign(kind="factorial", model="interactions", blocks=2), 1, 0)
    X = matrix(made.coordinates, "interactions")
    first, second = (X[made.blocks == b].mean(0) for b in (0, 1))
    assert first == pytest.approx(second)
    assert made.blocks.tolist() == [0] * 4 + [1] * 4


def test_division_into_blocks_only_lowers_the_differences_of_block_means() -> None:
    rng = np.random.default_rng(3)
    terms = matrix(rng.uniform(-1, 1, (24, 3)), "quadratic")
    block = divided(terms, 3, rng)
    assert np.bincount(block).tolist() == [8, 8, 8]
    spread = [np.ptp([terms[b == k].mean(0) for k in range(3)], axis=0).sum() for b in (block, np.arange(24) % 3)]
    assert spread[0] < spread[1]


def test_latin_hypercube_has_every_step_once() -> None:
    space = DesignSpace(parameters=[{"name": n, "kind": "numeric", "bounds": [1, 12], "step": 1} for n in "abc"])
    points = runs_of(space, kind="latin-hypercube", number=12)
    assert all(sorted(column) == list(range(1, 13)) for column in points.T.tolist())


def test_sobol_points_are_more_even_than_random_ones() -> None:
    from scipy.stats import qmc

    points = (runs_of(cube(3), kind="sobol", number=32) + 1) / 2
    random = np.random.default_rng(0).random((20, 32, 3))
    assert qmc.discrepancy(points) < min(qmc.discrepancy(each) for each in random)


def test_optimal_design_keeps_constraints_and_equalities() -> None:
    limited = DesignSpace(parameters=cube(3).parameters, constraints=["x0 + x1 <= 0.5", "x2 >= x0"])
    joined = DesignSpace(parameters=cube(3, step=0.1).parameters, constraints=["x0 + x1 + x2 == 1"])
    for space, number in [(limited, 14), (joined, 9)]:
        points = runs_of(space, kind="d-optimal", number=number)
        assert len(points) == number
        assert space.valid(points).all()
        X = ModelBasis.of(space, "quadratic", reference_designs(space))(points)
        assert np.linalg.cond(X) < 100


def test_shared_settings_change_between_batches_only_and_no_more_than_they_may() -> None:
    furnace = {"name": "T", "kind": "numeric", "bounds": [300, 900], "step": 10, "vary": "per_batch"}
    for limit, most in [({}, 4), ({"at_most_changes": 2}, 3)]:
        space = DesignSpace(parameters=[{**furnace, **limit}, *cube(2).parameters])
        values = runs_of(space, batch_size=4, kind="d-optimal", number=16)[:, 0]
        assert 1 + np.count_nonzero(np.diff(values)) == len(set(values)) <= most


def test_candidates_are_chosen_at_most_once() -> None:
    rng = np.random.default_rng(0)
    pool = Pool(rng.uniform(-1, 1, (60, 2)).round(4))
    space = cube(2).with_pool(pool)
    for kind in ("d-optimal", "i-optimal", "sobol", "latin-hypercube"):
        points = runs_of(space, kind=kind, number=12)
        assert space.valid(points).all()
        assert len(set(map(tuple, points.tolist()))) == 12
    random = [efficiency(pool.coordinates[rng.permutation(60)[:12]], "quadratic") for _ in range(50)]
    assert efficiency(runs_of(space, kind="d-optimal", number=12), "quadratic") > max(random)


GAS = {"name": "g", "kind": "categorical", "choices": ["N2", "Ar"]}
HUMID = {"name": "h", "kind": "numeric", "bounds": [10, 90], "role": "context"}
SHARED = {"name": "T", "kind": "numeric", "bounds": [300, 900], "vary": "per_batch"}
MIXTURE = {"name": "m", "kind": "mixture", "components": ["a", "b", "c"]}


def with_more(*more: dict[str, Any], **space: Any) -> DesignSpace:
    return DesignSpace(parameters=[*cube(2).parameters, *more], **space)


def listed() -> DesignSpace:
    return cube(2).with_pool(Pool(np.random.default_rng(0).uniform(-1, 1, (30, 2)).round(3)))


@pytest.mark.parametrize(
    ("space", "design", "key", "words"),
    [
        (with_more(HUMID), {"kind": "d-optimal"}, "kind", "before the context (h) is known"),
        (with_more(MIXTURE), {"kind": "factorial"}, "kind", "amounts of 'm' are not independent"),
        (
            with_more(constraints=["x0 + x1 == 0"]),
            {"kind": "sobol", "number": 4},
            "kind",
            "equalities join parameters",
        ),
        (with_more(constraints=["x0 + x1 == 0"]), {"kind": "factorial"}, "kind", "equalities join parameters"),
        (listed(), {"kind": "factorial"}, "kind", "a table of candidates need not have the combinations"),
        (listed(), {"kind": "d-optimal", "centre_points": 1}, "centre_points", "a table of candidates"),
        (with_more(SHARED), {"kind": "latin-hypercube", "number": 8}, "kind", "another setting of T"),
        (with_more(SHARED), {"kind": "d-optimal", "number": 12, "blocks": 3}, "blocks", "the batches are the blocks"),
        (with_more(SHARED), {"kind": "d-optimal", "number": 8}, "number", "8 runs cannot estimate"),
        (with_more(SHARED), {"kind": "d-optimal", "number": 60, "centre_points": 2}, None, ""),
        (with_more({**SHARED, "at_most_changes": 1}), {"kind": "d-optimal"}, "kind",
         "have 2 settings of T, one for a batch of 4, and a quadratic model needs 3"),
        (with_more({**SHARED, "at_most_changes": 2}), {"kind": "d-optimal", "centre_points": 1}, "kind",
         "have 2 settings"),
        (with_more({**SHARED, "at_most_changes": 1}), {"kind": "factorial", "levels": 3}, "kind",
         "have 3 settings of T, one for a batch"),
        (cube(3), {"kind": "d-optimal", "number": 9}, "number", "9 runs cannot estimate the 10 terms of a quadratic"),
        (cube(2), {"kind": "factorial", "blocks": 4}, "blocks", "4 runs cannot estimate the 3 terms"),
        (cube(2), {"kind": "factorial", "number": 5}, "number", "5 runs of 4: all combinations of levels are no more"),
        (cube(13), {"kind": "factorial"}, "kind", "more than 4,096 combinations"),
        (cube(11), {"kind": "factorial"}, "kind", "all combinations of levels are 2048 runs"),
        (cube(30), {"kind": "d-optimal"}, "model", "496 terms"),
        (cube(50), {"kind": "d-optimal"}, "model", "more than 200 terms"),
        (with_more(constraints=[*["x0 * x1 < -2"][:0], "x0 + x1 >= 0.5"]), {"kind": "d-optimal", "centre_points": 1},
         "centre_points", "violates 'x0 + x1 >= 0.5'"),
        (with_more(constraints=["abs(x0) + abs(x1) <= 1"]), {"kind": "factorial"}, "kind", "no combination of levels"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_a_fault_with_its_key(
    space: DesignSpace, design: dict[str, Any], key: str | None, words: str
) -> None:
    faults = design_faults(space, ClassicalDesign(**design), 4)
    assert [fault.path for fault in faults] == ([] if key is None else [(key,)])
    if key is None:
        return
    assert words in faults[0].what
    assert faults[0].remedy


@st.composite
def mixed_spaces(draw: st.DrawFn) -> DesignSpace:
    """Draw a space with any of the features that a classical design may meet."""
    from hypothesis import assume

    makers: list[Callable[[str], Any]] = draw(
        st.lists(st.sampled_from([numerics, categoricals, compositions]), min_size=1, max_size=3)
    )
    parameters = [draw(make(f"p{i}")) for i, make in enumerate(makers)]
    more = draw(st.sampled_from(["nothing", "shared", "context", "when", "equality", "zero_or"]))
    if more == "shared":
        parameters.append({**draw(numerics("b")), "vary": "per_batch"})
    elif more == "context":
        parameters.append({"name": "h", "kind": "numeric", "bounds": [10, 90], "role": "context"})
    elif more == "when":
        parameters += [GAS, {"name": "flow", "kind": "numeric", "bounds": [1, 50], "when": "g == Ar"}]
    constraints = []
    if more == "equality":
        parameters += [{"name": n, "kind": "numeric", "bounds": [0, 100], "step": 5} for n in ("a", "b")]
        constraints = ["a + b == 100"]
    elif more == "zero_or":
        parameters.append({"name": "z", "kind": "numeric", "zero_or": [5, 20]})
        constraints = ["z <= 15"]
    try:
        space = DesignSpace(parameters=parameters, constraints=constraints)
        if draw(st.booleans()) and not space.context_parameters:
            rows = space.sample(draw(st.integers(1, 40)), np.random.default_rng(0))
            space = DesignSpace(parameters=space.parameters, constraints=space.constraints, pool=Pool(rows))
    except InvalidSpace:
        assume(False)
        raise
    return space


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    mixed_spaces(),
    st.sampled_from(KINDS),
    st.sampled_from(["linear", "interactions", "quadratic"]),
    st.integers(1, 30),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(0, 1000),
)
def test_design_of_a_random_space_is_valid_or_refused(
    space: DesignSpace, kind: str, model: str, number: int, blocks: int, centre_points: int, seed: int
) -> None:
    sequence = kind in ("latin-hypercube", "sobol")
    design = ClassicalDesign(
        kind=kind,
        model=model if not sequence or blocks > 1 else None,
        number=max(number, blocks),
        blocks=blocks,
        centre_points=centre_points,
    )
    faults = design_faults(space, design, 2)
    if faults:
        assert all(fault.path and fault.remedy for fault in faults)
        return
    made: list[Runs] = [first_runs(space, design, 2, seed) for _ in range(2)]
    points = made[0].coordinates
    assert np.array_equal(points, made[1].coordinates)
    assert np.array_equal(made[0].blocks, made[1].blocks)
    assert space.valid(points).all()
    assert 1 <= len(points) <= run_count(space, design)
    assert (np.diff(made[0].blocks) >= 0).all()
    for parameter, part in space.parts():
        if parameter.is_shared:
            groups = np.any(np.diff(points[:, part], axis=0) != 0, axis=1).sum() + 1
            assert groups == len(np.unique(points[:, part], axis=0))
    whole = grid(space, 2) if not space.systems else None
    if kind == "factorial":
        assert whole is not None
        assert len(whole) >= number

"""Constraints that calculate with the properties of formulas, alone and with other parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer.errors import InvalidSpace
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint, bind
from designer.space.parameters.formula import formula_reference

FORMULAS = ["LiCoO2", "BaTiO3", "Li2O", "PuO2", "LiNa9", "Ba0.5Sr0.5TiO3"]
PRODUCT: dict[str, Any] = {"name": "product", "kind": "formula", "formulas": FORMULAS}
HEAT = {"name": "T", "kind": "numeric", "bounds": [0, 100], "step": 50}


def space(*constraints: str, **product: Any) -> DesignSpace:
    return DesignSpace(parameters=[{**PRODUCT, **product}, HEAT], constraints=constraints)


@pytest.mark.parametrize(
    ("constraint", "left"),
    [
        ("product.n_elements <= 2", {"Li2O", "PuO2", "LiNa9"}),
        ("product.n_elements == 3", {"LiCoO2", "BaTiO3"}),
        ("product.n_elements != 3", {"Li2O", "PuO2", "LiNa9", "Ba0.5Sr0.5TiO3"}),
        ("product.fraction.Li >= 0.1", {"LiCoO2", "Li2O", "LiNa9"}),
        ("product.fraction.Li > 0.1", {"LiCoO2", "Li2O"}),
        ("product.fraction.Ba + product.fraction.Sr == 0.2", {"BaTiO3", "Ba0.5Sr0.5TiO3"}),
        ("product.price <= 100000000", set(FORMULAS) - {"PuO2"}),
        ("not product.price <= 10", {"LiCoO2", "LiNa9"}),
        ("if product.amount.O > 0 then product.mean.electronegativity > 2.5", set(FORMULAS) - {"LiCoO2", "Li2O"}),
        ("log10(product.n_atoms) < 0.5 or product.amount.Na == 9", {"Li2O", "PuO2", "LiNa9"}),
    ],
)
def test_formulas_that_satisfy_a_constraint(constraint: str, left: set[str]) -> None:
    made = space(constraint)
    assert set(made.frame(made.enumerate())["product"]) == left
    assert made.size() == 3 * len(left)
    assert made.valid(made.sample(3, np.random.default_rng(0))).all()


def test_a_formula_and_a_temperature_are_constrained_together() -> None:
    made = space("if product.fraction.Li > 0 then T <= 50", "T >= 25 * product.n_elements")
    designs = made.frame(made.enumerate())
    assert set(zip(designs["product"], designs["T"], strict=True)) == {
        ("Li2O", 50), ("LiNa9", 50), ("PuO2", 50), ("PuO2", 100), ("BaTiO3", 100), ("Ba0.5Sr0.5TiO3", 100),
    }  # fmt: skip
    assert made.violations({"product": "LiCoO2", "T": 100}) == ["violates 'if product.fraction.Li > 0 then T <= 50'"]


def test_formulas_that_enter_the_vocabulary_have_properties() -> None:
    made = space("product.n_elements == 2").with_formulas(["NaCl", "Na2SO4"])
    assert set(made.frame(made.enumerate())["product"]) == {"Li2O", "PuO2", "LiNa9", "NaCl"}


def test_a_header_of_a_table_names_the_formula_too() -> None:
    assert space("composition.n_elements == 4", column="composition").size() == 3


def test_candidates_that_satisfy_a_constraint_are_left() -> None:
    read = space(formulas=()).read_table(pd.DataFrame({"product": FORMULAS, "T": [50] * len(FORMULAS)}))
    pool = DesignSpace(parameters=read.space.parameters, constraints=["product.fraction.Li >= 0.1"], pool=None)
    assert int(pool.within(read.coordinates).sum()) == 3


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("product > 1", "'product' is a formula, not a number .*name a property of it, such as product.n_elements"),
        ("product.fraction.Lx > 0", "'product.fraction.Lx': 'Lx' is no element"),
        ("product.electronegativity > 0", "no property 'electronegativity'"),
        ("prodct.n_elements > 1", "did you mean 'product.n_elements'"),
        ("product.n_elements in [2, 3]", "'product.n_elements' has no choices"),
        ("product.n_elements >= 9", "none of the 18 designs satisfies the constraints"),
    ],
)
def test_wrong_constraints_are_refused(constraint: str, words: str) -> None:
    with pytest.raises(InvalidSpace, match=words):
        space(constraint)


def test_an_index_that_no_formula_has_satisfies_nothing() -> None:
    names = {"product": formula_reference(0, FORMULAS)}
    bound = bind(Constraint(text="product.n_elements >= 0"), names, ["product"])
    assert bound.satisfied(np.array([[0.0], [-1.0], [6.0], [np.nan]])).tolist() == [True, False, False, False]

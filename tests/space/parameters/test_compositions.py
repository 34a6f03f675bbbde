from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from designer.chemistry.symbols import SYMBOLS
from designer.errors import InvalidSpace
from designer.space import CompositionParameter, FormulaParameter, MixtureParameter
from designer.space.parameters.formula import formula_fault
from tests.space.spaces import compositions

ELEMENTS = ["Ni", "Fe", "Co"]
BAD = [
    ({"elements": ["Ni", "FE"]}, "elements[1]: 'FE' is not the symbol of an element; did you mean 'Fe'?"),
    ({"elements": ["Ni", "Xx"]}, "'Xx' is not the symbol of an element"),
    ({"elements": ["Ni", "Fe", "Ni"]}, "elements[2]: element 'Ni' is given twice"),
    ({"elements": ["Ni"]}, "give at least two elements"),
    ({"elements": []}, "give at least two elements"),
    ({"columns": ["a", "b"]}, "2 columns for 3 elements"),
    ({"columns": ["a", "b", "a"]}, "columns[2]: column 'a' is given twice"),
    ({"unit": "at%"}, "did you mean 'at.%'?"),
    (
        {"step": 0.3},
        "total of 1 fraction is not a whole number of steps of 0.3; choose a step that divides the total",
    ),
    ({"step": -1}, "step -1 is not positive"),
    ({"step": 1e-7}, "at least a millionth of the total"),
    ({"total": 0}, "total 0 is not positive"),
    ({"step": 0.1, "bounds": {"Ni": [0.05, 1]}}, "bounds.Ni[0]: 0.05 is not a multiple of the step 0.1"),
    ({"bounds": {"N": [0, 1]}}, "'N' is none of the elements; did you mean 'Ni'?"),
    ({"bounds": {"Ni": [0.5, 0.2]}}, "bounds.Ni: bounds [0.5, 0.2] are not in order"),
    ({"bounds": {"Ni": [-0.5, 0.2]}}, "not in order; write [lowest, highest], from 0 upwards"),
    ({"bounds": {"Ni": [0, 2]}}, "exceed the total of 1"),
    ({"bounds": [0.4, 1]}, "lowest amounts sum to 1.2 fraction, more than the total of 1"),
    ({"bounds": [0, 0.3]}, "highest amounts sum to 0.9 fraction, less than the total of 1; raise the bounds"),
    ({"fixed": {"Ni": 0.7, "Fe": 0.6}}, "fixed amounts sum to 1.3 fraction, more than 1"),
    ({"fixed": {"Ni": 1.7}}, "is not within the total"),
    ({"fixed": {"Ni": 0.1}, "bounds": {"Ni": [0, 1]}}, "Ni has a fixed amount and bounds"),
    ({"fixed": {"Mn": 0.1}}, "'Mn' is none of the elements"),
    ({"min_nonzero": 4}, "min_nonzero 4 is more than there are elements; at most 3"),
    ({"min_nonzero": 3, "max_nonzero": 2}, "max_nonzero 2 is less than min_nonzero 3"),
    ({"max_nonzero": 0}, "greater than or equal to 1"),
    ({"bounds": [0.1, 1], "max_nonzero": 2}, "max_nonzero 2, but 3 elements cannot be zero"),
    (
        {"bounds": [0, 0.4], "max_nonzero": 2},
        "within the bounds sum to 1 fraction with 1 to 2 elements present",
    ),
    ({"zero_or": ["Mn"]}, "zero_or[0]: 'Mn' is none of the elements"),
    ({"bounds": {"Ni": [1e-9, 1]}}, "finer than a millionth"),
    ({"maximum": 3}, "unknown key 'maximum'"),
]


@pytest.mark.parametrize(("data", "message"), BAD)
def test_a_composition_that_cannot_be_is_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        CompositionParameter(**{"name": "c", "elements": ELEMENTS, **data})
    assert message in str(caught.value)


def test_the_table_of_symbols_is_whole() -> None:
    assert len(SYMBOLS) == len(set(SYMBOLS)) == 118
    assert (SYMBOLS[25], SYMBOLS[56], SYMBOLS[78], SYMBOLS[117]) == ("Fe", "La", "Au", "Og")


def test_a_tenth_two_tenths_and_seven_tenths_are_one() -> None:
    alloy = CompositionParameter(name="c", elements=ELEMENTS, step=0.1)
    steps = alloy.from_lab([np.array([0.1]), np.array([0.2]), np.array([0.7])])
    assert steps.tolist() == [[1.0, 2.0, 7.0]]
    assert alloy.valid(steps).all()
    assert [column[0] for column in alloy.to_lab(steps)] == [0.1, 0.2, 0.7]
    assert alloy.count == 66


def test_thirty_three_percent_stays_thirty_three() -> None:
    alloy = CompositionParameter(name="c", elements=ELEMENTS, unit="at.%", step=1)
    assert [column[0] for column in alloy.to_lab(np.array([[33.0, 33.0, 34.0]]))] == [33.0, 33.0, 34.0]
    assert [column[0] for column in alloy.to_lab(np.array([[33.3 - 0.3, 33.0, 34.0]]))] == [33.0, 33.0, 34.0]


def test_zero_or_between() -> None:
    alloy = CompositionParameter(
        name="c", elements=ELEMENTS, unit="at.%", step=5, bounds={"Ni": [20, 40]}, zero_or=["Ni"], max_nonzero=2
    )
    rows = np.array([[0, 10, 10], [4, 16, 0], [8, 12, 0], [3, 17, 0], [9, 11, 0], [4, 8, 8]], dtype=float)
    assert alloy.valid(rows).tolist() == [True, True, True, False, False, False]
    assert alloy.violations(rows[3]) == ["c.Ni = 15 at.% is outside 20 to 40"]
    assert alloy.violations(rows[5]) == ["c has 3 elements, not 1 to 2"]


def test_fixed_elements_and_bounds_for_the_others() -> None:
    alloy = CompositionParameter(
        name="c", elements=["Ni", "Fe", "Co", "Mn"], unit="wt.%", step=1, fixed={"Mn": 2}, bounds={"*": [5, 90]}
    )
    listed = alloy.enumerate()
    assert (listed[:, 3] == 2).all()
    assert listed[:, :3].min() == 5
    assert alloy.count == len(listed)


def test_without_a_step_the_resolution_is_a_ten_thousandth() -> None:
    alloy = CompositionParameter(name="c", elements=ELEMENTS)
    assert alloy.count is None
    third = alloy.from_lab([np.array([0.3333]), np.array([0.3333]), np.array([0.3334])])
    assert alloy.valid(third).all()
    measured = alloy.from_lab([np.array([0.076923]), np.array([0.307692]), np.array([0.615384])])
    assert not alloy.valid(measured).any()
    assert alloy.violations(measured[0]) == []
    assert [float(column[0]) for column in alloy.to_lab(measured)] == [0.076923, 0.307692, 0.615384]
    assert float(CompositionParameter(name="c", elements=ELEMENTS, bounds={"Ni": [0.00005, 1]}).exact_step) == 1e-5


@settings(max_examples=100, deadline=None)
@given(compositions(), st.randoms(use_true_random=False))
def test_every_way_is_valid_and_comes_back_from_the_lab(data: dict[str, Any], random: Any) -> None:
    try:
        alloy = CompositionParameter(**data)
    except InvalidSpace:
        assume(False)
    assume(alloy.count is not None and 0 < alloy.count < 5000)
    ways = alloy.enumerate()
    assert len(ways) == alloy.count
    assert alloy.valid(ways).all()
    lab = alloy.to_lab(ways)
    assert (alloy.from_lab(lab) == ways).all()
    order = list(range(alloy.width))
    random.shuffle(order)
    noisy = alloy.canonical(ways + 1e-12 * np.array(order))
    assert (noisy == ways).all()
    assert alloy.violations(ways[0]) == []
    moved = ways.copy()
    moved[:, 0] += 1
    assert not alloy.valid(moved).any()


def test_mixtures_of_any_components() -> None:
    ink = MixtureParameter(name="ink", components=["EC", "ethyl acetate"], unit="vol.%", step=5)
    assert ink.lab_columns == ("ink.EC", "ink.ethyl acetate")
    assert ink.count == 21
    volumes = MixtureParameter(name="v", components=["a", "b"], unit="mL", total=10, step=0.5)
    assert volumes.count == 21
    with pytest.raises(InvalidSpace, match="no total is known for the unit 'mL'; give 'total'"):
        MixtureParameter(name="v", components=["a", "b"], unit="mL")
    with pytest.raises(InvalidSpace, match="component 'a' is given twice"):
        MixtureParameter(name="v", components=["a", "a"])


@pytest.mark.parametrize("text", ["Fe2O3", "Al0.5CoCrFeNi", "Co1 Cr1 Fe1 Ni1", "(FeNi)0.5Co", "Ca(OH)2", "CuSO4·5H2O"])
def test_formulas_are_read(text: str) -> None:
    assert formula_fault(text) is None


@pytest.mark.parametrize("text", ["", "Xx2", "Fe2O3)", "(FeO", "iron", "Fe-O", "12", "fe2o3"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    assert formula_fault(text) is not None
    with pytest.raises(InvalidSpace):
        FormulaParameter(formulas=[text])


def test_formulas_are_indices_of_a_vocabulary() -> None:
    formula = FormulaParameter(formulas=["Fe2O3", "NiO"])
    assert formula.from_lab([np.array(["NiO"], dtype=object)]).tolist() == [[1.0]]
    assert formula.to_lab(np.array([[0.0]]))[0].tolist() == ["Fe2O3"]
    with pytest.raises(InvalidSpace, match="formula 'NiO' is given twice"):
        FormulaParameter(formulas=["NiO", "NiO"])

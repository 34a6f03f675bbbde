"""Open formulas: what may be suggested, near ones, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from designer.errors import InvalidSpace, NoDesignLeft
from designer.space import DesignSpace
from designer.space.parameters.formula import FormulaParameter

KNOWN = ("BaTiO3", "BaO3", "Ba2TiO4", "TiO2", "Ti2O4", "BaF2", "BaZrO3", "Sr2TiO4")
OPEN = FormulaParameter(name="oxide", elements=("Ba", "Ti", "Zr", "Sr", "O"), max_atoms=10, formulas=KNOWN)


def all_coordinates(parameter: FormulaParameter) -> np.ndarray:
    return np.arange(len(parameter.words), dtype=float)[:, None]


def test_formulas_that_break_the_rules_are_known_and_not_suggested() -> None:
    assert OPEN.valid(all_coordinates(OPEN)).tolist() == [True, False, True, True, True, False, True, True]
    assert OPEN.within(all_coordinates(OPEN)).tolist() == OPEN.valid(all_coordinates(OPEN)).tolist()
    assert OPEN.count == 5  # TiO2 and Ti2O4 are one formula
    assert [OPEN.words[int(i)] for i in OPEN.enumerate()[:, 0]] == ["BaTiO3", "Ba2TiO4", "TiO2", "BaZrO3", "Sr2TiO4"]
    assert OPEN.violations(np.array([5.0])) == ["oxide = BaF2: F is not allowed"]
    assert OPEN.violations(np.array([0.0])) == []


def test_draws_and_moves_stay_with_what_may_be_suggested() -> None:
    rng = np.random.default_rng(0)
    drawn = OPEN.draw(200, rng)
    assert OPEN.valid(drawn).all()
    assert len(np.unique(drawn)) == OPEN.count
    moved = OPEN.move(drawn, 0.3, rng)
    assert OPEN.valid(moved).all()
    assert (moved != drawn).all()


def test_short_moves_go_to_formulas_that_share_atoms() -> None:
    metals = ("Ba", "Sr", "Ca", "Mg", "Zn", "Mn")
    many = [f"{a}{b}O3" for a in metals for b in ("Ti", "Zr", "Hf", "Sn")]
    space = FormulaParameter(elements=(*metals, "Ti", "Zr", "Hf", "Sn", "O"), formulas=many)
    start = np.zeros((300, 1))  # BaTiO3
    near = {space.words[int(i)] for i in space.move(start, 0.01, np.random.default_rng(0))[:, 0]}
    assert len(near) == 5
    assert all("Ba" in text or "Ti" in text for text in near)


def test_a_formula_from_outside_is_read_and_flagged() -> None:
    space = DesignSpace(parameters=[{"name": "oxide", "kind": "formula", "elements": ["Ba", "Ti", "O"]}])
    space = space.with_formulas(["BaTiO3", "CaO"])
    assert space.valid(space.coordinates(space.frame(np.array([[0.0], [1.0]])))).tolist() == [True, False]
    assert space.violations(np.array([1.0])) == ["oxide = CaO: Ca is not allowed"]
    assert space.size() == 1


def test_an_empty_vocabulary_has_nothing_to_draw() -> None:
    empty = FormulaParameter(elements=("Ba", "O"))
    assert empty.count == 0
    with pytest.raises(NoDesignLeft):
        empty.draw(1, np.random.default_rng(0))


def test_the_plain_form_builds_the_same_parameter() -> None:
    space = DesignSpace(
        parameters=[{"kind": "formula", "elements": ["Ba", "Ti", "O"], "max_atoms": 8, "like": ["a.csv"]}]
    )
    assert DesignSpace(**space.to_dict()) == space
    assert space.to_dict()["space"][0]["max_atoms"] == 8


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"elements": ["Ba"]}, "at least two elements"),
        ({"elements": ["Ba", "Q"]}, "'Q' is no element"),
        ({"elements": ["Ba", "O"], "max_atoms": 500}, "max_atoms"),
        ({"elements": ["Ba", "O"], "exclude": ["bad"]}, "neither an element nor a group"),
        ({"exclude": ["toxic"]}, "which has 'elements'"),
        ({"like": ["a.csv"]}, "which has 'elements'"),
    ],
)
def test_wrong_open_formulas_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidSpace, match=words):
        FormulaParameter(**given)

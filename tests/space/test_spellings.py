"""One thing under several names is one thing: formulas in other spellings, choices that differ by case or blanks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from designer import Campaign
from designer.errors import InvalidData
from designer.space import DesignSpace
from designer.space.parameters.formula import composition_key
from designer.space.pool import pooled


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Fe2O3", "O3Fe2"),
        ("Fe2O3", "Fe2 O3"),
        ("Fe2O3", "Fe4O6"),
        ("Al0.5CoCrFeNi", "AlCo2Cr2Fe2Ni2"),
        ("Ni0.5Fe0.5", "FeNi"),
        ("(NH4)2SO4", "N2H8SO4"),
        ("CuSO4·5H2O", "CuSO4(H2O)5"),
        ("Co1Cr1(FeNi)0.5", "Co2Cr2FeNi"),
    ],
)
def test_spellings_of_one_composition(first: str, second: str) -> None:
    assert composition_key(first) == composition_key(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("Fe2O3", "Fe3O4"), ("C2H2", "C6H6"), ("NO2", "N2O4"), ("D2O", "H2O"), ("CO", "Co"), ("TiO2", "TiO1.99")],
)
def test_formulas_of_different_things(first: str, second: str) -> None:
    assert composition_key(first) != composition_key(second)


class TestCandidates:
    def test_three_spellings_are_one_candidate(self) -> None:
        table = pd.DataFrame({"formula": ["Fe2O3", "NiO", "O3Fe2", "Fe2 O3", "CoO"]})
        space = pooled(DesignSpace(parameters=[{"name": "formula", "kind": "formula"}]), table)
        assert space.pool is not None
        assert len(space.pool.coordinates) == 3
        assert [notice.what for notice in space.pool.notices] == ["the same design as row 2"] * 2  # type: ignore[attr-defined]

    def test_each_is_suggested_once_and_results_are_pooled(self) -> None:
        campaign = Campaign.create(
            space=[{"name": "formula", "kind": "formula"}],
            targets=[{"name": "gap", "goal": "maximize"}],
            candidates=pd.DataFrame({"formula": ["Fe2O3", "O3Fe2", "NiO", "Fe2 O3"]}),
            initial=2,
        )
        batch = campaign.suggest(2)
        assert sorted(batch["formula"]) == ["Fe2O3", "NiO"]
        campaign.attach(pd.DataFrame({"formula": ["O3Fe2", "Fe2O3", "NiO"], "gap": [2.0, 2.2, 1.0]}))
        (best,) = campaign.best().to_dict("records")
        assert best["measurements"] == "M0001, M0002"
        assert best["gap"] == pytest.approx(2.1)

    def test_a_vocabulary_with_two_spellings_still_opens(self) -> None:
        space = DesignSpace(parameters=[{"name": "f", "kind": "formula", "formulas": ["Fe2O3", "O3Fe2", "NiO"]}])
        assert space.frame(space.enumerate())["f"].tolist() == ["Fe2O3", "NiO"]
        assert space.keys(np.array([[0.0], [1.0]]))[0] == space.keys(np.array([[1.0]]))[0]
        assert set(space.sample(50, np.random.default_rng(0)).ravel()) == {0.0, 2.0}
        assert DesignSpace(**space.to_dict()) == space


class TestChoices:
    def space(self, *choices: str) -> DesignSpace:
        return DesignSpace(parameters=[{"name": "gas", "kind": "categorical", "choices": choices}])

    @pytest.mark.parametrize("cell", ["Ar", "ar", "AR", " Ar ", "A r"])
    def test_case_and_blanks_do_not_count_in_tables(self, cell: str) -> None:
        read = self.space("N2", "Ar").read_table(pd.DataFrame({"gas": [cell]}))
        assert read.coordinates.tolist() == [[1.0]]

    @pytest.mark.parametrize(("cell", "index"), [("CO", 0), ("Co", 1)])
    def test_formulas_that_differ_by_case_are_different(self, cell: str, index: int) -> None:
        read = self.space("CO", "Co").read_table(pd.DataFrame({"gas": [cell]}))
        assert read.coordinates.tolist() == [[index]]

    @pytest.mark.parametrize(("choices", "cell"), [(("CO", "Co"), "co"), (("CO", "N2"), "Co"), (("Ar", "N2"), "Arg")])
    def test_what_may_be_another_thing_is_a_fault(self, choices: tuple[str, ...], cell: str) -> None:
        with pytest.raises(InvalidData, match=f"'{cell}' is not a choice"):
            self.space(*choices).read_table(pd.DataFrame({"gas": [cell]}))

    @pytest.mark.parametrize("second", ["C1CCCCC1", "C1ccccC1"])
    def test_small_letters_of_a_ring_count(self, second: str) -> None:
        """Benzene and cyclohexane differ by case alone."""
        space = self.space("c1ccccc1", second, "CCO")
        assert len(space.enumerate()) == 3
        read = space.read_table(pd.DataFrame({"gas": [second, "c1ccccc1", "cco"]}))
        assert read.coordinates.ravel().tolist() == [1.0, 0.0, 2.0]
        with pytest.raises(InvalidData, match=f"'{second}' is not a choice"):
            self.space("c1ccccc1", "CCO").read_table(pd.DataFrame({"gas": [second]}))

    @pytest.mark.parametrize(
        ("choice", "cell"),
        [
            ("café", "cafe\u0301"), ("2-propanol", "2\u2011propanol"), ("2-propanol", "2–propanol"), ("N2", "N₂"),
            ("Al2O3", "Al₂O₃"), ("ab", "a\u200bb"), ("2-propanol", "2\u2212Propanol"),
            ("Ångström", "A\u030angstro\u0308m"),
            ("ethyl acetate", "Ethyl\u00a0acetate"), ("DMF", "\ufeffdmf"), ("co-catalyst", "co\u00ad-catalyst"),
        ],
    )  # fmt: skip
    def test_other_signs_for_the_same_letters(self, choice: str, cell: str) -> None:
        read = self.space("other", choice).read_table(pd.DataFrame({"gas": [cell]}))
        assert read.coordinates.tolist() == [[1.0]]
        assert len(self.space("other", choice, cell).enumerate()) == 2

    @pytest.mark.parametrize(("choice", "cell"), [("10²", "102"), ("Fe²⁺", "Fe2+"), ("a-b", "ab"), ("½", "1/2")])
    def test_signs_with_another_meaning(self, choice: str, cell: str) -> None:
        with pytest.raises(InvalidData, match="is not a choice"):
            self.space("other", choice).read_table(pd.DataFrame({"gas": [cell]}))

    def test_choices_that_differ_by_case_or_blanks_are_one(self) -> None:
        space = self.space("forming gas", "Forming Gas", "N2", "forminggas")
        assert space.frame(space.enumerate())["gas"].tolist() == ["forming gas", "N2"]
        assert set(space.sample(50, np.random.default_rng(0)).ravel()) == {0.0, 2.0}
        moved = space.neighbours(np.array([[0.0], [1.0], [3.0], [2.0]]), 1, np.random.default_rng(0), 0.1)
        assert moved.tolist() == [[2.0], [2.0], [2.0], [0.0]]
        assert space.encoder.encode(space.enumerate()).shape == (2, 4)

    def test_one_is_suggested_only_once(self) -> None:
        given: list[Any] = [{"name": "gas", "kind": "categorical", "choices": ["Ar", "ar", "N2", "n2"]}]
        campaign = Campaign.create(space=given, targets=[{"name": "y", "goal": "maximize"}], initial=2)
        assert sorted(campaign.suggest(2)["gas"]) == ["Ar", "N2"]

"""Named choices, and what describes them."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from designer.errors import InvalidSpace, MissingExtra
from designer.space import CategoricalParameter, DesignSpace

BAD_CHOICES = [
    ({"choices": []}, "'choices' is empty"),
    ({"choices": ["a", "b", "a"]}, "choices[2]: choice 'a' is given twice"),
    ({"choices": ["a", 1]}, "choices[1]: choice 1 is a number; put it in quotes: '1', or use kind: numeric"),
    ({"choices": ["a", True]}, "is read as true or false"),
    ({"choices": ["a", " b"]}, "has blanks around it"),
    ({"choices": "abc"}, "write a list"),
    ({"choices": ["a", "b"], "smiles": {"a": "C"}}, "smiles of 'b' is missing"),
    (
        {"choices": ["aa", "b"], "smiles": {"aa": "C", "b": "C", "aaa": "C"}},
        "'aaa' is not a choice; did you mean 'aa'?",
    ),
    ({"choices": ["a", "b"], "descriptors": {"a": {"x": 1}, "b": {"y": 1}}}, "descriptor 'y' of 'a' is missing"),
    ({"choices": ["a"], "descriptors": {"a": {"x": "one"}}}, "descriptors.a.x: 'one' is not a number"),
    ({}, "'choices' is missing"),
]


@pytest.mark.parametrize(("data", "message"), BAD_CHOICES)
def test_wrong_choices_are_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSpace) as caught:
        CategoricalParameter(**{"name": "g", **data})
    assert message in str(caught.value)


def test_choices_become_indices_and_come_back() -> None:
    gas = CategoricalParameter(
        name="gas", choices=["N2", "Ar", "air"], smiles={"N2": "N#N", "Ar": "[Ar]", "air": "O=O"}
    )
    indices = gas.from_lab([np.array(["air", "N2"], dtype=object)])
    assert indices.tolist() == [[2.0], [0.0]]
    assert gas.to_lab(indices)[0].tolist() == ["air", "N2"]
    assert gas.valid(np.array([[0.0], [3.0], [0.5], [-1.0]])).tolist() == [True, False, False, False]


MOLECULES = {"water": "O", "ethanol": "CCO", "toluene": "Cc1ccccc1"}


class TestMolecules:
    """Choices that are described by their molecules."""

    def solvent(self, **given: Any) -> CategoricalParameter:
        settings = {"choices": list(MOLECULES), "descriptors": "smiles", "smiles": MOLECULES, **given}
        return CategoricalParameter(name="solvent", **settings)

    def test_they_become_features(self) -> None:
        pytest.importorskip("rdkit", reason="needs the extra 'molecules'")
        space = DesignSpace(parameters=[self.solvent()])
        columns = [column.name for column in space.encoder.columns]
        assert columns[:3] == ["solvent = water", "solvent = ethanol", "solvent = toluene"]
        assert "solvent: logP" in columns
        table = space.encoder.encode(np.arange(3.0)[:, None])[:, columns.index("solvent: heavy atoms")]
        np.testing.assert_allclose(table, [0, 1 / 3, 1])  # 1, 3 and 7 atoms between the least and the most
        assert DesignSpace.model_validate(space.model_dump()).encoder.columns == space.encoder.columns

    def test_none_switches_them_off(self) -> None:
        assert len(DesignSpace(parameters=[self.solvent(descriptors="none")]).encoder.columns) == 3

    def test_faults(self) -> None:
        pytest.importorskip("rdkit", reason="needs the extra 'molecules'")
        with pytest.raises(InvalidSpace, match="'smiles' is missing; give the molecule of every choice"):
            self.solvent(smiles=None)
        with pytest.raises(InvalidSpace, match="'C1CC' is no molecule") as refused:
            self.solvent(smiles={**MOLECULES, "ethanol": "C1CC"})
        assert refused.value.faults[0].path == ("smiles", "ethanol")

    def test_without_the_library_one_line_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rdkit", None)
        with pytest.raises(MissingExtra, match=r"pip install 'materials-designer\[molecules\]'"):
            self.solvent()


class TestMoleculesWithoutAsking:
    """Descriptors of molecules are features where the choices have SMILES or are SMILES."""

    @pytest.fixture(autouse=True)
    def rdkit(self) -> None:
        pytest.importorskip("rdkit", reason="needs the extra 'molecules'")

    def columns(self, **given: Any) -> list[str]:
        space = DesignSpace(parameters=[CategoricalParameter(name="solvent", **given)])
        return [column.name for column in space.encoder.columns]

    def test_smiles_that_are_given(self) -> None:
        assert "solvent: logP" in self.columns(choices=list(MOLECULES), smiles=MOLECULES)

    def test_choices_that_are_smiles(self) -> None:
        assert "solvent: logP" in self.columns(choices=["CC(C)=O", "c1ccccc1", "CO"])

    @pytest.mark.parametrize(
        "choices",
        [["CO", "N2", "Ar"], ["C1", "C2", "C3"], ["A (fast)", "B (slow)"], ["NaCl", "KCl"], ["I", "II", "III"]],
    )
    def test_names_that_are_no_molecules(self, choices: list[str]) -> None:
        parameter = CategoricalParameter(name="solvent", choices=choices)
        assert parameter.molecules is None
        assert len(self.columns(choices=choices)) == len(choices)

    def test_none_switches_them_off(self) -> None:
        assert len(self.columns(choices=list(MOLECULES), smiles=MOLECULES, descriptors="none")) == 3
        assert len(self.columns(choices=["CC(C)=O", "c1ccccc1"], descriptors="none")) == 2

    def test_descriptors_of_ones_own_come_first(self) -> None:
        own = {name: {"permittivity": float(i)} for i, name in enumerate(MOLECULES)}
        assert self.columns(choices=list(MOLECULES), smiles=MOLECULES, descriptors=own)[3:] == ["solvent: permittivity"]

    def test_smiles_that_cannot_be_read_are_reported(self) -> None:
        parameter = CategoricalParameter(name="solvent", choices=["a", "b"], smiles={"a": "CCO", "b": "C1CC"})
        assert parameter.molecules is not None
        assert "'C1CC' is no molecule" in (parameter.molecules.reason or "")
        assert parameter.described[0] == ()

    def test_without_rdkit_the_reason_is_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rdkit", None)
        parameter = CategoricalParameter(name="solvent", choices=list(MOLECULES), smiles=MOLECULES)
        assert parameter.molecules is not None
        assert "pip install 'materials-designer[molecules]'" in (parameter.molecules.reason or "")
        assert len(self.columns(choices=list(MOLECULES), smiles=MOLECULES)) == 3

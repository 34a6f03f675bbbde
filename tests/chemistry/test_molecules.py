"""Descriptors of molecules: known values, the same for every way to write a molecule, faults in one go."""

from __future__ import annotations

import numpy as np
import pytest

from designer.chemistry.molecules import NAMES, molecule_descriptors
from designer.errors import InvalidInput

pytest.importorskip("rdkit", reason="needs the extra 'molecules'")


def test_known_values() -> None:
    ethanol, benzene = molecule_descriptors(["CCO", "c1ccccc1"])
    found = dict(zip(NAMES, ethanol, strict=True))
    assert found["heavy atoms"] == 3
    assert found["molar mass"] == pytest.approx(46.07, abs=0.01)
    assert found["hydrogen donors"] == found["hydrogen acceptors"] == 1
    assert found["polar surface"] == pytest.approx(20.23, abs=0.01)
    assert found["sp3 share"] == 1
    rings = dict(zip(NAMES, benzene, strict=True))
    assert rings["rings"] == rings["aromatic rings"] == 1
    assert np.expm1(benzene[10:]).sum() == pytest.approx(18)  # three environments of each of six atoms


@pytest.mark.parametrize(("one", "other"), [("OCC", "CCO"), ("C1=CC=CC=C1", "c1ccccc1"), ("C(=O)O", "OC=O")])
def test_it_does_not_matter_how_a_molecule_is_written(one: str, other: str) -> None:
    first, second = molecule_descriptors([one, other])
    np.testing.assert_allclose(first, second)


def test_like_molecules_have_like_fingerprints() -> None:
    ethanol, propanol, benzene = molecule_descriptors(["CCO", "CCCO", "c1ccccc1"])[:, 10:]
    assert np.linalg.norm(ethanol - propanol) < np.linalg.norm(ethanol - benzene)


def test_every_text_that_is_no_molecule_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        molecule_descriptors(["CCO", "C1CC", "", "water"])
    assert [fault.path for fault in refused.value.faults] == [(1,), (2,), (3,)]
    assert "'C1CC' is no molecule that RDKit can read; give its SMILES" in str(refused.value)
    assert capfd.readouterr() == ("", "")


def test_none_is_none() -> None:
    assert molecule_descriptors([]).shape == (0, len(NAMES))

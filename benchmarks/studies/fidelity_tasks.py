"""The pairs of levels of the study `benchmarks.studies.fidelity`: functions, simulators and measured tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.lab_tables import data_folder
from designer.arrays import FloatArray
from designer.chemistry.formulas import parse_formula
from designer.errors import MeasurementFailed
from designer.oracles.simulators.atomic_layer_deposition import ATOMIC_LAYER_DEPOSITION, Dose
from designer.oracles.simulators.emt_alloys import EMT_ALLOYS, Alloys
from designer.space import CompositionParameter, NumericParameter

BEST, DESIGNS = 0.01, 200


@dataclass(frozen=True, eq=False)
class Pair:
    """A table of designs with values at two levels.

    Parameters
    ----------
    space
        The parameters, as a campaign file has them.
    frame
        Their columns, and ``top`` and ``low``.
    designs
        How many of them a campaign has at most.
    """

    name: str
    space: list[dict[str, Any]]
    frame: pd.DataFrame
    designs: int = DESIGNS

    @property
    def columns(self) -> list[str]:
        """The columns of the designs."""
        return [column for column in self.frame.columns if column not in ("top", "low")]

    def part(self, seed: int) -> Pair:
        """Return the pair with a random part of its designs."""
        rows = np.random.default_rng(seed).permutation(len(self.frame))[: self.designs]
        return replace(self, frame=self.frame.iloc[np.sort(rows)].reset_index(drop=True))

    @property
    def good(self) -> frozenset[int]:
        """The rows of the best designs."""
        number = max(1, round(BEST * len(self.frame)))
        return frozenset(np.argsort(-self.frame["top"].to_numpy(), kind="stable")[:number].tolist())


def names() -> list[str]:
    """Return the names of the pairs, in the order in which they are run."""
    return list(_PAIRS)


def pair_of(name: str) -> Pair:
    """Return a pair by its name."""
    return replace(_PAIRS[name](), name=name)


def analytic(
    name: str, size: int, top: Callable[[FloatArray], FloatArray], low: Callable[[FloatArray], FloatArray], rough: float
) -> Pair:
    """Return a pair of functions on the unit cube; the lower one has a random smooth deviation besides."""
    rng = np.random.default_rng(0)
    X = rng.random((1000, size)).round(4)
    waves, phases = rng.normal(size=(40, size)) * 4.0, rng.uniform(0, 2 * math.pi, 40)
    deviation = np.cos(X @ waves.T + phases).sum(axis=1)
    lower = low(X)
    lower = (lower - lower.mean()) / lower.std() + rough * deviation / deviation.std()
    columns = [f"x{i}" for i in range(size)]
    frame = pd.DataFrame(X, columns=columns).assign(top=top(X), low=lower)
    return Pair(name, [{"name": c, "kind": "numeric", "bounds": [0, 1]} for c in columns], frame)


def formulas(name: str, top: tuple[str, str], low: tuple[str, str]) -> Pair:
    """Return the compositions that two tables share, as the first one writes them; of several values the mean."""
    tables = []
    for label, (table, column) in (("top", top), ("low", low)):
        read = pd.read_csv(data_folder() / "composition_property_dft" / f"{table}.csv", keep_default_na=False)
        groups = read.assign(composition=[_composition(each) for each in read["formula"]]).groupby("composition")
        tables.append(groups.agg(**{label: (column, "mean"), f"formula_{label}": ("formula", "first")}))
    shared = pd.concat(tables, axis=1, join="inner").sort_index()
    frame = shared[["formula_top", "top", "low"]].rename(columns={"formula_top": "formula"}).reset_index(drop=True)
    return Pair(name, [{"name": "formula", "kind": "formula"}], frame)


def _composition(formula: str) -> str:
    """Return a formula as atomic fractions, so that ``Tl1Y1`` and ``TlY`` are the same."""
    amounts = dict(parse_formula(formula))
    total = sum(amounts.values())
    return " ".join(f"{element}{amount / total:.4f}" for element, amount in sorted(amounts.items()))


def photoswitches(task: str, functional: str) -> Pair:
    """Return the molecules with a measured wavelength and one computed with a density functional."""
    read = pd.read_csv(data_folder() / "photoswitches" / f"{task}.csv")
    columns = {"molecule_smiles": "molecule", "wavelength_nm": "top", f"wavelength_{functional}_nm": "low"}
    read = read.rename(columns=columns)
    frame = read.dropna(subset=["top", "low"]).groupby("molecule", sort=True)[["top", "low"]].mean().reset_index()
    space = [{"name": "molecule", "kind": "categorical", "choices": frame["molecule"].tolist()}]
    return Pair("photoswitches", space, frame)


def branin(X: FloatArray) -> FloatArray:
    """Return minus the logarithm of the Branin function, on the unit square (``n x 2``)."""
    a, b = 15.0 * X[:, 0] - 5.0, 15.0 * X[:, 1]
    valley = b - 5.1 / (4 * math.pi**2) * a**2 + 5 / math.pi * a - 6.0
    value = valley**2 + 10 * (1 - 1 / (8 * math.pi)) * np.cos(a) + 10
    return np.asarray(-np.log(value + 0.1))


def hartmann(X: FloatArray) -> FloatArray:
    """Return minus the Hartmann function of six inputs, on the unit cube (``n x 6``)."""
    A = [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    P = [
        [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
    ]  # fmt: skip
    away = np.einsum("ij,nij->ni", np.array(A), (X[:, None, :] - 1e-4 * np.array(P)) ** 2)
    return np.asarray(np.exp(-away) @ np.array([1.0, 1.2, 3.0, 3.2]))


def doses() -> Pair:
    """Return the use of a precursor in vias, simulated with few and with many rings."""
    fine = ATOMIC_LAYER_DEPOSITION.task("tema-hf-via-30")
    assert isinstance(fine, Dose)
    coarse = replace(fine, rings=_COARSE_RINGS)
    rng = np.random.default_rng(0)

    def setting() -> dict[str, float]:
        found = {}
        for each in fine.parameters:
            assert isinstance(each, NumericParameter)
            assert each.bounds is not None
            low, high = (float(bound) for bound in each.bounds)
            is_log = each.scale == "log"
            drawn = math.exp(rng.uniform(math.log(low), math.log(high))) if is_log else rng.uniform(low, high)
            found[each.name] = float(f"{drawn:.4g}")
        return found

    def measured(design: dict[str, float], seed: int) -> tuple[float, float]:
        top, low = (each.simulate(design, seed=seed)["precursor_use"] for each in (fine, coarse))
        return top, low

    space = [p.model_dump(mode="json", include={"name", "kind", "unit", "bounds", "scale"}) for p in fine.parameters]
    return Pair("doses", space, _simulated(setting, measured, DESIGNS))


def alloys() -> Pair:
    """Return the negative mixing enthalpies of solid solutions, simulated with 4 and with 32 atoms."""
    fine = EMT_ALLOYS.task("Ag-Au-Cu-Pd")
    assert isinstance(fine, Alloys)
    fine, coarse = replace(fine, cells=2), replace(fine, cells=1)
    (composition,) = fine.parameters
    assert isinstance(composition, CompositionParameter)
    elements, rng = composition.elements, np.random.default_rng(0)

    def setting() -> dict[str, float]:
        while True:
            parts = np.round(rng.dirichlet(np.ones(len(elements))), 2)
            parts[-1] = round(1.0 - parts[:-1].sum(), 2)
            if parts.min() >= 0:
                return dict(zip(elements, parts.tolist(), strict=True))

    def measured(design: dict[str, float], seed: int) -> tuple[float, float]:
        top, low = (-each.simulate({"composition": design}, seed=seed)["mixing_enthalpy"] for each in (fine, coarse))
        return top, low

    space = [{"name": "composition", "kind": "composition", "elements": list(elements), "unit": "fraction"}]
    frame = _simulated(setting, measured, _ALLOYS).drop_duplicates(list(elements), ignore_index=True)
    names = dict(zip(elements, composition.lab_columns, strict=True))
    return Pair("alloys", space, frame.rename(columns=names))


def _simulated(
    setting: Callable[[], dict[str, float]],
    measured: Callable[[dict[str, float], int], tuple[float, float]],
    number: int,
) -> pd.DataFrame:
    """Return random designs with their values at both levels; those that fail at one of them are left out."""
    rows: list[dict[str, float]] = []
    while len(rows) < number:
        design = setting()
        try:
            top, low = measured(design, len(rows))
        except MeasurementFailed:
            continue
        rows.append({**design, "top": top, "low": low})
    return pd.DataFrame(rows)


_COARSE_RINGS, _ALLOYS = 0.1, 120


_COMPOSITIONS = {
    "band gap": (("matbench_expt_gap", "band_gap_expt_eV"), ("aflow_egap", "band_gap_eV")),
    **{
        f"{each} modulus": (
            (f"mp_{each}_modulus", f"{each}_modulus_GPa"),
            (f"aflow_ael_{each}_modulus_vrh", f"{each}_modulus_GPa"),
        )
        for each in ("bulk", "shear")
    },
}

MEASURED = ("band gap", "bulk modulus", "shear modulus", "photoswitches", "photoswitches, CAM-B3LYP")
"""Tables with measured values, or values of a database, at the top level."""

_PAIRS: dict[str, Callable[[], Pair]] = {
    "Branin": lambda: analytic("Branin", 2, branin, lambda X: branin(X + np.array([0.047, -0.047])), 0.3),
    "Hartmann 6": lambda: analytic("Hartmann 6", 6, hartmann, hartmann, 0.7),
    "doses": doses,
    "alloys": alloys,
    **{
        name: partial(lambda name, columns: formulas(name, *columns), name, columns)
        for name, columns in _COMPOSITIONS.items()
    },
    "photoswitches": lambda: photoswitches("e_pi_pi", "PBE0"),
    "photoswitches, CAM-B3LYP": lambda: photoswitches("e_pi_pi", "CAMB3LYP"),
}

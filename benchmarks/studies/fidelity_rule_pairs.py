"""The pairs of levels of the study `benchmarks.studies.fidelity_rules`: functions, compounds and measured tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.studies.fidelity_tasks import DESIGNS, Pair, analytic, branin, hartmann
from benchmarks.studies.lab_tables import data_folder
from designer.arrays import FloatArray
from designer.space import DesignSpace

_COMPOUNDS = 1000
_PART = 0.75  # of the designs of a small table, so that campaigns differ


def hartmann_3(X: FloatArray) -> FloatArray:
    A = [[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]
    P = [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
    away = np.einsum("ij,nij->ni", np.array(A), (X[:, None, :] - 1e-4 * np.array(P)) ** 2)
    return np.asarray(np.exp(-away) @ np.array([1.0, 1.2, 3.0, 3.2]))


def borehole(X: FloatArray) -> FloatArray:
    low = np.array([0.05, 100, 63070, 990, 63.1, 700, 1120, 9855])
    high = np.array([0.15, 50000, 115600, 1110, 116, 820, 1680, 12045])
    radius, influence, upper, head, lower, under, length, conductivity = (low + (high - low) * X).T
    log = np.log(influence / radius)
    resistance = log * (1 + 2 * length * upper / (log * radius**2 * conductivity) + upper / lower)
    return np.asarray(2 * math.pi * upper * (head - under) / resistance)


def currin(X: FloatArray) -> FloatArray:
    x, y = X.T
    rational = (2300 * x**3 + 1900 * x**2 + 2092 * x + 60) / (100 * x**3 + 500 * x**2 + 4 * x + 20)
    return np.asarray((1 - np.exp(-1 / (2 * y + 1e-3))) * rational)


PAIRS: dict[str, tuple[int, Callable[[FloatArray], FloatArray], float]] = {
    "Branin": (2, branin, 0.3), "Hartmann 3": (3, hartmann_3, 0.5), "Hartmann 6": (6, hartmann, 0.7),
    "Borehole": (8, borehole, 0.5), "Currin": (2, currin, 0.5), "Branin, far": (2, branin, 1.0),
    "Hartmann 3, far": (3, hartmann_3, 1.0), "Borehole, far": (8, borehole, 1.2),
}  # fmt: skip
"""The functions, and the size of the deviation beside their own."""

TABLES: dict[str, tuple[str, str, float]] = {
    "refractive index": ("matbench_dielectric", "refractive_index", 0.6),
    "phonons": ("matbench_phonons", "last_phdos_peak_cm_1", 0.4),
    "exfoliation energy": ("matbench_jdft2d", "exfoliation_energy_meV_per_atom", 0.5),
}
"""Tables of compounds, their columns, and the size of the deviation beside that of the logarithm of the column."""

MEASURED: dict[str, tuple[str, str, str, str]] = {
    "concrete": ("concrete_by_age", "age_028d", "age_007d", "compressive_strength_MPa"),
    "hardness": ("vickers_hardness_by_load", "load_4p90N", "load_0p98N", "hardness_GPa"),
    "amination": ("buchwald_hartwig_hte", "2_bromopyridine", "1_bromo_4_ethylbenzene", "yield_pct"),
    "far amination": ("buchwald_hartwig_hte", "3_chloropyridine", "1_bromo_4_ethylbenzene", "yield_pct"),
    "arylation": ("direct_arylation", "potassium_pivalate__dmac", "cesium_acetate__dmac", "yield_pct"),
    "coupling": ("amide_coupling_hte", "n2_1_4_aminophenyl_n_methylmethanesulfonamide",
                 "n1_4_amino_2_trifluoromethyl_benzonitrile", "yield_pct"),
}  # fmt: skip
"""Families of measured tables, the table of the top level and the one of the lower level, and their column."""

_NOT_DESIGNS = {"load_N", "nucleophile_smiles"}  # columns that say what a table is


def names() -> list[str]:
    """Return the names of the pairs."""
    return [*PAIRS, *TABLES, *MEASURED]


def pair_of(name: str) -> Pair:
    """Return a pair by its name."""
    if name in TABLES:
        return _compounds(name)
    if name in MEASURED:
        return _measured(name)
    size, function, deviation = PAIRS[name]
    return analytic(name, size, function, function, deviation)


def space_of(pair: Pair) -> DesignSpace:
    """Return the space of a pair, with the formulas of its designs."""
    parameters = [
        {**each, "formulas": pair.frame[each["name"]].tolist()} if each["kind"] == "formula" else each
        for each in pair.space
    ]
    return DesignSpace(parameters=parameters)


def _compounds(name: str) -> Pair:
    """Return at most 1,000 compounds of a table, with lower values that deviate by a function of the composition."""
    table, column, deviation = TABLES[name]
    read = pd.read_csv(data_folder() / "composition_property_dft" / f"{table}.csv", keep_default_na=False)
    frame = read.groupby("formula", sort=True)[[column]].mean().reset_index()
    frame = frame.sample(min(_COMPOUNDS, len(frame)), random_state=0).reset_index(drop=True)
    parameters = [{"name": "formula", "kind": "formula"}]
    space = space_of(Pair(name, parameters, frame))
    coordinates = space.coordinates(frame)
    features = np.asarray(space.encoder.encode(coordinates))
    features = (features - features.mean(axis=0)) / np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    rng = np.random.default_rng(5)
    waves = np.tanh(features @ rng.normal(size=features.shape[1]) / math.sqrt(features.shape[1]))
    top = np.log(frame[column].to_numpy())
    top = (top - top.mean()) / top.std()
    values = frame[["formula"]].assign(top=top, low=top + deviation * (waves - waves.mean()) / waves.std())
    first = ~pd.Index(list(space.keys(coordinates))).duplicated()
    return Pair(name, parameters, values[first].reset_index(drop=True))


def _measured(name: str) -> Pair:
    """Return the designs that two tables of a family share; molecules are choices."""
    family, top, low, column = MEASURED[name]
    tables = [pd.read_csv(data_folder() / family / f"{each}.csv", keep_default_na=False) for each in (top, low)]
    columns = [each for each in tables[0].columns if each not in {column, *_NOT_DESIGNS}]
    columns = [each for each in columns if f"{each}_smiles" not in columns]
    means = [each.groupby(columns, sort=True)[column].mean() for each in tables]
    frame = pd.concat(means, axis=1, join="inner", keys=["top", "low"]).reset_index()
    space = [_parameter(each, frame[each]) for each in columns]
    return Pair(name, space, frame, min(DESIGNS, round(_PART * len(frame))))


def _parameter(name: str, values: pd.Series[Any]) -> dict[str, Any]:
    if name == "formula":
        return {"name": name, "kind": "formula"}
    if values.dtype.kind in "if":
        return {"name": name, "kind": "numeric", "bounds": [float(values.min()), float(values.max())]}
    return {"name": name, "kind": "categorical", "choices": sorted(set(values))}

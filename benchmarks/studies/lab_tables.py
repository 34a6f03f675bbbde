"""Measured tables with a setting that a plate, a furnace or a day shares, for studies of what labs ask for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from designer.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class LabTable:
    """A table of measured designs; `shared` is the column of the setting, `target` the goal.

    Parameters
    ----------
    categories
        Columns whose values are words.
    """

    name: str
    frame: pd.DataFrame
    shared: str
    target: Mapping[str, Any]
    categories: tuple[str, ...] = ()

    def part(self, seed: int, share: float = 0.8) -> LabTable:
        """Return a random part of the rows: campaigns over one whole table hardly differ by their seeds."""
        rows = np.random.default_rng(seed).random(len(self.frame)) < share
        return LabTable(self.name, self.frame[rows].reset_index(drop=True), self.shared, self.target, self.categories)

    @property
    def settings(self) -> list[str]:
        """The columns of a design."""
        return [column for column in self.frame.columns if column != self.target["name"]]

    def space(self, **of_shared: Any) -> list[dict[str, Any]]:
        """Return the parameters of a campaign; `of_shared` are further keys of the shared one."""
        return [{**self._parameter(column), **(of_shared if column == self.shared else {})} for column in self.settings]

    def _parameter(self, column: str) -> dict[str, Any]:
        values = self.frame[column]
        if column in self.categories:
            return {"name": column, "kind": "categorical", "choices": sorted(set(values)), "descriptors": "none"}
        return {"name": column, "kind": "numeric", "bounds": [float(values.min()), float(values.max())]}

    def utilities(self, values: Any) -> FloatArray:
        """Return what is larger for better values of the target."""
        given = np.asarray(values, dtype=float)
        return -np.abs(given - self.target["value"]) if self.target["goal"] == "match" else given

    def regrets(self, values: Any) -> FloatArray:
        """Return how far each value is from the best of the table, as a share of the range of utilities."""
        whole = self.utilities(self.frame[self.target["name"]])
        regrets: FloatArray = (whole.max() - self.utilities(values)) / np.ptp(whole)
        return regrets

    def value(self, design: Mapping[str, Any]) -> float:
        """Return the measured value of a design of the table."""
        rows = np.ones(len(self.frame), dtype=bool)
        for column in self.settings:
            given = self.frame[column]
            rows &= (
                (given == design[column]).to_numpy()
                if column in self.categories
                else np.isclose(given.to_numpy(dtype=float), float(design[column]), rtol=1e-9)
            )
        return float(self.frame.loc[rows, self.target["name"]].iloc[0])


def data_folder() -> Path:
    """Return the folder of measured tables, from the variable ``DESIGNER_DATA``."""
    return Path(os.environ["DESIGNER_DATA"])


def tables() -> list[LabTable]:
    """Return the tables of the studies."""
    makers: Sequence[Callable[[], LabTable]] = (_arylation, _suzuki, _oxidation, _concrete)
    return [make() for make in makers]


def _arylation() -> LabTable:
    frame = pd.read_csv(data_folder() / "direct_arylation" / "potassium_pivalate__butyl_ester.csv")
    columns = ["ligand", "concentration_M", "temperature_C", "yield_pct"]
    target = {"name": "yield_pct", "goal": "maximize"}
    return LabTable("direct arylation", distinct(frame[columns], "yield_pct"), "temperature_C", target, ("ligand",))


def _suzuki() -> LabTable:
    frame = pd.read_csv(data_folder() / "singles" / "suzuki.csv")
    return LabTable(
        "Suzuki coupling", distinct(frame, "yield_pct"), "temperature_C", {"name": "yield_pct", "goal": "maximize"}
    )


def _oxidation() -> LabTable:
    frame = pd.read_csv(data_folder() / "singles" / "alkox.csv")
    return LabTable(
        "enzymatic oxidation", distinct(frame, "conversion"), "pH", {"name": "conversion", "goal": "maximize"}
    )


def _concrete() -> LabTable:
    parts = [
        pd.read_csv(data_folder() / "concrete_by_age" / f"age_{age:03d}d.csv").assign(age_d=float(age))
        for age in (3, 7, 14, 28, 56, 90)
    ]
    target = {"name": "compressive_strength_MPa", "goal": "match", "value": 45.0, "tolerance": 0.25}
    return LabTable("ageing of concrete", distinct(pd.concat(parts), "compressive_strength_MPa"), "age_d", target)


def distinct(frame: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return each design once, with the mean of its values."""
    settings = [column for column in frame.columns if column != target]
    return frame.groupby(settings, as_index=False, sort=True)[[target]].mean()

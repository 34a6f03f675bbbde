"""Settings that are made with an error: ``python -m benchmarks.studies.setting_error [--seeds 6]``.

Three surfaces: a sharp and high peak beside a broad one, in one setting with an error and in two, and the toughness of
printed crossed barrels with ten struts, a measured table that is interpolated (``DESIGNER_DATA`` names its folder).
The error is one of use. Experiments have it as well, and the suggested or the really made settings are recorded; or
they are exact. They are measured with a little noise. After 25 experiments the campaign recommends the best design by
the model. Campaigns with ``setting_error`` are compared with campaigns that do not know of it, which is what tools
without the key do; where the suggested settings are recorded these are the same (``recorded_as: nominal``).

Shown are the true expected value of the recommended design over the error, and its 10 % quantile, by Monte Carlo, each
as a share of the best possible one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import RBFInterpolator, RegularGridInterpolator

from benchmarks.studies.lab_tables import data_folder
from designer import Campaign
from designer.arrays import FloatArray

EXPERIMENTS, SEEDS, DRAWS = 25, 6, 1000
NOISE = 0.01  # standard deviation of a measurement, as a share of the best value
POLICIES = (
    "suggested settings recorded: error ignored, or `recorded_as: nominal`",
    "made settings recorded: error ignored",
    "made settings recorded: `setting_error`",
    "exact experiments: error ignored",
    "exact experiments: `setting_error`",
    "exact experiments: `robust: {quantile: 0.1}`",
)


@dataclass(frozen=True, eq=False)
class Surface:
    """A surface over numbers between bounds, of which some are made with an error; larger is better."""

    name: str
    value: Callable[[FloatArray], FloatArray]
    bounds: tuple[tuple[float, float], ...]
    errors: tuple[float, ...]

    def made(self, designs: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return designs (``... x p``) with an error, cut off at the bounds."""
        low, high = np.array(self.bounds).T
        made: FloatArray = np.clip(designs + rng.normal(size=designs.shape) * np.array(self.errors), low, high)
        return made

    def robust(self, design: FloatArray) -> tuple[float, float]:
        """Return the true expected value of a design (``p``) over the error, and the 10 % quantile."""
        values = self.value(self.made(np.tile(design, (DRAWS, 1)), np.random.default_rng(0)))
        return float(values.mean()), float(np.quantile(values, 0.1))

    def best(self) -> tuple[float, float]:
        """Return the best expected value and the best quantile: of random designs, refined around the best of them."""
        rng = np.random.default_rng(1)
        low, high = np.array(self.bounds).T
        designs = low + rng.random((400, len(low))) * (high - low)
        found = np.array([self.robust(design) for design in designs])
        for width in (0.1, 0.03):
            leaders = designs[[int(column.argmax()) for column in found.T]]
            near = [each + width * (high - low) * rng.normal(size=(100, len(low))) for each in leaders]
            more = np.clip(np.concatenate(near), low, high)
            designs = np.concatenate([designs, more])
            found = np.concatenate([found, [self.robust(design) for design in more]])
        mean, quantile = found.max(0)
        return float(mean), float(quantile)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaigns and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.setting_error", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    given = parser.parse_args(arguments)
    print("| surface | campaign | expected value | 10 % quantile | CPU s a suggestion |")
    print("|---|---|---:|---:|---:|")
    for surface in surfaces():
        best = np.array(surface.best())
        for policy in POLICIES:
            rows = np.array([_run(surface, policy, seed, float(best[0])) for seed in range(given.seeds)])
            shares, seconds = rows[:, :2] / best, rows[:, 2].mean()
            errors = shares.std(0, ddof=1) / np.sqrt(len(rows)) if len(rows) > 1 else np.zeros(2)
            cells = " | ".join(f"{m:.3f} ± {e:.3f}" for m, e in zip(shares.mean(0), errors, strict=True))
            print(f"| {surface.name} | {policy} | {cells} | {seconds:.2f} |", flush=True)
    print(f"\n{time.process_time():.0f} CPU s in all")
    return 0


def surfaces() -> list[Surface]:
    """Return the three surfaces."""
    return [
        Surface("two peaks, one setting", _one, ((0.0, 1.0), (0.0, 1.0)), (0.05, 0.0)),
        Surface("two peaks, two settings", _two, ((0.0, 1.0), (0.0, 1.0)), (0.06, 0.06)),
        Surface("crossed barrels", _barrels(), ((0.0, 200.0), (1.5, 2.5), (0.7, 1.4)), (20.0, 0.1, 0.1)),
    ]


def _one(X: FloatArray) -> FloatArray:
    """Return a peak of 1.3 with a width of 0.06 beside one of 1 with a width of 0.25, in the first of two settings."""
    peaks = 1.3 * np.exp(-(((X[:, 0] - 0.25) / 0.06) ** 2)) + np.exp(-(((X[:, 0] - 0.7) / 0.25) ** 2))
    result: FloatArray = peaks - 0.5 * (X[:, 1] - 0.4) ** 2
    return result


def _two(X: FloatArray) -> FloatArray:
    sharp = ((X - [0.25, 0.3]) ** 2).sum(1) / 0.1**2
    broad = ((X - [0.7, 0.65]) ** 2).sum(1) / 0.3**2
    result: FloatArray = 1.3 * np.exp(-sharp) + np.exp(-broad)
    return result


@cache
def _barrels() -> Callable[[FloatArray], FloatArray]:
    """Return the toughness (J) of barrels with ten struts by angle, radius and thickness, interpolated linearly.

    About half of the grid of settings was measured; a thin-plate spline through these fills in the others.
    """
    frame = pd.read_csv(data_folder() / "liang_benchmarks" / "crossed_barrel.csv")
    columns = ["theta_deg", "r_mm", "t_mm"]
    means = frame[frame["n_struts"] == 10].groupby(columns, as_index=False)["toughness_J"].mean()
    levels = [np.unique(means[column]) for column in columns]
    grid = np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1)
    scale = np.array([200.0, 1.0, 0.7])
    spline = RBFInterpolator(means[columns].to_numpy() / scale, means["toughness_J"].to_numpy())
    values = spline(grid.reshape(-1, 3) / scale).reshape(grid.shape[:-1])
    interpolated = RegularGridInterpolator(levels, values)
    return lambda X: np.asarray(interpolated(X), dtype=np.float64)


def _run(surface: Surface, policy: str, seed: int, best: float) -> tuple[float, float, float]:
    """Return the expected value and the quantile of the recommended design, and CPU seconds a suggestion."""
    ignored, quantile = "ignored" in policy, "quantile" in policy
    recorded, exact = policy.startswith("made"), policy.startswith("exact")
    names = [f"x{i}" for i in range(len(surface.bounds))]
    space: list[dict[str, Any]] = [
        {"name": name, "kind": "numeric", "bounds": list(bounds)}
        for name, bounds in zip(names, surface.bounds, strict=True)
    ]
    for parameter, error in zip(space, surface.errors, strict=True):
        if error and not ignored:
            parameter["setting_error"] = error
    campaign = Campaign.create(
        space=space,
        targets=[{"name": "y", "goal": "maximize", **({"robust": {"quantile": 0.1}} if quantile else {})}],
        seed=seed,
        suggest_seconds=3600.0,  # no time limit, whatever else the machine does
    )
    rng = np.random.default_rng(seed)
    begin = time.process_time()
    for _ in range(EXPERIMENTS):
        frame = campaign.suggest()
        asked = frame[names].to_numpy()
        made = asked if exact else surface.made(asked, rng)
        value = surface.value(made) + NOISE * best * rng.normal()
        row = frame.assign(y=value)
        if recorded:
            row[names] = made
        campaign.record(row)
    seconds = (time.process_time() - begin) / EXPERIMENTS
    table = campaign.best()
    design = table[table["best_by"] != "measured"][names].iloc[0].to_numpy(dtype=float)
    return *surface.robust(design), seconds


if __name__ == "__main__":
    sys.exit(main())

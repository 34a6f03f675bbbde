"""Simulated heat treatments with their early conductivity: ``python -m benchmarks.studies.ageing_curves --out FILE``.

Random designs of the space of `designer.oracles.simulators.ageing` (solute, temperature, and time by its logarithm).
Of each, one simulation gives the conductivity that a lab could follow until a tenth of the ageing time, at 12 shares
of that time, evenly spaced by their logarithm, and the yield strength at the end. 3 to 20 CPU s a design, so the table
is made once, with kawin (extra ``simulators-kawin``), and `benchmarks.studies.characterisation` reads it.

Each design is a line of the file, and one that is there is not simulated again; the designs do not depend on how many
there are. Where kawin fails, the values are empty, and the study leaves the design out.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import math
import platform
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from designer.arrays import FloatArray
from designer.errors import MeasurementFailed
from designer.oracles.simulators.ageing import PARAMETERS, Ageing, History, conductivity, yield_strength

TABLE = Path(__file__).parents[1] / "data" / "ageing-curves" / "cold-worked.csv"
"""The table that the study reads."""
DESIGNS = 60
SETTINGS = tuple(parameter.name for parameter in PARAMETERS)
TARGET = "yield_strength"
SHARES = np.geomspace(1e-3, 0.1, 12)
"""Of the ageing time, at which the conductivity is known."""
CURVE = tuple(f"conductivity_{i}" for i in range(len(SHARES)))
COLUMNS = (*SETTINGS, *CURVE, TARGET)


def designs(number: int) -> list[tuple[float, ...]]:
    """Return random designs: solute (at.%), temperature (degC) and time (h)."""
    lows, highs = np.array([parameter.bounds for parameter in PARAMETERS]).T
    logs = np.array([parameter.scale == "log" for parameter in PARAMETERS])
    lows, highs = (np.where(logs, np.log(each), each) for each in (lows, highs))
    points = lows + np.random.default_rng(0).random((number, len(PARAMETERS))) * (highs - lows)
    points = np.where(logs, np.exp(points), points)
    return [
        (round(solute, 4), round(temperature, 1), float(f"{time:.3g}")) for solute, temperature, time in points.tolist()
    ]


def curve(solute: float, history: History) -> FloatArray:
    """Return the conductivity (percent of copper) at each of `SHARES`, for an atomic fraction of zirconium in all."""
    matrix = np.interp(SHARES * history.seconds[-1], history.seconds, history.matrix)
    return np.array([conductivity(solute, each) for each in matrix.tolist()])


def simulated(design: tuple[float, ...]) -> list[float]:
    """Return the curve and the strength (MPa) of a design; not a number where the simulation fails."""
    percent, temperature, hours = design
    try:
        alloy, history = Ageing(name="cold-worked", summary="").followed(
            percent / 100, temperature + 273.15, hours * 3600
        )
    except MeasurementFailed:
        return [math.nan] * (len(CURVE) + 1)
    return [*curve(percent / 100, history).round(4).tolist(), round(yield_strength(alloy), 3)]


def read_table(path: Path) -> pd.DataFrame:
    """Return the designs of a table that were simulated without a failure, a column for each of `COLUMNS`.

    Raises
    ------
    FileNotFoundError
        If the table was not made yet.
    ValueError
        If the file has other columns.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; `python -m benchmarks.studies.ageing_curves` makes it")
    frame = pd.read_csv(path, comment="#")
    if tuple(frame.columns) != COLUMNS:
        raise ValueError(f"{path}: the columns are {', '.join(frame.columns)}; they must be {', '.join(COLUMNS)}")
    return frame.dropna().reset_index(drop=True)


def provenance() -> Iterator[str]:
    """Yield the lines that a table begins with: how it was made, and its columns."""
    packages = [f"{name} {importlib.metadata.version(name)}" for name in ("kawin", "pycalphad", "numpy", "scipy")]
    yield "# python -m benchmarks.studies.ageing_curves, random designs of numpy's default_rng(0), task cold-worked"
    yield f"# Python {platform.python_version()}, {', '.join(packages)}; {platform.machine()}"
    yield f"# conductivity (% IACS) at shares of the time: {', '.join(f'{share:.4g}' for share in SHARES)}"
    yield "# solute in at.%, temperature in degC, time in h, yield strength in MPa"
    yield ",".join(COLUMNS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate the designs that are not in the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.studies.ageing_curves", description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--designs", type=int, default=DESIGNS)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(arguments)
    known: set[tuple[float, ...]] = set()
    if given.out.exists():
        frame = pd.read_csv(given.out, comment="#")
        known = set(frame[list(SETTINGS)].itertuples(index=False, name=None))
    else:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text("\n".join([*provenance(), ""]), encoding="utf-8")
    left = [design for design in designs(given.designs) if design not in known]
    with (
        ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool,
        given.out.open("a", encoding="utf-8") as file,
    ):
        for design, values in zip(left, pool.map(simulated, left), strict=True):
            cells = ["" if math.isnan(value) else repr(value) for value in values]
            file.write(",".join([*map(repr, design), *cells]) + "\n")
            file.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

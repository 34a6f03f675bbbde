"""Sound tables, designed, gridded, over decades and small: at most one row in a hundred is called a slip or a swap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from designer.cli.mapping_draft import guessed
from designer.tasks.importing.mapping import Mapping, plan_import
from designer.tasks.importing.raw import RawTable
from designer.tasks.quality.findings import Finding

Rng = np.random.Generator
SEEDS = 3


def ternary(rng: Rng) -> pd.DataFrame:
    pts = [(a, b, 10 - a - b) for a in range(11) for b in range(11 - a)]
    pts = [pts[i] for i in rng.choice(len(pts), 139)]
    X = np.array(pts) * 10
    y = 20 + 60 * np.exp(-((X[:, 0] - 40) ** 2 + (X[:, 1] - 30) ** 2) / 800) + rng.normal(0, 3, len(X))
    return pd.DataFrame({"Cs": X[:, 0], "FA": X[:, 1], "MA": X[:, 2], "instability": np.round(y, 1)})


def ternary_fraction(rng: Rng) -> pd.DataFrame:
    pts = [(a, b, 20 - a - b) for a in range(21) for b in range(21 - a)]
    X = np.array([pts[i] for i in rng.choice(len(pts), 139, replace=False)]) / 20
    y = 10 ** (1 + 2 * np.sin(3 * X[:, 0]) + X[:, 1] * 2) * np.exp(rng.normal(0, 0.1, len(X)))
    return pd.DataFrame(
        {"A": X[:, 0].round(2), "B": X[:, 1].round(2), "C": X[:, 2].round(2), "loss": [float(f"{v:.3g}") for v in y]}
    )


def reactor(rng: Rng) -> pd.DataFrame:
    r = np.tile(["R1", "R2", "R3"], 10)
    T = np.repeat(np.linspace(300, 480, 10), 3)
    off = {"R1": 0, "R2": 1, "R3": 2}
    y = 50 + 0.2 * (T - 300) - 0.0005 * (T - 400) ** 2 + np.array([off[k] for k in r]) * 1.5
    return pd.DataFrame({"reactor": r, "T [degC]": T, "yield [percent]": np.round(y, 1)})


def reactor2(rng: Rng) -> pd.DataFrame:
    r = np.tile(["R1", "R2", "R3"], 10)
    T = rng.integers(300, 500, 30)
    t = rng.integers(10, 60, 30)
    y = 5 + 0.1 * (T - 300) + 0.3 * t + np.array([{"R1": 0, "R2": 5, "R3": 10}[k] for k in r])
    return pd.DataFrame({"reactor": r, "T [degC]": T, "time [min]": t, "yield [percent]": np.round(y, 2)})


def factorial(rng: Rng) -> pd.DataFrame:
    g = np.array(np.meshgrid([300, 400, 500], [1, 10, 100], [0.1, 1, 10])).reshape(3, -1).T
    y = np.log10(g[:, 1]) * 10 + g[:, 0] / 50 - 3 * np.log10(g[:, 2]) ** 2 + rng.normal(0, 0.5, len(g))
    return pd.DataFrame({"T [degC]": g[:, 0], "time [min]": g[:, 1], "conc [mol/L]": g[:, 2], "y": np.round(y, 2)})


def decades(rng: Rng) -> pd.DataFrame:
    n = 40
    c = 10.0 ** rng.integers(-6, 1, n)
    p = 10.0 ** rng.integers(-1, 4, n)
    y = c**0.5 * p**0.3 * np.exp(rng.normal(0, 0.05, n)) * 100
    return pd.DataFrame({"conc [mol/L]": c, "pressure [Pa]": p, "rate": [float(f"{v:.3g}") for v in y]})


def decades_cont(rng: Rng) -> pd.DataFrame:
    n = 60
    c = 10.0 ** rng.uniform(-6, 0, n)
    T = rng.integers(20, 90, n)
    y = c * T**2 * np.exp(rng.normal(0, 0.2, n))
    return pd.DataFrame(
        {"conc [mol/L]": [float(f"{v:.2g}") for v in c], "T [degC]": T, "rate": [float(f"{v:.3g}") for v in y]}
    )


def small(rng: Rng) -> pd.DataFrame:
    n = 10
    T = np.linspace(100, 200, n)
    p = rng.integers(1, 20, n)
    y = T * 0.3 + p
    return pd.DataFrame({"T [degC]": T.round(0), "p [bar]": p, "y": y.round(1)})


def ccd(rng: Rng) -> pd.DataFrame:
    a = 1.68
    pts = (
        [(i, j, k) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)]
        + [(a, 0, 0), (-a, 0, 0), (0, a, 0), (0, -a, 0), (0, 0, a), (0, 0, -a)]
        + [(0, 0, 0)] * 6
    )
    X = np.array(pts)
    y = 80 - 5 * (X**2).sum(1) + 3 * X[:, 0] - 2 * X[:, 1] * X[:, 2] + rng.normal(0, 0.6, len(X))
    return pd.DataFrame(
        {
            "T [degC]": (X[:, 0] * 20 + 80).round(1),
            "time [min]": (X[:, 1] * 15 + 45).round(1),
            "load [percent]": (X[:, 2] * 1 + 3).round(2),
            "yield [percent]": y.round(1),
        }
    )


def ofat(rng: Rng) -> pd.DataFrame:
    rows = [(T, 30, 1.0) for T in (40, 50, 60, 70, 80)]
    rows += [(60, t, 1.0) for t in (5, 10, 20, 60, 120)]
    rows += [(60, 30, c) for c in (0.1, 0.2, 0.5, 2, 5, 10)]
    X = np.array(rows)
    y = (
        60
        - 0.02 * (X[:, 0] - 62) ** 2
        + 8 * np.log10(X[:, 1])
        - 6 * np.log10(X[:, 2]) ** 2
        + rng.normal(0, 0.8, len(X))
    )
    return pd.DataFrame(
        {"T [degC]": X[:, 0], "time [min]": X[:, 1], "conc [mol/L]": X[:, 2], "yield [percent]": y.round(1)}
    )


def narrow_peak(rng: Rng) -> pd.DataFrame:
    n = 80
    T = rng.integers(20, 80, n) * 10
    p = rng.integers(1, 50, n)
    y = 5 + 120 * np.exp(-(((T - 500) / 40) ** 2) - ((p - 20) / 6) ** 2) + rng.normal(0, 0.5, n).clip(-2, 2)
    return pd.DataFrame({"T [degC]": T, "p [bar]": p, "y": y.round(2)})


def mixture4(rng: Rng) -> pd.DataFrame:
    n = 60
    X = rng.dirichlet(np.ones(4), n)
    X = (X * 20).round() / 20
    X[:, 3] = 1 - X[:, :3].sum(1)
    X = X[X[:, 3] >= 0]
    y = X @ [1, 3, 9, 2] + 5 * X[:, 0] * X[:, 1] + rng.normal(0, 0.2, len(X))
    return pd.DataFrame({f"w{i}": X[:, i].round(2) for i in range(4)} | {"y": y.round(2)})


def catalyst_time(rng: Rng) -> pd.DataFrame:
    n = 48
    cat = rng.choice(["Pd", "Ni", "Cu"], n)
    t = rng.choice([1, 2, 4, 8, 24, 48], n)
    T = rng.choice([25, 60, 100], n)
    k = {"Pd": 0.3, "Ni": 0.05, "Cu": 0.004}
    y = 100 * (1 - np.exp(-np.array([k[c] for c in cat]) * t * (T / 60))) + rng.normal(0, 1, n)
    return pd.DataFrame({"catalyst": cat, "time [h]": t, "T [degC]": T, "yield [percent]": y.clip(0, 100).round(0)})


def step_response(rng: Rng) -> pd.DataFrame:
    x = rng.uniform(0, 1, 60).round(3)
    return pd.DataFrame({"x": x, "y": (np.where(x < 0.5, 1, 12) + rng.normal(0, 0.2, 60)).round(2)})


def one_scale(rng: Rng) -> pd.DataFrame:
    n = 60
    X = (rng.beta(0.7, 2.0, (n, 4)) * 10).round(2)
    y = np.exp(-(((X[:, 0] - 3) / 3) ** 2)) * 50 + X[:, 1] - X[:, 3] * 2 + rng.normal(0, 1, n)
    return pd.DataFrame({f"k{i} [mmol/L]": X[:, i] for i in range(4)} | {"y": y.round(2)})


def whole_numbers(rng: Rng) -> pd.DataFrame:
    n = 50
    X = np.stack([rng.integers(1, 9, n), rng.integers(1, 40, n), rng.integers(100, 900, n)], 1)
    y = X[:, 0] * 4 + X[:, 1] - (X[:, 2] - 500) ** 2 / 9000 + rng.normal(0, 3, n)
    return pd.DataFrame({"layers": X[:, 0], "time [min]": X[:, 1], "T [degC]": X[:, 2], "count": y.round().astype(int)})


def conversion_step(rng: Rng) -> pd.DataFrame:
    n = 60
    T, t = rng.integers(200, 600, n), rng.integers(1, 60, n)
    y = np.where(T > 430, 85.0, 6.0) + 0.05 * t + rng.normal(0, 1.5, n)
    return pd.DataFrame({"T [degC]": T, "time [min]": t, "conversion [percent]": y.round(1).clip(0, 100)})


def plates(rng: Rng) -> pd.DataFrame:
    rows = [(c, b, s) for c in "ABCD" for b in ("K", "Na", "Cs") for s in (1.0, 1.5, 2.0, 3.0)]
    catalyst, base = {"A": 5, "B": 20, "C": 60, "D": 0}, {"K": 0, "Na": 4, "Cs": 15}
    y = [catalyst[c] + base[b] + 3 * s + rng.normal(0, 3) for c, b, s in rows]
    frame = pd.DataFrame(rows, columns=["cat", "base", "equiv"])
    return frame.assign(**{"yield [percent]": np.round(y, 1).clip(0, 100)})


TABLES: dict[str, Callable[[Rng], pd.DataFrame]] = {
    table.__name__: table
    for table in (
        ternary,
        ternary_fraction,
        reactor,
        reactor2,
        factorial,
        decades,
        decades_cont,
        small,
        ccd,
        ofat,
        narrow_peak,
        mixture4,
        catalyst_time,
        step_response,
        one_scale,
        whole_numbers,
        conversion_step,
        plates,
    )
}


def findings(frame: pd.DataFrame) -> list[Finding]:
    """Return what looks like a slip, a swap or an outlier when a bare table is imported."""
    text = frame.map(lambda cell: cell if isinstance(cell, str) else repr(cell).removesuffix(".0"))
    text.index = pd.RangeIndex(2, len(text) + 2, name="row")
    mapping, _ = guessed(text, "t.csv", [], [], None)
    plan = plan_import([RawTable("t", "t.csv", text)], [Mapping(**mapping)], name="t", guessed=True)
    return [finding for finding in plan.findings if finding.kind in ("slip", "swap", "outlier")]


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[int, list[Finding]]]:
    """The rows of each sort of table, and what was found in them."""
    result = {}
    for place, (name, make) in enumerate(TABLES.items()):
        frames = [make(np.random.default_rng([seed, place])) for seed in range(SEEDS)]
        result[name] = (sum(map(len, frames)), [finding for frame in frames for finding in findings(frame)])
    return result


def test_at_most_one_row_in_a_hundred_is_named(found: dict[str, tuple[int, list[Finding]]]) -> None:
    rows = sum(rows for rows, _ in found.values())
    assert sum(len(each) for _, each in found.values()) <= 0.01 * rows


@pytest.mark.parametrize("name", TABLES)
def test_few_rows_of_each_sort_are_named(name: str, found: dict[str, tuple[int, list[Finding]]]) -> None:
    rows, each = found[name]
    assert len(each) <= max(1, 0.02 * rows)


def test_no_sound_row_is_repaired(found: dict[str, tuple[int, list[Finding]]]) -> None:
    assert [finding for _, each in found.values() for finding in each if finding.repair] == []


@pytest.mark.parametrize("row", [0, 7, 20])
def test_a_slip_with_two_signs_is_repaired(row: int) -> None:
    rng = np.random.default_rng(5)
    T = rng.integers(3000, 5000, 60) / 10
    written = T.tolist()
    written[row] = round(written[row] / 10, 2)
    frame = pd.DataFrame({"T [degC]": written, "y": np.round(0.5 * T + rng.normal(0, 1, 60), 2)})
    (finding,) = findings(frame)
    assert (finding.kind, finding.row) == ("slip", row + 2)
    assert [change.now for change in finding.repair] == [f"{T[row]:g}"]

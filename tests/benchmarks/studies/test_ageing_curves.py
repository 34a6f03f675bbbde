"""The table of simulated heat treatments: its designs, its curves, and how it is resumed and read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks.studies import ageing_curves
from benchmarks.studies.ageing_curves import COLUMNS, CURVE, SETTINGS, SHARES, curve, designs, read_table
from designer.errors import MeasurementFailed
from designer.oracles.simulators.ageing import PARAMETERS, Aged, Ageing, History, conductivity


def test_designs_are_in_the_space_and_do_not_depend_on_their_number() -> None:
    assert designs(7) == designs(20)[:7]
    assert len(set(designs(20))) == 20
    lows, highs = np.array([parameter.bounds for parameter in PARAMETERS], dtype=float).T
    assert np.all(np.array(designs(20)) >= lows)
    assert np.all(np.array(designs(20)) <= highs)


def test_the_curve_is_the_conductivity_at_the_shares_of_the_time() -> None:
    seconds = np.linspace(0.0, 1000.0, 1001)
    matrix = 3e-3 - 2e-6 * seconds
    expected = [conductivity(3e-3, 3e-3 - 2e-6 * 1000.0 * share) for share in SHARES]
    assert curve(3e-3, History(seconds, matrix)) == pytest.approx(expected)


def test_a_table_is_resumed_and_failed_designs_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "table.csv"
    monkeypatch.setattr(ageing_curves, "provenance", lambda: iter(["# how", ",".join(COLUMNS)]))
    given = designs(3)
    good = [60.0 + i / 8 for i in range(len(CURVE))]
    values = {given[0]: [*good, 400.0], given[1]: [math.nan] * (len(CURVE) + 1), given[2]: [*good, 300.5]}
    asked: list[tuple[float, ...]] = []

    class Pool:
        def __init__(self, workers: int, mp_context: object) -> None: ...
        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *error: object) -> None: ...
        def map(self, work: object, left: list[tuple[float, ...]]) -> list[list[float]]:
            asked.extend(left)
            return [values[design] for design in left]

    monkeypatch.setattr(ageing_curves, "ProcessPoolExecutor", Pool)
    for number in ("2", "3", "3"):
        assert ageing_curves.main(["--out", str(path), "--designs", number]) == 0
    assert asked == given
    frame = read_table(path)
    assert frame[list(SETTINGS)].to_numpy().tolist() == [list(given[0]), list(given[2])]
    assert frame["yield_strength"].tolist() == [400.0, 300.5]
    assert frame[list(CURVE)].to_numpy().tolist() == [good, good]


def test_a_missing_table_or_one_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(FileNotFoundError, match=r"table.csv does not exist; `python -m benchmarks.studies.ageing_curv"):
        read_table(path)
    path.write_text("# how\nsolute,time\n0.1,2\n")
    with pytest.raises(ValueError, match=r"table.csv: the columns are solute, time; they must be solute, temperature"):
        read_table(path)


def test_a_failed_simulation_has_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Ageing, *given: float) -> tuple[Aged, History]:
        raise MeasurementFailed("no solution")

    monkeypatch.setattr(Ageing, "followed", fail)
    values = ageing_curves.simulated((0.2, 400.0, 5.0))
    assert len(values) == len(CURVE) + 1
    assert all(map(math.isnan, values))

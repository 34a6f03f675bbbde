"""Evidence row by row: a run of rows that are wrong in one way must not bear itself out."""

from __future__ import annotations

import numpy as np

from designer.tasks.quality.fault_model import FaultModel
from designer.tasks.quality.numbers import Column, Numbers


def weighed_twice(seed: int) -> tuple[float, float]:
    """Return the mean evidence of a run of doses in another unit: with each row left out, and with its neighbours."""
    rng = np.random.default_rng(seed)
    n, run = 80, np.arange(32, 40)
    day = np.repeat(rng.uniform(20, 90, 10), 8).round(1)  # what tells the run apart from all other rows
    dose = 10 ** rng.uniform(0, 3, n)
    result = 5 * np.log10(dose) + rng.normal(0, 0.1, n)
    written = dose.copy()
    written[run] *= 10
    columns = (Column("dose", "mg", "setting", written), Column("day", "degC", "setting", day))
    numbers = Numbers((*columns, Column("y", None, "target", result)), np.empty((n, 0)))
    nothing = {column.name: np.zeros(n, dtype=np.bool_) for column in numbers.columns}
    both = [
        one
        for one in FaultModel(numbers, nothing, 0).weighed()
        if one.columns == ("dose",) and one.slip is not None and one.slip.label == "a factor of 10 too large"
    ]
    alone, apart = (float(next(w for w in both if w.runs_only is runs).evidence[run].mean()) for runs in (False, True))
    return alone, apart


def test_a_run_of_settings_is_weighed_without_its_neighbours_results_too() -> None:
    pairs = [weighed_twice(seed) for seed in range(3)]
    assert all(apart > alone for alone, apart in pairs), pairs
    assert np.mean([apart - alone for alone, apart in pairs]) > 1.0, pairs

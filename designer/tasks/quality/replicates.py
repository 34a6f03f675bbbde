"""Designs that were measured several times: rows that were written twice, and replicates that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from designer.arrays import FloatArray
from designer.tasks.quality.findings import Change, Finding
from designer.tasks.quality.sheet import Sheet

_MAX_DEVIATIONS = 8.0
"""Standard deviations of the other replicates by which two may differ."""
_MIN_SHARE_OF_SPREAD = 0.25
_SHARE_WITHOUT_REPLICATES = 0.5
_MIN_REPLICATED_DESIGNS = 5


def written_twice(sheet: Sheet) -> Iterator[Finding]:
    """Go through the rows that repeat an earlier one cell by cell, remarks and all."""
    first: dict[tuple[str, ...], int] = {}
    for row, cells in zip(sheet.frame.index, sheet.frame.astype(str).itertuples(index=False, name=None), strict=True):
        earlier = first.setdefault(cells, int(row))
        if earlier != row:
            what = f"the row is the same as row {earlier}, cell by cell"
            remedy = "a replicate, or written twice? --repair takes it out"
            yield sheet.finding("duplicate", what, remedy, row=int(row), repair=(Change(int(row), None, ""),))


def contradictions(sheet: Sheet, keys: list[bytes], header: str, values: FloatArray) -> Iterator[Finding]:
    """Go through the groups of replicates whose values differ by more than replicates do.

    Where at least `_MIN_REPLICATED_DESIGNS` designs were measured more than once, by `_MAX_DEVIATIONS` times their
    pooled standard deviation (the median of the groups', so that contradictions do not raise the limit) and a quarter
    of the spread of all values; else by half of that spread.
    """
    frame = pd.DataFrame({"key": keys, "value": values, "row": sheet.frame.index}).dropna()
    groups = [group for _, group in frame.groupby("key", sort=False) if len(group) > 1]
    if not groups:
        return
    spread = float(np.diff(np.quantile(frame["value"], [0.1, 0.9]))[0])
    deviations = [float(group["value"].std(ddof=1)) for group in groups]
    limit = _SHARE_WITHOUT_REPLICATES * spread
    if len(groups) >= _MIN_REPLICATED_DESIGNS:
        limit = max(_MAX_DEVIATIONS * float(np.median(deviations)), _MIN_SHARE_OF_SPREAD * spread)
    for group in groups:
        values, rows = group["value"].to_numpy(), group["row"].to_numpy()
        low, high = int(values.argmin()), int(values.argmax())
        if values[high] - values[low] > limit > 0:
            what = (
                f"replicates contradict each other: {values[low]:.6g} in row {rows[low]} and {values[high]:.6g} in row "
                f"{rows[high]}, of {len(values)}"
            )
            remedy = "look both up; if both stand, a setting that matters is missing from the table"
            yield sheet.finding("contradiction", what, remedy, row=int(rows[high]), column=header)

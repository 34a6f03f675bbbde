"""From evidence row by row to faults: single rows, or runs of consecutive rows."""

from __future__ import annotations

import numpy as np

from designer.arrays import FloatArray

_STAY = _LEAVE = np.log(0.5)
MAX_FOR_A_ROW = 30.0


def faulty_runs(evidence: FloatArray, prior: float) -> np.ndarray:
    """Return the rows (n) that are more likely faulty than not, by the most likely sequence of right and faulty rows.

    Parameters
    ----------
    evidence
        The log of how much more likely each row is if it has the fault.
    prior
        The chance that a fault begins at a row; it goes on to the next row every other time.
    """
    evidence = np.clip(np.nan_to_num(evidence, nan=0.0, neginf=-50.0, posinf=50.0), -50.0, MAX_FOR_A_ROW)
    begin, go_on = np.log(prior), np.log1p(-prior)
    n = len(evidence)
    score = np.zeros(2)
    back = np.zeros((n, 2), dtype=np.int8)
    score[1] = -np.inf
    for i in range(n):
        right = (score[0] + go_on, score[1] + _LEAVE)
        wrong = (score[0] + begin, score[1] + _STAY)
        back[i] = (int(right[1] > right[0]), int(wrong[1] > wrong[0]))
        score = np.array([max(right), max(wrong) + evidence[i]])
    state = int(score[1] + _LEAVE > score[0])
    found = np.zeros(n, dtype=np.bool_)
    for i in range(n - 1, -1, -1):
        found[i] = state == 1
        state = int(back[i, state])
    return found


def long_runs(rows: np.ndarray, min_length: int) -> np.ndarray:
    """Return the rows (n) that stand in a run of at min_length so many.

    >>> long_runs(np.array([True, False, True, True, True]), 3)
    array([False, False,  True,  True,  True])
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(np.int8)))
    kept = np.zeros(len(rows), dtype=np.bool_)
    for start, end in edges.reshape(-1, 2):
        kept[start:end] = end - start >= min_length
    return kept

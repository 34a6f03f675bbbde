"""From evidence row by row to faults: one row, or a run of rows that one person wrote on one day."""

from __future__ import annotations

import numpy as np

from designer.tasks.quality.density import Array

_STAY = np.log(0.8)
_LEAVE = np.log(0.2)
MOST_FOR_A_ROW = 30.0


def faulty_runs(evidence: Array, prior: float) -> np.ndarray:
    """Return the rows (n) that are more likely faulty than not, by the most likely sequence of right and faulty rows.

    Parameters
    ----------
    evidence
        The log of how much more likely each row is if it has the fault.
    prior
        The chance that a fault begins at a row; it then goes on to the next row four times in five.
    """
    evidence = np.clip(np.nan_to_num(evidence, nan=0.0, neginf=-50.0, posinf=50.0), -50.0, MOST_FOR_A_ROW)
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

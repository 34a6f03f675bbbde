"""Targets on a linear scale whose results ask for a logarithmic one: they span decades, or are strongly skewed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from designer.arrays import FloatArray
from designer.objective import Target

MIN_RESULTS, MIN_RESULTS_FOR_SKEW = 5, 10
MAX_RATIO = 100.0
"""Of the largest to the smallest result: two decades."""
MAX_SKEWNESS = 2.0
"""Of the results (standardised third moment); that of an exponential distribution. Logarithms must halve it."""


def wide_targets(targets: Sequence[Target], results: Iterable[Mapping[str, float]]) -> dict[str, str]:
    """Return by name why a target's results ask for ``scale: log``, and how to say so; others are left out.

    Only targets whose results are all above zero.

    >>> rows = [{"rho": rho} for rho in (1e-4, 3e-4, 2e-3, 8e-3, 0.05)]
    >>> wide_targets([Target(name="rho", unit="ohm*cm", goal="minimize")], rows)["rho"]
    "rho: the results span 2.7 decades (0.0001 to 0.05 ohm*cm). Add 'scale: log' to this target, and it is modelled in logarithms; the campaign goes on with all its results."
    """  # noqa: E501  # one line of output
    results = list(results)
    found = {}
    for target in targets:
        y = np.array([each[target.name] for each in results if target.name in each])
        if target.is_log or len(y) < MIN_RESULTS or y.min() <= 0:
            continue
        why = _why(y, f" {target.unit}" if target.unit else "")
        if why is not None:
            found[target.name] = (
                f"{target.name}: the results {why}. Add 'scale: log' to this target, and it is modelled in logarithms; "
                "the campaign goes on with all its results."
            )
    return found


def _why(y: FloatArray, unit: str) -> str | None:
    low, high = float(y.min()), float(y.max())
    if low < high / MAX_RATIO:
        return f"span {np.log10(high) - np.log10(low):.1f} decades ({low:.3g} to {high:.3g}{unit})"
    if len(y) >= MIN_RESULTS_FOR_SKEW and _skewness(y) > MAX_SKEWNESS and abs(_skewness(np.log(y))) < _skewness(y) / 2:
        return f"are strongly skewed (skewness {_skewness(y):.1f}, {low:.3g} to {high:.3g}{unit})"
    return None


def _skewness(y: FloatArray) -> float:
    away = y - y.mean()
    spread = float(np.sqrt(np.mean(away**2)))
    return float(np.mean(away**3)) / spread**3 if spread > 0 else 0.0

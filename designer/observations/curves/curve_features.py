"""The registry of features of curves: functions from curves on one axis to a few numbers each.

A function of features gets the positions of the common axis (``g``) and the curves on it (``p x g``, baseline
subtracted where the observation is a spectrum) and returns ``p x k`` numbers, ``k`` from 1 to `MAX_FEATURES`, NaN where
a curve has no such feature. It must be a pure function: the same curves give the same numbers. Another package adds one
by an entry point of the group ``designer.curve_features``, or a program by ``CURVE_FEATURES.register``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from designer.arrays import FloatArray
from designer.observations.images.image_features import MAX_FEATURES
from designer.registry import Registry

__all__ = ["CURVE_FEATURES", "MAX_FEATURES", "FeatureFunction"]

FeatureFunction: TypeAlias = Callable[[FloatArray, FloatArray], FloatArray]

CURVE_FEATURES: Registry[FeatureFunction] = Registry(
    "designer.curve_features",
    "kind of features of curves",
    {
        "components": "designer.observations.curves.functional_components:component_scores",
        "peaks": "designer.observations.curves.curve_peaks:largest_peaks",
    },
    accepts=callable,
    expected="a function of positions (g) and curves (p x g) that returns p x k numbers",
)
"""Every function of features by its name."""

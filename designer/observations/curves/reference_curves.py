"""Targets with ``goal: match`` of a reference curve: the reference in a campaign file, and the distance of a curve.

Reference: C. Villani, Optimal Transport (2009), chapter 6, for the distance of Wasserstein.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.objective import Target
from designer.observations.curves.common_axis import aligned, common_axis, without_baseline
from designer.observations.curves.curve import Curve
from designer.observations.curves.curve_cells import CellFiles, curve_of_text, names_file, path_of, read_curve_cell
from designer.observations.observation import Observation

MIN_COVERED = 0.5
"""Share of the axis that a curve must cover to be compared."""
TOLERANCE = 1e-6
"""Relative difference up to which a recorded distance is that of the recorded curve."""


def with_references(data: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Return the content of a campaign file in which each reference is a text of points, and the faults of its files.

    A reference is the path of a file of a curve in `folder` or below it, a text of points, or a list of pairs.
    """
    content, faults = dict(data), list[Fault]()
    targets = data.get("targets")
    if not isinstance(targets, list | tuple):
        return content, faults
    read = list(targets)
    for i, target in enumerate(targets):
        if isinstance(target, Mapping) and target.get("reference") is not None:
            try:
                read[i] = {**target, "reference": _text_of(target["reference"], folder)}
            except InvalidInput as error:
                faults += [Fault(each.what, each.remedy, path=("targets", i, "reference")) for each in error.faults]
    return {**content, "targets": read}, faults


def _text_of(given: Any, folder: Path) -> str:
    if names_file(given):
        return CellFiles().at(path_of(given.strip(), folder), _PLAIN).text
    return read_curve_cell(given, _PLAIN, CellFiles()).text


_PLAIN = Observation(name="reference", kind="curve")


@lru_cache(maxsize=16)
def reference_curve(text: str) -> Curve:
    """Return the reference that a target holds as text."""
    return curve_of_text(text)


def match_faults(targets: Sequence[Target], observations: Sequence[Observation]) -> Iterator[Fault]:
    """Yield what is wrong with targets that match a reference curve, beside the observations of a campaign."""
    known = {each.name: each for each in observations}
    for i, target in enumerate(targets):
        if target.reference is None or target.curve is None:
            continue
        observation = known.get(target.curve)
        if observation is None:
            curves = [each.name for each in observations if each.is_curve]
            remedy = did_you_mean(target.curve, curves) if curves else ""
            remedy = remedy or f"add 'observations: [{{name: {target.curve}, kind: curve}}]'"
            yield Fault(f"there is no observation {target.curve!r}", remedy, path=("targets", i, "curve"))
        elif not observation.is_curve or observation.is_image:
            what = f"observation {target.curve!r} is a {observation.noun}, and the target matches a curve"
            yield Fault(what, "name an observation of kind curve or spectrum", path=("targets", i, "curve"))
        elif observation.stage is not None:
            what = f"observation {target.curve!r} has a stage, and is the result of target {target.name!r}"
            yield Fault(what, "leave 'stage' and 'cost' of the observation out", path=("targets", i, "curve"))


def curve_distance(curve: Curve, target: Target, observation: Observation) -> float:
    """Return the distance of a curve from the reference of a target.

    ``l2`` is the root of the mean squared difference over the axis, in the unit of the curve. ``wasserstein`` is the
    mean distance along the axis, in its unit, over which one curve is to be moved to become the other; both are taken
    from their smallest values and scaled to the same area.

    Raises
    ------
    InvalidInput
        If the curve does not cover half of the axis.
    """
    assert target.reference is not None
    reference = reference_curve(target.reference)
    limits = observation.axis
    low, high = (None, None) if limits is None else (limits.low, limits.high)
    x = common_axis([reference], low, high)
    span = min(curve.x[-1], x[-1]) - max(curve.x[0], x[0])
    if span < MIN_COVERED * (x[-1] - x[0]):
        what = f"the curve goes from {curve.x[0]:g} to {curve.x[-1]:g}, and the reference from {x[0]:g} to {x[-1]:g}"
        raise InvalidInput(Fault(what, "give a curve over the axis of the reference"))
    first, second = (without_baseline(aligned(each, x), observation) for each in (curve, reference))
    if target.distance == "wasserstein":
        return wasserstein(x, first, second)
    return l2(x, first, second)


def l2(x: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Return the root of the mean squared difference of values (``g``) over positions (``g``, rising).

    >>> l2(np.array([0.0, 1.0, 4.0]), np.array([2.0, 2.0, 2.0]), np.array([5.0, 5.0, 5.0]))
    3.0
    """
    return float(np.sqrt(np.trapezoid((first - second) ** 2, x) / (x[-1] - x[0])))


def wasserstein(x: FloatArray, first: FloatArray, second: FloatArray) -> float:
    """Return the distance of Wasserstein (order 1) of values (``g``), as densities over positions (``g``, rising).

    A constant curve is a uniform density.

    >>> wasserstein(np.arange(5.0), np.array([0, 1, 0, 0, 0.0]), np.array([0, 0, 0, 2, 0.0]))
    2.0
    """
    from scipy.stats import wasserstein_distance

    widths = np.gradient(x)
    masses = []
    for values in (first, second):
        above = (values - values.min()) * widths
        masses.append(above if above.sum() > 0 else widths)
    return float(wasserstein_distance(x, x, *masses))


def curve_distances(
    targets: Sequence[Target],
    observations: Mapping[str, Observation],
    observed: Mapping[str, Any],
    values: Mapping[str, float | None],
) -> tuple[dict[str, float], list[Fault]]:
    """Return the distances of observed curves from the references of targets, by target, and the faults.

    Parameters
    ----------
    observed
        Observations of one experiment by their names.
    values
        Values of targets that are given beside them: a given distance must be that of the curve.
    """
    found: dict[str, float] = {}
    faults: list[Fault] = []
    for target in targets:
        curve = observed.get(target.curve or "")
        if target.reference is None or not isinstance(curve, Curve):
            continue
        try:
            distance = curve_distance(curve, target, observations[target.curve or ""])
            given = values.get(target.name, distance)
            if given is None or abs(given - distance) > TOLERANCE * max(abs(distance), 1.0):
                what = f"the distance of the curve {target.curve!r} is {distance:g}, and {target.name!r} is {given}"
                raise InvalidInput(Fault(what, f"leave {target.name!r} out: it is computed"))
            target.check_value(distance)
            found[target.name] = distance
        except InvalidInput as error:
            faults += [each.at(column=target.curve) for each in error.faults]
    return found, faults

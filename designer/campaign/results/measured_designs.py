"""Results gathered by design: replicates of one design are one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.campaign.log.events import Design
from designer.campaign.log.state import Measurement
from designer.campaign.results.designs import coordinates_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.units.limits import Side


@dataclass(frozen=True, eq=False)
class MeasuredDesign:
    """One design that was made, and the mean of each target over its measurements.

    Parameters
    ----------
    means
        ``m`` values in the targets' units, NaN where a target was not measured; geometric means on a log scale.
    sides
        On which side of its mean each target lies where a measurement was a limit: ``<``, ``>``, or None.
    certain
        ``m`` values by which goals and limits are decided: `means`, NaN where a limit does not decide.
    counts
        ``m`` numbers of measured values.
    allowed
        Whether the design keeps the bounds and the constraints of the space. One that does not was made before they
        changed, or elsewhere: the model learns from it, but it is neither the best nor a reason to stop.
    """

    design: Design
    coordinates: FloatArray
    measurements: tuple[str, ...]
    suggestions: tuple[str, ...]
    means: FloatArray
    sides: tuple[Side | None, ...]
    certain: FloatArray
    counts: IntArray
    allowed: bool = True

    @property
    def label(self) -> str:
        """The ids under which the design is known: of its suggestion, else of its measurement."""
        return " and ".join(self.suggestions or self.measurements)


def by_design(space: DesignSpace, targets: Sequence[Target], results: Sequence[Measurement]) -> list[MeasuredDesign]:
    """Return each measured design once, in the order of `results`."""
    coordinates = coordinates_of(space, (each.design for each in results))
    groups: dict[object, list[int]] = {}
    for i, key in enumerate(space.keys(coordinates)):
        groups.setdefault(key, []).append(i)
    names = [target.name for target in targets]
    allowed = space.within(coordinates)
    measured = []
    for rows in groups.values():
        Y = np.array([[results[i].values.get(name, np.nan) for name in names] for i in rows])
        counts = np.isfinite(Y).sum(axis=0)
        Z = np.stack([target.scaling.model(Y[:, j]) for j, target in enumerate(targets)], axis=-1)
        means = np.where(counts > 0, np.nansum(Z, axis=0) / np.maximum(counts, 1), np.nan)
        means = np.array([target.scaling.unit(mean) for target, mean in zip(targets, means, strict=True)])
        given = [{side for i in rows if (side := results[i].censored.get(name)) is not None} for name in names]
        means = np.where([len(sides) > 1 for sides in given], np.nan, means)  # below one and above another: unknown
        sides = tuple(next(iter(sides)) if len(sides) == 1 else None for sides in given)
        suggestions = dict.fromkeys(name for i in rows if (name := results[i].suggestion) is not None)
        measured.append(
            MeasuredDesign(
                dict(results[rows[0]].design),
                coordinates[rows[0]],
                tuple(sorted(results[i].id for i in rows)),
                tuple(suggestions),
                means,
                sides,
                _certain(targets, means, sides),
                counts,
                bool(allowed[rows[0]]),
            )
        )
    return measured


def _certain(targets: Sequence[Target], means: FloatArray, sides: Sequence[Side | None]) -> FloatArray:
    decided = [side is None or target.is_decided_by(side) for target, side in zip(targets, sides, strict=True)]
    return np.where(decided, means, np.nan)


def allowed_mask(groups: Sequence[MeasuredDesign]) -> BoolArray:
    """Return which measured designs keep the bounds and the constraints (``n``)."""
    return np.array([group.allowed for group in groups], dtype=np.bool_)


def forbidden_measurements(space: DesignSpace, results: Sequence[Measurement]) -> frozenset[str]:
    """Return the ids of the measurements whose designs do not keep the bounds and the constraints."""
    allowed = space.within(coordinates_of(space, (each.design for each in results)))
    return frozenset(each.id for each, keeps in zip(results, allowed, strict=True) if not keeps)


def means_of(results: Sequence[Measurement], targets: Sequence[Target]) -> dict[str, float]:
    """Return the mean of each target over some measurements, on its scale; a target that none has is left out.

    Limits count as their numbers.
    """
    targets = [target for target in targets if not target.is_preference]
    found = {
        t.name: [t.scaling.model(each.values[t.name]) for each in results if t.name in each.values] for t in targets
    }
    return {t.name: float(t.scaling.unit(float(np.mean(found[t.name])))) for t in targets if found[t.name]}

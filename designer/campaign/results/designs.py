"""Designs as mappings from lab column to value, and as the space's coordinates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.log.events import Design
from designer.space import DesignSpace
from designer.space.absent_cells import is_absent


def coordinates_of(space: DesignSpace, designs: Iterable[Mapping[str, Any]]) -> FloatArray:
    """Return the coordinates (``n x c``) of designs in lab units."""
    import pandas as pd

    rows = [dict(design) for design in designs]
    if not rows:
        return np.empty((0, len(space.columns)))
    return space.coordinates(pd.DataFrame(rows, columns=list(space.columns)))


def lab_designs(space: DesignSpace, coordinates: FloatArray) -> list[Design]:
    """Return designs in lab units, of plain numbers and words; None where a conditional parameter does not exist."""
    return [
        {
            str(column): None if is_absent(value) else value if isinstance(value, str) else float(value)
            for column, value in row.items()
        }
        for row in space.frame(coordinates).to_dict(orient="records")
    ]


def candidate_ids(space: DesignSpace, designs: Iterable[Mapping[str, Any]]) -> list[str | None]:
    """Return what the table of candidates calls each design; None where it has no name for it."""
    given = list(designs)
    if space.pool is None:
        return [None] * len(given)
    return space.pool.labels_of(coordinates_of(with_words_of(space, given), given))


def violations(space: DesignSpace, design: Mapping[str, Any]) -> list[str]:
    """Return in words how a design leaves the space; nothing if it does not."""
    space = with_words_of(space, [design])
    return space.violations(coordinates_of(space, [design])[0])


def all_violations(space: DesignSpace, designs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return `violations` of many designs, computed together, and put into words only where one leaves the space.

    A listed design of a pool may lie between the steps, which is reported; so those are all put into words.
    """
    space = with_words_of(space, designs)
    coordinates = coordinates_of(space, designs)
    quiet = space.valid(coordinates) if space.pool is None else np.zeros(len(coordinates), dtype=np.bool_)
    return [[] if fine else space.violations(row) for fine, row in zip(quiet, coordinates, strict=True)]


def with_words_of(space: DesignSpace, designs: Iterable[Mapping[str, Any]]) -> DesignSpace:
    """Return the space with the words of all `designs` in its vocabularies, in an order that is their own."""
    columns = {each.name: each.lab_columns[0] for each in space.parameters if each.kind in ("formula", "molecule")}
    if not columns:
        return space
    given = list(designs)
    words = {name: {str(design[column]) for design in given} for name, column in columns.items()}
    formulas = [each.name for each in space.parameters if each.kind == "formula"]
    together = set().union(*(words[name] for name in formulas))
    return space.with_words({name: sorted(together if name in formulas else own) for name, own in words.items()})

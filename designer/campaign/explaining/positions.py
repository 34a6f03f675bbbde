"""Positions of designs on the axes of a space."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.explaining.explanation import AxisPosition
from designer.campaign.log.events import Design
from designer.campaign.log.state import CampaignState
from designer.campaign.results.designs import lab_designs
from designer.campaign.wording import setting_text
from designer.space import DesignSpace, ShareParameter
from designer.space.encoding import Encoder
from designer.space.fidelity.fidelity_parameter import FidelityParameter
from designer.space.parameters.categorical import CategoricalParameter
from designer.space.parameters.open_vocabulary import VocabularyParameter


def made_designs(state: CampaignState) -> list[Design]:
    """Return the designs that were made, failed ones included."""
    results = [dict(each.design) for each in state.results]
    return results + [dict(each.design) for each in state.failures]


def axis_positions(space: DesignSpace, x: FloatArray, made: FloatArray) -> tuple[AxisPosition, ...]:
    """Return the position of the design `x` (``c``) on each axis, with those of the designs `made` (``n x c``).

    Formulas have no axis. Members that are zero in all designs are left out.
    """
    rows = np.concatenate([x[None], made])
    positions = Encoder(space, descriptors=False).encode(rows)
    return tuple(_axis_positions(space, rows, positions))


def _axis_positions(space: DesignSpace, rows: FloatArray, positions: FloatArray) -> Iterator[AxisPosition]:
    columns = Encoder(space, descriptors=False).columns
    (design,) = lab_designs(space, rows[:1])
    there = space.conditions.exists(rows)
    everything = rows, positions
    for k, (parameter, part) in enumerate(space.parts()):
        rows, positions = (each[there[:, k]] for each in everything)
        if design[parameter.lab_columns[0]] is None:
            continue  # it does not exist in the design
        own = [i for i, column in enumerate(columns) if column.parameter == parameter.name]
        setting = setting_text(parameter, design)
        if isinstance(parameter, VocabularyParameter | FidelityParameter):
            continue
        if isinstance(parameter, CategoricalParameter):
            yield _axis_position(parameter.name, setting, rows[:, part.start] / max(1, parameter.count - 1))
        elif isinstance(parameter, ShareParameter):
            for i, member, header in zip(own, parameter.members, parameter.lab_columns, strict=True):
                if positions[:, i].any():
                    yield _axis_position(
                        f"{parameter.name} {member}", f"{float(design[header] or 0.0):.6g}", positions[:, i]
                    )
        else:
            yield _axis_position(parameter.name, setting, positions[:, own[0]])


def _axis_position(name: str, setting: str, positions: FloatArray) -> AxisPosition:
    here, *made = positions.tolist()
    return AxisPosition(name, setting, here, tuple(made))

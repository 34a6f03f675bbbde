"""The runs of a classical design that a campaign file names, in lab units."""

from __future__ import annotations

import re
from dataclasses import dataclass

from designer.acquisition.classical.design import ClassicalDesign
from designer.campaign.log.events import Design
from designer.campaign.results.designs import lab_designs
from designer.space import DesignSpace

_BLOCK = re.compile(r"run \d+ of \d+, block (\d+) of \d+$")


@dataclass(frozen=True)
class PlannedRun:
    """One first design that is planned, in lab units, and the reason that its suggestion states."""

    design: Design
    reason: str


def planned_runs(space: DesignSpace, design: ClassicalDesign, batch_size: int, seed: int) -> tuple[PlannedRun, ...]:
    """Return the runs of a classical design in the order in which they are suggested; replicates stand several times.

    Always the same for the same space, design, batch size and seed.
    """
    from designer.acquisition.classical.design_runs import first_runs

    runs = first_runs(space, design, batch_size, seed)
    number, blocks = len(runs.coordinates), int(runs.blocks.max()) + 1
    planned = []
    for i, (each, block) in enumerate(zip(lab_designs(space, runs.coordinates), runs.blocks.tolist(), strict=True)):
        of_blocks = f", block {block + 1} of {blocks}" if blocks > 1 else ""
        planned.append(PlannedRun(each, f"{design.words}: run {i + 1} of {number}{of_blocks}"))
    return tuple(planned)


def block_of(reason: str | None) -> int | None:
    """Return the block, from 1, that the reason of a suggestion states; None where it states none.

    >>> block_of("factorial design: run 6 of 7, block 2 of 2"), block_of("fills the space")
    (2, None)
    """
    found = _BLOCK.search(reason or "")
    return int(found[1]) if found else None

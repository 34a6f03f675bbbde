"""Sources: the other tasks of a family, without near copies, repeats of target designs, or more rows than allowed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.suite.pools import Pool, pool_of
from benchmarks.suite.sources import MAX_ROWS, MIN_ROWS, design_keys, digest, sources_of
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Family, Task, load_family

LINE = DesignSpace(parameters=[{"name": "x", "kind": "numeric", "bounds": [0, 1000]}])
Y = Target(name="y", goal="maximize")


def line(name: str, xs: range, *, target: Target = Y, group: str | None = None) -> Task:
    data = pd.DataFrame({"x": [float(x) for x in xs], target.name: [float(x % 7) for x in xs]})
    return Task(space=LINE, targets=[target], data=data, name=name, family="lines", group=group)


def pool_and_family(*others: Task, related: bool = True) -> tuple[Pool, Family]:
    target = line("target", range(20), group="near")
    return pool_of(target), Family("lines", (target, *others), related=related)


def test_rows_that_repeat_a_design_of_the_pool_are_removed() -> None:
    pool, family = pool_and_family(line("other", range(10, 50)))
    (source,) = sources_of(family, pool)
    assert source.data["x"].tolist() == [float(x) for x in range(20, 50)]
    assert source.data["y"].tolist() == [float(x % 7) for x in range(20, 50)]


def test_designs_of_a_drawn_pool_alone_are_removed() -> None:
    target = line("target", range(40))
    pool = pool_of(target, rows=15)
    (source,) = sources_of(Family("lines", (target, line("other", range(40)))), pool)
    assert set(source.data["x"]) == set(target.data["x"]) - set(pool.candidates.designs["x"])


def test_at_most_so_many_rows_always_the_same_ones() -> None:
    pool, family = pool_and_family(line("other", range(900)))
    (source,) = sources_of(family, pool)
    (again,) = sources_of(family, pool)
    assert len(source) == MAX_ROWS
    assert source.data["x"].is_monotonic_increasing
    assert digest([source]) == digest([again]) != digest([])


def test_too_few_new_rows_are_no_source() -> None:
    pool, family = pool_and_family(line("other", range(20 + MIN_ROWS - 1)))
    assert sources_of(family, pool) == ()


def test_near_copies_and_unrelated_tasks_are_no_sources() -> None:
    near, far = line("near", range(30, 60), group="near"), line("far", range(30, 60), group="far")
    pool, family = pool_and_family(near, far)
    assert [source.name for source in sources_of(family, pool)] == ["far"]
    pool, family = pool_and_family(near, far, related=False)
    assert sources_of(family, pool) == ()


def test_another_quantity_is_a_source_only_where_the_suite_says_so() -> None:
    pool, family = pool_and_family(line("other", range(30, 60), target=Target(name="z")))
    assert sources_of(family, pool) == ()
    assert [s.targets[0].name for s in sources_of(family, pool, across_targets=True)] == ["z"]


def test_one_design_has_one_key_whatever_elements_its_task_lists() -> None:
    def keys(elements: list[str], rows: list[list[float]]) -> list[object]:
        space = DesignSpace(parameters=[{"name": "c", "kind": "composition", "elements": elements, "total": 1.0}])
        return list(design_keys(space, pd.DataFrame(rows, columns=list(space.columns))))

    assert keys(["Ni", "Fe", "Co"], [[0.5, 0.5, 0.0]]) == keys(["Fe", "Ni"], [[0.5, 0.5]])
    assert keys(["Ni", "Fe"], [[0.5, 0.5]]) != keys(["Ni", "Co"], [[0.5, 0.5]])


def test_no_source_of_a_measured_family_repeats_a_target_design(designer_data: Path) -> None:
    family = load_family(designer_data / "oer_plates")
    pool = pool_of(family.task("plate_3496"))
    taken = set(design_keys(pool.candidates.space, pool.candidates.designs))
    found = sources_of(family, pool)
    assert len(found) == 2
    for source in found:
        everything = set(design_keys(source.space, family.task(source.name).data))
        assert everything & taken
        assert not set(design_keys(source.space, source.data)) & taken

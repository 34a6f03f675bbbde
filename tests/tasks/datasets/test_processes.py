"""Measured processes: as many measurements and designs as their publications say, no value changed."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from designer.errors import MissingExtra
from designer.tasks.datasets import processes


@pytest.fixture
def bocode() -> None:
    if importlib.util.find_spec("bocode") is None:
        pytest.skip("bocode ships the measurements; install the extra 'bocode'")


@pytest.mark.usefixtures("bocode")
def test_the_campaigns_are_those_of_the_publication() -> None:
    """Liang et al. 2021, table 1: 164, 100, 600, 178 and 94 designs."""
    family = processes.measured_processes()
    sizes = {task.name: (len(task), len(task.distinct().mean)) for task in family.tasks}
    assert sizes == {
        "silver_nanoparticles": (3295, 164),
        "printed_lines": (100, 100),
        "crossed_barrels": (1800, 600),
        "conducting_composites": (233, 178),
        "halide_perovskites": (139, 94),
    }
    assert all(task.dropped.no_setting == task.dropped.no_target == 0 for task in family.tasks)
    assert family.sources("printed_lines") == ()
    assert "bocode" not in sys.modules


@pytest.mark.usefixtures("bocode")
def test_columns_are_where_they_belong() -> None:
    family = processes.measured_processes()
    first = family.task("crossed_barrels").data.iloc[0]
    assert first.to_dict() == {
        "struts": 6.0,
        "twist": 0.0,
        "strut_radius": 1.5,
        "shell_thickness": 0.7,
        "toughness": 1.14466667,
    }
    film = family.task("conducting_composites").data.iloc[0]
    assert (film["film.P3HT"], film["film.D2"], film["conductivity"]) == (45.0, 55.0, 12.77)


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"bocode is not installed; .*materials-designer\[bocode\]"):
        processes.measured_processes()

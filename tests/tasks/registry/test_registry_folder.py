"""A registry of tasks: versions by content, licences kept, nothing overwritten, nothing outside its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.errors import InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks import Task, load_family
from designer.tasks.family import Family
from designer.tasks.registry import registry_folder
from designer.tasks.registry.registry_folder import (
    entries,
    find_entry,
    parameters_of,
    publish_family,
    pull,
    slug_of,
    targets_of,
)
from designer.tasks.registry.task_matches import matches, space_likeness, summary

SPACE = DesignSpace(
    parameters=[
        {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600]},
        {"name": "gas", "kind": "categorical", "choices": ["N2", "Ar"]},
    ]
)
TARGET = Target(name="loss", unit="mV", goal="minimize")


def family(name: str = "films", *, scale: float = 1.0, terms: str | None = "CC-BY-4.0") -> Family:
    data = pd.DataFrame({"T": [300.0, 400, 500, 600], "gas": ["N2", "Ar"] * 2, "loss": scale * np.arange(4.0)})
    task = Task(space=SPACE, targets=[TARGET], data=data, name="one")
    return Family(name=name, tasks=(task,), license=terms, citation="Ada 2026")


def test_published_and_pulled(tmp_path: Path) -> None:
    registry = tmp_path / "registry"
    entry, is_new = publish_family(family(), registry, provenance="folder films")
    assert (is_new, entry.license, entry.citation, entry.tasks) == (True, "CC-BY-4.0", "Ada 2026", {"one": 4})
    assert pull(registry, entry.name, tmp_path / "mine") == entry == entries(registry)[0]
    pulled = load_family(tmp_path / "mine")
    assert (pulled.license, pulled.citation) == ("CC-BY-4.0", "Ada 2026")
    pd.testing.assert_frame_equal(pulled.tasks[0].data, family().tasks[0].data)
    assert not list(registry.rglob("*.part"))


def test_versions_by_content(tmp_path: Path) -> None:
    first, _ = publish_family(family(), tmp_path, provenance="a")
    again, is_new = publish_family(family(), tmp_path, provenance="b")
    assert (again, is_new) == (first, False)
    with pytest.MonkeyPatch.context() as patch:  # two programs publish the same at the same time
        patch.setattr(registry_folder, "entries", lambda _: [])
        again, is_new = publish_family(family(), tmp_path, provenance="d")
    assert (again, is_new) == (first, False)
    second, is_new = publish_family(family(scale=2.0), tmp_path, provenance="c")
    assert is_new
    assert {each.digest for each in entries(tmp_path)} == {first.digest, second.digest}
    assert find_entry(tmp_path, f"films@{first.digest[:8]}") == first
    with pytest.raises(InvalidInput, match=r"has no 'film'.*did you mean 'films'"):
        find_entry(tmp_path, "film")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="states no licence; give --license"):
        publish_family(family(terms=None), tmp_path, provenance="a")
    assert not (tmp_path / "films").exists()
    assert publish_family(family(terms=None), tmp_path, provenance="a", terms="internal")[0].license == "internal"
    entry = entries(tmp_path)[0]
    (tmp_path / "there").mkdir()
    with pytest.raises(InvalidInput, match="the folder exists already"):
        pull(tmp_path, "films", tmp_path / "there")
    with pytest.raises(InvalidInput, match="there is no such registry"):
        entries(tmp_path / "none")
    place = tmp_path / "films" / entry.digest
    (place / "one.csv").write_text((place / "one.csv").read_text().replace("3.0", "9.0"))
    with pytest.raises(InvalidInput, match="differs from its digest"):
        pull(tmp_path, "films", tmp_path / "mine")
    assert not (tmp_path / "mine").exists()
    (place / "link.csv").symlink_to("/etc/hostname")
    with pytest.raises(InvalidInput, match=r"'link\.csv' is no part of a family"):
        pull(tmp_path, "films", tmp_path / "mine")
    (place / "entry.json").write_text(json.dumps({"family": "films"}))
    with pytest.raises(InvalidInput, match="the entry of this version cannot be read"):
        entries(tmp_path)


@given(name=st.text(max_size=100))
@settings(max_examples=30, deadline=None)
def test_a_name_is_one_folder_in_the_registry(name: str) -> None:
    try:
        slug = slug_of(name)
    except InvalidInput:
        return
    assert Path("registry", slug).resolve().parent == Path("registry").resolve()
    assert slug == slug.casefold()


class TestMatching:
    """Which families are like a campaign."""

    def test_likest_first(self, tmp_path: Path) -> None:
        publish_family(family("films"), tmp_path, provenance="a")
        other = DesignSpace(parameters=[{"name": "speed", "kind": "numeric", "unit": "rpm", "bounds": [1, 9]}])
        data = pd.DataFrame({"speed": [1.0, 2, 3], "haze": [1.0, 2, 3]})
        task = Task(space=other, targets=[Target(name="haze", unit="percent")], data=data, name="two")
        publish_family(Family(name="coatings", tasks=(task,), license="x"), tmp_path, provenance="b")
        found = matches(entries(tmp_path), parameters_of(SPACE), targets_of([TARGET]))
        assert [(each.entry.slug, each.is_like) for each in found] == [("films", True), ("coatings", False)]
        assert found[0].words == "measured loss; 100 % of the parameters in common"
        assert summary(found) == "1 past family is like this campaign"
        assert summary(found[1:]) == "no past family is like this campaign"

    def test_units_and_members_count(self) -> None:
        alloy = {"name": "film", "kind": "composition", "unit": "at.%", "members": ["Co", "Fe", "Ni"]}
        assert space_likeness([alloy], [{**alloy, "name": "alloy", "members": ["Fe", "Ni"]}]) == pytest.approx(2 / 3)
        mine = parameters_of(SPACE)
        assert space_likeness(mine, mine) == 1.0
        assert space_likeness(mine, []) == 0.0

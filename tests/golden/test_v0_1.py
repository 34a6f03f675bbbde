"""Files that version 0.1 wrote are read by today's code, and say what they said: `tests.golden.keep` wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from designer import Campaign, load_prior
from tests.golden import extract, past
from tests.golden.compare import differences, text_of, tolerance_of
from tests.golden.keep import KEPT, expected, expected_properties, said_of

CAMPAIGNS = ("rounds", "alloys", "candidates")
EVENTS = {
    "created", "suggested", "recorded", "failed", "withdrawn", "amended", "space_changed", "settings_changed",
}  # fmt: skip
PROPERTIES = ("properties", "properties-of-formulas")


def recorded(name: str) -> Any:
    return json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))


def differ(said: Any, name: str, key: str, tolerance: float = 0.0) -> list[str]:
    """Say where something said now differs from what is recorded under a key of a file."""
    kept = recorded(name)
    tolerance = max(tolerance, tolerance_of(kept["environment"]))
    return list(differences(json.loads(text_of(said)), kept["values"][key], tolerance))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with the kept campaign files and their store, which tests may write."""
    for file in [*KEPT.glob("*.yaml"), KEPT / "candidates.csv"]:
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "priors").symlink_to(KEPT / "priors")
    extract.load_dump(KEPT / "store.sql", tmp_path / "store.db")
    return tmp_path


def test_the_store_names_its_campaigns(place: Path) -> None:
    assert sorted(extract.campaigns_of(place / "store.db")) == sorted(CAMPAIGNS)


def test_all_kinds_of_events_are_kept() -> None:
    assert {kind for each in recorded("store")["values"].values() for kind in each["kinds of events"]} == EVENTS


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_folds_into_the_state_it_had(place: Path, name: str) -> None:
    opened = Campaign.open(place / f"{name}.yaml", store=place / "store.db")
    resumed = Campaign.resume(place / "store.db", name, folder=place)
    for campaign in (opened, resumed):
        assert differ(said_of(campaign), "store", name) == []


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_goes_on(place: Path, name: str) -> None:
    campaign = Campaign.open(place / f"{name}.yaml", store=place / "store.db")
    before = len(campaign.events)
    batch = campaign.suggest(1)
    assert list(batch.index) == [f"S{len(recorded('store')['values'][name]['state']['suggestions']) + 1:04d}"]
    assert len(Campaign.resume(place / "store.db", name, folder=place).events) == before + 1


def test_a_prior_of_every_kind_is_kept() -> None:
    assert {path.name for path in (KEPT / "priors").iterdir()} == {*past.KINDS, *PROPERTIES}


@pytest.mark.parametrize("kind", past.KINDS)
def test_a_saved_prior_is_of_its_kind(kind: str) -> None:
    assert load_prior(KEPT / "priors" / kind).kind == kind


@pytest.mark.parametrize("kind", [kind for kind in past.KINDS if kind != "none"])
def test_a_campaign_with_a_saved_prior_expects_what_it_expected(place: Path, kind: str) -> None:
    assert differ(expected(Campaign.open(place / f"with-{kind}.yaml")), "priors", kind) == []


SINGLE_PRECISION = 1e-5
"""Version 0.1 predicted properties in single precision, today's process does in double precision."""


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_saved_prior_over_properties_expects_what_it_expected(name: str) -> None:
    assert differ(expected_properties(name), "priors", name, SINGLE_PRECISION) == []

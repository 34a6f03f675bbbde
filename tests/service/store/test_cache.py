"""The cache of open campaigns: one copy in memory, within limits."""

from __future__ import annotations

from typing import Any

import pytest

from designer.campaign.log.state import CampaignState
from designer.service.lab import Lab
from designer.service.store import cache as cache_module
from tests.service.conftest import Client


def position(state: CampaignState) -> int:
    seen.append(state)
    return state.position


seen: list[CampaignState] = []


def test_the_list_keeps_views_and_no_states(lab: Lab, admin: Client) -> None:
    films = admin.begin()
    admin.ask(films)
    with lab.cache.open("films") as (opened, _):
        assert lab.cache.views(position) == {"films": opened.state.position} == {"films": 2}, "it waits for none in use"
    admin.record(films, {"suggestion": "S0001", "loss": 400})
    assert lab.cache.views(position) == {"films": 3}
    with lab.cache.open("films") as (opened, _):
        assert seen[-1] is opened.state, "an open campaign is not read again"
    number = len(seen)
    assert lab.cache.views(position) == {"films": 3}
    assert len(seen) == number, "what has not changed is not seen again"
    assert lab.cache._views[position] == {"films": (3, 3)}


def test_campaigns_that_are_not_used_are_closed(lab: Lab, admin: Client, monkeypatch: Any) -> None:
    for name in ("a", "b", "c"):
        admin.ask(admin.begin(name=name))
    admin("GET", "/campaigns/a")
    assert list(lab.cache._entries) == ["b", "c", "a"]
    monkeypatch.setattr(cache_module, "MAX_EVENTS", 5)
    admin("GET", "/campaigns/c")
    assert list(lab.cache._entries) == ["a", "c"], "each has two events"
    monkeypatch.setattr(cache_module, "MAX_OPEN", 1)
    admin("GET", "/campaigns/c")
    assert list(lab.cache._entries) == ["c"]
    assert [each["name"] for each in admin("GET", "/campaigns").json()["campaigns"]] == ["a", "b", "c"]
    assert admin("GET", "/campaigns/b").json()["open"] == 2


def test_posteriors_of_campaigns_that_are_not_used_are_forgotten(
    lab: Lab, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {}
    for name in ("a", "b", "c"):
        path = admin.begin(name=name)
        rows = [
            {"film.Ni": 100, "film.Fe": 0, "film.Co": 0, "T": 300 + 25 * i, "gas": "N2", "loss": i} for i in range(5)
        ]
        assert admin("POST", f"{path}/measurements?attach=true", json={"rows": rows}).status_code < 300
        with lab.cache.open(name) as (opened, _):
            known[name] = opened.posterior()
    monkeypatch.setattr(cache_module, "MAX_COVARIANCES", 80)  # two campaigns of six events
    with lab.cache.open("b") as (opened, _):
        assert opened.posterior() is known["b"]
    with lab.cache.open("c") as (opened, _):
        assert opened.posterior() is known["c"]
    with lab.cache.open("a") as (opened, _):
        again = opened.posterior()
        assert again is not None
        assert again is not known["a"]
        before = known["a"]
        assert before is not None
        assert (again.predict(again.coordinates)[0] == before.predict(before.coordinates)[0]).all()

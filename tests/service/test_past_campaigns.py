"""Past campaigns offered to a new one: found by likeness, published by content, previewed."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from designer.service.lab import MAX_PREVIEWS, Lab
from designer.service.past_campaigns import described
from designer.service.work.past_results import MIN_RESULTS
from tests.service.conftest import Client

SPACE = [
    {"name": "T", "kind": "numeric", "unit": "degC", "bounds": [300, 600], "step": 25},
    {"name": "gas", "kind": "categorical", "choices": ["N2", "air"]},
]
TARGETS = [{"name": "loss", "unit": "mV", "goal": "minimize"}]
NEW: dict[str, Any] = {"designer": 1, "name": "next", "space": SPACE, "targets": TARGETS}


@pytest.fixture
def past(admin: Client) -> str:
    """Return a campaign with results, the best at 425 degC."""
    path = admin.begin(name="past", space=SPACE, targets=TARGETS)
    rows = [
        {"T": t, "gas": gas, "loss": abs(t - 425) + (gas == "air")} for t in (300, 425, 500) for gas in ("N2", "air")
    ]
    made = admin("POST", f"{path}/measurements?attach=true", json={"rows": rows})
    assert made.status_code == 200, made.text
    return path


def search(client: Client, **campaign: Any) -> dict[str, Any]:
    answer = client("POST", "/past-tasks/search", json={"campaign": campaign})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_like_campaigns_are_found_published_and_used(admin: Client, past: str) -> None:
    admin.begin(name="too few", space=SPACE, targets=TARGETS)
    found = search(admin, **NEW)
    assert found["summary"] == "1 past campaign looks like this one"
    (first,) = found["found"]
    assert (first["name"], first["campaign"], first["folder"], first["results"]) == ("past", "past", None, 6)
    assert first["words"] == "measured loss; 100 % of the parameters in common"
    published = admin("POST", f"{past}/publication", json={}).json()
    assert (published["new"], published["license"]) == (True, "internal use only")
    assert not admin("POST", f"{past}/publication", json={}).json()["new"], "equal results are published once"
    (first,) = search(admin, **NEW)["found"]
    assert (first["campaign"], first["folder"]) == (None, published["folder"])
    assert [each["folder"] for each in admin("GET", "/past-tasks").json()["entries"]] == [published["folder"]]
    made = admin("POST", "/campaigns", json={**NEW, "prior": {"tasks": [published["folder"]]}})
    assert made.status_code == 201, made.text


def test_new_results_of_a_published_campaign_are_offered(admin: Client, past: str) -> None:
    admin("POST", f"{past}/publication", json={})
    admin("POST", f"{past}/measurements?attach=true", json={"rows": [{"T": 400, "gas": "N2", "loss": 3}]})
    (first,) = search(admin, **NEW)["found"]
    assert (first["campaign"], first["results"]) == ("past", 7)


def test_other_spaces_and_quantities_are_not_alike(admin: Client, past: str) -> None:
    other = {"space": [{"name": "speed", "kind": "numeric", "unit": "rpm"}], "targets": [{"name": "y", "unit": "kg"}]}
    found = search(admin, **other)
    assert found["summary"] == "No past campaign looks like this one"
    assert [each["like"] for each in found["found"]] == [False]


def test_the_preview_writes_nothing(lab: Lab, admin: Client, past: str) -> None:
    body = {"campaign": NEW, "campaigns": ["past"], "n": 1}
    seen = admin("POST", "/past-tasks/preview", json=body)
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert found["columns"] == ["T", "gas"]
    assert len(found["without"]) == len(found["with"]) == 1
    assert found["with"][0]["T"] == pytest.approx(425, abs=50)
    assert found["words"] == f"{found['changed']} of the next 1 suggestion would be others"
    assert lab.store.names() == ["past"]
    assert not (lab.paths.folder / "registry").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"campaign": NEW}, "no past work is named"),
        ({"campaign": {**NEW, "space": []}, "campaigns": ["past"]}, "space"),
        ({"campaign": NEW, "campaigns": ["none"]}, "there is no campaign 'none'"),
        ({"campaign": NEW, "tasks": ["../other"]}, "leads out of the folder"),
        ({"campaign": NEW, "tasks": ["registry/none"]}, "there is no 'registry/none'"),
    ],
)
def test_what_a_preview_refuses(admin: Client, past: str, body: dict[str, Any], message: str) -> None:
    answer = admin("POST", "/past-tasks/preview", json=body)
    assert answer.status_code in (404, 422)
    assert message in answer.text


def test_few_previews_wait(lab: Lab, admin: Client, past: str) -> None:
    lab._previews = [Future() for _ in range(MAX_PREVIEWS)]
    answer = admin("POST", "/past-tasks/preview", json={"campaign": NEW, "campaigns": ["past"]})
    assert (answer.status_code, answer.json()["type"]) == (429, "/problems#busy")


def test_a_campaign_with_few_results_is_not_published(admin: Client) -> None:
    path = admin.begin()
    answer = admin("POST", f"{path}/publication", json={})
    assert answer.status_code == 422
    assert f"fewer than {MIN_RESULTS} results" in answer.json()["detail"]


@pytest.mark.parametrize("content", [{}, {"space": 7, "targets": "x"}, {"space": [7, {"name": 3}, {"name": "a"}]}])
def test_an_incomplete_campaign_is_described(content: dict[str, Any]) -> None:
    assert described(content) == ([], [])

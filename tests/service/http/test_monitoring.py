"""Readiness, metrics, limits on the rate of requests, and the audit log of one user."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from designer.service.http.app import create_app
from designer.service.http.metrics import RequestMetrics
from designer.service.http.rate_limit import RateLimit
from designer.service.http.security import Options
from designer.service.lab import Lab
from designer.service.problems import Refused
from designer.service.store.paths import LabPaths
from tests.service.conftest import Client, workers_in_threads

_LINE = re.compile(r'^[a-z_]+(?:\{[a-z]+="[^"\n]*"(?:,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+$')


def test_metrics_in_the_text_format(http: TestClient, admin: Client) -> None:
    campaign = admin.begin()
    admin("GET", campaign)
    admin("GET", "/campaigns/none")
    http.get("/no/such/path/1")
    answer = http.get("/metrics", headers={"Authorization": f"Bearer {admin.token}"})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert [line for line in lines if not line.startswith("# ") and not _LINE.match(line)] == []
    assert 'designer_requests_total{route="/api/campaigns/{campaign}",method="GET",status="200"} 1' in lines
    assert 'designer_requests_total{route="/api/campaigns/{campaign}",method="GET",status="404"} 1' in lines
    assert "designer_campaigns 1" in lines
    assert f"designer_request_seconds_count {sum_of(lines, 'designer_requests_total')}" in lines
    assert "films" not in answer.text
    assert "admin" not in answer.text


def sum_of(lines: list[str], name: str) -> int:
    return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{"))


def test_metrics_need_a_token(http: TestClient) -> None:
    assert http.get("/metrics").status_code == 401


def test_strange_requests_add_no_further_lines() -> None:
    metrics = RequestMetrics()
    for i in range(1000):
        metrics.observe(f"/route-{i}", "GET" if i % 2 else "\x00", 200, 0.001 * i)
    lines = list(metrics.lines())
    assert len(lines) < 250
    assert sum_of(lines, "designer_requests_total") == 1000


def test_readiness(paths: LabPaths) -> None:
    lab = Lab(paths, workers_in_threads())
    with TestClient(create_app(lab, Options(hosts=("testserver",)))) as http:
        assert http.get("/readyz").json() == {
            "ready": True, "checks": {"database": True, "disk": True, "workers": True},
        }  # fmt: skip
        lab.is_open = False
        answer = http.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]["workers"]) == (503, False)


def test_rate_of_each_user() -> None:
    now = [0.0]
    limit = RateLimit(60, clock=lambda: now[0])  # ten at once, then one a second
    for _ in range(10):
        limit.count("ada")
    with pytest.raises(Refused, match="60 requests a minute"):
        limit.count("ada")
    limit.count("bob")
    now[0] = 2.0
    limit.count("ada")
    limit.count("ada")
    with pytest.raises(Refused):
        limit.count("ada")
    for _ in range(1000):
        RateLimit(0).count("ada")


def test_too_many_requests_over_http(lab: Lab) -> None:
    app = create_app(lab, Options(hosts=("testserver",), requests_per_minute=6))
    with TestClient(app) as http:
        headers = {"Authorization": f"Bearer {lab.accounts.create('ada', 'read')}"}
        answers = [http.get("/api/campaigns", headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[1].headers["retry-after"] == "5"
        assert http.get("/healthz").status_code == 200


def test_audit_log_of_one_user(http: TestClient, clients: Callable[[str], Client]) -> None:
    admin, steer = clients("admin"), clients("steer")
    admin.begin(name="one")
    steer.begin(name="two")
    rows = admin("GET", "/audit?user=steerer").json()["requests"]
    assert [(row["user"], row["campaign"]) for row in rows] == [("steerer", "two")]
    assert len(admin("GET", "/audit").json()["requests"]) == 2
    http.post("/login", data={"token": admin.token})
    assert admin("GET", "/audit?user=grace").json()["requests"] == []

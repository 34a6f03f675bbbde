"""Requests generated from the API description: no response is a server error."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.service.conftest import Client

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install schemathesis")

REAL = {"campaign": "films", "suggestion": "S0001", "measurement": "M0001"}
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))  # an operation; set it high to search for longer
# Each of these costs a model or the whole description; others are tried as often as is quick.
SLOW = (
    "report.html",
    "card",
    "best",
    "predictions",
    "progress.svg",
    "trade-off.svg",
    "ternary.svg",
    "verdict",
    "/events",
)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_no_response_is_a_server_error(admin: Client) -> None:
    path = admin.begin()
    first, second = admin.ask(path)
    admin.record(path, {"suggestion": first["id"], "loss": 400}, {"suggestion": second["id"], "loss": 410})
    schema = schemathesis.openapi.from_dict(admin.http.get("/openapi.json").json())
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        few = any(part in operation.path for part in SLOW)

        @settings(
            max_examples=2 if few else EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(), real=st.booleans())
        def try_out(case: Any, real: bool) -> None:
            nonlocal tried
            if real:
                case.path_parameters = {**(case.path_parameters or {}), **_known(case.path_parameters)}
            answer = send(admin, case)
            assert answer.status_code < 500, f"{case.method} {case.path}: {answer.status_code} {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json"
            tried += 1

        try_out()
    assert tried > 100


def _known(parameters: dict[str, Any] | None) -> dict[str, str]:
    return {key: value for key, value in REAL.items() if key in (parameters or {})}


def send(client: Client, case: Any) -> Any:
    """Send a case as its own client would, through the test's client."""
    sent = case.as_transport_kwargs(base_url="http://testserver", headers={"Authorization": f"Bearer {client.token}"})
    options = {key: sent[key] for key in ("params", "json", "headers", "cookies") if sent.get(key)}
    data = sent.get("data")
    if data is not None:
        options["content"] = data if isinstance(data, bytes | str) else str(data)
    return client.http.request(sent["method"], sent["url"], **options)

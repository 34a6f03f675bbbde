"""Campaigns side by side."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.service.conftest import Client


def with_results(client: Client, values: list[str], **changes: object) -> str:
    path = client.begin(**changes)
    for made, value in zip(client.ask(path, len(values)), values, strict=True):
        client.record(path, {"suggestion": made["id"], "loss": value})
    return path.rpartition("/")[2]


def test_best_values_in_one_unit(http: TestClient, admin: Client) -> None:
    first = with_results(admin, ["400", "380", "390"], name="first")
    in_volts = [{"name": "loss", "unit": "V", "goal": "minimize"}]
    second = with_results(admin, ["0.5", "0.3"], name="second", targets=in_volts)
    third = with_results(admin, ["1"], name="third", targets=[{"name": "loss", "unit": "kg", "goal": "minimize"}])
    assert http.post("/login", data={"token": admin.token}).status_code == 303
    page = http.get("/compare", params={"c": [first, second, third]})
    assert page.status_code == 200
    rows = {line.split("</th>")[0].rpartition(">")[2]: line for line in page.text.splitlines() if 'scope="row"' in line}
    assert set(rows) == {"first", "second"}, "kilograms are no volts"
    assert [cell.partition("<")[0] for cell in rows["first"].split('class="number">')[1:]] == ["400", "380", "380"]
    assert [cell.partition("<")[0] for cell in rows["second"].split('class="number">')[1:]] == ["500", "300", "–"]
    assert "checked" in http.get("/compare", params={"c": first}).text
    assert http.get("/compare").status_code == 200


def test_what_is_refused(http: TestClient, admin: Client) -> None:
    http.post("/login", data={"token": admin.token})
    assert http.get("/compare", params={"c": "none"}).status_code == 404
    many = [f"c{i}" for i in range(9)]
    answer = http.get("/compare", params={"c": many})
    assert answer.status_code == 422
    assert "more than 8 campaigns" in answer.text

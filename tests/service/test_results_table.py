"""The table of results on the page."""

from __future__ import annotations

import re
from typing import Any

from tests.service.conftest import Client

SPACE: list[dict[str, Any]] = [
    {"name": "route", "kind": "categorical", "choices": ["wet", "dry"]},
    {"name": "oven", "kind": "numeric", "bounds": [50, 90], "when": "route == dry"},
    {"name": "stirring", "kind": "numeric", "bounds": [100, 500], "when": "route == wet"},
    {"name": "time", "kind": "numeric", "bounds": [1, 9]},
]


def test_setting_that_does_not_exist_has_an_empty_cell(admin: Client) -> None:
    path = admin.begin(name="routes", space=SPACE, targets=[{"name": "y", "goal": "maximize"}])
    rows = [{"route": "wet", "stirring": 300, "time": 2, "y": 5}, {"route": "dry", "oven": 60, "time": 3, "y": 4}]
    done = admin("POST", f"{path}/measurements?attach=true", json={"rows": rows})
    assert len(done.json().get("recorded", [])) == 2, done.text
    admin.http.post("/login", data={"token": admin.token}, headers={"Origin": "http://testserver"})
    page = admin.http.get(path.replace("/campaigns/", "/c/")).text
    table = page.partition('aria-label="Table of results"')[2].partition("</table>")[0]
    cells = [re.findall("<td>([^<]*)</td>", row)[-4:] for row in table.split("<tr")[2:]]
    assert sorted(cells) == [["dry", "60", "–", "3"], ["wet", "–", "300", "2"]]

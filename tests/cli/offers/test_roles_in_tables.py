"""What `init` takes from a table beside kinds and bounds, each with a table that nearly says the same, and does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from designer.campaign.file.spec import CampaignSpec
from designer.cli.column_guess import guess, read_columns
from designer.cli.draft import Draft, render
from designer.cli.lab_column import AskedRoles, ColumnRequest
from designer.documents import read_document
from designer.errors import InvalidData
from tests.cli.conftest import Designer

ROWS = 12
T = [100, 150, 200, 250, 100, 150, 200, 250, 300, 300, 350, 350]
ROUTE = ["wet", "dry", "dry", "wet", "melt", "dry", "wet", "melt", "dry", "wet", "melt", "dry"]
OVEN = [80, 120, 90, 100, 110, 80, 120, 90, 100, 110, 95, 85]
Y = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
A = [10, 20, 30, 40, 50, 60, 15, 25, 35, 45, 55, 65]
B = [30, 10, 45, 25, 5, 15, 60, 50, 40, 20, 35, 10]
REST = [100 - a - b for a, b in zip(A, B, strict=True)]
BATCH = [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
FURNACE = [500, 500, 500, 700, 700, 700, 600, 600, 600, 500, 500, 500]


def only_where(values: list[Any], *routes: str) -> list[Any]:
    return [value if route in routes else "" for value, route in zip(values, ROUTE, strict=True)]


def changed(values: list[Any], row: int, value: Any) -> list[Any]:
    return [value if i == row else each for i, each in enumerate(values)]


def drafted(columns: dict[str, list[Any]], goal: Any = "maximize", **asked: frozenset[str]) -> Draft:
    table = pd.DataFrame({name: list(map(str, cells)) for name, cells in columns.items()}, dtype=object)
    return guess(read_columns(table), "x", [ColumnRequest("y", goal)], [], "lab.csv", asked=AskedRoles(**asked))


def spec_of(draft: Draft) -> CampaignSpec:
    return CampaignSpec.from_document(read_document(render(draft), file="x.yaml"), folder=Path())


def keys(draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the parameters by name, after a check that the file can run."""
    spec = spec_of(draft)
    assert [p.name for p in spec.space.parameters] == [dict(entry.keys)["name"] for entry in draft.parameters]
    return {str(dict(entry.keys)["name"]): dict(entry.keys) for entry in draft.parameters}


CONDITIONS: list[tuple[dict[str, list[Any]], str | None]] = [
    ({"route": ROUTE, "oven": only_where(OVEN, "dry")}, "route == dry"),
    ({"route": ROUTE, "oven": only_where(OVEN, "dry", "melt")}, "route != wet"),
    ({"oven": only_where(OVEN, "dry"), "route": [f"{r} route" for r in ROUTE]}, "route == 'dry route'"),
    ({"layers": [1, 2, 2, 1, 3, 2, 1, 3, 2, 1, 3, 2], "oven": only_where(OVEN, "dry", "melt")}, "layers >= 2"),
    ({"dopant": [0, 2, 5, 0, 1, 7, 0, 4, 3, 0, 9, 8], "oven": only_where(OVEN, "dry", "melt")}, "dopant > 0"),
    ({"route": ROUTE, "oven": changed(only_where(OVEN, "dry"), 1, "")}, None),
    ({"route": ROUTE, "oven": changed(only_where(OVEN, "dry"), 0, 80)}, None),
    ({"route": [f"r{i}" for i in range(ROWS)], "oven": only_where(OVEN, "dry")}, None),
    ({"dopant": [1, 2, 5, 1, 1, 7, 1, 4, 3, 1, 9, 8], "oven": only_where(OVEN, "dry", "melt")}, None),
]


@pytest.mark.parametrize(("columns", "condition"), CONDITIONS)
def test_setting_that_is_filled_in_exactly_where_another_says_so_is_conditional(
    columns: dict[str, list[Any]], condition: str | None
) -> None:
    draft = drafted({**columns, "T": T, "y": Y})
    assert keys(draft).get("oven", {}).get("when") == condition
    assert any("'oven' was left out" in remark for remark in draft.remarks) == (condition is None)


def test_condition_may_name_a_conditional_setting() -> None:
    gas = only_where(["Ar", "N2"] * 6, "dry", "melt")
    flow = [oven if each == "N2" else "" for oven, each in zip(OVEN, gas, strict=True)]
    found = keys(drafted({"flow": flow, "gas": gas, "route": ROUTE, "T": T, "y": Y}))
    assert (found["flow"]["when"], found["gas"]["when"]) == ("gas == N2", "route != wet")


EQUALITIES: list[tuple[dict[str, list[Any]], list[str]]] = [
    ({"A": A, "T": T, "B": B, "C": REST}, ["A + B + C == 100"]),
    ({"A": A, "T": T, "B": B, "C": changed(REST, 3, REST[3] + 1)}, []),
    ({"A": [2 * b for b in B], "T": T, "B": B}, ["A == 2 * B"]),
    ({"A": changed([2 * b for b in B], 5, 31), "T": T, "B": B}, []),
    ({"flow": [a + b for a, b in zip(A, B, strict=True)], "A": A, "T": T, "B": B}, ["flow == A + B"]),
    ({"A [g]": A, "T": T, "B [mL]": B, "C [g]": REST}, []),
]


@pytest.mark.parametrize(("columns", "expected"), EQUALITIES)
def test_equalities_that_every_row_keeps_are_constraints(columns: dict[str, list[Any]], expected: list[str]) -> None:
    draft = drafted({**columns, "y": Y})
    assert [text for text, _ in draft.constraints] == expected
    assert len(keys(draft)) >= 3


@pytest.mark.parametrize(
    ("columns", "shared"),
    [
        ({"Batch no": BATCH, "furnace temp": FURNACE, "A": A}, {"furnace_temp"}),
        ({"plate": [f"P{b}" for b in BATCH], "furnace temp": FURNACE, "A": A}, {"furnace_temp"}),
        ({"Batch no": BATCH, "furnace temp": changed(FURNACE, 4, 710), "A": A}, set()),
        ({"Batch no": BATCH, "furnace temp": FURNACE}, set()),  # one design a batch, repeated
        ({"lot": BATCH, "furnace temp": FURNACE[::-1], "A": A}, set()),
    ],
)
def test_setting_that_is_equal_within_each_batch_is_shared_by_it(
    columns: dict[str, list[Any]], shared: set[str]
) -> None:
    draft = drafted({**columns, "y": Y})
    assert {name for name, each in keys(draft).items() if each.get("vary") == "per_batch"} == shared
    assert draft.batch_size == (3 if shared else None)


@pytest.mark.parametrize(
    ("headers", "errors", "is_found"),
    [
        (("T set", "T actual"), [3, -2, 1, 0, -4, 2, 2, -1, 3, -3, 0, 1], True),
        (("T", "T measured"), [3, -2, 1, 0, -4, 2, 2, -1, 3, -3, 0, 1], True),
        (("T set", "p actual"), [3, -2, 1, 0, -4, 2, 2, -1, 3, -3, 0, 1], False),
        (("T set", "T actual"), [90, -80, 70, 0, -90, 80, 60, -70, 90, -90, 0, 70], False),
    ],
)
def test_settings_as_they_were_made_offer_an_error_of_settings(
    headers: tuple[str, str], errors: list[int], *, is_found: bool
) -> None:
    made = [t + error for t, error in zip(T, errors, strict=True)]
    draft = drafted({headers[0]: T, headers[1]: made, "A": A, "y": Y})
    assert any("'setting_error: 2.3'" in entry.comment for entry in draft.parameters) == is_found
    assert any("it is what was made of" in remark for remark in draft.remarks) == is_found


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (changed(changed(Y, 0, "<0.5"), 1, "n.d."), [0.5, None]),
        (changed(Y, 1, "n.d."), [2, None]),
        (changed(changed(Y, 0, ">20"), 1, "overrange"), [None, 20]),
        (changed(Y, 0, "<0.5"), None),
    ],
)
def test_cells_beyond_what_can_be_measured_give_limits(cells: list[Any], expected: Any) -> None:
    draft = drafted({"T": T, "A": A, "y": [2 if cell == 1 else cell for cell in cells]})
    found = dict(draft.targets[0].keys).get("limits")
    assert found == expected
    keys(draft)


def test_amount_that_is_absent_or_large_offers_zero_or() -> None:
    salt = [0, 0, 10, 12, 14, 16, 18, 20, 11, 13, 15, 0]
    draft = drafted({"salt": salt, "T": T, "y": Y})
    assert "zero_or: [10, 20]" in draft.parameters[0].comment
    assert "zero_or" not in drafted({"salt": [s / 2 for s in range(ROWS)], "T": T, "y": Y}).parameters[0].comment


def test_roles_that_are_asked_for() -> None:
    columns: dict[str, list[Any]] = {"lot": ["B7", "B8"] * 6, "humidity [%]": A, "T": FURNACE, "A": B, "y": Y}
    draft = drafted(columns, contexts=frozenset({"lot", "humidity"}), shared=frozenset({"T"}))
    found = keys(draft)
    assert (found["lot"]["role"], found["humidity"]["role"], found["T"]["vary"]) == ("context", "context", "per_batch")
    assert "step" not in found["humidity"]
    assert "known and not chosen" in drafted(columns).parameters[0].comment


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"contexts": frozenset({"y"})}, "it is a target"),
        ({"contexts": frozenset({"T"}), "shared": frozenset({"T"})}, "it is given as both"),
        ({"contexts": frozenset({"oven"})}, "its cell is empty"),
        ({"contexts": frozenset({"nothing"})}, "there is no column 'nothing'"),
    ],
)
def test_columns_that_cannot_have_a_role_are_refused(asked: dict[str, frozenset[str]], message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        drafted({"oven": changed(OVEN, 0, ""), "T": T, "A": A, "y": Y}, **asked)


def test_goals_and_roles_by_options(designer: Designer, folder: Path) -> None:
    table = pd.DataFrame({"route": ROUTE, "oven": only_where(OVEN, "dry"), "humidity": A, "T": T, "y": Y})
    table.to_csv(folder / "lab.csv", index=False)
    done = designer("init", "lab.csv", "--boundary", "y=4", "--context", "humidity", "--yes")
    assert done.code == 0, done.err
    text = (folder / "lab.yaml").read_text()
    assert "goal: boundary, value: 4" in text
    assert "role: context" in text
    assert 'when: "route == dry"' in text
    assert len(designer("attach", "lab.csv", "--campaign", "lab.yaml", "--json").data["recorded"]) == ROWS
    assert designer("init", "lab.csv", "--map", "y", "--yes", "-o", "map.yaml").code == 0
    assert designer("init", "lab.csv", "--prefer", "look", "--ignore", "y", "--yes", "-o", "film.yaml").code == 0
    assert "name: look, goal: prefer" in (folder / "film.yaml").read_text()
    assert designer("init", "lab.csv", "--boundary", "y=4,1").code == 2
    (folder / "pairs.csv").write_text("better,worse\nS0001,S0002\n")
    assert "table of comparisons" in designer("init", "pairs.csv", "--yes").err

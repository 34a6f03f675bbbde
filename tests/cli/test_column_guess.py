from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.cli.column_guess import guess, read_columns
from designer.cli.draft import render
from designer.cli.goal_guess import likely_target
from designer.cli.lab_column import ColumnRequest
from designer.documents import read_document
from designer.errors import InvalidData
from designer.space import DesignSpace
from designer.space.parameters.fields import identifier


def columns_of(**cells: list[str]) -> Any:
    return read_columns(pd.DataFrame(cells, dtype=object))


def parameters(columns: Any, *targets: str, ignore: Any = ()) -> Any:
    draft = guess(columns, "x", [ColumnRequest(name, "maximize") for name in targets], ignore, "lab.csv")
    return draft, [dict(entry.keys) for entry in draft.parameters]


def test_numbers_get_bounds_units_and_the_largest_step_that_fits() -> None:
    columns = columns_of(**{"anneal temp [K]": ["300", "350", "425"], "y": ["1", "2", "3"]})
    _, [temperature] = parameters(columns, "y")
    assert temperature == {
        "name": "anneal_temp",
        "kind": "numeric",
        "column": "anneal temp",
        "unit": "K",
        "bounds": [Decimal(300), Decimal(425)],
        "step": Decimal(25),
    }


def test_decimal_steps_are_exact() -> None:
    _, [x] = parameters(columns_of(x=["0.1", "0.3", "0.8"], y=["1", "2", "3"]), "y")
    assert x["step"] == Decimal("0.1")


def test_values_without_a_common_step_are_continuous() -> None:
    _, [x] = parameters(columns_of(x=["0.10001", "0.3", "7.8"], y=["1", "2", "3"]), "y")
    assert "step" not in x


def test_decades_are_logarithmic() -> None:
    _, [p] = parameters(columns_of(p=["1e-3", "0.1", "1"], y=["1", "2", "3"]), "y")
    assert (p["scale"], p["bounds"]) == ("log", [Decimal("0.001"), Decimal(1)])
    assert "step" not in p


def test_units_in_cells_are_taken_and_mixed_ones_are_left_alone() -> None:
    _, [t] = parameters(columns_of(t=["5 min", "10 min", "20"], y=["1", "2", "3"]), "y")
    assert (t["unit"], t["bounds"]) == ("min", [Decimal(5), Decimal(20)])
    _, [t] = parameters(columns_of(**{"t [min]": ["5", "1 h", "20"], "y": ["1", "2", "3"]}), "y")
    assert t["bounds"] == [Decimal(5), Decimal("60.0")]


@pytest.mark.parametrize(
    ("rows", "unit", "step"),
    [
        ([["0.1", "0.2", "0.7"], ["0.5", "0.5", "0"]], "fraction", Decimal("0.1")),
        ([["10", "20", "70"], ["50", "50", "0"]], "at.%", Decimal(10)),
        ([["33.3", "33.3", "33.4"], ["50", "50", "0"]], "at.%", Decimal("0.1")),
    ],
)
def test_columns_headed_by_elements_that_sum_up_are_a_composition(rows: Any, unit: str, step: Any) -> None:
    cells = dict(zip(["Ni", "Fe", "Co"], map(list, zip(*rows, strict=True)), strict=True))
    _, [composition] = parameters(columns_of(**cells, y=["1", "2"]), "y")
    assert composition["elements"] == ["Ni", "Fe", "Co"]
    assert (composition["unit"], composition["step"]) == (unit, step)
    assert composition["columns"] == ["Ni", "Fe", "Co"]


def test_columns_headed_by_elements_that_do_not_sum_up_are_numbers() -> None:
    _, found = parameters(columns_of(C=["10", "20"], V=["1", "3"], y=["1", "2"]), "y")
    assert [p["kind"] for p in found] == ["numeric", "numeric"]


def test_lab_columns_of_a_composition_need_no_names_of_their_own() -> None:
    cells = {"composition.Ni": ["40", "60"], "composition.Fe": ["60", "40"], "y": ["1", "2"]}
    _, [composition] = parameters(columns_of(**cells), "y")
    assert "columns" not in composition


def test_words_are_choices_unless_they_hardly_repeat() -> None:
    columns = columns_of(gas=["N2", "Ar", "N2", "Ar"], look=["a", "b", "c", "d"], y=["1", "2", "3", "4"])
    draft, [gas] = parameters(columns, "y")
    assert gas == {"name": "gas", "kind": "categorical", "choices": ["Ar", "N2"]}
    assert "Column 'look' was left out: its words hardly repeat, like names or remarks." in draft.remarks


def test_formulas_are_a_pool() -> None:
    columns = columns_of(formula=["CoCrFeNi", "AlCoCrFeNi", "CrFeNi"], y=["1", "2", "3"])
    draft, [formula] = parameters(columns, "y")
    assert formula == {"name": "formula", "kind": "formula"}
    assert draft.candidates == "lab.csv"


def test_what_never_changes_or_numbers_the_rows_is_left_out_and_said() -> None:
    columns = columns_of(id=["1", "2", "3"], p=["5", "5", "5"], m=["a", "a", "a"], x=["1", "2", "4"], y=["1", "2", "3"])
    draft, found = parameters(columns, "y")
    assert [p["name"] for p in found] == ["x"]
    assert draft.remarks[1:] == [
        "Column 'id' was left out: it numbers the rows.",
        "Column 'p' was left out: it is always 5.",
        "Column 'm' was left out: it never changes.",
    ]


def test_a_decimal_comma_is_no_unit() -> None:
    columns = columns_of(x=["1,5", "2,5", "1,5"], y=["1", "2", "3"])
    assert not columns[0].is_numeric
    assert columns[0].unit is None
    with pytest.raises(InvalidData, match="'1,5' is not a number"):
        guess(columns, "a", [ColumnRequest("x", "maximize")], [], "lab.csv")


def test_the_columns_of_an_exported_table_are_no_parameters() -> None:
    exported = {"measurement": ["M0001", "M0002"], "suggestion": ["S0001", "S0002"], "x": ["1", "2"], "y": ["1", "2"]}
    draft, found = parameters(columns_of(**exported), "y")
    assert [keys["name"] for keys in found] == ["x"]
    assert "Column 'suggestion' was left out: it belongs to the campaign's own tables." in draft.remarks


def test_targets_carry_unit_goal_and_what_was_seen() -> None:
    columns = columns_of(**{"x": ["1", "2"], "size (nm)": ["30", "55"]})
    draft = guess(columns, "n", [ColumnRequest("size", "match", Decimal(40), Decimal(5))], [], "lab.csv")
    [target] = draft.targets
    assert dict(target.keys) == {
        "name": "size", "unit": "nm", "goal": "match", "value": Decimal(40), "tolerance": Decimal(5),
    }  # fmt: skip
    assert target.comment == "so far from 30 to 55"


@pytest.mark.parametrize(
    ("requests", "ignore", "message"),
    [
        (["z"], [], "lab.csv: there is no column 'z'; the table has: x, gas, y"),
        (["y"], ["z"], "lab.csv: there is no column 'z'"),
        (["gas"], [], "lab.csv, column 'gas': 'N2' is not a number, and so the column cannot be a target"),
        (["y"], ["x", "gas"], "lab.csv: no column of the table is a parameter"),
    ],
)
def test_what_cannot_be_is_refused(requests: Any, ignore: Any, message: str) -> None:
    columns = columns_of(x=["1", "2"], gas=["N2", "Ar"], y=["1", "2"])
    with pytest.raises(InvalidData) as error:
        guess(columns, "n", [ColumnRequest(name, "maximize") for name in requests], ignore, "lab.csv")
    assert message in str(error.value)


def test_the_last_column_of_numbers_is_the_likely_target() -> None:
    columns = columns_of(x=["1", "2"], y=["3", "4"], note=["a", "b"], constant=["1", "1"])
    found = likely_target(columns)
    assert found is not None
    assert found.header == "y"
    assert likely_target(columns_of(note=["a", "b"])) is None


def test_names_are_distinct_and_usable_in_constraints() -> None:
    taken: set[str] = set()
    assert [identifier(text, taken) for text in ("T [°]", "T", "T!", "then", "∂x", "")] == [
        "T", "T_2", "T_3", "then_", "x", "column",
    ]  # fmt: skip


CELLS = st.one_of(st.sampled_from(["N2", "Ar", "1", "2.5", "300 K", "1e3", "", "no", "a: b"]), st.text(max_size=6))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(min_size=1, max_size=8).filter(lambda s: s.strip() == s), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_whatever_the_table_the_draft_is_a_space(headers: Any, data: st.DataObject) -> None:
    """Either the table is refused with a reason, or the draft reads back as a space that can be built."""
    rows = data.draw(st.integers(2, 6))
    cells = {header: [data.draw(CELLS) for _ in range(rows)] for header in headers}
    cells["result y"] = [str(i) for i in range(rows)]
    columns = read_columns(pd.DataFrame(cells, dtype=object))
    try:
        draft = guess(columns, "x", [ColumnRequest("result y", "minimize")], [], "lab.csv")
    except InvalidData:
        return
    document = read_document(render(draft)).data
    if draft.candidates is None:
        assert DesignSpace(space=document["space"]).columns  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["yield", "lambda", "class", "None", "True", "on", "null"])
def test_words_of_other_languages_are_names(name: str) -> None:
    columns = columns_of(**{name: ["1", "2", "4"], "y": ["1", "2", "3"]})
    draft, [parameter] = parameters(columns, "y")
    assert parameter["name"] == name
    assert "column" not in parameter
    written = read_document(render(draft)).data
    assert written["space"][0]["name"] == name
    assert DesignSpace(parameters=written["space"]).columns == (name,)


@pytest.mark.parametrize("name", ["yield", "max", "exp", "if"])
def test_any_word_names_a_target(name: str) -> None:
    draft, _ = parameters(columns_of(**{"T": ["1", "2", "4"], f"{name} [percent]": ["1", "2", "3"]}), name)
    (target,) = (dict(entry.keys) for entry in draft.targets)
    assert (target["name"], target["unit"]) == (name, "percent")
    assert "column" not in target


def test_setting_that_is_equal_in_rows_that_follow_each_other_may_be_shared_by_a_batch() -> None:
    furnace = [500, 500, 500, 700, 700, 700, 500, 500, 500]
    dopant = [1, 2, 3, 4, 5, 6, 7, 8, 9.5]
    for values, hinted in ((furnace, True), (sorted(furnace), False), (dopant[::-1], False)):
        cells = {"T": map(str, values), "x": map(str, dopant), "y": map(str, range(3, 12))}
        draft, found = parameters(columns_of(**{name: list(texts) for name, texts in cells.items()}), "y")
        assert ["vary: per_batch" in entry.comment for entry in draft.parameters] == [hinted, False]
        assert not any("vary" in keys for keys in found)

"""Saved campaigns that are damaged anywhere are read or refused with a fault, and never end in another error."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.campaign.importing.ax import read_ax
from designer.campaign.importing.baybe import read_baybe
from designer.campaign.importing.optuna_study import read_optuna
from designer.campaign.importing.parts import Part
from designer.errors import DesignerError

SAVED = Path(__file__).parent / "saved"
READERS = {"ax.json": read_ax, "baybe.json": read_baybe, "baybe-listed.json": read_baybe}
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([]), st.just({}), st.just([{}]),
    st.just({"name": 3}), st.just(10**400),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Go through the places of a document, those of a trial's own copy of the space aside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if key not in ("adapter_kwargs", "generator_kwargs", "recommender", "generation_strategy"):
            yield (*path, key)
            yield from places(item, (*path, key))


DOCUMENTS = {name: json.loads((SAVED / name).read_text(encoding="utf-8")) for name in READERS}
PLACES = {name: list(places(document)) for name, document in DOCUMENTS.items()}


def changed(value: Any, path: list[Any], junk: Any, remove: bool) -> Any:
    """Return a document with another value at a place, or without that place; only what is changed is copied."""
    key, *rest = path
    copied = copy.copy(value)
    if rest:
        copied[key] = changed(value[key], rest, junk, remove)
    elif remove:
        del copied[key]
    else:
        copied[key] = junk
    return copied


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=30, deadline=None)
@given(data=st.data(), junk=JUNK, remove=st.booleans())
def test_a_value_that_is_missing_or_another(name: str, data: st.DataObject, junk: Any, remove: bool) -> None:
    path = list(data.draw(st.sampled_from(PLACES[name])))
    with suppress(DesignerError):
        READERS[name](Part(changed(DOCUMENTS[name], path, junk, remove), name), "x")


STATEMENTS = [
    "UPDATE trial_params SET distribution_json = '{'",
    "UPDATE trial_params SET distribution_json = '[]'",
    "UPDATE trial_params SET param_value = 'hot'",
    "UPDATE trial_params SET param_value = NULL",
    "UPDATE trial_params SET param_value = 99 WHERE param_name = 'gas'",
    "UPDATE trial_values SET value = 'high'",
    "UPDATE trial_values SET value = 9e999",
    "UPDATE trial_values SET objective = objective + 7",
    "UPDATE trials SET state = 'ODD', number = NULL",
    "UPDATE study_directions SET direction = 'UP'",
    "UPDATE study_system_attributes SET value_json = '3'",
    "UPDATE trial_system_attributes SET value_json = '[1]'",
    "UPDATE studies SET study_name = x'ff00' WHERE study_name = 'film'",
    "DELETE FROM study_directions",
    "DELETE FROM trial_params",
    "DROP TABLE version_info",
    "DROP TABLE trial_values",
    "DROP TABLE study_system_attributes",
    "ALTER TABLE trial_params RENAME COLUMN distribution_json TO other",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_damaged_study(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((SAVED / "optuna.sql").read_text(encoding="utf-8"))
        database.execute(statement)
        database.commit()
    with suppress(DesignerError):
        read_optuna(path, "x", "film")


def test_a_study_cut_off_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((SAVED / "optuna.sql").read_text(encoding="utf-8"))
    content = path.read_bytes()
    for length in range(100, len(content), 20_001):
        path.write_bytes(content[:length])
        with suppress(DesignerError):
            read_optuna(path, "x", "film")

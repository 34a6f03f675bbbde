"""Pickled tables are read without being executed: what pandas writes is read, and anything else is refused."""

from __future__ import annotations

import base64
import io
import os
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.campaign.importing.pandas_frames import UnreadableFrame, read_frame_text

COLUMNS: dict[str, st.SearchStrategy[list[Any]]] = {
    "number": st.lists(st.floats(allow_nan=False, width=64), min_size=3, max_size=3),
    "count": st.lists(st.integers(-(2**62), 2**62), min_size=3, max_size=3),
    "flag": st.lists(st.booleans(), min_size=3, max_size=3),
    "text": st.lists(st.text(max_size=5), min_size=3, max_size=3),
    "gaps": st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=3, max_size=3),
}


def as_text(value: Any, protocol: int = 4) -> str:
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(COLUMNS)), st.none(), min_size=1).flatmap(
        lambda names: st.fixed_dictionaries({name: COLUMNS[name] for name in names})
    ),
    st.sampled_from([4, 5]),
    st.booleans(),
)
def test_tables_of_pandas_are_read_as_they_were_written(
    cells: dict[str, list[Any]], protocol: int, plain: bool
) -> None:
    frame = pd.DataFrame(cells, index=["a", "b", "c"] if plain else None)
    if plain:  # as pandas before version 3 keeps texts
        frame = frame.astype({name: object for name in cells if name in ("text", "gaps")})
    read = read_frame_text(as_text(frame, protocol))
    assert list(read.columns) == list(frame.columns)
    assert list(read.index) == list(frame.index)
    for name, column in cells.items():
        assert [None if value is None or value != value else value for value in read[name]] == column


def test_an_empty_table_and_one_in_parquet() -> None:
    assert read_frame_text(as_text(pd.DataFrame())).empty
    buffer = io.BytesIO()
    pytest.importorskip("pyarrow")
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_parquet(buffer)
    read = read_frame_text(base64.b64encode(buffer.getvalue()).decode())
    assert read.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    with pytest.raises(UnreadableFrame, match="damaged"):
        read_frame_text(base64.b64encode(b"PAR1 and no more").decode())


class _Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("executed",)


@pytest.mark.parametrize(
    "value",
    [
        _Attack(),
        pd.DataFrame({"a": pd.Series([_Attack()], dtype=object)}),
        {"a": 1},
        [1, 2],
        pd.Series([1.0]),
        pd.DataFrame({"a": pd.date_range("2026-01-01", periods=2)}),
        pd.DataFrame({"a": pd.Categorical(["x", "y"])}),
        pd.DataFrame({"a": [1 + 2j]}),
        np.zeros(3),
    ],
)
def test_other_pickles_are_refused_and_never_executed(
    value: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in (0, 4, 5):
        with pytest.raises(UnreadableFrame):
            read_frame_text(as_text(value, protocol))
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_damaged_tables_are_refused_or_read(place: int, junk: bytes) -> None:
    content = pickle.dumps(pd.DataFrame({"a": [1.0, 2.0], "s": ["x", "y"]}), 4)
    place %= len(content)
    damaged = content[:place] + junk + content[place + len(junk) :]
    try:
        read = read_frame_text(base64.b64encode(damaged).decode())
    except UnreadableFrame:
        return
    assert len(read) <= 100_000


@pytest.mark.parametrize("text", ["", "no base 64!", "AAAA"])
def test_texts_that_are_no_table_are_refused(text: str) -> None:
    with pytest.raises(UnreadableFrame):
        read_frame_text(text)

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from designer.cli.draft import Draft, Entry, plain_number, render, scalar
from designer.documents import read_document


@given(st.text())
@example("A\n")
def test_any_text_reads_back_as_itself(text: str) -> None:
    assert read_document(f"x: {{a: {scalar(text)}, b: [{scalar(text)}]}}").data == {"x": {"a": text, "b": [text]}}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12))
def test_any_number_reads_back_as_itself(number: Any) -> None:
    assert float(read_document(f"x: [{plain_number(number)}]").data["x"][0]) == float(number)


@pytest.mark.parametrize("word", ["yes", "No", "null", "~", "1e5", "0x1", "-", "a:b", "#x", "N2 ", "°C", "*a", "%"])
def test_words_with_a_meaning_in_yaml_are_quoted(word: str) -> None:
    assert scalar(word) == f'"{word}"'


def test_the_file_is_commented_and_reads_back() -> None:
    draft = Draft(
        "my campaign",
        [Entry([("name", "T"), ("kind", "numeric"), ("bounds", [Decimal("0.50"), 2])], "a guess")],
        [Entry([("name", "y"), ("goal", "maximize")])],
        remarks=["from somewhere"],
        candidates="pool.csv",
    )
    text = render(draft)
    assert "  # a guess\n" in text
    assert "# from somewhere\n" in text
    assert read_document(text).data == {
        "designer": 1,
        "name": "my campaign",
        "space": [{"name": "T", "kind": "numeric", "bounds": [0.5, 2]}],
        "candidates": "pool.csv",
        "targets": [{"name": "y", "goal": "maximize"}],
        "batch_size": 1,
        "seed": 0,
    }

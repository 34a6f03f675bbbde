"""The examples in the benchmark's docstrings hold (pytest collects those of `designer` itself)."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from benchmarks.report import comparison, one_step_ahead, predictions, sections, significance
from benchmarks.suite import measures, roles, sources


@pytest.mark.parametrize(
    "module",
    [comparison, one_step_ahead, measures, predictions, roles, sections, significance, sources],
    ids=lambda module: module.__name__,
)
def test_examples(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0

"""The examples in the benchmarks' docstrings hold (pytest collects those of `designer` itself)."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import benchmarks

ROOT = Path(benchmarks.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0

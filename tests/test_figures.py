"""Figures that documents repeat stand in the committed page that they name.

A table under ``<!-- figures: FILE, HEADING -->`` repeats rows of the first table under that heading: every cell is that
of the row with the same first cell, in the column of the same name.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = sorted({*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")})
_TABLE = r"((?:\|[^\n]*\n)+)"
_REPEATED = re.compile(r"<!-- figures: (\S+), ([^\n]*?) -->\n" + _TABLE)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def read(table: str) -> dict[str, dict[str, str]]:
    """Return a table's rows by their first cell, each by the names of the columns."""
    names, _, *body = map(cells, table.splitlines())
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in body}


def repeated() -> list[tuple[Path, str, str, str]]:
    found = [(path, _REPEATED.findall(path.read_text(encoding="utf-8"))) for path in DOCUMENTS]
    return [(path, *each) for path, tables in found for each in tables]


def test_documents_repeat_figures() -> None:
    assert repeated()


@pytest.mark.parametrize(("document", "page", "heading", "table"), repeated())
def test_they_are_those_of_the_page(document: Path, page: str, heading: str, table: str) -> None:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    assert f"\n{heading}\n" in text, f"{page} has no heading {heading!r}"
    source = re.search(_TABLE, text.split(f"\n{heading}\n", 1)[1])
    assert source
    rows = read(source[1])
    for method, row in read(table).items():
        assert {name: rows[method][name] for name in row} == row

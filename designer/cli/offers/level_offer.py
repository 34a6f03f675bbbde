"""Columns of levels of measurement, such as `dft` and `experiment`, as a fidelity: the level that is wanted is last."""

from __future__ import annotations

from collections.abc import Sequence

from designer.cli.column_roles import header_words
from designer.cli.draft import Entry
from designer.cli.lab_column import Column

_HEADERS = frozenset(["method", "level", "fidelity", "technique", "type", "kind", "origin"])
_COMPUTED = (
    "forcefield md empirical semiempirical dftb xtb pm6 pm7",
    "simulation simulated computed computation calculated calculation theory theoretical predicted dft lda gga pbe fem",
    "hybrid hse hse06 b3lyp pbe0 gw ccsd",
)
_MEASURED = (
    "film thinfilm coupon droplet pilot small",
    "experiment experimental exp measured measurement bulk real lab",
)
_RANKS = {word: rank for rank, words in enumerate((*_COMPUTED, *_MEASURED)) for word in words.split()}


def levels_of_column(column: Column) -> list[str] | None:
    """Return the levels that the cells of a column name, from the least reliable up; None where they name none.

    Every cell is a known word, no two have the same rank, one is computed and one is measured.
    """
    if column.is_numeric or not set(header_words(column)) & _HEADERS:
        return None
    ranks = {cell: _RANKS.get("".join(each for each in cell.lower() if each.isalnum())) for cell in set(column.words)}
    known = {cell: rank for cell, rank in ranks.items() if rank is not None}
    found = set(known.values())
    if len(known) < len(ranks) or len(found) < len(ranks) or not found:
        return None
    if min(found) >= len(_COMPUTED) or max(found) < len(_COMPUTED):
        return None
    return sorted(known, key=known.__getitem__)


def with_levels(entry: Entry, levels: Sequence[str]) -> Entry:
    """Return the entry of a column of choices as that of a fidelity."""
    keys = [(key, "fidelity" if key == "kind" else value) for key, value in entry.keys if key != "choices"]
    return Entry(
        [*keys, ("levels", list(levels))], "levels of measurement, the wanted one last; a guess by their names"
    )


def level_remark(column: Column, levels: Sequence[str]) -> str:
    """Return what a person has to check and to add."""
    return (
        f"Column {column.header!r} has levels of measurement, of which {levels[-1]!r} is wanted:"
        f" state 'cost' (such as 10 if {column.name} == {levels[-1]!r}, 1), so that the others are suggested as well."
    )

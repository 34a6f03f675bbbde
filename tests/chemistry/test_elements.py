"""The element table: complete, pymatgen's own, and free of pymatgen's import."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from designer.chemistry import _element_source
from designer.chemistry.elements import element_indices, element_table
from designer.chemistry.symbols import SYMBOLS
from designer.errors import InvalidInput


def test_the_committed_file_is_what_pymatgen_says_today() -> None:
    committed = files("designer.chemistry").joinpath("element_properties.csv").read_text(encoding="utf-8")
    today = _element_source.text().splitlines()
    assert committed.splitlines()[0] == today[0]
    for line, expected in zip(committed.splitlines(), today, strict=True):
        assert line == expected


def test_rows_stand_by_atomic_number() -> None:
    table = element_table()
    assert table.symbols == SYMBOLS
    assert table.column("atomic_number").tolist() == list(range(1, 119))


def test_no_value_is_missing_and_none_can_be_changed() -> None:
    table = element_table()
    assert table.values.shape == (118, len(table.names)) == (118, len(table.units))
    assert np.isfinite(table.values).all()
    with pytest.raises(ValueError, match="read-only"):
        table.values[0, 0] = 0.0


def test_few_values_stand_in_for_missing_ones_up_to_plutonium() -> None:
    filled = element_table().filled[:94]
    assert filled.sum(axis=0).max() <= 7  # at most 7 of 94 elements in any property
    assert not filled[
        [SYMBOLS.index(symbol) for symbol in ("H", "C", "O", "Al", "Fe", "Ni", "La", "Ce", "W", "U")]
    ].any()


def test_gaps_are_filled_from_chemical_relatives_never_with_zero() -> None:
    table = element_table()
    boiling = dict(zip(table.symbols, table.column("boiling_point"), strict=True))
    assert boiling["Pa"] == (boiling["Th"] + boiling["U"]) / 2  # within the series
    radius = dict(zip(table.symbols, table.column("atomic_radius"), strict=True))
    assert radius["Kr"] == radius["Ar"]  # within the group
    for name in ("electronegativity", "atomic_radius", "boiling_point", "molar_volume", "thermal_conductivity"):
        column = table.names.index(name)
        assert (table.values[table.filled[:, column], column] > 0).all()


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [("Fe", (2, 0, 6, 0)), ("Ga", (2, 1, 10, 0)), ("Ce", (2, 0, 1, 1)), ("O", (2, 4, 0, 0))],
)
def test_valence_electrons(symbol: str, expected: Any) -> None:
    table = element_table()
    row = table.rows([symbol])[0]
    assert tuple(row[[table.names.index(f"{shell}_valence_electrons") for shell in "spdf"]]) == expected


def test_units_are_kept_apart_from_names() -> None:
    table = element_table()
    units = dict(zip(table.names, table.units, strict=True))
    assert units["melting_point"] == "K"
    assert units["molar_volume"] == "cm^3/mol"
    assert units["electronegativity"] is None
    assert units["thermal_conductivity"] == "W/(m K)"


def test_every_symbol_that_is_no_element_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        element_indices(["Fe", "Xx", "fe"])
    assert [fault.path for fault in caught.value.faults] == [(1,), (2,)]
    assert "'Xx' is no element" in str(caught.value)


def test_the_table_needs_neither_pymatgen_nor_pandas() -> None:
    code = (
        "import sys; from designer.chemistry.elements import element_table; element_table();"
        "sys.exit(any(name in sys.modules for name in ('pymatgen', 'pandas', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Cells of results: what is a failure, and numbers that cannot be held."""

from __future__ import annotations

import pytest

from designer.campaign.results.numeric_cells import failure_reason, read_number
from designer.errors import InvalidInput


@pytest.mark.parametrize(
    "cell", ["success", "Successful", "passed", "pass", "fine", "done", "ok", "no", 0, False, "–", None]
)
def test_what_is_no_failure(cell: object) -> None:
    assert failure_reason(cell) is None


@pytest.mark.parametrize("cell", ["#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?"])
def test_a_spreadsheet_error_is_no_reason_of_a_failure(cell: str) -> None:
    with pytest.raises(InvalidInput, match="is an error of the spreadsheet"):
        failure_reason(cell)


@pytest.mark.parametrize("cell", ["1e-400", "0.3e-999", "-5E-350"])
def test_a_number_too_small_to_be_held_is_refused(cell: str) -> None:
    with pytest.raises(InvalidInput, match="nearer to 0 than numbers go"):
        read_number(cell, None, None)


@pytest.mark.parametrize("cell", ["0", "0.0", "-0", "0e5", "0.000", "0 mV"])
def test_zero_is_zero(cell: str) -> None:
    assert read_number(cell, None, "mV") == 0

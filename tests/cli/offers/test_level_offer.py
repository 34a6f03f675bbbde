"""Columns of levels of measurement in tables for `init`, and columns that nearly are."""

from __future__ import annotations

import pytest

from designer.space.fidelity.fidelity_levels import fidelity_of
from tests.cli.offers.test_roles_in_tables import ROUTE, T, Y, changed, drafted, keys, spec_of

METHOD = ["dft", "dft", "Experiment", "dft", "Experiment", "dft", "dft", "dft", "Experiment", "dft", "dft", "dft"]


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (METHOD, ["dft", "Experiment"]),
        (changed(METHOD, 0, "thin film"), ["dft", "thin film", "Experiment"]),
        (changed(changed(METHOD, 0, "HSE06"), 1, "force-field"), ["force-field", "dft", "HSE06", "Experiment"]),
        (changed(METHOD, 0, "sol-gel"), None),
        (changed(METHOD, 0, "measured"), None),
        (["dft" if cell == "dft" else "hse" for cell in METHOD], None),
        (["film" if cell == "dft" else "bulk" for cell in METHOD], None),
    ],
)
def test_column_of_levels_is_a_fidelity(cells: list[str], levels: list[str] | None) -> None:
    draft = drafted({"T": T, "method": cells, "y": Y})
    method = keys(draft)["method"]
    assert method.get("levels") == levels
    assert method["kind"] == ("categorical" if levels is None else "fidelity")
    assert any("levels of measurement" in remark for remark in draft.remarks) == (levels is not None)
    fidelity = fidelity_of(spec_of(draft).space)
    assert (None if fidelity is None else fidelity.top) == (None if levels is None else levels[-1])


def test_column_of_another_name_or_of_settings_is_no_fidelity() -> None:
    assert keys(drafted({"T": T, "route": METHOD, "y": Y}))["route"]["kind"] == "categorical"
    assert keys(drafted({"T": T, "method": ROUTE, "y": Y}))["method"]["kind"] == "categorical"
    assert (
        keys(drafted({"T": T, "method": METHOD, "y": Y}, contexts=frozenset({"method"})))["method"]["kind"]
        != "fidelity"
    )

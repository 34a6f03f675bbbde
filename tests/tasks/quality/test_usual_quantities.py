"""What is usual of a quantity: which column holds which, when a column is odd, and what is found by that alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from designer.errors import InvalidInput
from designer.objective import Target
from designer.space import DesignSpace
from designer.tasks.quality.checking import check
from designer.tasks.quality.findings import Finding
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.sheet import Sheet
from designer.tasks.quality.usual_quantities import LARGE, Quantity, UsualRange, quantities, usual_range
from designer.tasks.quality.wrong_columns import Reference, wrong_columns
from designer.units import dimensionality

ALLOYS = DesignSpace(parameters=[{"name": "alloy", "kind": "composition", "elements": ["Fe", "Cr", "Ni"]}])


@pytest.mark.parametrize("one", quantities(), ids=lambda one: f"{one.name} in {one.unit}")
def test_each_line_is_met_by_its_words_and_its_range_by_columns_within(one: Quantity) -> None:
    assert one.why
    assert all(one.named(frozenset(phrase.split())) == len(phrase.split()) for phrase in one.words)
    assert all(usual_range(phrase, one.unit, beside=one.beside) is not None for phrase in one.words)
    usual = UsualRange(one, one.unit)
    assert usual.is_usual(np.full(10, np.sqrt(one.low * one.high)))
    assert usual.odd(np.full(10, 1.01 * one.high)) == "large"
    assert usual.odd(np.full(10, 0.99 * one.low)) == "small"


def test_no_line_is_wider_than_its_limits_and_no_unit_is_a_stranger() -> None:
    with pytest.raises(InvalidInput, match="is no range within"):
        Quantity("a share", "percent", ("share",), 10, 200, "", 0, 105)
    with pytest.raises(InvalidInput, match="is no range within"):
        Quantity("a share", "percent", ("share",), 20, 10, "")
    labels = {one.unit for one in quantities() if one.unit and dimensionality(one.unit) == one.unit}
    assert labels == {"HB", "HRC"}  # labels that equal themselves; all others convert


@pytest.mark.parametrize(
    ("name", "unit", "beside", "quantity"),
    [
        ("yield_pct", "percent", [], "a yield"),
        ("Yield strength", "MPa", ["elements"], "a yield strength of a metal"),
        ("yield strength", "MPa", ["cement"], "a compressive strength of concrete"),
        ("BandGap_PBE", "meV", [], "a band gap"),
        ("HV", None, ["elements"], "a hardness of a metal"),
        ("exfoliation_energy", "meV/atom", [], "an exfoliation energy"),
        ("T_g", "degC", [], None),  # a word of one letter is none
        ("yield", None, [], None),  # a share, or a percentage?
        ("yield", "MPa", [], None),
        ("change of the band gap", "eV", [], None),
        ("density", "1/cm^3", [], None),
        ("y", "eV", [], None),
    ],
)
def test_a_quantity_is_known_by_words_and_unit(
    name: str, unit: str | None, beside: list[str], quantity: str | None
) -> None:
    usual = usual_range(name, unit, beside=beside)
    assert (None if usual is None else usual.quantity.name) == quantity


def test_the_description_is_asked_where_the_name_says_nothing() -> None:
    usual = usual_range("y1", "eV", description="Band gap by diffuse reflectance")
    assert usual is not None
    assert usual.quantity.name == "a band gap"


def test_numbers_are_compared_in_the_unit_of_the_column() -> None:
    gaps = np.array([900.0, 1500.0, 3100.0, 2400.0, np.nan, 0.0])
    milli, plain = usual_range("gap", "meV"), usual_range("gap", "eV")
    assert milli is not None
    assert plain is not None
    assert milli.large(gaps) == pytest.approx(np.quantile(gaps[:4], LARGE) / 1000)
    assert (milli.odd(gaps), plain.odd(gaps), plain.odd(gaps / 1e4)) == (None, "large", "small")
    warm = usual_range("melting", "degC")
    assert warm is not None
    assert warm.odd(np.array([0.1, 500.0])) is None  # 273 K and 773 K


def test_logs_to_the_base_of_ten_are_judged_by_what_they_stand_for() -> None:
    usual = usual_range("log10_bulk_modulus", "GPa", beside=["elements"])
    logs = np.log10([30.0, 120.0, 180.0, 250.0])
    assert usual is not None
    assert (usual.odd(logs), usual.odd(10 * logs), usual.odd(logs / 10)) == (None, "large", "small")
    assert usual_range("ln bulk modulus", "GPa", beside=["elements"]) is None


def strengths(factor: float, n: int = 40) -> list[Finding]:
    """What is found in a family of one: yield strengths of steels around 600 MPa."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([4, 2, 1], n).round(3)
    shares[:, 0] = (1 - shares[:, 1] - shares[:, 2]).round(3)
    values = (400 + 900 * shares[:, 1] + rng.normal(0, 20, n)).round(1)
    cells = {f"alloy.{e}": [f"{x:.10g}" for x in shares[:, i]] for i, e in enumerate(["Fe", "Cr", "Ni"])}
    cells["yield_strength"] = [f"{value * factor:.10g}" for value in values]
    frame = pd.DataFrame(cells, index=pd.RangeIndex(2, n + 2, name="row"), dtype=object)
    targets = (Target(name="yield_strength", unit="MPa", goal="maximize"),)
    return check([Sheet("steels", "steels.csv", ALLOYS, targets, frame)], related=False)


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (10.0, "a factor of 10 too large: one value in five exceeds"),
        (0.1, "a factor of 10 too small: one value in five exceeds"),
        (0.001, "a factor of 1000 too small: one value in five exceeds"),
    ],
)
def test_a_column_of_results_without_siblings_is_judged_by_its_quantity(factor: float, message: str) -> None:
    (finding,) = strengths(factor)
    sound = strengths(1.0)
    assert sound == []
    assert (finding.kind, finding.row, finding.column) == ("slip", None, "yield_strength")
    assert message in finding.what
    assert "of a yield strength of a metal that is usually 150 to 3000 MPa" in finding.what
    assert len(finding.repair) == 40
    assert all(400 < float(change.now) < 1300 for change in finding.repair)


def gaps(scale: float, seed: int = 0) -> Column:
    values = np.random.default_rng(seed).lognormal(np.log(2.0), 0.4, 40) * scale
    return Column("gap", "eV", "target", values)


def labels(own: Column, *others: Column) -> list[str]:
    usual = usual_range(own.name, own.unit)
    known = Reference.of(others) if others else Reference()
    assert known is not None
    known = Reference(known.low, known.high, known.tasks, usual)
    return [w.slip.label for w in wrong_columns(Numbers((own,), np.empty((40, 0))), {own.name: known}) if w.slip]


def test_what_is_unusual_in_all_tasks_is_a_custom_of_the_family() -> None:
    assert labels(gaps(0.1)) == ["a factor of 10 too small"]
    assert labels(gaps(0.1), gaps(0.1, 1), gaps(0.1, 2)) == []
    assert labels(gaps(0.1), gaps(1.0, 1), gaps(1.0, 2)) == ["a factor of 10 too small"]


def test_a_column_as_usual_is_not_called_wrong_because_its_siblings_are_odd() -> None:
    assert labels(gaps(1.0), gaps(0.1, 1), gaps(0.1, 2)) == []


def test_some_rows_beyond_the_limits_are_no_wrong_column() -> None:
    fractions = Column("mole_fraction", None, "target", np.where(np.arange(40) < 4, 6.0, np.linspace(0.3, 0.9, 40)))
    assert labels(fractions) == []


def test_two_columns_under_each_others_headers_are_found_by_their_quantities() -> None:
    rng = np.random.default_rng(0)
    strength = Column("yield strength", "MPa", "target", rng.uniform(4, 40, 40))
    strain = Column("elongation", "percent", "target", rng.uniform(300, 1200, 40))
    known = {c.name: Reference(usual=usual_range(c.name, c.unit, beside=["elements"])) for c in (strength, strain)}
    (fault,) = wrong_columns(Numbers((strength, strain), np.empty((40, 0))), known)
    assert (fault.columns, fault.slip) == (("yield strength", "elongation"), None)

"""Which column of a lab's table is probably the target, and whether less or more of it is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from designer.campaign.file.reserved_columns import OWN
from designer.cli.column_roles import (
    ANOTHER_RESULT,
    header_words,
    is_measured,
    names_a_result,
    why_no_setting,
    words_of,
)
from designer.cli.guessed_shares import guessed_parts
from designer.cli.lab_column import Column
from designer.errors import Fault, InvalidData
from designer.units import convertible, split_header

_UNWANTED = words_of(
    "loss losses error errors err rmse mae mse residual impurity impurities byproduct byproducts waste cost costs "
    "price overpotential resistivity resistance impedance leakage roughness haze degradation photodegradation "
    "instability decay fade defect defects viscosity friction wear corrosion shrinkage porosity warpage swelling gwp "
    "emission emissions footprint toxicity mic fwhm linewidth tafel dispersity polydispersity pdi variance std "
    "stdev sd uncertainty deviation leaching crossover failure failures crack cracks hysteresis creep noise "
    "consumption mismatch"
)
"""Words of quantities of which less is wanted."""
_UNWANTED_TOGETHER = tuple(map(words_of, ("e factor", "dissipation factor", "weight loss", "critical dose")))
_WANTED = words_of(
    "retention lifetime stability efficiency strength modulus yield selectivity purity tolerance resistant"
)
"""Words that turn the meaning: more retention of an emission is wanted."""
_LESS_IS_BETTER = ("ohm", "ohm*cm", "ohm*cm^2")


def likely_target(columns: Sequence[Column]) -> Column | None:
    """Return the column of numbers that differ which is probably the result.

    The last one that is named like a result, else the last one without any number yet, else the last one that may be
    one: labs write results to the right of the settings. Numbers of runs, dates, errors of results and parts of a
    composition are none.
    """
    reasons = {column.header: why_no_setting(column, columns) for column in columns}
    differ = [c for c in columns if c.is_numeric and (len(c.settings) > 1 or not all(c.words))]
    named = [column for column in differ if reasons[column.header] == ANOTHER_RESULT]
    numeric = [column for column in differ if len(column.settings) > 1]
    empty = [column for column in columns if not any(column.words) and reasons[column.header] is None]
    if named:  # more results may stand to the right of one that is named so
        behind = differ[differ.index(named[-1]) :]
        return [c for c in behind if c is named[-1] or (reasons[c.header] is None and is_measured(c))][-1]
    if empty:
        return ([column for column in empty if names_a_result(column)] or empty)[-1]
    possible = [c for c in numeric if reasons[c.header] is None and split_header(c.header)[0] not in OWN]
    parts = {column.header for column in guessed_parts(possible)[1]} if len(possible) > 1 else set()
    free = [column for column in possible if column.header not in parts]
    found = free or possible or numeric
    return found[-1] if found else None


def refuse_comparisons(columns: Sequence[Column], file: str) -> None:
    """Refuse a table of comparisons, which has no designs.

    Raises
    ------
    InvalidData
        If the table has the columns of better and worse results.
    """
    if {"better", "worse"} <= {column.header.strip().casefold() for column in columns}:
        what = "this is a table of comparisons, and has no settings"
        remedy = "give the table of the designs with --prefer NAME; then: designer compare"
        raise InvalidData(Fault(what, f"{remedy} {file}", file=file))


def likely_goal(column: Column) -> tuple[Literal["minimize", "maximize"], str]:
    """Return whether less or more of a quantity is probably wanted, and why, as the end of a sentence.

    >>> likely_goal(Column("impurity [percent]", "impurity", "percent", (), None))
    ('minimize', "a guess from 'impurity'")
    >>> likely_goal(Column("Rs", "Rs", "ohm", (), None))[0], likely_goal(Column("yield", "yield", None, (), None))[0]
    ('minimize', 'maximize')
    """
    words = list(header_words(column))
    if _WANTED.isdisjoint(words):
        together = next((" ".join(sorted(pair)) for pair in _UNWANTED_TOGETHER if pair <= set(words)), None)
        word = together or next((word for word in words if word in _UNWANTED), None)
        if word is not None:
            return "minimize", f"a guess from {word!r}"
        if column.unit and any(convertible(column.unit, unit) for unit in _LESS_IS_BETTER):
            return "minimize", f"a guess from the unit {column.unit!r}"
    return "maximize", "a guess: nothing in its name says which is wanted"

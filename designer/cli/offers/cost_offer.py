"""A guess of what an experiment costs, as an expression over the settings, from a column of prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations

import numpy as np

from designer.arrays import FloatArray
from designer.cli.column_roles import names_a_cost
from designer.cli.draft import Entry, plain_number
from designer.cli.lab_column import Column
from designer.units import split_header

_TOLERANCE = 0.01
"""Of the mean cost: what an expression may differ by from each cell of the column."""
_MIN_ROWS = 4
_MAX_TERMS = 2


def cost_offer(
    rest: Sequence[Column], parameters: Sequence[Entry], used: Sequence[Column]
) -> tuple[str, Column] | None:
    """Return an expression for ``cost:`` and the column that it was guessed from; None without a column of prices.

    The expression has as few terms as describe every cell to 1 %: a constant, the choices of one parameter, or one or
    two amounts or numbers. Where none does, it is the mean of the column.

    Parameters
    ----------
    rest
        The columns that are neither a target nor left out by the user.
    parameters, used
        The guessed parameters, and their columns.
    """
    priced = [column for column in rest if column.numbers and names_a_cost(column) and column.settings[0] >= 0]
    if len(priced) != 1:
        return None
    column = priced[0]
    rows = [i for i, number in enumerate(column.numbers or ()) if number is not None]
    costs = np.array([float((column.numbers or ())[i] or 0) for i in rows])
    if len(rows) < _MIN_ROWS or costs.mean() <= 0:
        return None
    found = _by_choice(costs, rows, parameters, used) or _linear(costs, rows, parameters, used)
    return found or _number(costs.mean()), column


def _number(value: float) -> str:
    return plain_number(Decimal(f"{value:.4g}"))


def _close(costs: FloatArray, guessed: FloatArray) -> bool:
    return bool(np.abs(costs - guessed).max() <= _TOLERANCE * costs.mean())


def _by_choice(
    costs: FloatArray, rows: Sequence[int], parameters: Sequence[Entry], used: Sequence[Column]
) -> str | None:
    """Return an expression by the choices of one categorical parameter, if the costs depend on them alone."""
    if _close(costs, np.full(len(costs), costs.mean())):
        return _number(costs.mean())
    for entry in parameters:
        keys = dict(entry.keys)
        column = _column_of(str(keys.get("column", keys["name"])), used)
        if keys["kind"] != "categorical" or column is None:
            continue
        words = [column.words[i] for i in rows]
        means = {word: costs[[other == word for other in words]].mean() for word in dict.fromkeys(words)}
        if all(word.isidentifier() for word in means) and _close(costs, np.array([means[word] for word in words])):
            *cases, (_, last) = means.items()
            shown = [f"{_number(mean)} if {keys['name']} == {word}" for word, mean in cases]
            return ", ".join([*shown, _number(last)])
    return None


def _linear(costs: FloatArray, rows: Sequence[int], parameters: Sequence[Entry], used: Sequence[Column]) -> str | None:
    """Return a linear expression in at most two numbers or amounts, if there is one for every cell."""
    terms = [
        (name, np.array([float(column.numbers[i] or 0) for i in rows]))
        for name, column in _terms(parameters, used)
        if column.numbers is not None and all(column.numbers[i] is not None for i in rows)
    ]
    for size in range(1, _MAX_TERMS + 1):
        for chosen in combinations(terms, size):
            matrix = np.column_stack([np.ones(len(rows)), *(values for _, values in chosen)])
            if len(rows) < size + 3:
                continue
            coefficients = np.linalg.lstsq(matrix, costs, rcond=None)[0]
            if _close(costs, matrix @ coefficients):
                return _written(coefficients, [name for name, _ in chosen])
    return None


def _terms(parameters: Sequence[Entry], used: Sequence[Column]) -> Iterator[tuple[str, Column]]:
    """Yield the numbers and amounts of the parameters, by their names in an expression, with their columns."""
    for entry in parameters:
        keys = dict(entry.keys)
        name = str(keys["name"])
        parts = keys.get("elements", keys.get("components"))
        titles = keys.get("columns", parts)
        if keys["kind"] == "numeric":
            pairs = [(name, str(keys.get("column", name)))]
        elif isinstance(parts, Sequence) and isinstance(titles, Sequence):
            pairs = [(f"{name}.{part}", str(title)) for part, title in zip(parts, titles, strict=True)]
        else:
            pairs = []
        for term, title in pairs:
            column = _column_of(title, used)
            if column is not None:
                yield term, column


def _column_of(title: str, used: Sequence[Column]) -> Column | None:
    return next((column for column in used if title in (split_header(column.header)[0], column.name)), None)


def _written(coefficients: FloatArray, names: Sequence[str]) -> str:
    constant, *rest = coefficients
    text = "" if abs(constant) < 1e-9 * np.abs(coefficients).max() else _number(constant)
    for value, name in zip(rest, names, strict=True):
        sign = "-" if value < 0 else "+"
        term = f"{_number(abs(value))} * {name}"
        text = f"{text} {sign} {term}" if text else term if sign == "+" else f"-{term}"
    return text

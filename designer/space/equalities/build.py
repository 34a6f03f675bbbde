"""From the constraints of a space to the systems of parameters that linear equalities join."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeGuard

from designer.counting import count
from designer.errors import Fault
from designer.space.base import SpaceLike
from designer.space.constraints.equality import Equality
from designer.space.equalities.integers import TOO_FINE, Unsolved, solve
from designer.space.equalities.listed_solutions import Equations
from designer.space.equalities.solvers import solver_of
from designer.space.equalities.system import EqualitySystem
from designer.space.equalities.whole_settings import Settings, resolution_of, settings_of
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.fixed import FixedParameter
from designer.space.parameters.numeric import MIN_SETTINGS, NumericParameter

_MAX_FINER = 4  # decimals by which continuous parameters are rounded more finely, so that equalities leave a choice
_MIN_CHOICE = 2.0  # settings that an equality leaves to a continuous parameter
_MAX_EXACT = 2**62
_MAX_WORK = 4_000_000  # equations times parameters squared: seconds of exact arithmetic
_MAX_SHRUNK = 24  # contradictory equalities of which the smallest contradiction is looked for


@dataclass(frozen=True)
class _Joined:
    """Equalities that share parameters, and which constraints they come from."""

    columns: tuple[int, ...]
    equalities: tuple[Equality, ...]
    constraints: tuple[int, ...]


@dataclass(frozen=True)
class Contradiction:
    """Constraints (their indices) whose equalities have no solution together, or are not calculated, and why."""

    constraints: tuple[int, ...]
    too_large: str | None = None


def equality_systems(space: SpaceLike) -> tuple[EqualitySystem, ...]:
    """Return the systems of numeric parameters that equalities join; those that have a solution."""
    systems = []
    for joined in _joined(space, _equalities(space)):
        equations = _equations(space, joined)
        solver = solver_of(equations)
        if solver is not None:
            systems.append(EqualitySystem(joined.columns, equations, solver))
    return tuple(systems)


def enforced_constraints(space: SpaceLike) -> frozenset[int]:
    """Return which constraints (their indices) all designs satisfy that are drawn, moved or settled."""
    if not space.systems:
        return frozenset()
    numeric = _numeric_columns(space)
    return frozenset(
        i
        for i, bound in enumerate(space.bound_constraints)
        if bound.is_equality
        and all(each.coefficients and each.coefficients.keys() <= numeric for each in bound.equalities)
        and not any(each.is_ratio for each in bound.equalities)
    )


def contradiction(space: SpaceLike) -> Contradiction | None:
    """Return the fewest constraints whose equalities have no solution in the settings; None where all have one."""
    found = _equalities(space)
    for index, equality in found:
        if not equality.coefficients and equality.total != 0:
            return Contradiction((index,))
    for joined in _joined(space, found):
        if len(joined.equalities) * len(joined.columns) ** 2 > _MAX_WORK:
            what = f"{len(joined.equalities)} equalities join {count(len(joined.columns), 'parameter')}"
            return Contradiction(joined.constraints, f"{what}, too many to be solved exactly")
        try:
            if solver_of(_equations(space, joined)) is None:
                return Contradiction(_fewest(space, joined))
        except Unsolved as error:
            return Contradiction(joined.constraints, str(error))
    return None


def contradiction_fault(space: SpaceLike, found: Contradiction, *, within_bounds: bool) -> Fault:
    """Return the fault of contradictory equalities; `within_bounds` where they hold between the settings."""
    texts = [repr(space.constraints[i].text) for i in found.constraints]
    path = ("constraints", found.constraints[-1])
    if found.too_large is not None:
        return Fault(f"constraint {', '.join(texts[:4])}: {found.too_large}", "write simpler equalities", path=path)
    where = _how_exact(space, found) if within_bounds else "within the bounds"
    remedy = "change a step, or the equality" if within_bounds else "loosen it or widen the bounds"
    if len(texts) == 1:
        return Fault(f"constraint {texts[0]} cannot hold {where}", remedy, path=path)
    shown = " and ".join([", ".join(texts[:-1]), texts[-1]])
    where = f" {where}" if within_bounds else ""
    return Fault(f"the constraints {shown} cannot hold together{where}", "loosen one of them", path=path)


def _how_exact(space: SpaceLike, found: Contradiction) -> str:
    by_column = {part.start: parameter for parameter, part in space.parts()}
    used = {column for i in found.constraints for column in space.bound_constraints[i].uses}
    stepped = all(by_column[column].count is not None for column in used if column in by_column)
    return "on the steps of the parameters" if stepped else "exactly in decimal numbers on the steps of the parameters"


def _equalities(space: SpaceLike) -> list[tuple[int, Equality]]:
    """Return the equalities between numeric parameters, with the constraint of each."""
    numeric = _numeric_columns(space)
    return [
        (i, equality)
        for i, bound in enumerate(space.bound_constraints)
        for equality in bound.equalities
        if equality.coefficients.keys() <= numeric
    ]


def _numeric_columns(space: SpaceLike) -> set[int]:
    return {part.start for parameter, part in space.parts() if _is_numeric(parameter) and parameter.when is None}


def _is_numeric(parameter: ParameterBase) -> TypeGuard[NumericParameter | FixedParameter]:
    return isinstance(parameter.of if isinstance(parameter, FixedParameter) else parameter, NumericParameter)


def _joined(space: SpaceLike, equalities: Sequence[tuple[int, Equality]]) -> Iterator[_Joined]:
    """Go through the groups of equalities that share parameters."""
    owner = {column: column for _, equality in equalities for column in equality.coefficients}

    def root(column: int) -> int:
        while owner[column] != column:
            owner[column] = owner[owner[column]]
            column = owner[column]
        return column

    for _, equality in equalities:
        first, *others = equality.coefficients or [None]
        for column in others:
            if first is not None and column is not None:
                owner[root(column)] = root(first)
    groups: dict[int, list[tuple[int, Equality]]] = {}
    for index, equality in equalities:
        if equality.coefficients:
            groups.setdefault(root(next(iter(equality.coefficients))), []).append((index, equality))
    for group in groups.values():
        columns = sorted({column for _, equality in group for column in equality.coefficients})
        yield _Joined(tuple(columns), tuple(e for _, e in group), tuple(dict.fromkeys(i for i, _ in group)))


def _equations(space: SpaceLike, joined: _Joined) -> Equations:
    """Return the equalities in whole numbers.

    Raises
    ------
    Unsolved
        If these are too large, or leave hardly a setting because coefficients have many digits.
    """
    by_column = {part.start: parameter for parameter, part in space.parts()}
    parameters = [by_column[column] for column in joined.columns]
    numeric = tuple(parameter for parameter in parameters if _is_numeric(parameter))
    rows = tuple(
        tuple(equality.coefficients.get(column, Fraction(0)) for column in joined.columns)
        for equality in joined.equalities
    )
    return _whole_equations(numeric, rows, tuple(equality.total for equality in joined.equalities))


@lru_cache(maxsize=64)
def _whole_equations(
    parameters: tuple[NumericParameter | FixedParameter, ...],
    rows: tuple[tuple[Fraction, ...], ...],
    totals: tuple[Fraction, ...],
) -> Equations:
    """Return equations in whole numbers, continuous parameters rounded so that the equalities leave a choice."""
    own = [resolution_of(each) for each in parameters if isinstance(each, NumericParameter) and each.is_continuous]
    quanta = [None, *(min(own).scaleb(-finer) for finer in range(_MAX_FINER + 1))] if own else [None]
    best: Equations | None = None
    best_choice = -1.0
    for quantum in quanta:
        equations = _in_whole_numbers([settings_of(parameter, quantum) for parameter in parameters], rows, totals)
        if equations is None:
            continue
        choice = _choice(equations)
        if choice > best_choice:
            best, best_choice = equations, choice
        if choice >= MIN_SETTINGS:
            break
    if best is None:
        raise Unsolved(TOO_FINE)
    if 0 < best_choice < _MIN_CHOICE and len(own) == len(parameters):
        raise Unsolved("its coefficients have so many digits that hardly any decimal numbers satisfy it; round them")
    return best


def _in_whole_numbers(
    settings: Sequence[Settings], rows: Sequence[Sequence[Fraction]], totals: Sequence[Fraction]
) -> Equations | None:
    whole_rows, whole_totals = [], []
    quanta = [Fraction(each.quantum) for each in settings]
    for row, total in zip(rows, totals, strict=True):
        terms = [coefficient * quantum for coefficient, quantum in zip(row, quanta, strict=True)]
        factor = math.lcm(*(term.denominator for term in terms), total.denominator)
        numbers = [int(term * factor) for term in terms]
        divisor = math.gcd(*numbers) or 1
        if int(total * factor) % divisor:
            divisor = 1  # no whole solution, as the solver will see
        whole_rows.append(tuple(number // divisor for number in numbers))
        whole_totals.append(int(total * factor) // divisor)
        size = sum(abs(n) * max(abs(s.lowest), abs(s.highest)) for n, s in zip(whole_rows[-1], settings, strict=True))
        if size + abs(whole_totals[-1]) > _MAX_EXACT:
            return None
    return Equations(tuple(settings), tuple(whole_rows), tuple(whole_totals))


def _choice(equations: Equations) -> float:
    """Return how many settings the equalities leave to the continuous parameter with the fewest; 0 without any."""
    runs = [each.runs[-1] for each in equations.settings]
    rest = [
        total - sum(a * run.first for a, run in zip(row, runs, strict=True))
        for row, total in zip(equations.rows, equations.totals, strict=True)
    ]
    scaled = [[a * run.step * (run.count > 1) for a, run in zip(row, runs, strict=True)] for row in equations.rows]
    solutions = solve(scaled, rest, len(runs))
    if solutions is None:
        return 0.0
    found = math.inf
    for j, each in enumerate(equations.settings):
        grain = math.gcd(*(vector[j] for vector in solutions.basis)) if solutions.basis else 0
        if each.rounded and grain and runs[j].count > 1:
            found = min(found, runs[j].count / grain)
    return found


def _fewest(space: SpaceLike, joined: _Joined) -> tuple[int, ...]:
    """Return constraints of a contradiction of which none can be left out."""
    chosen = list(joined.constraints)
    if len(chosen) > _MAX_SHRUNK:
        return tuple(chosen)
    everything = _equalities(space)
    for index in joined.constraints:
        fewer = [(i, equality) for i, equality in everything if i in chosen and i != index]
        groups = [_equations(space, group) for group in _joined(space, fewer)]
        if any(solver_of(each) is None for each in groups):
            chosen.remove(index)
    return tuple(chosen)

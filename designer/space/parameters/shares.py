"""Compositions and mixtures: shares of a total, counted in whole steps.

The coordinates are the amounts in steps: 10 at.% at ``step: 1`` is the coordinate 10.0, and 0.1 + 0.2 + 0.7 at
``step: 0.1`` is 1 + 2 + 7 = 10, exactly the total. Without a step the resolution is a ten-thousandth of the total
(finer, down to a millionth, where the bounds need it). Measured amounts between the steps have fractional coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from designer.arrays import BoolArray, FloatArray, IntArray
from designer.counting import count
from designer.errors import Fault, InvalidSpace
from designer.space.parameters.amount_draws import draws_of
from designer.space.parameters.amount_moves import settle, transfer
from designer.space.parameters.base import DesignTable, LabColumn, Relaxation, float_identity
from designer.space.parameters.lattice import is_whole, plain, round_significant
from designer.space.parameters.references import Reference
from designer.space.parameters.share_fields import ShareFields
from designer.units import convert_many, same_unit

MAX_SUM_ERROR = 0.005
"""Of the total: what amounts between the steps may miss it by, unless more is allowed."""

_FRACTIONS = frozenset({"fraction", "1"})
_PERCENTS = frozenset({"percent", "%"})
_SECOND_TRANSFER = 0.3  # chance that a composition changes by two transfers


class ShareParameter(ShareFields):
    """Shares of a total among members; the common part of compositions and mixtures.

    The fields are those of `ShareFields`.
    """

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The headers of the amounts in a lab table."""
        return self.columns or tuple(f"{self.name}.{member}" for member in self.members)

    def headers(self) -> Iterator[tuple[str, str]]:
        """Go through the headers ``name.member``, which are understood beside the columns."""
        for member, column in zip(self.members, self.lab_columns, strict=True):
            yield f"{self.name}.{member}", column

    @property
    def count(self) -> int | None:
        """The number of ways to share the total; None without a step, or where they are too many to count."""
        return self.amounts.count if self.step is not None else None

    def from_lab(self, columns: Sequence[LabColumn]) -> FloatArray:
        """Return the amounts in steps (``n x members``)."""
        return self.lattice.indices(np.column_stack([np.asarray(column, dtype=np.float64) for column in columns]))

    def to_lab(self, coordinates: FloatArray) -> list[LabColumn]:
        """Return one column of amounts a member, in lab units."""
        amounts = self.lab_numbers(coordinates)
        return [amounts[:, i] for i in range(self.width)]

    def lab_numbers(self, coordinates: FloatArray) -> FloatArray:
        """Return the amounts in lab units (``n x members``)."""
        coordinates = self.canonical(coordinates)
        result = round_significant(coordinates * float(self.exact_step), 12)
        whole = is_whole(coordinates)
        result[whole] = self.lattice.values(coordinates[whole])
        return result

    def canonical(self, coordinates: FloatArray) -> FloatArray:
        """Return amounts with the noise of float arithmetic removed."""
        coordinates = np.asarray(coordinates, dtype=np.float64)
        nearest = np.rint(coordinates)
        return np.where(np.abs(coordinates - nearest) <= 1e-9 * np.maximum(1.0, nearest), nearest, coordinates) + 0.0

    def snap(self, coordinates: FloatArray) -> FloatArray:
        """Return amounts in whole steps; the sum is the caller's to mend."""
        return np.rint(coordinates) + 0.0

    def valid(self, coordinates: FloatArray) -> BoolArray:
        """Whether the amounts are whole steps within their ranges, sum to the total and are rightly many."""
        return self.amounts.contains(coordinates)

    def within(self, coordinates: FloatArray) -> BoolArray:
        """Whether each amount lies within its bounds (up to 1e-5 of the total), or is absent where it may be."""
        lab, slack = self.lab_numbers(coordinates), 1e-5 * float(self.exact_total)
        inside: BoolArray = np.ones(len(lab), dtype=np.bool_)
        for i, member in enumerate(self.members):
            low, high = self.member_bounds(member)
            there = (lab[:, i] >= low - slack) & (lab[:, i] <= high + slack)
            inside &= there | (lab[:, i] == 0) if self.may_be_zero(member) else there
        return inside

    def violations(self, row: FloatArray) -> list[str]:
        """Say how amounts leave their ranges, steps, sum or number."""
        lab = self.lab_numbers(row[None, :])[0]
        unit = self.share_unit
        found = [
            text for i, member in enumerate(self.members) for text in self._amount_violations(member, row[i], lab[i])
        ]
        present = int((row != 0).sum())
        if not self.amounts.min_nonzero <= present <= self.amounts.max_nonzero:
            found.append(
                f"{self.name} has {count(present, self.members_key[:-1], self.members_key)}, not {self._cardinality()}"
            )
        # Without a step, what rounding each amount explains is no violation.
        slack = 0.0 if self.step is not None else 0.5 * self.width
        if abs(row.sum() - self.units) > slack + 1e-9 * self.units:
            found.append(f"{self.name} sums to {plain(float(lab.sum()))} {unit}, not {plain(self.exact_total)}")
        return found

    def _amount_violations(self, member: str, steps: float, amount: float) -> list[str]:
        low, high = self.member_bounds(member)
        text = f"{self.name}.{member} = {plain(amount)} {self.share_unit}"
        if steps == 0:
            return [] if self.may_be_zero(member) else [f"{text} is outside {plain(low)} to {plain(high)}"]
        if not low <= amount <= high:
            return [f"{text} is outside {plain(low)} to {plain(high)}"]
        if self.step is not None and steps != round(steps):
            return [f"{text} is not on the step of {plain(self.step)}"]
        return []

    def identity(self, coordinates: FloatArray) -> IntArray:
        """Return the bits of the amounts in lab units."""
        return float_identity(self.lab_numbers(coordinates))

    def enumerate(self) -> FloatArray:
        """Return all ways to share the total."""
        return self.amounts.enumerate().astype(np.float64)

    def read(self, table: DesignTable) -> FloatArray:
        """Return the amounts of a table's rows in steps (``n x members``); their sums must be the total.

        Amounts that all lie on the steps must sum exactly; measured ones may miss the total by the table's tolerance.
        """
        nothing = np.zeros(len(table))
        amounts = np.column_stack(
            [
                table.numbers(column, self.share_unit, convert_shares) if table.has(column) else nothing
                for column in self.lab_columns
            ]
        )
        with np.errstate(invalid="ignore"):
            negative = amounts < 0
        for i, j in np.argwhere(negative):
            what = f"{plain(float(amounts[i, j]))} {self.share_unit} is less than nothing"
            table.fault(what, "give an amount of 0 or more", self.lab_columns[j], int(i))
        amounts[negative.any(axis=1)] = np.nan
        if all(table.has(column) for column in self.lab_columns):
            self._check_sums(table, amounts)
        steps = np.zeros_like(amounts)
        finite = np.isfinite(amounts)
        steps[finite] = self.lattice.indices(amounts[finite])
        return steps

    def _check_sums(self, table: DesignTable, amounts: FloatArray) -> None:
        """Report each row whose amounts do not sum to the total; rows with NaN have their fault already."""
        steps = self.lattice.indices(amounts)
        difference = np.abs(steps.sum(axis=1) - self.units)
        # Candidates on the steps are exact; amounts that were measured may have been rounded onto them.
        exact = self.step is not None and table.sum_tolerance <= MAX_SUM_ERROR
        on_steps = is_whole(steps).all(axis=1) & exact
        wrong = np.where(on_steps, difference > 1e-6, difference > table.sum_tolerance * self.units * (1 + 1e-9))
        total = plain(self.exact_total)
        for i in np.flatnonzero(wrong):
            found = math.fsum(amounts[i])
            remedy = f"the amounts of {self.name} must sum to {total}"
            if abs(found - 1) < 0.01 and self.exact_total == 100:
                remedy = f"if these are fractions, write so in the headers: {self.lab_columns[0]} [fraction]"
            what = f"{self.name} sums to {plain(found)} {self.share_unit}, not {total}"
            table.fault(what, remedy, self.lab_columns[0], int(i))

    # Search

    @property
    def mobility(self) -> float:
        """How often a random move changes this parameter: the more members may be present, the more often."""
        able = sum(member.can_be_present for member in self.amounts.members)
        return float(np.clip((able - 1) / 2, 0, 4))

    def draw(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return n random ways to share the total (``n x members``); see `AmountDraws`."""
        return draws_of(self.amounts).draw(n, rng).astype(np.float64)

    def settle(self, coordinates: FloatArray) -> FloatArray:
        """Return the nearest ways to share the total; what is one already stays."""
        result = np.array(coordinates)
        off = ~self.amounts.contains(result)
        if off.any():
            result[off] = settle(result[off], self.amounts)
        return result

    def move(self, coordinates: FloatArray, radius: float, rng: np.random.Generator) -> FloatArray:
        """Return each way with steps moved from one member to another, and for some once more."""
        amounts = transfer(coordinates.astype(np.int64), self.amounts, radius, rng)
        again = np.flatnonzero(rng.random(len(amounts)) < _SECOND_TRANSFER)
        amounts[again] = transfer(amounts[again], self.amounts, radius, rng)
        return amounts.astype(np.float64)

    # Constraints and changes

    def references(self) -> dict[str, Reference]:
        """Return the members as ``name.member``, and the name itself, which is several amounts."""
        whole = Reference(0, unusable=f"is a {self.kind} of several amounts")
        return {self.name: whole} | {f"{self.name}.{member}": Reference(i) for i, member in enumerate(self.members)}

    def relaxation(self) -> Relaxation:
        """Return the range of each amount, and the total that they sum to."""
        bounds = []
        for member in self.members:
            low, high = self.member_bounds(member)
            bounds.append((0.0 if self.may_be_zero(member) else low, high))
        return Relaxation(tuple(bounds), float(self.exact_total))

    def bounds_changes(self, bounds: Any) -> dict[str, Any]:
        """Return other bounds."""
        return {"bounds": bounds}

    def check_amended(self, new: ShareParameter) -> None:
        """Check that the new bounds need no finer steps than those in which earlier amounts are counted.

        Raises
        ------
        InvalidSpace
            If they do.
        """
        if self.exact_step != new.exact_step:
            what = f"bounds of {self.name!r} are finer than its resolution of {plain(self.exact_step)}"
            raise InvalidSpace(Fault(what, f"give multiples of {plain(self.exact_step)}", path=("bounds",)))


def convert_shares(values: FloatArray, unit: str | None, to: str | None) -> FloatArray:
    """Convert amounts of a total: fractions and percentages of the same kind differ by a factor of 100.

    Raises
    ------
    InvalidUnit
        If the units do not convert.
    """
    source, target = (unit or "").replace(" ", ""), (to or "").replace(" ", "")
    if same_unit(source, target) or (source in _PERCENTS and target.endswith("%")):
        return values
    if source in _FRACTIONS and (target.endswith("%") or target == "percent"):
        return values * 100
    if target == "fraction" and (source in _PERCENTS or source == "at.%"):
        return values / 100
    return convert_many(values, unit, to)

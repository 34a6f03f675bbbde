"""Compositions and mixtures: shares of a total, counted in whole steps.

The coordinates are the amounts in steps: 10 at.% at ``step: 1`` is the coordinate 10.0, and 0.1 + 0.2 + 0.7 at
``step: 0.1`` is 1 + 2 + 7 = 10, exactly the total. Without a step the resolution is a ten-thousandth of the total
(finer, down to a millionth, where the bounds need it). Measured amounts between the steps have fractional coordinates.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, field_serializer, model_validator

from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.parameters.amounts import AmountLattice, Member
from designer.space.parameters.fields import Bounds, Number, Text, twice
from designer.space.parameters.lattice import Floats, Lattice, Mask, decimal_of, is_whole, plain, round_significant
from designer.space.parameters.numeric import LabColumn, ParameterBase, float_identity

_PERCENT = frozenset({"at.%", "wt.%", "vol.%", "mol.%", "mol%", "at%", "wt%", "vol%", "percent", "%"})


def _bounds_for_all_or_each(given: Any) -> Any:
    if given is None or isinstance(given, Mapping):
        return given
    return {"*": given}


MemberBounds = Annotated[dict[str, Bounds], BeforeValidator(_bounds_for_all_or_each)]


class ShareParameter(ParameterBase):
    """Shares of a total among members; the common part of compositions and mixtures.

    Parameters
    ----------
    total
        What the amounts sum to: 1 for fractions, 100 for percentages, unless given.
    step
        The smallest difference of two amounts.
    bounds
        ``[lowest, highest]`` for all members, or a mapping of members to theirs (``"*"``: all the others).
    zero_or
        True where a member may be absent although its lowest amount is above 0 ("zero, or between a and b"); or the
        list of the members for which this holds.
    min_nonzero, max_nonzero
        How many members may be present; fixed members count.
    fixed
        Members with one amount only.
    columns
        Headers in lab tables, one a member; ``name.member`` unless given.
    """

    total: Number | None = None
    step: Number | None = None
    bounds: MemberBounds | None = None
    zero_or: bool | tuple[Text, ...] = False
    min_nonzero: int = Field(default=1, ge=1)
    max_nonzero: int | None = Field(default=None, ge=1)
    fixed: dict[str, Number] | None = None
    columns: tuple[Text, ...] | None = None
    member_word: ClassVar[str] = "member"
    members_key: ClassVar[str] = "members"

    @property
    @abstractmethod
    def members(self) -> tuple[str, ...]:
        """The elements or components."""

    @property
    @abstractmethod
    def share_unit(self) -> str:
        """The unit of the amounts."""

    @model_validator(mode="after")
    def _check(self) -> ShareParameter:
        faults = self._member_faults() + self._key_faults() + self._grid_faults()
        faults = faults or self._range_faults()
        if faults:
            raise InvalidInput(faults)
        return self

    @field_serializer("bounds")
    def _plain_bounds(self, bounds: dict[str, tuple[float, float]] | None) -> Any:
        return bounds["*"] if bounds is not None and set(bounds) == {"*"} else bounds

    # Faults; those of ranges are only looked at when members, keys and grid are in order.

    def _member_faults(self) -> list[Fault]:
        key, word = self.members_key, self.member_word
        faults = [
            Fault(f"{word} {self.members[i]!r} is given twice", "give it once", path=(key, i))
            for i in twice(self.members)
        ]
        if len(self.members) < 2:
            faults.append(
                Fault(f"{len(self.members)} {word}s share nothing", f"give at least two {word}s", path=(key,))
            )
        if self.columns is not None:
            if len(self.columns) != len(self.members):
                what = f"{len(self.columns)} columns for {len(self.members)} {word}s"
                faults.append(Fault(what, f"give one column a {word}, in the same order", path=("columns",)))
            faults += [
                Fault(f"column {self.columns[i]!r} is given twice", "give it once", path=("columns", i))
                for i in twice(self.columns)
            ]
        return faults

    def _key_faults(self) -> list[Fault]:
        named: list[tuple[str | int, ...]] = [("bounds", word) for word in self.bounds or {} if word != "*"]
        named += [("fixed", word) for word in self.fixed or {}]
        faults = [
            Fault(
                f"{str(path[-1])!r} is none of the {self.members_key}",
                did_you_mean(str(path[-1]), self.members),
                path=path,
            )
            for path in named
            if path[-1] not in self.members
        ]
        if not isinstance(self.zero_or, bool):
            faults += [
                Fault(
                    f"{word!r} is none of the {self.members_key}", did_you_mean(word, self.members), path=("zero_or", i)
                )
                for i, word in enumerate(self.zero_or)
                if word not in self.members
            ]
        if self.max_nonzero is not None and self.max_nonzero < self.min_nonzero:
            what = f"max_nonzero {self.max_nonzero} is less than min_nonzero {self.min_nonzero}"
            faults.append(Fault(what, f"give at least {self.min_nonzero}", path=("max_nonzero",)))
        if self.min_nonzero > len(self.members):
            what = f"min_nonzero {self.min_nonzero} is more than there are {self.members_key}"
            faults.append(Fault(what, f"at most {len(self.members)}", path=("min_nonzero",)))
        return faults

    def _grid_faults(self) -> list[Fault]:
        if self.total is None and self._usual_total is None:
            return [Fault(f"no total is known for the unit {self.share_unit!r}", "give 'total'", path=("total",))]
        total = self.exact_total
        if total <= 0:
            return [Fault(f"total {plain(total)} is not positive", "give a total above 0", path=("total",))]
        if self.step is None:
            return [] if self._resolution is not None else [self._no_resolution_fault()]
        if self.step <= 0:
            return [Fault(f"step {plain(self.step)} is not positive", "give a step above 0", path=("step",))]
        lattice = Lattice(Decimal(0), decimal_of(self.step))
        units = lattice.count_to(total)
        if units is None:
            what = f"the total of {plain(total)} {self.share_unit} is not a whole number of steps of {plain(self.step)}"
            return [Fault(what, "choose a step that divides the total", path=("step",))]
        if units > 1_000_000:
            what = f"step {plain(self.step)} divides the total into {units} parts"
            return [Fault(what, "choose a step of at least a millionth of the total", path=("step",))]
        return [
            Fault(
                f"{plain(amount)} is not a multiple of the step {plain(self.step)}", _near(amount, lattice), path=path
            )
            for path, amount in self._given_amounts()
            if lattice.count_to(amount) is None
        ]

    def _no_resolution_fault(self) -> Fault:
        what = "the bounds or fixed amounts are finer than a millionth of the total"
        return Fault(what, "give a step of which they are multiples", path=("step",))

    def _range_faults(self) -> list[Fault]:
        faults: list[Fault] = []
        total = float(self.exact_total)
        for member in self.bounds or {}:
            low, high = self.member_bounds(self.members[0] if member == "*" else member)
            path = ("bounds",) if member == "*" else ("bounds", member)
            given = f"bounds [{plain(low)}, {plain(high)}]"
            if not 0 <= low <= high:
                faults.append(Fault(f"{given} are not in order", "write [lowest, highest], from 0 upwards", path=path))
            elif high > total:
                faults.append(
                    Fault(f"{given} exceed the total of {plain(total)}", f"at most {plain(total)}", path=path)
                )
        for member, amount in (self.fixed or {}).items():
            if not 0 <= amount <= total:
                what = f"fixed amount {plain(amount)} of {member} is not within the total"
                faults.append(Fault(what, f"between 0 and {plain(total)}", path=("fixed", member)))
            if member in (self.bounds or {}):
                what = f"{member} has a fixed amount and bounds"
                faults.append(Fault(what, "give one of them", path=("fixed", member)))
        return faults or self._sum_faults()

    def _sum_faults(self) -> list[Fault]:
        step = self.exact_step
        least = sum(limits.low for limits in self.amounts.members if not limits.zero) * step
        most = sum(limits.high for limits in self.amounts.members if limits.can_be_present) * step
        total, unit = plain(self.exact_total), self.share_unit
        fixed = sum(decimal_of(amount) for amount in (self.fixed or {}).values())
        if fixed > self.exact_total:
            return [
                Fault(f"fixed amounts sum to {plain(fixed)} {unit}, more than {total}", "lower them", path=("fixed",))
            ]
        if least > self.exact_total:
            what = f"lowest amounts sum to {plain(least)} {unit}, more than the total of {total}"
            return [Fault(what, "lower the bounds, or allow zero with 'zero_or'", path=("bounds",))]
        if most < self.exact_total:
            what = f"highest amounts sum to {plain(most)} {unit}, less than the total of {total}"
            return [Fault(what, "raise the bounds", path=("bounds",))]
        needed = sum(not limits.zero for limits in self.amounts.members)
        if self.max_nonzero is not None and self.max_nonzero < needed:
            what = f"max_nonzero {self.max_nonzero}, but {needed} {self.members_key} cannot be zero"
            return [Fault(what, f"give at least {needed}, or allow zero with 'zero_or'", path=("max_nonzero",))]
        if not self.amounts.is_feasible:
            number = f"{self._cardinality()} {self.members_key}"
            what = f"no amounts within the bounds sum to {total} {unit} with {number} present"
            return [Fault(what, "widen the bounds or the number of nonzero members")]
        return []

    def _cardinality(self) -> str:
        most = self.max_nonzero or len(self.members)
        return str(most) if most == self.min_nonzero else f"{self.min_nonzero} to {most}"

    def _given_amounts(self) -> list[tuple[tuple[str | int, ...], float]]:
        amounts: list[tuple[tuple[str | int, ...], float]] = []
        for member, pair in (self.bounds or {}).items():
            place = ("bounds",) if member == "*" else ("bounds", member)
            amounts += [((*place, i), value) for i, value in enumerate(pair)]
        return amounts + [(("fixed", member), value) for member, value in (self.fixed or {}).items()]

    # Exact numbers

    @property
    def _usual_total(self) -> Decimal | None:
        if self.share_unit == "fraction":
            return Decimal(1)
        return Decimal(100) if self.share_unit.replace(" ", "") in _PERCENT else None

    @property
    def exact_total(self) -> Decimal:
        """What the amounts sum to."""
        if self.total is not None:
            return decimal_of(self.total)
        return self._usual_total or Decimal(0)

    @cached_property
    def _resolution(self) -> Decimal | None:
        amounts = [value for _, value in self._given_amounts()]
        for parts in (10_000, 100_000, 1_000_000):
            lattice = Lattice(Decimal(0), self.exact_total / parts)
            if all(lattice.count_to(amount) is not None for amount in amounts):
                return lattice.step
        return None

    @property
    def exact_step(self) -> Decimal:
        """The unit of the coordinates: the step, or the resolution where there is none."""
        if self.step is not None:
            return decimal_of(self.step)
        return self._resolution or self.exact_total / 10_000

    @cached_property
    def lattice(self) -> Lattice:
        """The amounts that can be suggested, from 0."""
        return Lattice(Decimal(0), self.exact_step)

    @property
    def units(self) -> int:
        """The total, in steps."""
        return int(self.exact_total / self.exact_step)

    def member_bounds(self, member: str) -> tuple[float, float]:
        """Return the lowest and the highest amount of `member` when it is present, in lab units."""
        if member in (self.fixed or {}):
            amount = (self.fixed or {})[member]
            return (amount, amount)
        bounds = self.bounds or {}
        return bounds.get(member, bounds.get("*", (0.0, float(self.exact_total))))

    def may_be_zero(self, member: str) -> bool:
        """Whether `member` may be absent."""
        if self.member_bounds(member)[0] == 0:
            return True
        if member in (self.fixed or {}):
            return False
        return self.zero_or if isinstance(self.zero_or, bool) else member in self.zero_or

    @cached_property
    def amounts(self) -> AmountLattice:
        """The ways to share the total, in whole steps."""
        limits = []
        for member in self.members:
            low, high = (int(decimal_of(bound) / self.exact_step) for bound in self.member_bounds(member))
            limits.append(Member(max(low, 1), high, self.may_be_zero(member)))
        most = min(self.max_nonzero or len(limits), len(limits))
        return AmountLattice(self.units, tuple(limits), self.min_nonzero, most)

    # What every parameter can do

    @property
    def lab_columns(self) -> tuple[str, ...]:
        """The headers of the amounts in a lab table."""
        return self.columns or tuple(f"{self.name}.{member}" for member in self.members)

    @property
    def count(self) -> int | None:
        """The number of ways to share the total; None without a step, or where they are too many to count."""
        return self.amounts.count if self.step is not None else None

    def from_lab(self, columns: Sequence[LabColumn]) -> Floats:
        """Return the amounts in steps (``n x members``)."""
        return self.lattice.indices(np.column_stack([np.asarray(column, dtype=np.float64) for column in columns]))

    def to_lab(self, coordinates: Floats) -> list[LabColumn]:
        """Return one column of amounts a member, in lab units."""
        amounts = self._lab(coordinates)
        return [amounts[:, i] for i in range(self.width)]

    def _lab(self, coordinates: Floats) -> Floats:
        coordinates = self.canonical(coordinates)
        result = round_significant(coordinates * float(self.exact_step), 12)
        whole = is_whole(coordinates)
        result[whole] = self.lattice.values(coordinates[whole])
        return result

    def canonical(self, coordinates: Floats) -> Floats:
        """Return amounts with the noise of float arithmetic removed."""
        coordinates = np.asarray(coordinates, dtype=np.float64)
        nearest = np.rint(coordinates)
        return np.where(np.abs(coordinates - nearest) <= 1e-9 * np.maximum(1.0, nearest), nearest, coordinates) + 0.0

    def snap(self, coordinates: Floats) -> Floats:
        """Return amounts in whole steps; the sum is the caller's to mend."""
        return np.rint(coordinates) + 0.0

    def valid(self, coordinates: Floats) -> Mask:
        """Whether the amounts are whole steps within their ranges, sum to the total and are rightly many."""
        return self.amounts.contains(coordinates)

    def within(self, coordinates: Floats) -> Mask:
        """Whether each amount lies within its bounds (up to 1e-5 of the total), or is absent where it may be."""
        lab, slack = self._lab(coordinates), 1e-5 * float(self.exact_total)
        inside: Mask = np.ones(len(lab), dtype=np.bool_)
        for i, member in enumerate(self.members):
            low, high = self.member_bounds(member)
            there = (lab[:, i] >= low - slack) & (lab[:, i] <= high + slack)
            inside &= there | (lab[:, i] == 0) if self.may_be_zero(member) else there
        return inside

    def violations(self, row: Floats) -> list[str]:
        """Say how amounts leave their ranges, steps, sum or number."""
        lab = self._lab(row[None, :])[0]
        unit = self.share_unit
        found = [
            text for i, member in enumerate(self.members) for text in self._amount_violations(member, row[i], lab[i])
        ]
        present = int((row != 0).sum())
        if not self.amounts.min_nonzero <= present <= self.amounts.max_nonzero:
            found.append(f"{self.name} has {present} {self.members_key}, not {self._cardinality()}")
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

    def identity(self, coordinates: Floats) -> NDArray[np.int64]:
        """Return the bits of the amounts in lab units."""
        return float_identity(self._lab(coordinates))

    def enumerate(self) -> Floats:
        """Return all ways to share the total."""
        return self.amounts.enumerate().astype(np.float64)


def _near(amount: float, lattice: Lattice) -> str:
    below = int(decimal_of(amount) / lattice.step)
    return f"for example {plain(lattice.value(below))} or {plain(lattice.value(below + 1))}"


def _symbol_remedy(text: str) -> str:
    fixed = text.strip().capitalize()
    return f"did you mean {fixed!r}?" if fixed in KNOWN_SYMBOLS else did_you_mean(text, SYMBOLS)


class CompositionParameter(ShareParameter):
    """Amounts of elements that sum to a total.

    Examples
    --------
    >>> alloy = CompositionParameter(name="alloy", elements=["Ni", "Fe", "Co"], unit="at.%", step=10, max_nonzero=2)
    >>> alloy.count
    30
    >>> alloy.lab_columns
    ('alloy.Ni', 'alloy.Fe', 'alloy.Co')
    """

    kind: Literal["composition"] = "composition"
    elements: tuple[Text, ...]
    unit: Literal["fraction", "at.%", "wt.%"] = "fraction"
    member_word: ClassVar[str] = "element"
    members_key: ClassVar[str] = "elements"

    def _member_faults(self) -> list[Fault]:
        return [
            Fault(f"{text!r} is not the symbol of an element", _symbol_remedy(text), path=("elements", i))
            for i, text in enumerate(self.elements)
            if text not in KNOWN_SYMBOLS
        ] + super()._member_faults()

    @property
    def members(self) -> tuple[str, ...]:
        """The elements."""
        return self.elements

    @property
    def share_unit(self) -> str:
        """The unit of the amounts."""
        return self.unit


class MixtureParameter(ShareParameter):
    """Amounts of named components that sum to a total.

    Examples
    --------
    >>> ink = MixtureParameter(name="ink", components=["P3HT", "PCBM"], step=0.1)
    >>> [column.tolist() for column in ink.to_lab(np.array([[3.0, 7.0]]))]
    [[0.3], [0.7]]
    """

    kind: Literal["mixture"] = "mixture"
    components: tuple[Text, ...]
    unit: Text = "fraction"
    member_word: ClassVar[str] = "component"
    members_key: ClassVar[str] = "components"

    @property
    def members(self) -> tuple[str, ...]:
        """The components."""
        return self.components

    @property
    def share_unit(self) -> str:
        """The unit of the amounts."""
        return self.unit

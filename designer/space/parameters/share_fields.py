"""Shares of a total as a campaign file writes them: members, bounds, total and step, and every fault of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, field_serializer, model_validator

from designer.counting import count
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.space.parameters.amount_draws import draws_of
from designer.space.parameters.amounts import AmountLattice, Member
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.fields import Bounds, Number, Text, twice
from designer.space.parameters.lattice import Lattice, decimal_of, plain

_PERCENT = frozenset({"at.%", "wt.%", "vol.%", "mol.%", "mol%", "at%", "wt%", "vol%", "percent", "%"})


def _bounds_for_all_or_each(given: Any) -> Any:
    if given is None or isinstance(given, Mapping):
        return given
    return {"*": given}


MemberBounds = Annotated[dict[str, Bounds], BeforeValidator(_bounds_for_all_or_each)]


class ShareFields(ParameterBase):
    """Shares of a total as a campaign file writes them, with every fault of them.

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
    def _check(self) -> ShareFields:
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
                Fault(
                    f"{count(len(self.members), word)} cannot share an amount",
                    f"give at least two {word}s",
                    path=(key,),
                )
            )
        if self.columns is not None:
            if len(self.columns) != len(self.members):
                what = f"{count(len(self.columns), 'column')} for {count(len(self.members), word)}"
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
        if not draws_of(self.amounts).has_way:
            number = f"{self._cardinality()} {self.members_key}"
            what = f"the bounds leave hardly any amounts that sum to {total} {unit} with {number} present"
            return [Fault(what, "widen the bounds or the number of nonzero members, or give a step")]
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
        return _common_resolution([self.exact_total, *map(decimal_of, amounts)])

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


def _near(amount: float, lattice: Lattice) -> str:
    below = int(decimal_of(amount) / lattice.step)
    return f"for example {plain(lattice.value(below))} or {plain(lattice.value(below + 1))}"


def _common_resolution(amounts: Sequence[Decimal]) -> Decimal | None:
    """Return a step of which all amounts are multiples, a 10,000th to a millionth of the first; None if none is.

    >>> _common_resolution([Decimal(120), Decimal(10), Decimal("0.5")])
    Decimal('0.01')
    """
    places = max(0, *(-int(exponent) for amount in amounts if isinstance(exponent := amount.as_tuple().exponent, int)))
    if places > 12:
        return None
    common = Decimal(math.gcd(*(int(amount.scaleb(places)) for amount in amounts))).scaleb(-places)
    for parts in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000):
        step = common / parts
        if amounts[0] / step >= 10_000:
            return step if amounts[0] / step <= 1_000_000 else None
    return None

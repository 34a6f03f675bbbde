"""Which formulas may be proposed: elements, sizes, charge balance."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from designer.chemistry.element_groups import ELEMENT_GROUPS, ungrouped
from designer.chemistry.oxidation import balanced_states, oxidation_states
from designer.chemistry.symbols import KNOWN_SYMBOLS, SYMBOLS
from designer.chemistry.whole_formulas import Amounts, atoms
from designer.counting import count
from designer.documents import Value
from designer.errors import Fault, InvalidInput, did_you_mean

MAX_ELEMENTS, MAX_ATOMS = 10, 200
"""The largest limits that rules can set."""


def _listed(given: Any) -> Any:
    if isinstance(given, str):
        raise ValueError(f"{given!r} is not a list; write [{given}]")
    return given


def _elements(given: tuple[str, ...]) -> tuple[str, ...]:
    faults = [
        Fault(f"{word!r} is no element", did_you_mean(word, SYMBOLS), path=(i,))
        for i, word in enumerate(given)
        if word not in KNOWN_SYMBOLS
    ]
    if faults:
        raise InvalidInput(faults)
    return given


def _elements_or_groups(given: tuple[str, ...]) -> tuple[str, ...]:
    remedy = f"give symbols, or of these groups: {', '.join(ELEMENT_GROUPS)}"
    faults = [
        Fault(f"{word!r} is neither an element nor a group of elements", remedy, path=(i,))
        for i, word in enumerate(given)
        if word not in KNOWN_SYMBOLS and word not in ELEMENT_GROUPS
    ]
    if faults:
        raise InvalidInput(faults)
    return given


Elements = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_elements)]
ElementsOrGroups = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_elements_or_groups)]


class FormulaRules(Value):
    """What every proposed formula satisfies.

    Parameters
    ----------
    elements
        The elements that may occur; all that have oxidation states unless given.
    exclude
        Elements that may not occur, by symbol or group: toxic, precious, expensive, ... (`ELEMENT_GROUPS`).
    max_elements, max_atoms
        The largest number of different elements, and of atoms in the reduced formula.
    charge_neutral
        Whether oxidation states of the elements must sum to zero.
    electronegativity
        Whether, in this sum, elements with positive states must be less electronegative than those with negative ones.

    Examples
    --------
    >>> rules = FormulaRules(elements=["Ba", "Ti", "O"], max_atoms=10)
    >>> rules.violations((("Ba", 1), ("O", 3), ("Ti", 1)))
    []
    >>> rules.violations((("Ba", 1), ("O", 3)))
    ['no common oxidation states balance']
    """

    elements: Elements = ()
    exclude: ElementsOrGroups = ()
    max_elements: Annotated[int, Field(ge=1, le=MAX_ELEMENTS)] = 5
    max_atoms: Annotated[int, Field(ge=1, le=MAX_ATOMS)] = 20
    charge_neutral: bool = True
    electronegativity: bool = True

    @model_validator(mode="after")
    def _check(self) -> FormulaRules:
        if not self.allowed:
            raise InvalidInput(Fault("no element is allowed", "exclude fewer elements", path=("exclude",)))
        if self.charge_neutral and (len(self.allowed) < 2 or self.max_elements < 2 or self.max_atoms < 2):
            what = "a formula with balanced charges has at least two elements"
            raise InvalidInput(Fault(what, "allow more of them, or give charge_neutral: false"))
        return self

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """The elements that may occur, by atomic number."""
        excluded = set(ungrouped(self.exclude))
        named = set(self.elements) or {symbol for symbol in SYMBOLS if oxidation_states(symbol)}
        return tuple(symbol for symbol in SYMBOLS if symbol in named - excluded)

    def violations(self, amounts: Amounts) -> list[str]:
        """Return in words how a formula leaves the rules; nothing if it does not."""
        found = [f"{symbol} is not allowed" for symbol, _ in amounts if symbol not in self.allowed]
        if len(amounts) > self.max_elements:
            found.append(f"{count(len(amounts), 'element')} are more than {self.max_elements}")
        if atoms(amounts) > self.max_atoms:
            found.append(f"{count(atoms(amounts), 'atom')} are more than {self.max_atoms}")
        elif self.charge_neutral and not found and not self.is_balanced(amounts):
            found.append("no common oxidation states balance")
        return found

    def allows(self, amounts: Amounts) -> bool:
        """Whether a formula satisfies the rules."""
        return bool(amounts) and not self.violations(amounts)

    def is_balanced(self, amounts: Amounts) -> bool:
        """Whether oxidation states sum to zero."""
        return balanced_states(dict(amounts), electronegativity=self.electronegativity) is not None

"""Candidates that are on no list, proposed in a worker process: see `designer generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from designer.chemistry.formula_rules import MAX_ATOMS, MAX_ELEMENTS, FormulaRules
from designer.chemistry.generator_settings import BASELINE
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import exact_amounts
from designer.counting import count
from designer.documents import Value
from designer.errors import Fault, InvalidData, InvalidInput

MAX_GENERATED, MAX_KNOWN, MAX_TEXT = 500, 2_000, 200
"""Limits of one request: proposals, known formulas, and letters of a formula."""


Formula = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Symbols = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=20)], ...], Field(max_length=len(SYMBOLS))]


class FormulaRequest(Value):
    """A request for formulas that are on no list; the rules are those of an open formula in a campaign file."""

    known: tuple[Formula, ...] = Field(
        default=(), max_length=MAX_KNOWN, description="Proposals start from these, and are new to them."
    )
    novel_to: tuple[Formula, ...] = Field(default=(), max_length=MAX_KNOWN, description="Not proposed either.")
    elements: Symbols = Field(default=(), description="Allowed elements; default: those of `known`.")
    exclude: Symbols = Field(default=(), description="Elements, or groups of them such as `toxic`.")
    max_elements: int = Field(default=5, ge=1, le=MAX_ELEMENTS)
    max_atoms: int = Field(default=20, ge=1, le=MAX_ATOMS, description="Of the reduced formula.")
    charge_neutral: bool = Field(default=True, description="Whether oxidation states must balance.")
    electronegativity: bool = Field(default=True, description="Whether cations are less electronegative than anions.")
    n: int = Field(default=100, ge=1, le=MAX_GENERATED, description="How many.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @property
    def rules(self) -> FormulaRules:
        """The rules of the proposals."""
        from designer.generation.known_formulas import element_symbols

        return FormulaRules(
            elements=self.elements or element_symbols(self.known), exclude=self.exclude,
            max_elements=self.max_elements, max_atoms=self.max_atoms, charge_neutral=self.charge_neutral,
            electronegativity=self.electronegativity,
        )  # fmt: skip


def formulas(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return formulas that are like the known ones, with the origin of each; `given` is a `FormulaRequest` as data.

    Raises
    ------
    InvalidInput
        With every text that is no formula, if the rules contradict each other, or if nothing was found.
    """
    from designer.generation.base import GENERATORS
    from designer.generation.known_formulas import KnownFormulas

    request = FormulaRequest(**given)
    _check("known", request.known)
    _check("novel_to", request.novel_to)
    rules, known = request.rules, KnownFormulas.of(request.known, request.novel_to)
    found = GENERATORS.load(BASELINE)(rules, known).propose(request.n, seed=request.seed)
    if not found:
        what = f"no new formula of {', '.join(rules.allowed)} keeps the rules"
        raise InvalidInput(Fault(what, "allow more elements or atoms, or charges that do not balance"))
    words = f"{count(len(found), 'formula', 'formulas')} on no list. A proposed formula is not a synthesis."
    return {"words": words, "proposals": [each.as_data() for each in found]}


def _check(key: str, texts: Sequence[str]) -> None:
    """Raise `InvalidInput` with every text that is no formula."""
    faults: list[Fault] = []
    for row, text in enumerate(texts):
        try:
            exact_amounts(text)
        except InvalidData as error:
            faults += [fault.at(path=(key, row)) for fault in error.faults]
    if faults:
        raise InvalidInput(faults)


GENERATED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"formulas": formulas}
"""What can be proposed, by kind."""

"""Candidates that are on no list, proposed in a worker process: see `designer generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from designer.chemistry.formula_rules import MAX_ATOMS, MAX_ELEMENTS, FormulaRules
from designer.chemistry.generator_settings import BASELINE
from designer.chemistry.smiles import MAX_SMILES
from designer.chemistry.symbols import SYMBOLS
from designer.chemistry.whole_formulas import exact_amounts
from designer.counting import count
from designer.documents import Value
from designer.errors import Fault, InvalidData, InvalidInput

MAX_GENERATED, MAX_KNOWN, MAX_TEXT = 500, 2_000, 200
"""Limits of one request: proposals, known formulas or molecules, and letters of a formula or condition."""
MAX_CONDITIONS = 50


Formula = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Smiles = Annotated[str, Field(min_length=1, max_length=MAX_SMILES)]
Condition = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
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


class MoleculeRequest(Value):
    """A request for molecules that are on no list; the rules are those of an open molecule in a campaign file."""

    known: tuple[Smiles, ...] = Field(
        min_length=1,
        max_length=MAX_KNOWN,
        description="SMILES; proposals are made of parts of these.",
    )
    novel_to: tuple[Smiles, ...] = Field(default=(), max_length=MAX_KNOWN, description="Not proposed either.")
    conditions: tuple[Condition, ...] = Field(
        default=(), max_length=MAX_CONDITIONS, description="Such as `molecule.MolWt <= 500`: descriptors of RDKit."
    )
    exclude: tuple[Smiles, ...] = Field(
        default=(), max_length=MAX_CONDITIONS, description="Substructures that do not occur, as SMARTS."
    )
    max_heavy_atoms: int = Field(default=60, ge=2, le=200)
    max_accessibility: float = Field(default=6.0, ge=1, le=10, description="Synthetic accessibility, 1 (easy) to 10.")
    n: int = Field(default=100, ge=1, le=MAX_GENERATED, description="How many.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


def molecules(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return molecules of parts of the known ones, with the origin of each; `given` is a `MoleculeRequest` as data.

    Raises
    ------
    InvalidInput
        With every text that is no molecule and every wrong condition, or if nothing was found.
    MissingExtra
        If RDKit is not installed.
    """
    from designer.generation.molecules.conditioned_rules import MoleculeRules
    from designer.generation.molecules.recombination import RecombiningGenerator, known_molecules

    request = MoleculeRequest(**given)
    read: dict[str, tuple[str, ...]] = {}
    for key in ("known", "novel_to"):
        try:
            read[key] = known_molecules(getattr(request, key))
        except InvalidData as error:
            raise InvalidInput([fault.at(path=(key, *fault.path)) for fault in error.faults]) from None
    rules = MoleculeRules(
        conditions=request.conditions, exclude=request.exclude, max_heavy_atoms=request.max_heavy_atoms,
        max_accessibility=request.max_accessibility,
    )  # fmt: skip
    found = RecombiningGenerator(rules, read["known"], also=read["novel_to"]).propose(request.n, seed=request.seed)
    if not found:
        what = "no new molecule was found that satisfies the rules"
        raise InvalidInput(Fault(what, "give more molecules, or loosen a condition"))
    words = f"{count(len(found), 'molecule')} on no list. A proposed molecule is not a synthesis."
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


GENERATED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"formulas": formulas, "molecules": molecules}
"""What can be proposed, by kind."""

"""The formulas and molecules that a campaign over an open space may suggest next: proposed anew for each new state.

They are a pure function of the campaign's file, the tables it names, its results and its seed, so that a suggestion can
be repeated and explained later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from designer.campaign.file.open_formulas import acceptance, known_formulas, open_parameters, own_constraints
from designer.campaign.file.open_parameters import open_molecules
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.proposing.parents import best_words, file_states, seed_of_proposals, tried_words
from designer.campaign.proposing.proposed_molecules import molecule_origins, proposed_molecules
from designer.campaign.proposing.trained_generators import generator_of, trained_generator
from designer.chemistry.whole_formulas import exact_amounts
from designer.errors import NoDesignLeft
from designer.generation.base import Proposal
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint
from designer.space.parameters.formula import FormulaParameter

if TYPE_CHECKING:
    from designer.generation.learned_generator import TrainedFormulas

PROPOSALS = 500
"""Formulas that are proposed for one suggestion."""


def with_proposals(spec: CampaignSpec, space: DesignSpace, state: CampaignState) -> DesignSpace:
    """Return the space with the proposals for its open formulas and molecules in their vocabularies; itself where it
    has none."""
    words = {p.name: [each.formula for each in _proposals(spec, state, p)] for p in open_parameters(spec.space)}
    for molecule in open_molecules(spec.space):
        words[molecule.name] = [each.smiles for each in proposed_molecules(spec, state, molecule)]
    return space.with_words(words) if words else space


def origins(spec: CampaignSpec, state: CampaignState) -> dict[str, str]:
    """Return where each formula or molecule proposed at `state` comes from, in words."""
    known = {each.formula: each.origin for p in open_parameters(spec.space) for each in _proposals(spec, state, p)}
    for molecule in open_molecules(spec.space):
        known |= molecule_origins(spec, state, molecule)
    return known


def _proposals(spec: CampaignSpec, state: CampaignState, parameter: FormulaParameter) -> tuple[Proposal, ...]:
    column = parameter.lab_columns[0]
    tried = tried_words(state, column)
    seed = seed_of_proposals(spec, state)
    # Proposals of a parameter do not depend on its vocabulary, which holds those of earlier calls.
    plain = parameter.model_copy(update={"formulas": ()}).model_dump_json()
    files = file_states((*parameter.like, *parameter.novel_to), spec.folder)
    conditions = own_constraints(spec.space, parameter)
    trained = trained_generator(spec, parameter) if parameter.generator.is_learned else None
    return _proposed(plain, files, tried, best_words(spec, state, column), seed, spec.folder, conditions, trained)


@lru_cache(maxsize=8)
def _proposed(
    plain: str,
    files: tuple[tuple[int, int], ...],
    tried: tuple[str, ...],
    best: tuple[tuple[str, float], ...],
    seed: int,
    folder: Path,
    constraints: tuple[Constraint, ...],
    trained: TrainedFormulas | None,
) -> tuple[Proposal, ...]:
    parameter = FormulaParameter.model_validate_json(plain)
    rules = parameter.rules
    assert rules is not None
    known = known_formulas(parameter, folder)
    start = dict.fromkeys(known.prototypes, 1.0 / len(known.prototypes))
    parents: Mapping[str, float] = {**start, **{text: start.get(text, 0.0) + weight for text, weight in best}}
    taken = frozenset(exact_amounts(text) for text in tried)
    made = generator_of(parameter, trained)(rules, known)
    accept = acceptance(parameter, constraints)
    found = made.propose(PROPOSALS, seed=seed, parents=parents, taken=taken, accept=accept)
    if not found and not tried:
        what = " and the constraints" if constraints else ""
        raise NoDesignLeft(f"no new formula of {', '.join(rules.allowed)} keeps the rules of {parameter.name!r}{what}")
    return found

"""The molecules that a campaign over an open molecule may suggest next: proposed anew for each new state.

Halves of the known molecules and of the campaign's own are recombined; half of the weight of the parents is that of the
best fifth of the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from designer.campaign.file.open_formulas import own_constraints
from designer.campaign.file.open_parameters import acceptance_of, known_molecules_of
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
from designer.campaign.proposing.parents import best_words, file_states, seed_of_proposals, tried_words
from designer.chemistry.smiles import canonical_smiles
from designer.errors import NoDesignLeft
from designer.generation.molecules.recombination import MoleculeProposal, RecombiningGenerator
from designer.space.constraints.constraint import Constraint
from designer.space.parameters.molecules.molecule import MoleculeParameter

PROPOSALS = 200
"""Molecules that are proposed for one suggestion."""


def proposed_molecules(
    spec: CampaignSpec, state: CampaignState, parameter: MoleculeParameter
) -> tuple[MoleculeProposal, ...]:
    """Return the molecules that are proposed at a state; the same state, the same molecules.

    Raises
    ------
    NoDesignLeft
        If there are none, and nothing was tried.
    InvalidData
        With every fault of the tables of known molecules.
    """
    column = parameter.lab_columns[0]
    # Proposals of a parameter do not depend on its vocabulary, which holds those of earlier calls.
    plain = parameter.model_copy(update={"molecules": ()}).model_dump_json()
    files = file_states((*parameter.like, *parameter.novel_to), spec.folder)
    tried, best = tried_words(state, column), best_words(spec, state, column)
    conditions = own_constraints(spec.space, parameter)
    return _proposed(plain, files, tried, best, seed_of_proposals(spec, state), spec.folder, conditions)


@lru_cache(maxsize=8)
def _proposed(
    plain: str,
    files: tuple[tuple[int, int], ...],
    tried: tuple[str, ...],
    best: tuple[tuple[str, float], ...],
    seed: int,
    folder: Path,
    constraints: tuple[Constraint, ...],
) -> tuple[MoleculeProposal, ...]:
    parameter = MoleculeParameter.model_validate_json(plain)
    known = known_molecules_of(parameter, folder)
    own = tuple(dict.fromkeys(str(canonical_smiles(text)) for text in tried))
    parents = dict.fromkeys(known.like, 1.0 / len(known.like))
    for text, weight in best:
        smiles = str(canonical_smiles(text))
        parents[smiles] = parents.get(smiles, 0.0) + weight
    generator = RecombiningGenerator(parameter.rules, tuple(dict.fromkeys((*known.like, *own))), also=known.also)
    found = generator.propose(PROPOSALS, seed=seed, parents=parents, accept=acceptance_of(parameter, constraints))
    if not found and not tried:
        what = " and the constraints" if constraints else ""
        raise NoDesignLeft(f"no new molecule was found that keeps the rules of {parameter.name!r}{what}")
    return found


def molecule_origins(spec: CampaignSpec, state: CampaignState, parameter: MoleculeParameter) -> Mapping[str, str]:
    """Return where each molecule proposed at `state` comes from, in words."""
    return {each.smiles: each.origin for each in proposed_molecules(spec, state, parameter)}

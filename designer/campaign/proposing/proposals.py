"""The formulas that a campaign over an open space may suggest next: proposed anew after every change of its results.

They are a pure function of the campaign's file, the tables it names, its results and its seed, so that a suggestion can
be repeated and explained later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.campaign.file.open_formulas import acceptance, known_formulas, open_parameters, own_constraints
from designer.campaign.file.spec import CampaignSpec
from designer.campaign.log.state import CampaignState
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
_BEST_SHARE, _MIN_RESULTS = 0.2, 3


def with_proposals(spec: CampaignSpec, space: DesignSpace, state: CampaignState) -> DesignSpace:
    """Return the space with the proposals for its open formulas in their vocabulary; itself where it has none."""
    found = [each.formula for parameter in open_parameters(spec.space) for each in _proposals(spec, state, parameter)]
    return space.with_formulas(found) if found else space


def origins(spec: CampaignSpec, state: CampaignState) -> dict[str, str]:
    """Return where each formula proposed at `state` comes from, in words."""
    return {each.formula: each.origin for p in open_parameters(spec.space) for each in _proposals(spec, state, p)}


def _proposals(spec: CampaignSpec, state: CampaignState, parameter: FormulaParameter) -> tuple[Proposal, ...]:
    column = parameter.lab_columns[0]
    designs = [each.design for each in state.suggestions.values()]
    designs += [each.design for each in state.results]
    designs += [each.design for each in state.failures]
    tried = tuple(sorted({str(design[column]) for design in designs}))
    seed = spec.settings.seed * 1_000_003 + len(state.suggestions)
    # Proposals of a parameter do not depend on its vocabulary, which holds those of earlier calls.
    plain = parameter.model_copy(update={"formulas": ()}).model_dump_json()
    files = _file_states(parameter, spec.folder)
    conditions = own_constraints(spec.space, parameter)
    trained = trained_generator(spec, parameter) if parameter.generator.is_learned else None
    return _proposed(plain, files, tried, _best(spec, state, column), seed, spec.folder, conditions, trained)


def _best(spec: CampaignSpec, state: CampaignState, column: str) -> tuple[tuple[str, float], ...]:
    """Return the formulas of the best fifth of the results with weights that sum to 1; none of fewer than 3 results."""
    names = [target.name for target in spec.targets]
    Y = np.array([[each.values.get(name, np.nan) for name in names] for each in state.results]).reshape(-1, len(names))
    if len(Y) < _MIN_RESULTS:
        return ()
    utilities = spec.objective.utilities(Y, spec.objective.ranges(Y) if spec.objective.needs_ranges else None)
    # The mean rank over the goals; a result without a value, or beyond a limit, is behind all that have one.
    ranks = np.argsort(np.argsort(-np.nan_to_num(utilities, nan=-np.inf), axis=0, kind="stable"), axis=0).mean(axis=1)
    order = np.lexsort((ranks, ~spec.objective.feasible(Y)))
    best: dict[str, float] = {}
    for place, row in enumerate(order[: max(_MIN_RESULTS, round(_BEST_SHARE * len(Y)))].tolist()):
        text = str(state.results[row].design[column])
        best.setdefault(text, 1.0 / (1 + place))
    total = sum(best.values())
    return tuple((text, weight / total) for text, weight in best.items())


def _file_states(parameter: FormulaParameter, folder: Path) -> tuple[tuple[int, int], ...]:
    """Return time and size of the tables that a parameter names: other contents give other proposals."""
    found = []
    for name in (*parameter.like, *parameter.novel_to):
        path = folder / name
        found.append((path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else (0, 0))
    return tuple(found)


@lru_cache(maxsize=8)
def _proposed(
    plain: str,
    file_states: tuple[tuple[int, int], ...],
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

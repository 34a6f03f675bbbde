"""Why a classical design cannot be made in a space."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from designer.acquisition.classical.design import MAX_RUNS, OPTIMAL, SEQUENCES, ClassicalDesign
from designer.acquisition.classical.design_runs import model_basis, run_count, shared_basis, shared_count
from designer.acquisition.classical.model_basis import MAX_PRODUCTS, products
from designer.acquisition.classical.parameter_levels import MAX_GRID, centres, grid, reference_designs
from designer.counting import count
from designer.errors import Fault, InvalidInput, NoDesignLeft
from designer.space import CategoricalParameter, DesignSpace, ShareParameter
from designer.space.parameters.open_vocabulary import VocabularyParameter

MAX_TERMS = 200


def design_faults(space: DesignSpace, design: ClassicalDesign, batch_size: int) -> list[Fault]:
    """Return why the design cannot be made in the space, each with its key in the path."""
    for check in (_space_faults, _size_faults, _centre_faults, partial(_shared_faults, batch_size=batch_size)):
        try:
            faults = list(check(space, design))
        except (NoDesignLeft, InvalidInput) as error:
            faults = [Fault(str(error), "widen the space", path=("kind",))]
        if faults:
            return faults
    return []


def _space_faults(space: DesignSpace, design: ClassicalDesign) -> Iterator[Fault]:
    """Go through the parts of the space that the kind of design cannot have."""
    fault = partial(Fault, path=("kind",))
    listing = "use 'kind: d-optimal', or give a number: 'initial: 8'"
    contexts = ", ".join(each.name for each in space.context_parameters)
    if contexts:
        what = f"a {design.kind} design is made before the context ({contexts}) is known"
        yield fault(what, "give the number of first designs: 'initial: 6'")
    for parameter in space.parameters:
        if isinstance(parameter, VocabularyParameter) and (space.pool is None or design.kind not in OPTIMAL):
            what = f"the {parameter.kind} {parameter.name!r} has no levels for a {design.kind} design"
            yield fault(what, listing if space.pool is not None else "give a number: 'initial: 8'")
        if isinstance(parameter, ShareParameter) and design.kind == "factorial":
            yield fault(f"the amounts of {parameter.name!r} are not independent, as in a factorial design", listing)
    if space.systems and design.kind not in OPTIMAL:
        yield fault(f"equalities join parameters that are independent in a {design.kind} design", listing)
    if space.pool is not None and design.kind == "factorial":
        yield fault("a table of candidates need not have the combinations of a factorial design", listing)
    shared = ", ".join(each.name for each in space.shared_parameters)
    if shared and design.kind in SEQUENCES:
        yield fault(f"every design of a {design.kind} design has another setting of {shared}, one for a batch", listing)
    if shared and space.pool is not None:
        what = f"candidates are listed, and a batch shares {shared}"
        yield fault(what, "give the number of first designs: 'initial: 8'")
    if shared and design.blocks > 1:
        yield Fault(f"a batch shares {shared}: the batches are the blocks", "leave 'blocks' out", path=("blocks",))


def _size_faults(space: DesignSpace, design: ClassicalDesign) -> Iterator[Fault]:
    """Go through what is wrong with the numbers of terms and runs."""
    smaller = "use 'model: linear'" if design.terms != "linear" else "give a number: 'initial: 8'"
    if products(space, design.terms) > MAX_PRODUCTS:
        yield Fault(f"a {design.terms} model of this space has more than {MAX_TERMS} terms", smaller, path=("model",))
        return
    if design.kind == "factorial":
        faults = list(_factorial_faults(space, design))
        yield from faults
        if faults or (design.number is None and design.blocks == 1):
            return
    if design.kind in SEQUENCES and design.blocks == 1:
        return
    terms = model_basis(space, design).terms
    if terms > MAX_TERMS:
        yield Fault(f"a {design.terms} model of this space has {count(terms, 'term')}", smaller, path=("model",))
        return
    needed, number = terms + design.blocks - 1, run_count(space, design)
    if number < needed:
        blocks = f" in {count(design.blocks, 'block')}" if design.blocks > 1 else ""
        what = f"{count(number, 'run')} cannot estimate the {count(terms, 'term')} of a {design.terms} model{blocks}"
        key = "number" if design.number is not None else "blocks"
        yield Fault(what, f"give at least {needed}, or a smaller 'model'", path=(key,))


def _factorial_faults(space: DesignSpace, design: ClassicalDesign) -> Iterator[Fault]:
    """Go through what is wrong with the combinations of levels."""
    found = grid(space, design.levels or 2)
    if found is None:
        what = f"a factorial design has more than {MAX_GRID:,} combinations of levels"
        yield Fault(what, "use 'kind: d-optimal', or fewer 'levels'", path=("kind",))
    elif not len(found):
        yield Fault("the constraints allow no combination of levels", "use 'kind: d-optimal'", path=("kind",))
    elif design.number is None and len(found) > MAX_RUNS:
        what = f"all combinations of levels are {count(len(found), 'run')}"
        yield Fault(what, f"give a 'number' of runs, {MAX_RUNS} at most", path=("kind",))
    elif design.number is not None and design.number > len(found):
        what = f"{count(design.number, 'run')} of {len(found)}: all combinations of levels are no more"
        yield Fault(what, "leave 'number' out for all of them", path=("number",))


def _centre_faults(space: DesignSpace, design: ClassicalDesign) -> Iterator[Fault]:
    if not design.centre_points:
        return
    if space.pool is not None:
        what = "a table of candidates need not have a design in the middle of all ranges"
        yield Fault(what, "leave 'centre_points' out", path=("centre_points",))
        return
    middle = centres(space, design.centre_points)
    for row in middle[~space.valid(middle)][:1]:
        what = f"a centre point cannot be made: {space.violations(row)[0]}"
        choices = any(isinstance(each, CategoricalParameter) for each in space.parameters)
        remedy = "leave 'centre_points' out" + (", or give fewer" if choices and design.centre_points > 1 else "")
        yield Fault(what, remedy, path=("centre_points",))


def _shared_faults(space: DesignSpace, design: ClassicalDesign, batch_size: int) -> Iterator[Fault]:
    """Go through what is wrong with the settings that a batch shares: too few for the model, or more than allowed."""
    shared = space.shared_parameters
    if not shared:
        return
    names = ", ".join(each.name for each in shared)
    if design.kind in OPTIMAL:
        number = run_count(space, design) - design.centre_points
        settings = shared_count(space, design, number, batch_size)
        needed = shared_basis(space, design, reference_designs(space)).terms
        if settings < needed:
            what = f"the runs have {count(max(settings, 0), 'setting')} of {names}, one for a batch of {batch_size}"
            what += f", and a {design.terms} model needs {needed}"
            yield Fault(what, "use a smaller 'batch_size' or 'model', or allow more changes", path=("kind",))
        return
    runs = np.concatenate([grid(space, design.levels or 2), centres(space, design.centre_points)])
    columns = [i for each, own in space.parts() if each.is_shared for i in range(own.start, own.stop)]
    changes = len(np.unique(runs[:, columns], axis=0)) - 1
    for parameter in shared:
        if parameter.at_most_changes is not None and changes > parameter.at_most_changes:
            what = f"the runs of this design have {count(changes + 1, 'setting')} of {names}, one for a batch"
            yield Fault(what, f"at_most_changes is {parameter.at_most_changes}; allow more", path=("kind",))

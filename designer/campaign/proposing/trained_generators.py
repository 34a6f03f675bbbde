"""The generator that a campaign trains on past tasks: once, then it is taken from memory or from the cache on disk."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from designer.campaign.file.open_formulas import open_parameters
from designer.campaign.log.versions import versions
from designer.campaign.past_work import cache_folder, file_signatures, past_tasks
from designer.campaign.proposing.past_formulas import PastFormulas, past_formulas
from designer.chemistry.generator_settings import MIN_FORMULAS
from designer.counting import count
from designer.errors import Fault, InvalidData, InvalidInput, InvalidPrior
from designer.generation.base import GENERATORS, MakeGenerator
from designer.whole_files import part_folder, publish, sole_writer

if TYPE_CHECKING:
    from designer.campaign.file.spec import CampaignSpec
    from designer.generation.learned_generator import TrainedFormulas
    from designer.space.parameters.formula import FormulaParameter

_FORMAT = 2  # of what is cached: raise it whenever the training changes
SEED = 0

_trained: dict[str, TrainedFormulas] = {}


def formulas_learned_from(spec: CampaignSpec, parameter: FormulaParameter) -> PastFormulas:
    """Return the formulas that the generator of a parameter is trained on.

    Raises
    ------
    InvalidPrior
        With every fault of the past work that it names, or if there are too few formulas with a value; in the line of
        the campaign file.
    """
    with _located(spec, parameter):
        if spec.objective.explores:
            what = f"a learned generator proposes what is good, and the goal is a {spec.objective.mode}"
            raise InvalidPrior(Fault(what, "write 'generator: baseline'"))
        tasks = past_tasks(_places(spec, parameter))
        past = past_formulas(tasks, spec.objective, spec.settings.prior.quantities, parameter.lab_columns[0])
        if len(past.values) < MIN_FORMULAS:
            what = f"past tasks hold {count(len(past.values), 'formula', 'formulas')} with a value"
            raise InvalidPrior(Fault(what, f"name tasks that hold at least {MIN_FORMULAS} in all"))
        return past


def _places(spec: CampaignSpec, parameter: FormulaParameter) -> list[Path]:
    return [(spec.folder / path).resolve() for path in parameter.generator.tasks]


@contextmanager
def _located(spec: CampaignSpec, parameter: FormulaParameter) -> Iterator[None]:
    """Give faults that name no file the place of the parameter's past tasks in the campaign file."""
    row = next(i for i, each in enumerate(spec.space.parameters) if each.name == parameter.name)
    place = ("space", row, "generator", "tasks")
    try:
        yield
    except InvalidInput as error:
        faults = [fault if fault.file is not None else spec.locate(fault.at(path=place)) for fault in error.faults]
        raise InvalidPrior(faults) from None


def learned_formula_notes(spec: CampaignSpec) -> list[str]:
    """Return what the generators of open formulas learn from, in words; nothing where none is trained.

    Raises
    ------
    InvalidPrior
        As `formulas_learned_from`.
    """
    notes = []
    for parameter in open_parameters(spec.space):
        if parameter.generator.is_learned:
            past = formulas_learned_from(spec, parameter)
            number = count(len(past.values), "formula", "formulas")
            measured = " and ".join(repr(name) for name in past.targets)
            notes.append(
                f"half of the formulas of {parameter.name!r} are drawn by a network, which is trained on {number} of "
                f"{count(past.tasks, 'past task')} with {measured}"
            )
    return notes


def trained_generator(spec: CampaignSpec, parameter: FormulaParameter) -> TrainedFormulas:
    """Return the network that is trained on the past tasks of an open formula.

    Raises
    ------
    InvalidPrior
        As `formulas_learned_from`.
    """
    goals = [target.model_dump_json() for target in spec.targets], spec.objective.mode
    files = [*file_signatures(_places(spec, parameter))]
    signature = repr((parameter.lab_columns, files, goals, spec.settings.prior.quantities))
    if signature not in _trained:
        past = formulas_learned_from(spec, parameter)
        with _located(spec, parameter):
            _trained[signature] = trained_on(past.values)
    return _trained[signature]


def generator_digests(spec: CampaignSpec) -> dict[str, str]:
    """Return what identifies the formulas and values that each learned generator of a campaign was trained on.

    Raises
    ------
    InvalidPrior
        As `formulas_learned_from`.
    """
    return {
        f"generator of {parameter.name}": str(trained_generator(spec, parameter).card["digest"])[:16]
        for parameter in open_parameters(spec.space)
        if parameter.generator.is_learned
    }


def generator_of(parameter: FormulaParameter, trained: TrainedFormulas | None) -> MakeGenerator:
    """Return what makes the generator of an open formula; of a learned one with its trained network."""
    if trained is None:
        return GENERATORS.load(parameter.generator.kind)
    from designer.generation.learned_generator import BesideBaseline

    return partial(BesideBaseline.of, trained)


def trained_on(values: Mapping[str, float]) -> TrainedFormulas:
    """Return the network that is trained on formulas with their values, from the cache on disk where it is there.

    A training that was stopped is resumed. A cache that cannot be written is no fault.
    """
    from designer.generation.learned_generator import TrainedFormulas, train

    content = json.dumps([_FORMAT, SEED, sorted(values.items()), versions(model=True)], sort_keys=True)
    folder = cache_folder() / "generators" / hashlib.sha256(content.encode()).hexdigest()[:32]
    with suppress(InvalidData):
        return TrainedFormulas.load(folder)
    training = folder.with_name(f"{folder.name}.training")
    try:
        with sole_writer(training) as alone:
            trained = _resumed(values, training) if alone else train(values, seed=SEED)
            _keep(trained, folder)
            if alone:
                shutil.rmtree(training, ignore_errors=True)
    except OSError:
        return train(values, seed=SEED)
    return trained


def _resumed(values: Mapping[str, float], training: Path) -> TrainedFormulas:
    """Return a network that is trained from where an earlier training stopped; anew where its files are damaged."""
    from designer.generation.learned_generator import CARD, WEIGHTS, TrainedFormulas, train

    with suppress(InvalidData):
        TrainedFormulas.load(training)  # its files are whole
        return train(values, seed=SEED, folder=training)
    for name in (CARD, WEIGHTS):
        (training / name).unlink(missing_ok=True)
    return train(values, seed=SEED, folder=training)


def _keep(trained: TrainedFormulas, folder: Path) -> None:
    """Save a network in the cache, whole or not at all."""
    with suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)  # a damaged one
        with part_folder(folder) as part:
            trained.save(part)
            publish(part, folder)

"""What an open formula of a campaign file names: tables of known formulas, and a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from designer.arrays import BoolArray
from designer.campaign.file.past_work_formats import path_faults
from designer.campaign.log.store_location import within
from designer.chemistry.generator_settings import BASELINE, LEARNED, GeneratorSettings
from designer.errors import Fault, InvalidInput, did_you_mean
from designer.generation.base import GENERATORS, Accept
from designer.generation.known_formulas import KnownFormulas
from designer.space import DesignSpace
from designer.space.constraints.constraint import Constraint, bind
from designer.space.parameters.base import ParameterBase
from designer.space.parameters.formula import FormulaParameter, formula_reference

_CHECKS = 5
"""How often a formula that satisfies the constraints is looked for, in some four thousand tries each."""


def open_parameters(space: DesignSpace) -> Iterator[FormulaParameter]:
    """Yield the formulas of a space whose settings are on no list."""
    for parameter in space.parameters:
        if isinstance(parameter, FormulaParameter) and parameter.is_open:
            yield parameter


def faults(parameter: FormulaParameter, folder: Path, check_files: bool) -> list[Fault]:
    """Return what is wrong with the names of an open formula, in places inside the parameter.

    Parameters
    ----------
    folder
        The folder of the campaign file, which tables do not leave.
    check_files
        Whether to read the tables.
    """
    from designer.generation.formula_tables import read_formulas

    generator = _generator_faults(parameter.generator, folder, check_files)
    return [*generator, *table_faults(parameter, folder, read_formulas if check_files else None)]


def table_faults(parameter: ParameterBase, folder: Path, read: Callable[[Path], object] | None) -> Iterator[Fault]:
    """Yield what is wrong with the tables that an open formula or molecule names.

    Parameters
    ----------
    folder
        The folder of the campaign file, which tables do not leave.
    read
        Reads a table; None where they are not to be read.
    """
    for key in ("like", "novel_to"):
        for i, name in enumerate(getattr(parameter, key)):
            try:
                within(name, folder, key, "copy the table there")
                if read is not None:
                    read(folder / name)
            except InvalidInput as error:
                yield from (inside(fault, (key, i)) for fault in error.faults)
            except ValueError as error:
                what, _, remedy = str(error).partition("; ")
                yield Fault(what, remedy, path=(key, i))


def _generator_faults(generator: GeneratorSettings, folder: Path, check_files: bool) -> Iterator[Fault]:
    if not generator.is_learned and generator.kind not in GENERATORS:
        remedy = did_you_mean(generator.kind, (*GENERATORS.names(), LEARNED))
        yield Fault(f"generator {generator.kind!r} is not known", remedy, path=("generator",))
    if check_files:
        yield from path_faults(generator.tasks, folder, ("generator", "tasks"), may_be_saved=False)


def inside(fault: Fault, path: tuple[str | int, ...]) -> Fault:
    """Return a fault of a table; that of a whole file at the place where the campaign file names it."""
    return fault if fault.row is not None else Fault(str(fault.at(path=())), path=path)


def own_constraints(space: DesignSpace, parameter: ParameterBase) -> tuple[Constraint, ...]:
    """Return the constraints of a space that are about one parameter of one column alone."""
    start = next(part.start for each, part in space.parts() if each.name == parameter.name)
    pairs = zip(space.constraints, space.bound_constraints, strict=True)
    return tuple(constraint for constraint, bound in pairs if bound.uses == {start})


def acceptance(parameter: FormulaParameter, constraints: Sequence[Constraint]) -> Accept | None:
    """Return which formulas satisfy constraints that are about them alone; None without constraints."""
    return partial(_accepted, parameter, tuple(constraints)) if constraints else None


def _accepted(parameter: FormulaParameter, constraints: tuple[Constraint, ...], texts: Sequence[str]) -> Sequence[bool]:
    reference = formula_reference(0, texts)
    names = dict.fromkeys((parameter.name, *parameter.lab_columns), reference)
    indices = np.arange(len(texts), dtype=np.float64)[:, None]
    mask: BoolArray = np.ones(len(texts), dtype=np.bool_)
    for constraint in constraints:
        mask &= bind(constraint, names, parameter.lab_columns).satisfied(indices)
    return [bool(each) for each in mask]


def unmet(parameter: FormulaParameter, constraints: Sequence[Constraint], folder: Path) -> Fault | None:
    """Return that no new formula was found that satisfies constraints, in 20,000 tries; None where one was."""
    rules = parameter.rules
    accept = acceptance(parameter, constraints)
    if rules is None or accept is None:
        return None
    kind = BASELINE if parameter.generator.is_learned else parameter.generator.kind
    made = GENERATORS.load(kind)(rules, known_formulas(parameter, folder))
    if any(made.propose(1, seed=seed, accept=accept) for seed in range(_CHECKS)):
        return None
    texts = " and ".join(repr(constraint.text) for constraint in constraints)
    return Fault(
        f"no formula of {parameter.name!r} was found that satisfies {texts}", "loosen a constraint or the rules"
    )


def known_formulas(parameter: FormulaParameter, folder: Path) -> KnownFormulas:
    """Return the known formulas of an open one.

    Raises
    ------
    InvalidData
        With every fault of the tables.
    """
    from designer.generation.formula_tables import read_formulas

    like = [text for name in parameter.like for text in read_formulas(folder / name)]
    return KnownFormulas.of(like, [text for name in parameter.novel_to for text in read_formulas(folder / name)])

"""What an open formula of a campaign file names: tables of known formulas, and a generator."""

from __future__ import annotations

from pathlib import Path

from designer.campaign.log.store_location import within
from designer.errors import Fault, InvalidInput
from designer.generation.base import GENERATORS
from designer.generation.known_formulas import KnownFormulas
from designer.space.parameters.formula import FormulaParameter


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

    found = (
        [] if parameter.generator in GENERATORS else [GENERATORS.unknown(parameter.generator).at(path=("generator",))]
    )
    for key in ("like", "novel_to"):
        for i, name in enumerate(getattr(parameter, key)):
            try:
                within(name, folder, key, "copy the table there")
                if check_files:
                    read_formulas(folder / name)
            except InvalidInput as error:
                found += [_inside(fault, (key, i)) for fault in error.faults]
            except ValueError as error:
                what, _, remedy = str(error).partition("; ")
                found.append(Fault(what, remedy, path=(key, i)))
    return found


def _inside(fault: Fault, path: tuple[str | int, ...]) -> Fault:
    """Return a fault of a table; that of a whole file at the place where the campaign file names it."""
    return fault if fault.row is not None else Fault(str(fault.at(path=())), path=path)


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

"""Cells that do not fit their column: text for numbers, invalid formulas, wrong sums, values out of bounds."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd

from designer.arrays import FloatArray
from designer.chemistry.smiles import smiles_fault
from designer.errors import did_you_mean
from designer.objective import Target
from designer.space import CategoricalParameter, DesignSpace, NumericParameter, ShareParameter
from designer.space.parameters.formula import formula_fault
from designer.tasks.cleaning import SUM_TOLERANCE
from designer.tasks.quality.cell_reading import CellReading, read_cell
from designer.tasks.quality.findings import Change, Finding
from designer.tasks.quality.sheet import Sheet
from designer.units import same_unit, split_header

_RESCALED = 0.1


def read_numbers(sheet: Sheet, header: str, unit: str | None, *, is_target: bool) -> tuple[FloatArray, list[Finding]]:
    """Return a column of numbers in `unit` (NaN where a cell has none), and what is odd about its cells."""
    bare = sheet.is_bare(header)
    header_unit = None if bare else split_header(header)[1]
    if header_unit is not None and same_unit(header_unit, "%") and (unit or "").endswith("%"):
        header_unit = unit  # the percent that is meant
    values, findings = np.full(len(sheet.frame), np.nan), []
    for i, (row, cell) in enumerate(sheet.cells(header)):
        read = read_cell(cell, header_unit, unit)
        values[i] = read.value
        finding = _of_cell(read, cell, header_unit, unit, is_target=is_target)
        if finding is not None:
            kind, what, remedy, now = finding
            repair = () if now is None else (Change(row, header, now),)
            findings.append(sheet.finding(kind, what, remedy, row=row, column=header, repair=repair))  # type: ignore[arg-type]
    return values, findings


def _of_cell(
    read: CellReading, cell: str, header_unit: str | None, unit: str | None, *, is_target: bool
) -> tuple[str, str, str, str | None] | None:
    wanted = header_unit or unit
    if read.kind == "number" or (read.kind == "missing" and read.now is None):
        return None
    if read.kind == "missing":
        return "missing", f"{cell!r} means no value", "leave the cell empty", ""
    if read.kind == "censored" and is_target:
        return "censored", f"{cell!r} is a limit", "it is imported as a censored result", None
    if read.kind == "censored":
        return "not a number", f"{cell!r} is a limit, and a setting cannot be one", "give the value that was set", None
    if read.kind == "unit":
        return "unit", f"{cell!r} is in a unit of its own", f"it is read as {read.value:.6g} {unit or ''}".strip(), None
    if read.kind == "rewritten":
        return "not a number", f"{cell!r} has {read.why}", f"write {read.now}", read.now
    return "not a number", f"{cell!r}: {read.why}", f"give one number{f' in {wanted}' if wanted else ''}", None


def read_formulas(sheet: Sheet, header: str) -> list[Finding]:
    """Return the invalid formulas of a column."""
    findings, known = [], dict[str, tuple[str, str | None] | None]()
    for row, cell in sheet.cells(header):
        text = cell.strip()
        if text and text not in known:
            known[text] = _formula(text)
        fault = known.get(text)
        if fault is not None:
            what, now = fault
            remedy = f"write {now}" if now else "write one formula with numbers, such as Fe2O3 or La0.7Sr0.3MnO3"
            repair = (Change(row, header, now),) if now else ()
            findings.append(sheet.finding("formula", what, remedy, row=row, column=header, repair=repair))
    return findings


def read_molecule_cells(sheet: Sheet, header: str) -> list[Finding]:
    """Return the invalid molecules of a column."""
    findings = []
    for row, cell in sheet.cells(header):
        fault = smiles_fault(cell.strip()) if cell.strip() else None
        if fault is not None:
            findings.append(sheet.finding("molecule", fault.what, fault.remedy, row=row, column=header))
    return findings


def _formula(text: str) -> tuple[str, str | None] | None:
    """Return what is wrong with a formula, and the corrected formula where that is clear."""
    fault = formula_fault(text)
    if fault is None:
        return None
    if re.search(r"\d\s*[-–]\s*\d", text):
        return f"{text!r} is a range of formulas", None
    return fault.what, _repaired(text)


def repaired_formula(text: str) -> str | None:
    """Return a formula as it must be written, unchanged where it is valid; None where it cannot be read.

    >>> repaired_formula("CuSO4·5H2O"), repaired_formula("CaF2:Eu0.02"), repaired_formula("LixCoO2")
    ('CuSO4·5H2O', 'CaF2Eu0.02', None)
    """
    fault = _formula(text)
    return text if fault is None else fault[1]


def _repaired(text: str) -> str | None:
    """Return the only formula that the text can mean, else None: a host and its doping, one behind the other."""
    doped = re.fullmatch(r"([^:]{1,99}):([A-Z][a-z]?)(\d*\.\d+)", text)
    plain = "".join(doped.groups()) if doped else text
    return None if doped is None or formula_fault(plain) is not None else plain


def read_choices(sheet: Sheet, header: str, parameter: CategoricalParameter) -> list[Finding]:
    """Return the cells of a column that are not among the choices."""
    folded = {choice.casefold().replace(" ", "").replace("_", ""): choice for choice in parameter.choices}
    findings = []
    for row, cell in sheet.cells(header):
        word = cell.strip()
        if not word or word in parameter.choices:
            continue
        same = folded.get(word.casefold().replace(" ", "").replace("_", ""))
        repair = (Change(row, header, same),) if same else ()
        remedy = f"write {same!r}" if same else did_you_mean(word, parameter.choices)
        findings.append(sheet.finding("choice", f"{word!r} is not a choice", remedy, row=row, column=header,
                                      repair=repair))  # fmt: skip
    return findings


def check_sums(sheet: Sheet, parameter: ShareParameter, amounts: FloatArray, headers: list[str]) -> list[Finding]:
    """Return the rows whose amounts (``n x members``) do not sum to the total."""
    total, findings = float(parameter.exact_total), []
    for i, row in enumerate(sheet.rows):
        if np.isnan(amounts[i]).any():
            continue
        found = float(amounts[i].sum())
        if abs(found - total) <= SUM_TOLERANCE * total:
            continue
        factor = next((f for f in (100.0, 0.01) if abs(found * f - total) <= SUM_TOLERANCE * total), None)
        near = abs(found - total) <= _RESCALED * total
        what = f"{parameter.name} sums to {found:.6g} {parameter.share_unit}, not {total:g}"
        remedy, repair = "look the amounts up", tuple[Change, ...]()
        if factor is not None or near:
            scale = factor if factor is not None else total / found
            remedy = f"all amounts times {scale:g}" if factor else f"all amounts in proportion, times {scale:.6g}"
            repair = tuple(_times(sheet, row, header, scale, exact=factor is not None) for header in headers)
        findings.append(sheet.finding("sum", what, remedy, row=row, column=headers[0], repair=repair))
    return findings


def _times(sheet: Sheet, row: int, header: str, scale: float, *, exact: bool) -> Change:
    text = str(sheet.frame.at[row, header]).strip()
    number = Decimal(text) * Decimal(repr(scale))
    return Change(row, header, f"{number.normalize():f}" if exact else f"{float(number):.8g}")


def check_bounds(sheet: Sheet, parameter: NumericParameter, header: str, values: FloatArray) -> list[Finding]:
    """Return the settings that lie outside of the card's bounds."""
    slack = 1e-9 * (parameter.high - parameter.low)
    with np.errstate(invalid="ignore"):
        outside = (values < parameter.low - slack) | (values > parameter.high + slack)
    outside &= ~parameter.is_absent(values)
    span = f"[{parameter.low:g}, {parameter.high:g}]{' or 0' if parameter.zero_or else ''}"
    return [
        sheet.finding("bounds", f"{values[i]:g} lies outside of the card's bounds {span}",
                      "correct the cell, or widen the bounds", row=sheet.rows[i], column=header)
        for i in np.flatnonzero(outside)
    ]  # fmt: skip


def headers_of(frame: pd.DataFrame, space: DesignSpace, targets: tuple[Target, ...]) -> dict[str, str]:
    """Return the header under which each lab column and target stands; those that are missing are left out."""
    found: dict[str, str] = {}
    split = {split_header(str(header))[0]: str(header) for header in reversed(frame.columns)}
    for name in (*space.columns, *(target.column or target.name for target in targets)):
        if name in frame.columns:
            found[name] = name
        elif name in split:
            found[name] = split[name]
    return found

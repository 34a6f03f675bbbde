"""All checks of a table and of a family: cells first, then columns and rows of the cells that could be read.

Nothing is changed here: findings state what is probably wrong, why, and which cells would be repaired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from designer.arrays import FloatArray
from designer.chemistry.descriptors import descriptors
from designer.chemistry.elements import element_table
from designer.chemistry.formulas import formula_elements, formula_fractions
from designer.errors import InvalidInput
from designer.space import CategoricalParameter, FormulaParameter, NumericParameter, ShareParameter
from designer.space.parameters.open_vocabulary import VocabularyParameter
from designer.tasks.quality.cell_checks import (
    check_bounds,
    check_sums,
    headers_of,
    read_choices,
    read_formulas,
    read_molecule_cells,
    read_numbers,
)
from designer.tasks.quality.digits import WrittenNumbers
from designer.tasks.quality.fault_model import Slip
from designer.tasks.quality.findings import FATAL, Change, Finding, in_order, repaired
from designer.tasks.quality.leakage import leaks
from designer.tasks.quality.numbers import Column, Numbers
from designer.tasks.quality.replicates import contradictions, written_twice
from designer.tasks.quality.sheet import Sheet
from designer.tasks.quality.slips import Suspect, suspects
from designer.tasks.quality.usual_quantities import ELEMENTS, usual_range
from designer.tasks.quality.wrong_columns import Reference, WrongColumn, wrong_columns
from designer.tasks.task import Task
from designer.units import convert, split_header

_LOOK_UP = "look it up; it is not changed"


@dataclass(frozen=True, eq=False)
class ReadSheet:
    """A sheet whose cells were read: its numbers, the header of each column, and what is odd about the cells."""

    sheet: Sheet
    numbers: Numbers
    headers: Mapping[str, str]
    findings: tuple[Finding, ...]


def check(sheets: Sequence[Sheet], *, related: bool = True, seed: int = 0) -> list[Finding]:
    """Return what is wrong with tables: those of one family, or one alone.

    Parameters
    ----------
    related
        Whether a column is compared with the same column in other tasks.
    """
    read = [read_sheet(sheet) for sheet in sheets]
    findings: list[Finding] = []
    for i, one in enumerate(read):
        others = [other.numbers for j, other in enumerate(read) if j != i] if related else []
        found = [*one.findings, *check_numbers(one, references_of(one.sheet, one.numbers, others), seed)]
        findings += in_order([*found, *written_twice(one.sheet), *_replicates(one)])
    return findings + list(leaks(sheets, [_task(one.sheet) for one in read]))


def read_sheet(sheet: Sheet) -> ReadSheet:
    """ReadSheet the cells of a sheet."""
    headers = headers_of(sheet.frame, sheet.space, sheet.targets)
    columns: list[Column] = []
    others: list[FloatArray] = []
    findings: list[Finding] = []
    for parameter in sheet.space.parameters:
        there = [headers[column] for column in parameter.lab_columns if column in headers]
        if len(there) < len(parameter.lab_columns):
            missing = [column for column in parameter.lab_columns if column not in headers]
            findings += [sheet.finding("sum", "the column is missing", "add it", row=1, column=c) for c in missing]
        elif isinstance(parameter, NumericParameter):
            values, odd = read_numbers(sheet, there[0], parameter.unit, is_target=False)
            bounds = None if sheet.own_bounds else (parameter.low, parameter.high)
            columns.append(
                Column(parameter.lab_columns[0], parameter.unit, "setting", values, bounds, _written(sheet, there[0]))
            )
            findings += [*odd, *([] if sheet.own_bounds else check_bounds(sheet, parameter, there[0], values))]
        elif isinstance(parameter, ShareParameter):
            parts = [read_numbers(sheet, header, parameter.share_unit, is_target=False) for header in there]
            findings += [finding for _, odd in parts for finding in odd]
            findings += check_sums(sheet, parameter, np.column_stack([values for values, _ in parts]), there)
            for name, (values, _) in zip(parameter.lab_columns, parts, strict=True):
                columns.append(Column(name, parameter.share_unit, "share", values))
        elif isinstance(parameter, CategoricalParameter | VocabularyParameter):
            odd, described = _read_words(sheet, there[0], parameter)
            findings += odd
            others.append(described)
    for target in sheet.targets:
        name = target.column or target.name
        if name not in headers:
            findings.append(sheet.finding("sum", "the column is missing", "add it", row=1, column=name))
            continue
        values, odd = read_numbers(sheet, headers[name], target.unit, is_target=True)
        columns.append(Column(name, target.unit, "target", values, None, _written(sheet, headers[name])))
        findings += odd
    rest = np.concatenate(others, axis=1) if others else np.empty((len(sheet.frame), 0))
    return ReadSheet(sheet, Numbers(tuple(columns), rest), headers, tuple(findings))


def _read_words(
    sheet: Sheet, header: str, parameter: CategoricalParameter | VocabularyParameter
) -> tuple[list[Finding], FloatArray]:
    """Return what is wrong in a column of words, and numbers that describe the words."""
    if isinstance(parameter, FormulaParameter):
        odd = read_formulas(sheet, header)
        return odd, _described(sheet, header, {finding.row for finding in odd})
    words = sheet.frame[header].astype(str).to_numpy()
    if isinstance(parameter, CategoricalParameter):
        odd, known = read_choices(sheet, header, parameter), np.array(parameter.choices)
    else:
        odd, known = read_molecule_cells(sheet, header), np.unique(words)
    return odd, (words[:, None] == known[None, :]).astype(np.float64)


def with_cells(read: ReadSheet, frame: pd.DataFrame, names: Iterable[str]) -> ReadSheet:
    """Return a sheet with another frame, of which only the columns of numbers `names` are read anew."""
    sheet, numbers = replace(read.sheet, frame=frame), read.numbers
    for name in names:
        old, header = numbers.column(name), read.headers[name]
        values, _ = read_numbers(sheet, header, old.unit, is_target=old.kind == "target")
        numbers = numbers.with_values(name, values, _written(sheet, header))
    return replace(read, sheet=sheet, numbers=numbers)


def _written(sheet: Sheet, header: str) -> WrittenNumbers:
    return WrittenNumbers.of([text for _, text in sheet.cells(header)])


def references_of(sheet: Sheet, numbers: Numbers, others: Sequence[Numbers]) -> dict[str, Reference]:
    """Return the reference of each column: its range in other tasks or on the card, and that usual of its quantity."""
    known: dict[str, Reference] = {}
    words = {target.column or target.name: f"{target.name} {target.description or ''}" for target in sheet.targets}
    words |= {p.lab_columns[0]: p.description or "" for p in sheet.space.parameters if p.kind == "numeric"}
    beside = [*sheet.space.columns, *_elements(sheet)]
    for column in numbers.columns:
        same = [
            c for n in others for c in n.columns if (c.name, c.unit, c.kind) == (column.name, column.unit, column.kind)
        ]
        reference = Reference.of(same)
        if reference is None and column.bounds is not None and column.bounds[0] < column.bounds[1]:
            reference = Reference(*column.bounds)
        usual = None
        if column.kind != "share":
            usual = usual_range(column.name, column.unit, description=words.get(column.name), beside=beside)
        if reference is not None or usual is not None:
            known[column.name] = replace(reference or Reference(), usual=usual)
    return known


def _elements(sheet: Sheet) -> list[str]:
    return [ELEMENTS] if any(p.kind in ("composition", "formula") for p in sheet.space.parameters) else []


def _described(sheet: Sheet, header: str, odd: set[int | None]) -> FloatArray:
    """Return the element fractions and descriptors of a column of formulas; zeros where a cell holds none."""
    good = [i for i, (row, cell) in enumerate(sheet.frame[header].items()) if row not in odd and str(cell).strip()]
    texts = [str(sheet.frame[header].iloc[i]).strip() for i in good]
    if not texts:
        return np.empty((len(sheet.frame), 0))
    elements = formula_elements(texts)
    fractions = formula_fractions(texts, elements)
    described = np.concatenate([fractions, descriptors(fractions, element_table().rows(elements))], axis=1)
    result = np.zeros((len(sheet.frame), described.shape[1]))
    result[good] = described
    return result


def check_numbers(read: ReadSheet, known: Mapping[str, Reference], seed: int) -> list[Finding]:
    """Return the columns that are wrong throughout, then the rows that are wrong once the columns are corrected.

    Parameters
    ----------
    known
        The references of the columns (`references_of`).
    """
    numbers = read.numbers
    wrong = wrong_columns(numbers, known)
    for fault in wrong:
        if fault.slip is None:
            a, b = (numbers.column(name) for name in fault.columns)
            numbers = numbers.with_values(a.name, b.values).with_values(b.name, a.values)
        else:
            numbers = numbers.with_values(fault.columns[0], fault.slip.back(numbers.column(fault.columns[0]).values))
    findings = [_column_finding(read, fault) for fault in wrong]
    done = {name for fault in wrong for name in fault.columns}
    rows = [suspect for suspect in suspects(numbers, seed=seed) if not done & set(suspect.columns)]
    return findings + [_row_finding(read, suspect) for suspect in rows]


def _column_finding(read: ReadSheet, fault: WrongColumn) -> Finding:
    headers = [read.headers[name] for name in fault.columns]
    sheet, changes = read.sheet, list[Change]()
    if fault.slip is None:
        what = f"it and column {headers[1]!r} look as if their headers were swapped"
        for row in sheet.frame.index:
            first, second = (str(sheet.frame.at[row, header]) for header in headers)
            changes += [Change(int(row), headers[0], second), Change(int(row), headers[1], first)]
        return sheet.finding("swap", what, "swap the headers", column=headers[0], repair=tuple(changes))
    unit = read.numbers.column(fault.columns[0]).unit
    for row in sheet.frame.index:
        now = taken_back(sheet, int(row), headers[0], fault.slip, unit)
        changes += [Change(int(row), headers[0], now)] if now is not None else []
    what = f"the whole column looks {fault.slip.label}: {_because(read, fault)}"
    return sheet.finding(
        "slip", what, "correct the column, or the unit on the card", column=headers[0], repair=tuple(changes)
    )


def _because(read: ReadSheet, fault: WrongColumn) -> str:
    if fault.usual is None:
        return f"{fault.share:.0%} of it would agree with the other tasks or the card"
    return fault.usual.reason(read.numbers.column(fault.columns[0]).values)


def _row_finding(read: ReadSheet, suspect: Suspect) -> Finding:
    sheet, row = read.sheet, int(read.sheet.frame.index[suspect.row])
    headers = [read.headers[name] for name in suspect.columns]
    cells = [str(sheet.frame.at[row, header]) for header in headers]
    expected = "" if suspect.expected is None else f"; about {suspect.expected:.4g} is predicted for its design"
    if len(headers) == 2:
        what = f"{cells[0]!r} and {cells[1]!r} in column {headers[1]!r} look as if they were swapped"
        swap = (Change(row, headers[0], cells[1]), Change(row, headers[1], cells[0])) if suspect.may_repair else ()
        remedy = "swap them" if suspect.may_repair else _LOOK_UP
        return sheet.finding("swap", what, remedy, row=row, column=headers[0], repair=swap)
    if suspect.slip is None:
        what = f"{cells[0]!r} is far from the other rows{expected}"
        return sheet.finding("outlier", what, _LOOK_UP, row=row, column=headers[0])
    now = taken_back(sheet, row, headers[0], suspect.slip, read.numbers.column(suspect.columns[0]).unit)
    what = f"{cells[0]!r} looks {suspect.slip.label}{expected}"
    repair = (Change(row, headers[0], now),) if now is not None and suspect.may_repair else ()
    remedy = f"probably {now}" if repair else f"if it is, write {now}; {_LOOK_UP}" if now is not None else _LOOK_UP
    return sheet.finding("slip", what, remedy, row=row, column=headers[0], repair=repair)


def taken_back(sheet: Sheet, row: int, header: str, slip: Slip, unit: str | None) -> str | None:
    """Return the text of a cell without its slip, to the digits that it has; None where it holds no plain number."""
    own = None if sheet.is_bare(header) else split_header(header)[1]
    try:
        number = Decimal(str(sheet.frame.at[row, header]).strip())
    except InvalidOperation:
        return None
    shift = Decimal(repr(slip.shift))
    if slip.shift and own is not None:
        shift = Decimal(repr(round(convert(slip.shift, unit, own) - convert(0.0, unit, own), 9)))
    factor = Decimal(repr(slip.factor)) if slip.factor >= 1 else 1 / Decimal(round(1 / slip.factor))
    meant = (number - shift) / factor
    return f"{meant.normalize():f}" if -12 < meant.adjusted() < 12 else f"{float(meant):.12g}"


def _replicates(read: ReadSheet) -> list[Finding]:
    """Return contradictions between replicates: rows whose design reads the same."""
    sheet = read.sheet
    design = [read.headers[column] for column in sheet.space.columns if column in read.headers]
    if not design:
        return []
    texts = [header for header in design if header not in {read.headers[c.name] for c in read.numbers.columns}]
    numbers = [c.values for c in read.numbers.columns if c.kind != "target"]
    table = np.column_stack(numbers) if numbers else np.empty((len(sheet.frame), 0))
    words = sheet.frame[texts].astype(str).to_numpy()
    keys = [np.round(row, 9).tobytes() + "\0".join(word).encode() for row, word in zip(table, words, strict=True)]
    found: list[Finding] = []
    for column in read.numbers.of_kind("target"):
        found += contradictions(sheet, keys, read.headers[column.name], column.values)
    return found


def _task(sheet: Sheet) -> Task | None:
    """Return the task of a sheet, None where its cells make none yet."""
    try:
        return Task(space=sheet.space, targets=sheet.targets, data=sheet.frame, name=sheet.task)
    except InvalidInput:
        return None


def repaired_sheet(sheet: Sheet, findings: Sequence[Finding]) -> tuple[Sheet, pd.DataFrame, list[Finding]]:
    """Return the sheet with all proposed repairs made, their log, and the findings that still forbid to read it."""
    frame, log = repaired(sheet.frame, [finding for finding in findings if finding.task == sheet.task])
    left = [
        finding for finding in findings if finding.task == sheet.task and finding.kind in FATAL and not finding.repair
    ]
    return replace(sheet, frame=frame), log, left

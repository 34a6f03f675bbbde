"""How many planted faults `designer tasks check` detects: `python -m benchmarks.studies.data_quality` writes the page.

One typical fault at a time is planted into a sound table: a number in the wrong unit (ten or a thousand times too large
or small, degrees Celsius against kelvin) or two exchanged columns; in single rows (one in a hundred), in a block of
rows (a tenth of the table) or in the whole column. A planted row counts as found if a finding of kind slip, swap or
outlier names the row and one of the planted columns; a planted column, if a finding names the whole column. The other
tasks of the family stay sound. The bounds in the families' cards were derived from these tables, so rows are checked
without them; for a whole column of a task without a family they are the only evidence and are used.

The planted text is what a person would write: the decimal point moves and no digit is rounded; swapped cells are
exchanged unchanged. Digits therefore count as evidence, except in columns with a fixed number of digits.

The prior probabilities of faults, which determine all thresholds, were set on `suzuki_flow`, `concrete_by_age`,
`direct_arylation` and `electrolyte_fixed_T`; the other families test whether they generalise.

Besides the other tasks, `designer tasks check` uses the usual ranges of a hundred quantities
(`designer/tasks/quality/quantities.csv`), found by the unit in the card and the words of the column. These ranges are
general knowledge, fixed before this benchmark ran and not derived from its tables; the benchmark uses them in every
case, as the command does.

Faults that are not found. A whole column of results that no other task measures (`singles`, `liang_benchmarks`, most of
`composition_property_dft` and `mpea_mechanical`) cannot be checked if its quantity is unknown (a score, a loss, a
difference of wavelengths), spans decades (conductivities), or is equally plausible a factor of ten away: a tenth of the
yield strength of a strong alloy is that of a soft one. A result ten times too small that is plausible for its design
cannot be distinguished from a correct one, unless its digits show it. A block of rows in which two columns with the
same range and the same digits are exchanged can be found only through the results. With only three other tasks, a
whole column of results ten times too large or small that mostly lies within their range is taken for one that differs
without a fault, such as the conductivities of an electrolyte at -30 degC.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from benchmarks.suite.provenance import provenance
from benchmarks.suite.running import ONE_THREAD
from designer.space.parameters.numeric import NumericParameter
from designer.tasks.family import open_family
from designer.tasks.quality.checking import ReadSheet, check_numbers, read_sheet, references_of, with_cells
from designer.tasks.quality.findings import Change, Finding
from designer.tasks.quality.numbers import Column
from designer.tasks.quality.sheet import Sheet
from designer.tasks.quality.wrong_columns import Reference, wrong_columns

FAMILIES = (
    "suzuki_flow", "concrete_by_age", "direct_arylation", "buchwald_hartwig_hte", "electrolyte_fixed_T", "oer_plates",
    "opv_photodegradation", "mpea_mechanical", "composition_property_dft", "liang_benchmarks", "singles",
)  # fmt: skip
KINDS = frozenset({"slip", "swap", "outlier"})
MAX_TASKS, MAX_ROWS, MIN_ROWS = 4, 600, 40
FACTORS = {"x 10": 10.0, "/ 10": 0.1, "x 1000": 1000.0, "/ 1000": 0.001}
WHERE = ("row", "run", "column")
PAGE = Path(__file__).parents[1] / "results" / "data-quality.md"


@dataclass(frozen=True)
class Planted:
    """One fault: where (`row`, `run`, `column`), what, in which columns and rows (places from 0)."""

    family: str
    where: str
    what: str
    side: str
    columns: tuple[str, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Outcome:
    """What became of one planted fault: the share found and mended exactly, and the other rows that were named."""

    planted: Planted
    found: float
    mended: float
    false_rows: int
    other_rows: int


def varies(column: Column) -> bool:
    """Whether a fault in the column can be planted and could be seen."""
    known = column.values[np.isfinite(column.values)]
    return len(known) >= 8 and float(np.ptp(known)) > 0


def rows_of(where: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return the rows in which to plant."""
    if where == "row":
        return np.sort(rng.choice(n, max(1, n // 100), replace=False))
    if where == "column":
        return np.arange(n)
    length = max(3, n // 10)
    start = int(rng.integers(n - length + 1))
    return np.arange(start, start + length)


def plant_slip(
    read: ReadSheet, family: str, where: str, side: str, rng: np.random.Generator
) -> tuple[ReadSheet, Planted] | None:
    """Write numbers of one column in another unit; None where the table has no such column."""
    columns = [c for c in read.numbers.of_kind(side) if varies(c)]
    if not columns:
        return None
    column = columns[int(rng.integers(len(columns)))]
    kelvin = column.unit in ("degC", "K") and rng.random() < 0.5
    label = "C against K" if kelvin else list(FACTORS)[int(rng.integers(len(FACTORS)))]
    values = column.values
    rows = rows_of(where, len(values), rng)
    rows = rows[np.isfinite(values[rows]) & (kelvin | (values[rows] != 0))]
    if not len(rows):
        return None
    cells = read.sheet.frame[read.headers[column.name]]
    texts = {int(row): slipped(str(cells.iloc[row]), label, column.unit) for row in rows}
    planted = Planted(family, where, label, side, (column.name,), tuple(rows.tolist()))
    return replaced(read, {column.name: texts}), planted


def plant_swap(read: ReadSheet, family: str, where: str, rng: np.random.Generator) -> tuple[ReadSheet, Planted] | None:
    """Exchange the numbers of two columns; None where the table has no two."""
    columns = [c for c in read.numbers.of_kind("setting", "target") if varies(c)]
    if len(columns) < 2:
        return None
    a, b = (columns[i] for i in rng.choice(len(columns), 2, replace=False))
    rows = rows_of(where, len(a.values), rng)
    rows = rows[np.isfinite(a.values[rows] + b.values[rows]) & (a.values[rows] != b.values[rows])]
    if not len(rows):
        return None
    cells = {c.name: read.sheet.frame[read.headers[c.name]].astype(str) for c in (a, b)}
    first, second = ({int(row): cells[c.name].iloc[row] for row in rows} for c in (b, a))
    planted = Planted(family, where, "swap", "columns", (a.name, b.name), tuple(rows.tolist()))
    return replaced(read, {a.name: first, b.name: second}), planted


def replaced(read: ReadSheet, texts: dict[str, dict[int, str]]) -> ReadSheet:
    """Return a table with other texts in some cells, by column and row (a place from 0), and read anew."""
    frame = read.sheet.frame.copy()
    for name, new in texts.items():
        cells = frame[read.headers[name]].astype(object).to_numpy().copy()
        for row, text in new.items():
            cells[row] = text
        frame[read.headers[name]] = cells
    return with_cells(read, frame, texts)


def slipped(text: str, label: str, unit: str | None) -> str:
    """Return a number in another unit, to the digits that it has: the decimal point moves, nothing is rounded."""
    number = Decimal(text)
    if label == "C against K":
        number += Decimal("273.15") if unit == "degC" else -Decimal("273.15")
    else:
        number *= Decimal(repr(FACTORS[label]))
    return f"{number.normalize():f}"


def score(planted: Planted, sound: ReadSheet, findings: Sequence[Finding]) -> Outcome:
    """Return which part of a planted fault was found."""
    place = {row: i for i, row in enumerate(sound.sheet.rows)}
    headers = {sound.headers[name] for name in planted.columns}
    findings = [finding for finding in findings if finding.kind in KINDS]
    whole = [finding for finding in findings if finding.row is None]
    named = {place[f.row] for f in findings if f.row is not None}
    if planted.where == "column":
        hits = [f for f in whole if f.column in headers]
        found = 1.0 if hits else 0.0
        return Outcome(planted, found, found if _mends(hits, sound) else 0.0, 0, 0)
    mine = [f for f in findings if f.row is not None and {f.column, *(c.column for c in f.repair)} & headers]
    rows = set(planted.rows)
    hit = {place[f.row] for f in mine if f.row is not None} & rows
    exact = {place[f.row] for f in mine if f.row is not None and _mends([f], sound)} & rows
    others = len(place) - len(rows)
    return Outcome(planted, len(hit) / len(rows), len(exact) / len(rows), len(named - rows), others)


def _mends(findings: Sequence[Finding], sound: ReadSheet) -> bool:
    """Whether the proposed cells are what they were before."""
    changes = [change for finding in findings for change in finding.repair if change.column is not None]

    def before(change: Change) -> float:
        return float(str(sound.sheet.frame.at[change.row, change.column]) or "nan")

    return bool(changes) and all(abs(float(c.now) - before(c)) <= 1e-6 * abs(float(c.now)) + 1e-12 for c in changes)


def sheets_of(family: str, data: Path, rng: np.random.Generator) -> tuple[list[ReadSheet], bool]:
    """Return some tables of a family, each of at most `MAX_ROWS` rows, and whether its tasks are related."""
    opened = open_family(data / family)
    tables = [table for table in opened.tables if len(table.frame) >= MIN_ROWS]
    chosen = sorted(rng.choice(len(tables), min(MAX_TASKS, len(tables)), replace=False))
    reads = []
    for table in (tables[i] for i in chosen):
        frame = table.frame
        if len(frame) > MAX_ROWS:
            frame = frame.iloc[np.sort(rng.choice(len(frame), MAX_ROWS, replace=False))]
        sheet = Sheet(table.name, table.card.file, table.space, table.card.targets, frame, table.group, own_bounds=True)
        reads.append(read_sheet(sheet))
    return reads, opened.card.related


def references_for(read: ReadSheet, reads: Sequence[ReadSheet], related: bool, where: str) -> dict[str, Reference]:
    """Return the references for a table's columns that `designer tasks check` would use.

    Single tasks have their cards' bounds too, for whole columns only.
    """
    known = references_by_column(read, reads, related)
    if related or where != "column":
        return known
    numeric = [p for p in read.sheet.space.parameters if isinstance(p, NumericParameter)]
    bounds = {p.lab_columns[0]: p for p in numeric if p.high > p.low}
    return known | {name: replace(known.get(name, Reference()), low=p.low, high=p.high) for name, p in bounds.items()}


def references_by_column(read: ReadSheet, reads: Sequence[ReadSheet], related: bool) -> dict[str, Reference]:
    """Return the references for a table's columns; other tasks count only where tasks are related."""
    return references_of(read.sheet, read.numbers, [other.numbers for other in reads if related and other is not read])


def sound_columns(family: str, data: Path) -> tuple[int, int]:
    """Return how many whole columns of a family's sound tables are flagged, and how many are checked.

    All tables are checked as the command does: with all rows, all other tasks, and the bounds in the card.
    """
    opened = open_family(data / family)
    reads = [read_sheet(Sheet(t.name, t.file, t.space, t.card.targets, t.frame, t.group)) for t in opened.tables]
    named = checked = 0
    for read in reads:
        known = references_by_column(read, reads, opened.card.related)
        checked += len(known)
        named += len({name for fault in wrong_columns(read.numbers, known) for name in fault.columns})
    return named, checked


@dataclass(frozen=True)
class Result:
    """One family: the rows of its sound tables, how many of them were named, the outcomes, and the CPU seconds."""

    family: str
    false: int
    rows: int
    outcomes: tuple[Outcome, ...]
    seconds: float


def plant_and_check(job: tuple[str, Path, int, int]) -> Result:
    """Plant faults in some tables of a family and check them; `job`: family, folder of families, repeats and seed."""
    family, data, repeats, seed = job
    begin = time.process_time()
    rng = np.random.default_rng([seed, FAMILIES.index(family)])
    reads, related = sheets_of(family, data, rng)
    outcomes: list[Outcome] = []
    false = 0
    for read in reads:
        known = {where: references_for(read, reads, related, where) for where in WHERE}
        found = [f for f in check_numbers(read, known["column"], seed) if f.kind in KINDS]
        whole = any(f.row is None for f in found)
        false += len({f.row for f in found if f.row is not None}) + len(read.sheet.frame) * whole
        for where in WHERE:
            for _ in range(repeats):
                tries = [plant_slip(read, family, where, side, rng) for side in ("setting", "target")]
                made = [each for each in (*tries, plant_swap(read, family, where, rng)) if each is not None]
                outcomes += [score(what, read, check_numbers(faulty, known[where], seed)) for faulty, what in made]
    rows = sum(len(read.sheet.frame) for read in reads)
    return Result(family, false, rows, tuple(outcomes), time.process_time() - begin)


def run(families: Sequence[str], data: Path, repeats: int, seeds: Sequence[int], workers: int) -> Iterator[Result]:
    """Plant faults and check them for every seed and family; independent of the number of processes."""
    os.environ.update(ONE_THREAD)
    jobs = [(family, data, repeats, seed) for seed in seeds for family in families]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(plant_and_check, jobs)


def together(results: Sequence[Result]) -> list[Result]:
    """Return the results of all seeds of each family as one.

    >>> [(r.family, r.false, r.rows) for r in together([Result("a", 1, 9, (), 1.0), Result("a", 2, 8, (), 1.0)])]
    [('a', 3, 17)]
    """
    found: dict[str, Result] = {}
    for one in results:
        so_far = found.get(one.family, Result(one.family, 0, 0, (), 0.0))
        found[one.family] = Result(
            one.family,
            so_far.false + one.false,
            so_far.rows + one.rows,
            so_far.outcomes + one.outcomes,
            so_far.seconds + one.seconds,
        )
    return list(found.values())


def table(title: str, groups: Mapping[str, Sequence[Outcome]]) -> Iterator[str]:
    """Yield the lines of a table: what of each group was found, in rows, runs and columns."""
    yield f"| {title} | " + " | ".join(WHERE) + " | all | mended exactly |"
    yield "|---|" + "---:|" * (len(WHERE) + 2)
    for name, outcomes in groups.items():
        cells = [_percent([o.found for o in outcomes if o.planted.where == where]) for where in WHERE]
        whole = [_percent([o.found for o in outcomes]), _percent([o.mended for o in outcomes], counted=False)]
        yield f"| {name} | " + " | ".join([*cells, *whole]) + " |"


def _percent(shares: Sequence[float], *, counted: bool = True) -> str:
    if not shares:
        return "-"
    return f"{np.mean(shares):.0%}" + (f" ({len(shares)})" if counted else "")


def page(results: Sequence[Result], columns: tuple[int, int], about: dict[str, str]) -> str:
    """Return the page of results; `columns`: how many of sound tables were flagged, and were checked."""
    outcomes = [outcome for result in results for outcome in result.outcomes]
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        what, side = outcome.planted.what, outcome.planted.side
        kinds["swapped columns" if what == "swap" else f"{side}, {what}"].append(outcome)
    families = {result.family: result.outcomes for result in results}
    slips = [o for o in outcomes if o.planted.what != "swap"]
    swaps = [o for o in outcomes if o.planted.what == "swap"]
    false, rows = sum(r.false for r in results), sum(r.rows for r in results)
    beside = sum(o.false_rows for o in outcomes), sum(o.other_rows for o in outcomes)
    settings = [o for o in slips if o.planted.side == "setting"]
    lines = ["# Planted faults that `designer tasks check` finds", "", (__doc__ or "").partition("\n\n")[2].strip(), ""]
    lines += [f"- {key}: {value}" for key, value in about.items()] + ["", "## In short", ""]
    results_of = [o for o in slips if o.planted.side == "target"]
    lines += [
        f"- Unit slips found: {_percent([o.found for o in slips])}; of settings "
        f"{_percent([o.found for o in settings])}, of results {_percent([o.found for o in results_of])}.",
        f"- Swapped columns found: {_percent([o.found for o in outcomes if o.planted.what == 'swap'])}.",
        f"- In rows and runs, slips: {_percent([o.found for o in slips if o.planted.where != 'column'])}, swaps: "
        f"{_percent([o.found for o in swaps if o.planted.where != 'column'])}; whole columns of settings: "
        f"{_percent([o.found for o in settings if o.planted.where == 'column'])}, of results: "
        f"{_percent([o.found for o in results_of if o.planted.where == 'column'])}, swapped: "
        f"{_percent([o.found for o in swaps if o.planted.where == 'column'])}.",
        f"- False alarms: {false} of {rows} rows of sound tables ({false / max(rows, 1):.2%}); beside planted faults "
        f"{beside[0]} of {beside[1]} sound rows ({beside[0] / max(beside[1], 1):.2%}).",
        f"- Whole columns of sound tables, every table with its whole family: {columns[0]} of {columns[1]} named.",
        "", "In brackets: how many faults were planted. A fault in several rows counts by the share of them found.", "",
        "## By kind of fault", "", *table("fault", dict(sorted(kinds.items()))), "",
        "## By family", "", *table("family", families), "",
        "| family | rows of sound tables | named | share |", "|---|---:|---:|---:|",
        *[f"| {r.family} | {r.rows} | {r.false} | {r.false / max(r.rows, 1):.2%} |" for r in results], "",
    ]  # fmt: skip
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Plant faults, check them, and write the page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.studies.data_quality", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--repeats", type=int, default=2, help="faults of each sort a task")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="which tables, rows and faults")
    parser.add_argument("--workers", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--out", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    data = Path(os.environ.get("DESIGNER_DATA", "../shared/data"))
    results = []
    for result in run(given.families, data, given.repeats, given.seeds, given.workers):
        results.append(result)
        shown = _percent([o.found for o in result.outcomes])
        line = f"{result.family}: {shown}, false alarms {result.false} of {result.rows}, {result.seconds:.0f} s"
        print(line, file=sys.stderr)
    columns = np.sum([sound_columns(family, data) for family in given.families], axis=0)
    about = provenance(
        "python", "-m", "benchmarks.studies.data_quality", *(sys.argv[1:] if arguments is None else arguments)
    )
    seconds = sum(result.seconds for result in results)
    about |= {"seeds": ", ".join(map(str, given.seeds)), "CPU time": f"{seconds:.0f} s"}
    text = page(together(results), (int(columns[0]), int(columns[1])), about)
    given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

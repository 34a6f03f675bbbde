"""Designs and candidates as people give them, read into lab units by the space's own strict reader."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from designer.arrays import FloatArray
from designer.campaign.log.events import Design
from designer.campaign.log.ids import is_suggestion_id
from designer.campaign.results.designs import all_violations, lab_designs
from designer.campaign.results.numeric_cells import is_nan
from designer.errors import Fault, InvalidData, did_you_mean
from designer.observations.curves.curve_cells import is_curve_mapping
from designer.space import DesignSpace
from designer.space.absent_cells import is_absent
from designer.space.fidelity.fidelity_levels import fidelity_of
from designer.space.parameters.open_vocabulary import VocabularyParameter
from designer.space.pool import CandidatesInContexts, Pool
from designer.space.table_files import read_frame
from designer.space.table_reader import as_word, read_table
from designer.units import split_header

if TYPE_CHECKING:
    import pandas as pd

Source: TypeAlias = "Path | pd.DataFrame"

HEADER_ROW = 1
_CONTENT = "designs:"
MEASURED_SUM = 0.02
"""Of the total: what the amounts of a design that was made may miss it by, rounded as they are written."""
_CONTEXTS = 16  # in which candidates are listed where any will do
_LARGE_FILE = 5_000_000  # bytes: from here on a table of candidates is read by columns and not cell by cell


def load_pool(space: DesignSpace, source: Source, id_column: str | None = None) -> tuple[DesignSpace, str]:
    """Return the space of the candidates in a table, and the digests by which the table is known again.

    Columns that do not belong to the space are passed over: measured values may stand beside the candidates. The first
    digest is that of the designs, whatever their order and however the file was saved (`same_candidates`); the second
    is that of the file, by which campaigns of version 0.1 know it.

    Parameters
    ----------
    id_column
        The column with the lab's own names of the candidates.

    Raises
    ------
    InvalidData
        With every fault of the table, or if it has no such column.
    """
    file = str(source) if isinstance(source, Path) else None
    frame = _read_candidates(source) if isinstance(source, Path) else source
    labels = None if id_column is None else _labels(frame, id_column, file)
    names = {*space.columns, *(parameter.name for parameter in space.parameters)}
    others = [
        str(column) for column in frame.columns if str(column) not in names and not _names_part(str(column), space)
    ]
    without = _without_contexts(space, [str(column) for column in frame.columns])
    read = (without or space).read_table(frame.drop(columns=others), file=file, flags=False)
    if isinstance(source, Path):
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
    else:
        digest = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    known = f"{_CONTENT}{_content_digest(read.space, read.coordinates)} {digest}"
    pool = Pool(read.coordinates, file=file, labels=labels)
    if without is None:
        return read.space.with_pool(pool), known
    return _in_every_context(space, read.space, pool), known


def _without_contexts(space: DesignSpace, headers: Sequence[str]) -> DesignSpace | None:
    """Return the space of what is chosen, where a table has no column of a context parameter; otherwise None.

    Candidates have no level of a fidelity: each can be measured at every level.
    """
    contexts = space.context_parameters
    fidelity = fidelity_of(space)
    if fidelity is not None:
        named = [each for each in headers if split_header(each)[0] in (fidelity.name, *fidelity.lab_columns)]
        if named:
            what = f"the candidates have a column {named[0]!r}, and each of them can be measured at every level"
            remedy = "leave the column out, and list each design once; record what was measured with designer attach"
            raise InvalidData(Fault(what, remedy, row=HEADER_ROW, column=named[0]))
    left_out = contexts
    if contexts:
        own = DesignSpace(parameters=[each.model_copy(update={"role": "setting"}) for each in contexts])
        left_out = () if any(_names_part(header, own) for header in headers) else contexts
    if fidelity is None and not left_out:
        return None
    return DesignSpace(parameters=[each for each in space.parameters if each is not fidelity and each not in left_out])


def _in_every_context(space: DesignSpace, chosen: DesignSpace, pool: Pool) -> DesignSpace:
    """Return the space of candidates that can be made in every context.

    Parameters
    ----------
    chosen
        The space of the parameters that the table has, with its formulas.
    """
    for parameter in chosen.parameters:
        if isinstance(parameter, VocabularyParameter):
            space = space.with_words({parameter.name: parameter.words})
    rng = np.random.default_rng(0)
    contexts = np.zeros((_CONTEXTS, space.width))
    columns: list[int] = []
    known = {parameter.name for parameter in chosen.parameters}
    for parameter, part in space.parts():
        if parameter.name not in known:
            contexts[:, part] = parameter.draw(_CONTEXTS, rng)
        else:
            columns += range(part.start, part.stop)
    return space.with_pool(CandidatesInContexts(pool, tuple(columns), contexts))


def _labels(frame: pd.DataFrame, id_column: str, file: str | None) -> tuple[str, ...]:
    """Return the cells of the column with the lab's names as text."""
    headers = [str(header) for header in frame.columns]
    place = next((i for i, header in enumerate(headers) if id_column in (header, split_header(header)[0])), None)
    if place is None:
        raise InvalidData(Fault(f"there is no column {id_column!r}", did_you_mean(id_column, headers), file=file))
    cells = frame.iloc[:, place].tolist()
    return tuple(as_word(cell) for cell in cells)


def same_candidates(first: str | None, second: str | None) -> bool:
    """Whether two digests are of tables with the same designs; None is that of no table.

    >>> same_candidates("designs:a 1", "designs:a 2"), same_candidates("1", "designs:a 1"), same_candidates(None, "1")
    (True, True, False)
    """
    return first == second or bool(set((first or "").split()) & set((second or "").split()))


def _content_digest(space: DesignSpace, coordinates: FloatArray) -> str:
    """Return a digest of a set of designs: of their lab values to 12 digits, each design once, in any order."""
    frame = space.frame(coordinates)
    digest = hashlib.sha256()
    codes = np.empty((len(frame), len(space.columns)), dtype=np.int64)
    for i, column in enumerate(space.columns):
        cells = frame[column].to_numpy()
        if cells.dtype.kind != "f" and frame[column].isna().any():  # where a word of a parameter does not exist
            cells = np.array(["" if is_absent(cell) else cell for cell in cells], dtype=object)
        distinct, inverse = np.unique(cells, return_inverse=True)
        texts = [value if isinstance(value, str) else f"{value + 0.0:.12g}" for value in distinct.tolist()]
        ordered = sorted(set(texts))
        places = {text: place for place, text in enumerate(ordered)}
        codes[:, i] = np.array([places[text] for text in texts], dtype=np.int64)[inverse]
        digest.update("\0".join([column, *ordered, ""]).encode())
    digest.update(np.unique(codes, axis=0).astype("<i8").tobytes())
    return digest.hexdigest()


def _names_part(header: str, space: DesignSpace) -> bool:
    """Whether a header names a column of the space, by its own name or its parameter's, with or without a unit."""
    parts = {*space.columns, *(parameter.name for parameter in space.parameters)}
    for parameter in space.parameters:
        parts |= {f"{parameter.name}.{member}" for member in parameter.members}
    return header in parts or split_header(header)[0] in parts


def _read_candidates(path: Path) -> pd.DataFrame:
    try:
        large = path.suffix.lower() == ".csv" and path.stat().st_size > _LARGE_FILE
    except OSError:
        large = False
    if not large:
        return read_frame(path)
    import pandas as pd

    with path.open(encoding="utf-8-sig") as lines:
        header = lines.readline()
    mark = max(",;\t", key=header.count)
    names = [name.strip().strip('"') for name in header.rstrip("\r\n").split(mark)]
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        fault = Fault(f"header {twice[0]!r} stands twice", "name each column once", file=str(path), row=HEADER_ROW)
        raise InvalidData(fault)
    try:
        return pd.read_csv(path, sep=mark, keep_default_na=False, encoding="utf-8-sig", low_memory=False)
    except (ValueError, OSError) as error:
        text = " ".join(str(error).split())
        raise InvalidData(Fault(f"cannot be read: {text}", "give a CSV table in UTF-8", file=str(path))) from None


def as_frame(given: pd.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows given in any of the usual ways as a table.

    A mapping is one row, or rows by suggestion id: ``{"S0001": {"overpotential": 372}}``. In mappings a value of None
    is not measured; NaN is a fault, since it is rarely meant.

    Raises
    ------
    InvalidData
        If it is none of these, or holds NaN.
    """
    import pandas as pd

    if isinstance(given, pd.DataFrame):
        return given
    rows = _rows(given)
    faults = [
        Fault("NaN is not a number", "give a number, or None for what was not measured", row=i + 2, column=str(key))
        for i, row in enumerate(rows)
        for key, cell in row.items()
        if is_nan(cell)
    ]
    if faults:
        raise InvalidData(faults)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = {column: pd.Series([row.get(column) for row in rows], dtype=object) for column in columns}
    return pd.DataFrame(cells, columns=pd.Index(columns, dtype=object))


def _rows(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, Mapping):
        if given and all(isinstance(row, Mapping) for row in given.values()) and not _is_design(given):
            return [{"suggestion": name, **flattened(row)} for name, row in given.items()]
        return [flattened(given)]
    if isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(row, Mapping) for row in given):
        return [flattened(row) for row in given]
    what = f"{type(given).__name__} holds no rows"
    raise InvalidData(Fault(what, "give a DataFrame, a mapping or a list of mappings"))


def _is_design(given: Mapping[str, Any]) -> bool:
    """Whether a mapping of mappings is one design whose parts are all compositions, and not rows by id."""
    return not all(is_suggestion_id(name) for name in given)


def flattened(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row by lab column: a composition given as a mapping becomes one cell a member; a curve stays one cell.

    >>> flattened({"alloy": {"Ni": 30, "Fe": 70}, "T": 450})
    {'alloy.Ni': 30, 'alloy.Fe': 70, 'T': 450}
    """
    cells: dict[str, Any] = {}
    for name, cell in row.items():
        if isinstance(cell, Mapping) and not is_curve_mapping(cell):
            cells |= {f"{name}.{member}": amount for member, amount in cell.items()}
        else:
            cells[str(name)] = cell
    return cells


def read_designs(space: DesignSpace, given: Sequence[Mapping[str, Any]], *, inside: bool = False) -> tuple[Design, ...]:
    """Return designs, given by lab column or parameter, in lab units.

    Members of a composition that are not named have no amount. With `inside`, a design that leaves the space is a
    fault.

    Raises
    ------
    InvalidData
        With every fault; its path is the design's place in `given` and its column.
    """
    cells = [_with_all_members(space, flattened(row)) for row in given]
    designs, faults = _read_together(space, cells)
    if inside:
        rows = sorted(designs)
        found = zip(rows, all_violations(space, [designs[i] for i in rows]), strict=True)
        faults += [Fault(text, "give a design of the space", path=(i,)) for i, texts in found for text in texts]
    if faults:
        raise InvalidData(sorted(faults, key=lambda fault: fault.path[:1]))
    return tuple(designs[i] for i in range(len(cells)))


def _with_all_members(space: DesignSpace, cells: dict[str, Any]) -> dict[str, Any]:
    """Return a row with no amount of the members of a composition that are not named."""
    for parameter in space.parameters:
        names = [f"{parameter.name}.{member}" for member in parameter.members]
        if names and any(name in cells for name in (*names, *parameter.lab_columns)):
            for name, column in zip(names, parameter.lab_columns, strict=True):
                if name not in cells and column not in cells:
                    cells[column] = 0.0
    return cells


def _read_together(space: DesignSpace, cells: Sequence[dict[str, Any]]) -> tuple[dict[int, Design], list[Fault]]:
    """Return the designs by their place in `cells`, and all faults; rows with the same columns are read as a table."""
    alike: dict[frozenset[str], list[int]] = {}
    for i, row in enumerate(cells):
        alike.setdefault(frozenset(row), []).append(i)
    designs: dict[int, Design] = {}
    faults: list[Fault] = []
    for places in alike.values():
        while places:
            try:
                designs |= dict(
                    zip(places, read_design_frame(space, as_frame([cells[i] for i in places])), strict=True)
                )
                break
            except InvalidData as error:
                bad = {fault.row - HEADER_ROW - 1 for fault in error.faults if fault.row not in (None, HEADER_ROW)}
                for fault in error.faults:
                    concerns = places if fault.row in (None, HEADER_ROW) else [places[fault.row - HEADER_ROW - 1]]
                    faults += [fault.at(row=None, path=(i,)) for i in concerns]
                if len(bad) != len({fault.row for fault in error.faults}):
                    break  # a fault of the columns is one of all these rows
                places = [place for k, place in enumerate(places) if k not in bad]
    return designs, faults


def read_design_frame(space: DesignSpace, frame: pd.DataFrame) -> list[Design]:
    """Return the designs of a table in lab units; raise InvalidData with every fault."""
    read = space.read_table(frame, flags=False)
    return lab_designs(read.space, read.coordinates)


def read_result_designs(
    space: DesignSpace, frame: pd.DataFrame, assumed: Collection[tuple[int, str]] = ()
) -> tuple[dict[int, Design], list[Fault]]:
    """Return the designs of the rows without faults, by row, and all faults.

    Parameters
    ----------
    frame
        The space's columns; the index, called ``row``, holds the rows' numbers.
    assumed
        Cells, by row number and column, that were not written but taken from the suggestion.
    """
    faults: list[Fault] = []
    while len(frame):
        try:
            read = read_table(space, frame, flags=False, sum_tolerance=MEASURED_SUM, assumed=assumed)
        except InvalidData as error:
            faults += error.faults
            bad = {fault.row for fault in error.faults}
            kept = frame[[row not in bad for row in frame.index]]
            if None in bad or HEADER_ROW in bad or len(kept) == len(frame):
                return {}, faults
            frame = kept
            continue
        designs = lab_designs(read.space, read.coordinates)
        return dict(zip(read.rows, designs, strict=True)), faults
    return {}, faults
